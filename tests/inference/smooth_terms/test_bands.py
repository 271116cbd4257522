"""Critical values of bands: of one point, of independent points, of a line."""

import numpy as np
import pytest
from scipy.stats import norm

from lmm.inference.smooth_terms.bands import band_of, tube_critical


def test_one_point():
    found = band_of(np.array([[1.0, 2.0]]), np.diag([4.0, 1.0]), 0.9, seed=1)
    assert found.critical == pytest.approx(norm.ppf(0.95), abs=0.03)


def test_independent_points():
    """The largest of m independent |z| is below c with probability (2Φ(c) - 1)^m."""
    m = 8
    found = band_of(np.eye(m), np.eye(m), 0.95, seed=1)
    wanted = norm.ppf((1.0 + 0.95 ** (1.0 / m)) / 2.0)
    assert found.critical == pytest.approx(wanted, abs=0.03)


def test_the_tube_formula():
    assert tube_critical(0.0, 0.95) == pytest.approx(norm.ppf(0.975), abs=1e-8)
    c = tube_critical(3.0, 0.95)
    # 2(1 - Φ(c)) + κ/π exp(-c²/2) = 1 - level
    assert 2.0 * norm.sf(c) + 3.0 / np.pi * np.exp(-(c**2) / 2.0) == pytest.approx(0.05, abs=1e-8)
