"""Equations of "The Linear Mixed-Effects Probability Model" (C. Haas), both sides computed."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

import lmm

MODELS = {
    "slopes": ("sleepstudy", "Reaction ~ Days + (Days | Subject)", [0.93, 0.02, 0.22]),
    "crossed": ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", [1.54, 3.2]),
    "nested": ("Oats", "yield ~ Variety + nitro + (1 | Block/Variety)", [1.1, 0.8]),
}


@pytest.fixture(scope="module", params=MODELS)
def at(request):
    """A model with its matrices at some theta that is no optimum."""
    name, formula, theta = MODELS[request.param]
    return At(lmm.criterion(formula, lmm.datasets.load(name), method="ml"), theta)


class At:
    def __init__(self, model, theta):
        self.model, self.theta, self.sigma = model, theta, 25.0
        self.solution = model.pls(theta)
        self.beta, self.u = self.solution.beta, self.solution.u
        self.ZL = (model.Z @ model.Lambda(theta)).toarray()
        self.n, self.q = self.ZL.shape


def test_factor_of_the_covariance(at):
    # (4): Sigma = sigma^2 Lambda Lambda'; only the block of one level differs from zero.
    Lambda = at.model.Lambda(at.theta)
    assert Lambda.shape == (at.q, at.q)
    assert np.abs(np.triu(Lambda.toarray(), 1)).max() == 0.0


def test_penalized_residual_sum_of_squares(at):
    # (16), (18): u and beta minimise it; both derivatives are zero.
    model = at.model
    residual = model.y - model.X @ at.beta - at.ZL @ at.u
    assert model.prss(at.u, at.theta, at.beta) == pytest.approx(residual @ residual + at.u @ at.u, rel=1e-12)
    assert at.solution.r2 == pytest.approx(residual @ residual + at.u @ at.u, rel=1e-10)
    scale = np.linalg.norm(model.y)
    assert np.abs(at.ZL.T @ residual - at.u).max() < 1e-9 * scale
    assert np.abs(model.X.T @ residual).max() < 1e-9 * scale


def test_pseudo_data(at):
    # (19): ordinary least squares with q rows more.
    model = at.model
    rows = np.block([[at.ZL, model.X], [np.eye(at.q), np.zeros((at.q, model.X.shape[1]))]])
    solution = np.linalg.lstsq(rows, np.concatenate([model.y, np.zeros(at.q)]))[0]
    assert np.concatenate([at.u, at.beta]) == pytest.approx(solution, rel=1e-8, abs=1e-8)


def test_normal_equations(at):
    # Equation (20).
    left = (at.ZL.T @ at.ZL + np.eye(at.q)) @ at.u
    right = at.ZL.T @ (at.model.y - at.model.X @ at.beta)
    assert left == pytest.approx(right, abs=1e-9 * np.abs(right).max())


def test_sparse_cholesky_factor(at):
    # (21), with the permutation that keeps it sparse.
    L, P = at.model.L(at.theta), at.model.P
    Omega = at.ZL.T @ at.ZL + np.eye(at.q)
    error = P @ Omega @ P.T - (L @ L.T).toarray()
    assert np.linalg.norm(error) <= 1e-12 * np.linalg.norm(Omega)
    assert np.abs(np.triu(L.toarray(), 1)).max() == 0.0
    assert 2 * np.log(L.diagonal()).sum() == pytest.approx(at.solution.log_det, rel=1e-12)


def test_residual_sum_of_squares_around_the_mode(at):
    # (22): for any u.
    u = at.u + np.linspace(-3.0, 3.0, at.q)
    distance = at.model.L(at.theta).T @ (at.model.P @ (u - at.u))
    expected = at.solution.r2 + distance @ distance
    assert at.model.prss(u, at.theta, at.beta) == pytest.approx(expected, rel=1e-11)


def test_joint_density(at):
    # Equation (15).
    expected = (at.n + at.q) * np.log(2 * np.pi * at.sigma**2) + at.solution.r2 / at.sigma**2
    found = -2 * at.model.log_h(at.u, at.theta, at.beta, at.sigma)
    assert found == pytest.approx(expected, rel=1e-12)


def test_unprofiled_deviance(at):
    # The notes print 2 log|L|^2 in it, and 2 log|L| in the profiled deviance (23): the second is right.
    expected = at.n * np.log(2 * np.pi * at.sigma**2) + at.solution.r2 / at.sigma**2 + at.solution.log_det
    assert at.model.deviance(at.theta, at.beta, at.sigma) == pytest.approx(expected, rel=1e-12)


def test_unprofiled_deviance_is_that_of_the_marginal_density(at):
    # No algebra of the notes: -2 log N(y; X beta, sigma^2 (I + Z Lambda Lambda' Z')).
    V = at.sigma**2 * (np.eye(at.n) + at.ZL @ at.ZL.T)
    r = at.model.y - at.model.X @ at.beta
    expected = at.n * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + r @ np.linalg.solve(V, r)
    assert at.model.deviance(at.theta, at.beta, at.sigma) == pytest.approx(expected, rel=1e-11)


def test_profiled_deviance(at):
    # (23): the deviance at the beta and sigma that minimise it.
    r2 = at.solution.r2
    expected = at.solution.log_det + at.n * (1 + np.log(2 * np.pi * r2 / at.n))
    assert at.model(at.theta) == pytest.approx(expected, rel=1e-12)
    sigma = np.sqrt(r2 / at.n)
    assert at.model.deviance(at.theta, at.beta, sigma) == pytest.approx(expected, rel=1e-12)
    for factor in (0.9, 1.1):
        assert at.model.deviance(at.theta, at.beta, factor * sigma) > expected
        assert at.model.deviance(at.theta, factor * at.beta, sigma) > expected


def test_likelihood_is_the_integral_of_h():
    # (10), by quadrature: two groups, so that the integral over u is a product of two.
    y, g = [1.0, 2.0, 4.0, 3.5], ["a", "a", "b", "b"]
    model = lmm.criterion("y ~ 1 + (1 | g)", {"y": y, "g": g}, method="ml")
    theta, beta, sigma = [0.8], [2.5], 0.9
    mode = model.pls(theta, beta).u

    def along(index):
        def density(value):
            u = mode.copy()
            u[index] = value
            return model.h(u, theta, beta, sigma)

        return quad(density, -12.0, 12.0, epsabs=1e-14)[0]

    integral = along(0) * along(1) / model.h(mode, theta, beta, sigma)
    assert -2 * np.log(integral) == pytest.approx(model.deviance(theta, beta, sigma), rel=1e-9)


def test_estimates_minimise_the_profiled_deviance():
    dyestuff = lmm.datasets.load("Dyestuff")
    model = lmm.criterion("Yield ~ 1 + (1 | Batch)", dyestuff, method="ml")
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", dyestuff, method="ml")
    found = minimize_scalar(lambda value: model([value]), bounds=(0.1, 3.0), options={"xatol": 1e-9})
    assert fit.criterion <= found.fun + 1e-9
    assert fit.theta[0] == pytest.approx(found.x, abs=1e-5)
    at = model.pls(fit.theta)
    assert fit.beta == pytest.approx(at.beta)
    assert fit.sigma == pytest.approx(np.sqrt(at.r2 / fit.n_obs))
