"""Responses drawn for new rows, with old random effects, and without a fit."""

import numpy as np
import pytest

import lmm
from lmm.errors import ColumnError, DesignError, FormulaError, LmmError

RNG = np.random.default_rng(12)
N = 60
TABLE = {
    "y": RNG.normal(size=N),
    "x": RNG.uniform(-1, 1, N),
    "g": np.array([f"g{j}" for j in RNG.integers(0, 6, N)]),
    "w": RNG.choice([0.5, 2.0], N),
}
MANY = 20_000


def moments(draws, mean, V):
    """Compare means and covariances with their standard errors."""
    sd = np.sqrt(np.diag(V))
    assert (np.abs(draws.mean(axis=1) - mean) < 5 * sd / np.sqrt(draws.shape[1])).all()
    difference = (np.cov(draws) - V) / np.outer(sd, sd)
    assert np.abs(difference).max() < 6 * np.sqrt(2 / draws.shape[1])


@pytest.fixture(scope="module")
def fit():
    return lmm.fit("y ~ x + (x | g)", TABLE, weights="w", theta=[0.9, 0.3, 0.5])


NEW = {"x": [0.0, 1.0, 0.0, 1.0, 2.0], "g": ["g1", "g1", "a", "a", "b"], "w": [1.0, 1.0, 4.0, 4.0, 4.0]}


def test_new_rows_with_new_effects_have_the_moments_of_the_model(fit):
    draws = fit.simulate(MANY, NEW, seed=1)
    Z = np.zeros((5, 6))
    for row, level in enumerate([0, 0, 1, 1, 2]):
        Z[row, 2 * level : 2 * level + 2] = [1, NEW["x"][row]]
    S = np.kron(np.eye(3), fit.T[0] @ fit.T[0].T)
    V = fit.sigma**2 * (Z @ S @ Z.T + np.diag(1 / np.array(NEW["w"])))
    moments(draws, fit.predict({"x": NEW["x"]}, random=False), V)


def test_effects_of_the_fit_are_kept_and_new_levels_drawn(fit):
    draws = fit.simulate(MANY, NEW, random="fitted", new_levels="sample", seed=1)
    Z = np.zeros((5, 4))
    Z[2:4, :2] = [[1, 0], [1, 1]]
    Z[4, 2:] = [1, 2]
    S = np.kron(np.eye(2), fit.T[0] @ fit.T[0].T)
    V = fit.sigma**2 * (Z @ S @ Z.T + np.diag(1 / np.array(NEW["w"])))
    moments(draws, fit.predict(NEW, new_levels="population"), V)


def test_new_levels_may_have_no_effects(fit):
    draws = fit.simulate(MANY, NEW, random="fitted", new_levels="population", seed=2)
    V = fit.sigma**2 * np.diag(1 / np.array(NEW["w"]))
    moments(draws, fit.predict(NEW, new_levels="population"), V)


def test_effects_of_the_fit_for_its_own_rows(fit):
    draws = fit.simulate(MANY, random="fitted", seed=3)
    moments(draws, fit.fitted, fit.sigma**2 * np.diag(1 / fit.weights))


def test_the_rows_of_the_fit_as_new_rows_are_drawn_alike(fit):
    np.testing.assert_array_equal(fit.simulate(3, seed=5), fit.simulate(3, TABLE, seed=5))


def test_rows_with_missing_values_are_missing(fit):
    draws = fit.simulate(2, {"x": [0.0, np.nan], "g": ["g1", "g1"], "w": [1.0, 1.0]}, seed=1)
    assert np.isnan(draws).tolist() == [[False, False], [True, True]]


def test_blocks_bring_their_known_covariance():
    root = np.array([[1.0, 0.0], [0.8, 0.6]])
    Z = RNG.normal(size=(N, 2))
    fit = lmm.fit("y ~ x", TABLE, random={"s": lmm.block(Z, covariance=root @ root.T)}, theta=[1.5])
    rows = np.array([[1.0, 0.0], [0.0, 1.0]])
    draws = fit.simulate(MANY, {"x": [0.0, 1.0]}, blocks={"s": lmm.block(rows)}, seed=8)
    V = fit.sigma**2 * (1.5**2 * root @ root.T + np.eye(2))
    moments(draws, fit.predict({"x": [0.0, 1.0]}, random=False), V)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"random": "old"}, r'random= must be "new" or "fitted"; it is \'old\''),
        ({"random": "fited"}, r'Did you mean "fitted"'),
        ({"n": 2.5}, r"n must be a whole number"),
        ({"new": NEW, "random": "fitted"}, r"3 rows of the new data have levels of g .* \(a, b\)"),
        ({"new": {"x": [1.0], "g": ["g1"]}}, r"The fit had weights"),
        ({"weights": 2.0}, r"weights= belongs to new data"),
    ],
)
def test_what_simulate_refuses(fit, options, message):
    with pytest.raises(LmmError, match=message):
        fit.simulate(**options)


