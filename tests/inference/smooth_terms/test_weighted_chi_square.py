"""Tails of weighted sums of χ² against closed forms."""

import numpy as np
import pytest
from scipy import stats

from lmm.inference.smooth_terms.weighted_chi_square import weighted_chi_square_tail


@pytest.mark.parametrize("k", [1, 2, 5, 20])
@pytest.mark.parametrize("f", [1e-6, 0.01, 0.5, 1.0, 3.0, 20.0, 200.0])
@pytest.mark.parametrize("m", [3.0, 10.0, 150.0, 1e4, np.inf])
def test_equal_weights_are_f_and_chi_square(k, f, m):
    expected = stats.chi2.sf(k * f, k) if np.isinf(m) else stats.f.sf(f, k, m)
    for scale in (1.0, 1e-6, 1e6):
        found = weighted_chi_square_tail(np.full(k, scale), scale * k * f, m)
        assert found == pytest.approx(expected, rel=1e-8, abs=1e-290)


@pytest.mark.parametrize("t", [0.1, 1.0, 10.0, 50.0, 200.0])
@pytest.mark.parametrize(("a", "b"), [(2.0, 0.5), (1.0, 0.999), (5.0, 1e-3)])
def test_two_pairs_of_weights_are_a_sum_of_exponentials(t, a, b):
    expected = (a * np.exp(-t / (2 * a)) - b * np.exp(-t / (2 * b))) / (a - b)
    assert weighted_chi_square_tail(np.array([a, a, b, b]), t) == pytest.approx(expected, rel=1e-8)


def test_ends():
    assert weighted_chi_square_tail(np.ones(2), 0.0) == 1.0
    assert weighted_chi_square_tail(np.zeros(2), 1.0) == 0.0
    assert np.isnan(weighted_chi_square_tail(np.ones(2), np.nan))
    assert weighted_chi_square_tail(np.array([1.0, 0.0]), 3.841459, 1e9) == pytest.approx(0.05, rel=1e-5)
