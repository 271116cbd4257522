"""`lmm.criterion`: every equation of the second document holds, with weights and offset too."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import approx_fprime

import lmm
from lmm.errors import LmmError

RNG = np.random.default_rng(5)
N = 60
TABLE = {
    "y": RNG.normal(size=N) * 3 + 20,
    "x": RNG.normal(size=N),
    "g": RNG.integers(0, 8, N).astype(str),
    "h": RNG.integers(0, 11, N).astype(str),
    "w": RNG.uniform(0.5, 3.0, N),
    "z": RNG.normal(size=N),
}
PEDIGREE = lmm.block(np.eye(5)[RNG.integers(0, 5, N)], covariance=0.5 * np.eye(5) + 0.5)
MODELS = {
    "scalar": ("y ~ x + (1 | g)", {}),
    "weighted slope": ("y ~ x + (x | g) + offset(z)", {"weights": "w"}),
    "crossed": ("y ~ x + (x || g) + (1 | h)", {"weights": "w"}),
    "known": ("y ~ x + (1 | h)", {"random": {"animal": PEDIGREE}, "offset": "z"}),
    "none": ("y ~ x", {"weights": "w"}),
}
THETA = np.array([0.8, -0.3, 0.5, 0.6])


@pytest.fixture(params=MODELS, name="model")
def _model(request):
    formula, options = MODELS[request.param]
    return lmm.criterion(formula, TABLE, method="ml", **options)


@pytest.fixture(name="theta")
def _theta(model):
    return THETA[: len(model.names)]


def test_omega_is_factored_in_the_permuted_order(model, theta):
    Omega, L, P = model.Omega(theta), model.L(theta), model.P
    Lambda, W = model.Lambda(theta).toarray(), np.diag(model.weights)
    Z = model.Z.toarray()
    exact = Lambda.T @ Z.T @ W @ Z @ Lambda + np.eye(Z.shape[1])
    np.testing.assert_allclose(Omega.toarray(), exact, atol=1e-12)
    gap = (P @ Omega @ P.T - L @ L.T).toarray()
    assert np.linalg.norm(gap) <= 1e-12 * np.linalg.norm(exact)
    assert np.all(L.toarray() == np.tril(L.toarray()))
    assert np.all(L.diagonal() > 0)


def test_permutation_is_the_same_for_every_theta(model, theta):
    for other in (theta, 0 * theta, theta + 1):
        Omega, L = model.Omega(other), model.L(other)
        np.testing.assert_allclose((model.P @ Omega @ model.P.T - L @ L.T).toarray(), 0, atol=1e-11)
    np.testing.assert_array_equal((model.P @ model.P.T).toarray(), np.eye(model.P.shape[0]))


def test_pls_solves_the_pseudo_data_problem(model, theta):
    """Equation (19): least squares with q pseudo-observations."""
    ZL = (model.Z @ model.Lambda(theta)).toarray()
    q, p = ZL.shape[1], model.X.shape[1]
    root = np.sqrt(model.weights)[:, None]
    A = np.block([[root * ZL, root * model.X], [np.eye(q), np.zeros((q, p))]])
    solution, r2, *_ = np.linalg.lstsq(A, np.r_[root[:, 0] * model.y, np.zeros(q)])
    found = model.pls(theta)
    np.testing.assert_allclose(np.r_[found.u, found.beta], solution, atol=1e-9)
    np.testing.assert_allclose(found.r2, r2[0], rtol=1e-10)
    np.testing.assert_allclose(found.r2, model.prss(found.u, theta, found.beta), rtol=1e-10)
    np.testing.assert_allclose(found.log_det, 2 * np.log(model.L(theta).diagonal()).sum(), atol=1e-10)


def test_pls_given_beta_has_the_same_minimum_at_the_best_beta(model, theta):
    best = model.pls(theta)
    given = model.pls(theta, best.beta)
    np.testing.assert_allclose(given.u, best.u, atol=1e-9)
    np.testing.assert_allclose([given.r2, given.log_det], [best.r2, best.log_det], rtol=1e-9)
    assert model.pls(theta, best.beta + 0.1).r2 > best.r2


def test_prss_grows_as_the_factor_says(model, theta):
    """Equation (22): PRSS(u) = r² + |L'P(u - ũ)|²."""
    beta = model.pls(theta).beta + 0.3
    mode = model.pls(theta, beta)
    u = mode.u + RNG.normal(size=mode.u.size)
    step = model.L(theta).T @ (model.P @ (u - mode.u))
    np.testing.assert_allclose(model.prss(u, theta, beta), mode.r2 + step @ step, rtol=1e-11)


