"""The studentized range against SciPy's, closed forms and published tables; interpolated values against the others."""

import numpy as np
import pytest
from scipy import special, stats

from lmm.means.adjusting.studentized_range import range_quantile, range_tail

DF = [1.0, 2.0, 3.7, 8.44, 30.0, 210.0, np.inf]


@pytest.mark.parametrize("k", [2.0, 2.5616, 3.0, 5.0, 10.0, 50.0])
@pytest.mark.parametrize("df", DF)
def test_tail_is_that_of_scipy(k, df):
    q = np.array([0.3, 1.0, 2.0, 3.5, 5.0, 8.0])
    theirs = stats.studentized_range.sf(q, k, df)
    # SciPy's own integration reports 1e-11, but misses what is narrow: checked by mvt and trapezoids where they differ.
    assert range_tail(q, k, np.full(6, df)) == pytest.approx(theirs, abs=2e-7)


def test_a_thousand_means():
    q, df = np.array([5.0, 6.0, 7.0, 8.0]), 210.0
    expected = stats.studentized_range.sf(q, 1000, df)
    assert range_tail(q, 1000, np.full(4, df)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("df", DF)
def test_two_means_are_a_t_test(df):
    t = np.array([0.1, 1.0, 2.0, 3.0, 6.0])
    expected = 2 * (special.ndtr(-t) if np.isinf(df) else special.stdtr(df, -t))
    assert range_tail(np.sqrt(2) * t, 2, np.full(5, df)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("k", "df", "published"),
    [(3, 10, 3.88), (5, 20, 4.23), (10, 60, 4.65), (4, 5, 5.22), (20, 120, 5.13), (3, 1, 27.0)],
)
def test_published_quantiles(k, df, published):
    """Upper 5 % points, as textbooks print them."""
    found = range_quantile(0.95, k, np.array([float(df)]))[0]
    assert found == pytest.approx(published, abs=0.05 if df == 1 else 0.0051)


@pytest.mark.parametrize("p", [0.5, 0.95, 0.999])
def test_quantiles_are_the_inverse(p):
    df = np.array([1.5, 7.0, 40.0, np.inf])
    for k in (2, 4, 30):
        assert range_tail(range_quantile(p, k, df), k, df) == pytest.approx(1 - p, rel=1e-8)


@pytest.mark.parametrize(("k", "low", "high"), [(3, 7.0, 12.0), (30, 1.2, 400.0), (1000, 300.0, 9000.0)])
def test_many_values_are_interpolated_closely(k, low, high):
    rng = np.random.default_rng(0)
    q, df = rng.uniform(0, 12, 20_000), rng.uniform(low, high, 20_000)
    df[:100], df[100:200] = np.inf, low
    found = range_tail(q, k, df)
    chosen = np.concatenate([np.arange(0, 200, 20), rng.integers(200, q.size, 60)])
    exact = np.array([range_tail(q[i : i + 1], k, df[i : i + 1])[0] for i in chosen])
    assert found[chosen] == pytest.approx(exact, rel=1e-6, abs=1e-12)
    quantiles = range_quantile(0.95, k, df[:2000])
    alone = [range_quantile(0.95, k, df[i : i + 1])[0] for i in (0, 150, 700, 1999)]
    assert quantiles[[0, 150, 700, 1999]] == pytest.approx(alone, rel=1e-7)


def test_what_is_missing_stays_missing():
    found = range_tail(np.array([np.nan, 3.0, 3.0]), 3, np.array([10.0, np.nan, -1.0]))
    assert np.isnan(found).all()
    assert range_tail(np.array([0.0]), 3, np.array([10.0]))[0] == pytest.approx(1.0, abs=1e-12)
    assert np.isnan(range_quantile(0.95, 3, np.array([np.nan, 0.0]))).all()
