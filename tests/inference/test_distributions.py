"""Tails and quantiles of t and F, with infinite, missing and impossible degrees of freedom."""

import numpy as np
import pytest
from scipy import stats

from lmm.inference.distributions import f_p_value, t_p_value, t_quantile


def test_t():
    t, df = np.array([0.0, 1.5, -2.5, 40.0]), np.array([3.0, 1.0, 17.3, 5.0])
    assert t_p_value(t, df) == pytest.approx(2 * stats.t.sf(np.abs(t), df), rel=1e-10)


def test_f():
    for f, num_df, den_df in [(1.3, 2, 7.02), (5.9893241, 1, 7.0219044), (30.0, 5, 2.0), (0.0, 3, 4.0)]:
        assert f_p_value(f, num_df, den_df) == pytest.approx(stats.f.sf(f, num_df, den_df), rel=1e-10)


def test_tails_that_round_to_one_keep_their_digits():
    assert t_p_value(np.array([1e-9]), np.array([5.0]))[0] == pytest.approx(1.0)
    assert f_p_value(400.0, 1, 1e6) == pytest.approx(stats.f.sf(400.0, 1, 1e6), rel=1e-8)


def test_infinite_degrees_of_freedom():
    assert t_p_value(np.array([1.96]), np.array([np.inf])) == pytest.approx(2 * stats.norm.sf(1.96))
    assert f_p_value(2.0, 3, np.inf) == pytest.approx(stats.chi2.sf(6.0, 3))
    assert t_quantile(0.975, np.array([np.inf, 4.0])) == pytest.approx(
        [stats.norm.ppf(0.975), stats.t.ppf(0.975, 4)]
    )


@pytest.mark.parametrize("df", [0.0, -1.0, np.nan])
def test_no_degrees_of_freedom_no_number(df):
    assert np.isnan(t_p_value(np.array([1.0]), np.array([df]))).all()
    assert np.isnan(t_quantile(0.975, np.array([df]))).all()
    assert np.isnan(f_p_value(1.0, 2, df))


def test_missing_statistic():
    assert np.isnan(t_p_value(np.array([np.nan]), np.array([3.0]))).all()
    assert np.isnan(f_p_value(np.nan, 2, 3.0))