def test_deviance_is_the_integral_of_h(model, theta):
    """Equation (10), the integral of a normal density done by its determinant."""
    beta, sigma = model.pls(theta).beta + 0.2, 2.5
    mode = model.pls(theta, beta)
    q = mode.u.size
    log_integral = (
        model.log_h(mode.u, theta, beta, sigma) + q / 2 * np.log(2 * np.pi * sigma**2) - mode.log_det / 2
    )
    np.testing.assert_allclose(model.deviance(theta, beta, sigma), -2 * log_integral, rtol=1e-12)


def test_profiled_deviance_is_the_lowest_deviance(model, theta):
    solution = model.pls(theta)
    sigma = np.sqrt(solution.r2 / N)
    lowest = model.deviance(theta, solution.beta, sigma)
    np.testing.assert_allclose(lowest, model(theta), rtol=1e-11)
    assert model.deviance(theta, solution.beta, 1.01 * sigma) > lowest
    assert model.deviance(theta, solution.beta + 0.01, sigma) > lowest


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize("name", ["scalar", "weighted slope", "crossed", "known"])
def test_gradient_is_that_of_finite_differences(name, method):
    formula, options = MODELS[name]
    model = lmm.criterion(formula, TABLE, method, **options)
    theta = THETA[: len(model.names)]
    np.testing.assert_allclose(model.gradient(theta), approx_fprime(theta, model, 1e-6), rtol=1e-4, atol=1e-4)


def test_h_integrates_to_the_likelihood_of_one_random_effect():
    """Equations (10) and (14) by quadrature; few rows, so that h is not a tiny number."""
    table = {"y": [1.0, 2.0, 4.0, 3.0], "g": ["a", "a", "a", "b"]}
    Z = lmm.block(np.array([[1.0], [1.0], [2.0], [0.0]]))
    model = lmm.criterion("y ~ 1", table, "ml", random={"slope": Z}, weights=[1.0, 2.0, 1.0, 0.5])
    arguments = ([0.7], [2.2], 0.9)
    integral, _ = quad(lambda u: model.h([u], *arguments), -20, 20, epsabs=1e-14)
    np.testing.assert_allclose(-2 * np.log(integral), model.deviance(*arguments), rtol=1e-9)


def test_offset_and_weights_are_those_of_the_table(model):
    weighted = "weight" in model.formula or model.weights.std() > 0
    np.testing.assert_array_equal(model.weights, TABLE["w"] if weighted else np.ones(N))
    shifted = "offset" in model.formula or "animal" in "".join(model.names)
    np.testing.assert_allclose(model.y, TABLE["y"] - (TABLE["z"] if shifted else 0.0))


def test_names_and_sizes_are_shown():
    model = lmm.criterion("y ~ x + (x | g)", TABLE)
    assert model.names == ("g.Intercept", "g.x.Intercept", "g.x")
    np.testing.assert_array_equal(model.start, [1, 0, 1])
    np.testing.assert_array_equal(model.lower_bounds, [0, -np.inf, 0])
    assert repr(model) == (
        "<REML criterion of 'y ~ x + (x | g)' in (g.Intercept, g.x.Intercept, g.x); n = 60, p = 2, q = 16>"
    )


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda m: m([1.0]),
            r"theta has shape \(1,\); this model needs \(3,\): g\.Intercept, g\.x\.Intercept, g\.x",
        ),
        (lambda m: m("one"), "theta must be a vector of numbers, not 'one'"),
        (lambda m: m.L([1.0, np.nan, 1.0]), "theta has values that are missing or infinite"),
        (lambda m: m.deviance([1, 0, 1], [1.0], 1.0), r"beta has shape \(1,\); this model needs \(2,\)"),
        (lambda m: m.deviance([1, 0, 1], [1.0, 2.0], 0.0), "sigma= must be a number above 0, not 0.0"),
        (lambda m: m.deviance([1, 0, 1], [1.0, 2.0], "1"), "sigma= must be a number above 0, not '1'"),
        (lambda m: m.h([1.0], [1, 0, 1], [1.0, 2.0], 1.0), r"u has shape \(1,\); this model needs \(16,\)"),
    ],
)
def test_arguments_are_checked(call, text):
    with pytest.raises(LmmError, match=text):
        call(lmm.criterion("y ~ x + (x | g)", TABLE))


def test_method_is_checked():
    with pytest.raises(LmmError, match=r'"reml" or "ml"; it is .mle.\. Did you mean "ml"'):
        lmm.criterion("y ~ x + (1 | g)", TABLE, "mle")