def test_responses_without_a_fit_have_the_moments_asked_for():
    arguments = {"beta": {"x": 2.0, "Intercept": -1.0}, "theta": [0.9, 0.3, 0.5], "sigma": 1.5}
    data = {name: TABLE[name][:8] for name in ("x", "g", "w")}
    draws = lmm.simulate(
        "y ~ x + (x | g)", data, **arguments, weights="w", offset=np.arange(8.0), n=MANY, seed=4
    )
    T = np.array([[0.9, 0], [0.3, 0.5]])
    Z = np.column_stack([np.ones(8), data["x"]])
    same = data["g"][:, None] == data["g"]
    V = 1.5**2 * (Z @ T @ T.T @ Z.T * same + np.diag(1 / data["w"]))
    moments(draws, -1 + 2 * data["x"] + np.arange(8.0), V)


def test_a_simulation_with_the_estimates_of_a_fit_is_that_of_the_fit(fit):
    draws = lmm.simulate(
        "~ x + (x | g)", TABLE, beta=fit.beta, theta=fit.theta, sigma=fit.sigma, weights="w", n=2, seed=7
    )
    np.testing.assert_allclose(draws, fit.simulate(2, seed=7))


def test_the_response_need_not_be_among_the_data():
    draws = lmm.simulate("log(unknown) ~ x", {"x": [1.0, np.nan, 2.0]}, beta=[1.0, 1.0], sigma=1e-9, seed=1)
    assert draws.shape == (3, 1)
    np.testing.assert_allclose(draws[:, 0], [2.0, np.nan, 3.0], atol=1e-7)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"beta": [1.0]}, LmmError, r"beta= has the shape \(1,\); it needs 2 numbers: Intercept, x"),
        ({"beta": {"x": 1.0}}, LmmError, r"beta= gives no value for Intercept"),
        (
            {"beta": {"Intercept": 1.0, "X": 1.0}},
            LmmError,
            r"names 'X', which is not a coefficient.*Did you mean \"x\"",
        ),
        ({"beta": "big"}, LmmError, r"beta= must be numbers, one for each of Intercept, x"),
        ({"beta": [1.0, np.inf]}, LmmError, r"missing or infinite"),
        ({"theta": []}, LmmError, r"theta= has 0 values; this model has 1 parameters: g.Intercept"),
        ({"theta": {}}, LmmError, r"theta= gives no value for g.Intercept"),
        ({"theta": [-1.0]}, LmmError, r"it must be at least 0"),
        ({"sigma": 0.0}, LmmError, r"sigma= must be a number above 0, not 0.0"),
        ({"n": 0}, LmmError, r"n must be a whole number"),
        ({"formula": "y ~ x + (1 | gg)"}, ColumnError, r'no column "gg"'),
        ({"formula": "y ~ x + (1 | g"}, FormulaError, r"\("),
        ({"formula": 3}, FormulaError, r"must be text"),
        ({"contrasts": {"g": "sum"}}, DesignError, r"contrasts= names \"g\""),
        ({"random": {}}, DesignError, r"random= is an empty dict"),
        ({"seed": []}, LmmError, r"seed= must be a whole number"),
    ],
)
def test_what_simulation_without_a_fit_refuses(changes, kind, message):
    arguments = {"formula": "y ~ x + (1 | g)", "beta": [1.0, 1.0], "theta": [1.0], "sigma": 1.0} | changes
    with pytest.raises(kind, match=message):
        lmm.simulate(arguments.pop("formula"), TABLE, **arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"new_levels": "x"}, 'new_levels= must be one of "error", "population", "sample"'),
        ({"new_levels": "x", "random": "new"}, "new_levels= must be one of"),
        ({"new_levels": "sampel", "random": "fitted"}, 'Did you mean "sample"'),
        ({"new_levels": "sample"}, 'belongs to random="fitted"'),
        ({"new_levels": "population", "random": "new"}, 'belongs to random="fitted"'),
        ({"new_levels": None}, "new_levels= must be one of"),
        ({"seed": []}, "seed= must be a whole number of at least 0"),
        ({"seed": ()}, "seed= must be a whole number of at least 0"),
        ({"seed": np.array([])}, "seed= must be a whole number of at least 0"),
    ],
)
def test_options_that_would_be_passed_over_are_refused(options, message):
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    with pytest.raises(LmmError) as caught:
        fit.simulate(2, **options)
    assert message in str(caught.value)


def test_no_blocks_are_no_dict():
    with pytest.raises(DesignError, match="random= is an empty dict: name the blocks"):
        lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), random={})
