"""Intervals of combinations of mean squares: exact cases, and coverage."""

import numpy as np
import pytest
from scipy.stats import chi2, f

import lmm
from lmm.experiments.intervals import checked_method, combination_interval

ONE = np.array([1.0])


@pytest.mark.parametrize("method", ["satterthwaite", "mls"])
def test_one_mean_square_has_its_exact_interval(method):
    found = combination_interval(ONE, np.array([3.0]), np.array([12.0]), 0.9, method)
    assert found.df == pytest.approx(12)
    assert found.low == pytest.approx(12 * 3 / chi2.ppf(0.95, 12))
    assert found.high == pytest.approx(12 * 3 / chi2.ppf(0.05, 12))


def test_satterthwaite_matches_two_moments():
    weights, ms, df = np.array([0.25, -0.25]), np.array([601.33, 177.08]), np.array([10.0, 45.0])
    found = combination_interval(weights, ms, df, 0.95, "satterthwaite")
    estimate = (601.33 - 177.08) / 4
    expected = estimate**2 / ((601.33 / 4) ** 2 / 10 + (177.08 / 4) ** 2 / 45)
    assert found.df == pytest.approx(expected)
    assert found.low == pytest.approx(expected * estimate / chi2.ppf(0.975, expected))


def test_satterthwaite_has_none_where_the_estimate_is_not_positive():
    found = combination_interval(
        np.array([1.0, -1.0]), np.array([1.0, 2.0]), np.array([5.0, 9.0]), 0.95, "satterthwaite"
    )
    assert np.isnan(found).all()


@pytest.mark.parametrize(("n", "m"), [(5.0, 24.0), (23.0, 5.0), (2.0, 100.0)])
def test_modified_large_samples_end_at_zero_where_the_f_test_is_at_its_level(n, m):
    """Ting et al. chose the products so: the lower end is zero exactly at F(alpha; n, m), the upper at F(1 - alpha)."""
    weights, df = np.array([0.2, -0.2]), np.array([n, m])
    at_upper = combination_interval(weights, np.array([f.ppf(0.975, n, m), 1.0]), df, 0.95, "mls")
    assert at_upper.low == pytest.approx(0.0, abs=1e-7)
    at_lower = combination_interval(weights, np.array([f.ppf(0.025, n, m), 1.0]), df, 0.95, "mls")
    assert at_lower.high == pytest.approx(0.0, abs=1e-7)
    above = combination_interval(weights, np.array([1.01 * f.ppf(0.975, n, m), 1.0]), df, 0.95, "mls")
    assert above.low > 0.0


def test_sums_by_graybill_and_wang():
    weights, ms, df = np.array([0.2, 0.8]), np.array([11271.5, 2451.25]), np.array([5.0, 24.0])
    found = combination_interval(weights, ms, df, 0.95, "mls")
    parts = weights * ms
    G, H = 1 - df / chi2.ppf(0.975, df), df / chi2.ppf(0.025, df) - 1
    assert found.low == pytest.approx(parts.sum() - np.sqrt(np.sum((G * parts) ** 2)))
    assert found.high == pytest.approx(parts.sum() + np.sqrt(np.sum((H * parts) ** 2)))


@pytest.mark.parametrize("first", [1.5, 1.2, 1.1, 1.05, 1.02, 1.001])
def test_satterthwaite_holds_its_estimate_or_has_no_interval(first):
    found = combination_interval(
        np.array([1.0, -1.0]), np.array([first, 1.0]), np.array([5.0, 9.0]), 0.95, "satterthwaite"
    )
    assert np.isnan(found.low) or found.low < first - 1.0 < found.high
    assert np.isnan(found.low) == (found.df < 0.01)


@pytest.mark.parametrize(
    ("method", "ratio"), [("mls", 0.5), ("mls", 2.0), ("mls", 8.0), ("satterthwaite", 8.0)]
)
def test_coverage(method, ratio):
    """Difference of mean squares with 11 and 24 degrees of freedom: not clearly below 95 %.

    Satterthwaite's interval is known to be too short where the two are alike.
    """
    rng = np.random.default_rng(6)
    weights, df = np.array([0.2, -0.2]), np.array([11.0, 24.0])
    expected = np.array([1.0 + ratio, 1.0])
    draws = expected * rng.chisquare(df, size=(1500, 2)) / df
    truth = float(weights @ expected)
    inside = 0
    for ms in draws:
        found = combination_interval(weights, ms, df, 0.95, method)
        inside += bool(found.low <= truth <= found.high)
    assert inside / 1500 > 0.93


def test_unknown_method():
    assert checked_method("mls") == "mls"
    with pytest.raises(lmm.LmmError, match='Did you mean "satterthwaite"'):
        checked_method("sattherthwaite")
