"""Kinds of residuals."""

import numpy as np
import pytest
from scipy.stats import norm

import lmm
from lmm.errors import LmmError
from tests.inference.dense_equations import fitted, spherical, weights_of

SHAPES = ("slopes", "crossed", "weights and offset", "singular", "a block")
every_shape = pytest.mark.parametrize("shape", SHAPES)


@every_shape
def test_marginal_residuals_leave_random_effects_in(shape):
    fit = fitted(shape)
    offset = 0 if fit.offset is None else fit.offset
    np.testing.assert_allclose(fit.residuals("marginal"), fit.y - fit.X @ fit.beta - offset)
    np.testing.assert_allclose(
        fit.residuals("marginal") - fit.Z @ fit.b, fit.residuals("conditional"), atol=1e-12
    )
    np.testing.assert_array_equal(fit.residuals("conditional"), fit.residuals())


@every_shape
def test_quantiles_are_those_of_the_marginal_model(shape):
    fit = fitted(shape)
    Z = fit.Z.toarray()
    V = Z @ spherical(fit) @ Z.T + np.diag(1 / weights_of(fit))
    expected = norm.cdf(fit.residuals("marginal"), scale=fit.sigma * np.sqrt(np.diag(V)))
    np.testing.assert_allclose(fit.residuals("quantile"), expected)


@pytest.mark.parametrize("random", ["new", "fitted"])
def test_simulated_quantiles_tend_to_those_of_the_model(random):
    fit = fitted("weights and offset")
    n = 20_000
    found = lmm.quantile_residuals(fit, n, random=random, seed=3)
    expected = fit.residuals("quantile") if random == "new" else norm.cdf(fit.residuals("scaled"))
    assert np.abs(found - expected).max() < 4.5 * np.sqrt(0.25 / n)
    assert found.min() > 0.0
    assert found.max() < 1.0


def test_simulated_quantiles_are_repeated_by_their_seed_and_drawn_in_pieces(monkeypatch):
    from lmm.inference.observations import simulated_residuals

    fit = fitted("one factor")
    whole = lmm.quantile_residuals(fit, 50, seed=9)
    np.testing.assert_array_equal(whole, lmm.quantile_residuals(fit, 50, seed=9))
    monkeypatch.setattr(simulated_residuals, "_MOST_NUMBERS", 7 * fit.n_obs)
    np.testing.assert_array_equal(whole, lmm.quantile_residuals(fit, 50, seed=9))


def test_standard_deviation_of_studentized_residuals():
    fit = fitted("crossed")
    Z = fit.Z.toarray()
    V = Z @ spherical(fit) @ Z.T + np.eye(fit.n_obs)
    V_inverse = np.linalg.inv(V)
    P = V_inverse - V_inverse @ fit.X @ np.linalg.inv(fit.X.T @ V_inverse @ fit.X) @ fit.X.T @ V_inverse
    # e = W⁻¹Py and h = 1 - P_ii: fitted values are y - W⁻¹Py.
    np.testing.assert_allclose(fit.residuals("studentized"), P @ fit.y / (fit.sigma * np.sqrt(np.diag(P))))


def test_kinds_that_do_not_exist():
    with pytest.raises(
        LmmError, match=r"kind= must be one of .*; it is 'studentised'.*Did you mean \"studentized\""
    ):
        fitted("slopes").residuals("studentised")
    with pytest.raises(LmmError, match=r"n must be a whole number of at least 1, not 0"):
        lmm.quantile_residuals(fitted("slopes"), 0)
