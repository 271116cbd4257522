from statistics import NormalDist

import numpy as np
import pytest

import lmm
from lmm.plots import plot_qq, qq_data
from tests.plots.stand_in import stand_in


def _fit_with_residuals(values):
    return stand_in(residuals=lambda _, kind: np.asarray(values) if kind == "scaled" else None)


def test_exactly_normal_residuals_lie_on_the_line():
    n = 41
    quantiles = [NormalDist().inv_cdf((i - 0.5) / n) for i in range(1, n + 1)]
    table = qq_data(_fit_with_residuals(np.array(quantiles)[::-1]))
    np.testing.assert_allclose(table["observed"], table["normal"], atol=1e-12)
    assert np.all(table["conf_low"] < table["observed"])
    assert np.all(table["observed"] < table["conf_high"])


def test_band_of_the_median_is_that_of_an_order_statistic():
    """The median of 1 value: 95% of a standard normal lies within 1.96; here scale 1, centre 0."""
    n = 9
    quantiles = [NormalDist().inv_cdf((i - 0.5) / n) for i in range(1, n + 1)]
    table = qq_data(_fit_with_residuals(quantiles))
    # Of 9 uniforms the median is Beta(5, 5); its 97.5% point is 0.78799 (tables of the beta distribution).
    scale = table["conf_high"][4] / NormalDist().inv_cdf(0.787992)
    low, high = np.quantile(quantiles, [0.25, 0.75])
    assert scale == pytest.approx((high - low) / (2 * NormalDist().inv_cdf(0.75)), rel=1e-4)


def test_random_effects_come_term_by_term(sleepstudy):
    table = qq_data(sleepstudy, of="random")
    for term in ("Intercept", "Days"):
        rows = table["term"] == term
        effects = [row["estimate"] for row in sleepstudy.ranef() if row["term"] == term]
        np.testing.assert_allclose(table["observed"][rows], np.sort(effects))


def test_panels_are_named_by_group_and_term(sleepstudy):
    assert [axes.get_title("left") for axes in plot_qq(sleepstudy, "random").axes] == [
        "Subject: Intercept",
        "Subject: Days",
    ]


def test_large_samples_are_thinned_with_their_tails_kept():
    values = np.sort(np.random.default_rng(0).normal(size=50_000))
    (axes,) = plot_qq(_fit_with_residuals(values)).axes
    shown = axes.lines[-1].get_ydata()
    assert shown.size <= 400
    assert set(values[:3]) <= set(shown)
    assert set(values[-3:]) <= set(shown)


def test_no_random_effects(linear):
    with pytest.raises(lmm.DesignError, match="no random effects"):
        plot_qq(linear, "random")


def test_unknown_kind(linear):
    with pytest.raises(lmm.LmmError, match=r"of= must be .*; it is 'residual'.*Did you mean \"residuals\""):
        plot_qq(linear, "residual")
