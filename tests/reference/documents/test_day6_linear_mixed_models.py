"""Statements of the course page "Day 6 Linear Mixed Models" about estimation, on Yates' oats; it prints no numbers."""

import numpy as np
import pytest
from examples.variance_components import analysis_of_variance

import lmm

FORMULA = "yield ~ Variety * nitro + (1 | Block/Variety)"


@pytest.fixture(scope="module")
def oats():
    frame = lmm.datasets.load("Oats")
    return frame.assign(nitro=frame["nitro"].astype("category"))


@pytest.fixture(scope="module", params=["ml", "reml"])
def fit(request, oats):
    return lmm.fit(FORMULA, oats, method=request.param)


@pytest.fixture(scope="module")
def table(oats):
    return analysis_of_variance(oats)


def marginal_parts(fit):
    V = lmm.marginal(fit).V
    return V, fit.y - fit.X @ fit.beta, np.linalg.inv(V)


def test_degrees_of_freedom_of_the_split_plot(table):
    r, a, c = 6, 3, 4
    expected = [r - 1, a - 1, (r - 1) * (a - 1), c - 1, (a - 1) * (c - 1), a * (r - 1) * (c - 1)]
    assert list(table["df"]) == expected


def test_analysis_of_variance_as_r_prints_it(table):
    # summary(aov(yield ~ Variety * N + Error(Block/Variety))) in R 4.2.2.
    expected = [3175.055556, 893.180556, 601.330556, 6673.500000, 53.625000, 177.083333]
    assert table["mean_sq"] == pytest.approx(expected, abs=1e-6)


def test_reml_is_the_method_of_moments(oats, table):
    block, _, whole, _, _, split = table["mean_sq"]
    fit = lmm.fit(FORMULA, oats)
    assert fit.varcorr["vcov"] == pytest.approx([(block - whole) / 12, (whole - split) / 4, split], rel=1e-6)


def test_maximum_likelihood_is_biased_downward(oats):
    reml, ml = (lmm.fit(FORMULA, oats, method=method).varcorr["vcov"] for method in ("reml", "ml"))
    assert (ml < reml).all()
    # In balanced data each mean square loses its fixed-effect degrees of freedom: 45 of 54, 10 of 12, 5 of 6.
    assert ml == pytest.approx(reml * 5 / 6, rel=1e-6)


def test_likelihood_as_the_page_writes_it(fit):
    V, r, inverse = marginal_parts(fit)
    count = fit.n_obs - (fit.n_fixed if fit.method == "reml" else 0)
    expected = -count / 2 * np.log(2 * np.pi) - np.linalg.slogdet(V)[1] / 2 - r @ inverse @ r / 2
    if fit.method == "reml":
        expected -= np.linalg.slogdet(fit.X.T @ inverse @ fit.X)[1] / 2
    assert fit.loglik == pytest.approx(expected, abs=1e-9)


def test_fixed_effects_are_generalized_least_squares(fit):
    _, _, inverse = marginal_parts(fit)
    beta = np.linalg.solve(fit.X.T @ inverse @ fit.X, fit.X.T @ inverse @ fit.y)
    assert fit.beta == pytest.approx(beta, rel=1e-9)


def test_a_negative_moment_estimate_becomes_zero():
    # Box and Tiao's data: the mean square between batches is below the one within.
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))
    assert fit.singular
    assert fit.varcorr["vcov"][0] == 0.0
    assert fit.sigma == pytest.approx(np.std(fit.y, ddof=1))


def test_random_effects_are_shrunk(oats):
    fit = lmm.fit("yield ~ Variety * nitro + (1 | Block)", oats)
    deviation = oats.groupby("Block", observed=True)["yield"].mean() - oats["yield"].mean()
    tau2, sigma2 = fit.varcorr["vcov"]
    # Balanced: every block's deviation times the same factor, which grows with the variance.
    assert fit.b == pytest.approx(deviation.to_numpy() * tau2 / (tau2 + sigma2 / 12), rel=1e-8)


def test_iterations_descend_to_the_estimate(fit):
    criterion = fit.trace["criterion"]
    assert criterion[-1] == pytest.approx(fit.criterion)
    assert (np.diff(criterion) <= 1e-9).all()
