"""Balanced layouts, where REML is the analysis of variance."""

import numpy as np
import pytest

import lmm


@pytest.fixture(scope="module")
def one_way():
    """Twelve groups of four rows, with far more variance between than within."""
    rng = np.random.default_rng(7)
    y = 10 + 2 * rng.normal(size=(12, 1)) + rng.normal(size=(12, 4))
    table = {"y": y.ravel(), "g": np.repeat([f"g{j:02}" for j in range(12)], 4)}
    within = ((y - y.mean(1, keepdims=True)) ** 2).sum() / (12 * 3)
    between = 4 * ((y.mean(1) - y.mean()) ** 2).sum() / 11
    return table, y, within, between


def test_reml_of_a_one_way_layout(one_way):
    table, y, within, between = one_way
    fit = lmm.fit("y ~ 1 + (1 | g)", table)
    variance = (between - within) / 4
    np.testing.assert_allclose(fit.sigma**2, within, rtol=1e-7)
    np.testing.assert_allclose(fit.varcorr["vcov"], [variance, within], rtol=1e-6)
    np.testing.assert_allclose(fit.varcorr["sdcor"], np.sqrt([variance, within]), rtol=1e-6)
    np.testing.assert_allclose(fit.beta, y.mean())
    np.testing.assert_allclose(fit.vcov, between / y.size, rtol=1e-6)


def test_maximum_likelihood_of_a_one_way_layout(one_way):
    table, _, within, between = one_way
    fit = lmm.fit("y ~ 1 + (1 | g)", table, method="ml")
    np.testing.assert_allclose(fit.sigma**2, within, rtol=1e-7)
    np.testing.assert_allclose(fit.varcorr["vcov"][0], (between * 11 / 12 - within) / 4, rtol=1e-6)


def test_modes_of_a_one_way_layout_are_shrunken_means(one_way):
    table, y, within, between = one_way
    fit = lmm.fit("y ~ 1 + (1 | g)", table)
    shrinkage = 1 - within / between
    expected = shrinkage * (y.mean(1) - y.mean())
    np.testing.assert_allclose(fit.ranef()["estimate"], expected, rtol=1e-6)
    np.testing.assert_allclose(fit.coef()["estimate"], y.mean() + expected, rtol=1e-6)
    np.testing.assert_allclose(fit.fitted, np.repeat(y.mean() + expected, 4), rtol=1e-6)
    # Var(b | y, beta) = v s / (s + 4 v); the error of beta enters b as it is shrunken.
    variance = (between - within) / 4
    given_beta = variance * within / (within + 4 * variance)
    np.testing.assert_allclose(fit.ranef(cond_var=True)["std_error"] ** 2, given_beta, rtol=1e-6)
    pev = given_beta + shrinkage**2 * between / y.size
    np.testing.assert_allclose(fit.ranef(pev=True)["std_error"] ** 2, pev, rtol=1e-6)


def test_a_split_plot_has_its_two_error_strata():
    rng = np.random.default_rng(11)
    n_plots, n_sub = 10, 3
    y = 1.5 * rng.normal(size=(n_plots, 1)) + rng.normal(size=(n_plots, n_sub))
    y += np.array([0.0, 1.0, 3.0])
    table = {
        "y": y.ravel(),
        "plot": np.repeat(np.arange(n_plots), n_sub).astype(str),
        "sub": np.tile(["a", "b", "c"], n_plots),
    }
    fit = lmm.fit("y ~ sub + (1 | plot)", table)
    residual = y - y.mean(1, keepdims=True) - y.mean(0) + y.mean()
    error = (residual**2).sum() / ((n_plots - 1) * (n_sub - 1))
    plots = n_sub * ((y.mean(1) - y.mean()) ** 2).sum() / (n_plots - 1)
    np.testing.assert_allclose(fit.sigma**2, error, rtol=1e-7)
    np.testing.assert_allclose(fit.varcorr["vcov"][0], (plots - error) / n_sub, rtol=1e-6)
    np.testing.assert_allclose(np.diag(fit.vcov)[1:], 2 * error / n_plots, rtol=1e-6)
