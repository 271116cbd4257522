"""Critical values of bands: of one point, of independent points, of a line."""

import numpy as np
import pytest
from scipy.stats import norm

from lmm.inference.smooth_terms.bands import band_notes, band_of, banded, simultaneous_band, tube_critical


def test_one_point():
    found = simultaneous_band(np.array([[1.0, 2.0]]), np.diag([4.0, 1.0]), 0.9, seed=1)
    assert found.critical == pytest.approx(norm.ppf(0.95), abs=0.03)


def test_independent_points():
    """The largest of m independent |z| is below c with probability (2Φ(c) - 1)^m."""
    m = 8
    found = simultaneous_band(np.eye(m), np.eye(m), 0.95, seed=1)
    wanted = norm.ppf((1.0 + 0.95 ** (1.0 / m)) / 2.0)
    assert found.critical == pytest.approx(wanted, abs=0.03)


def test_the_tube_formula():
    assert tube_critical(0.0, 0.95) == pytest.approx(norm.ppf(0.975), abs=1e-8)
    c = tube_critical(3.0, 0.95)
    # 2(1 - Φ(c)) + κ/π exp(-c²/2) = 1 - level
    assert 2.0 * norm.sf(c) + 3.0 / np.pi * np.exp(-(c**2) / 2.0) == pytest.approx(0.05, abs=1e-8)


def test_columns_of_a_band():
    """Two functions of two coefficients, by hand: variances 4 + 4 · 1 = 8 and 9 · 1."""
    b, V = np.array([1.0, 2.0]), np.diag([4.0, 1.0])
    rows = np.array([[1.0, 2.0], [0.0, 3.0]])
    band = band_of("pointwise", rows, V, 0.95)
    found = banded(rows, b, V, band)
    z = norm.ppf(0.975)
    np.testing.assert_allclose(found["estimate"], [5.0, 6.0])
    np.testing.assert_allclose(found["std_error"], [np.sqrt(8.0), 3.0])
    np.testing.assert_allclose(found["conf_low"], [5.0 - z * np.sqrt(8.0), 6.0 - 3.0 * z])
    np.testing.assert_allclose(found["conf_high"], [5.0 + z * np.sqrt(8.0), 6.0 + 3.0 * z])
    assert np.isnan(band.tube)


def test_notes_of_several_curves():
    rows, V = np.eye(3), np.eye(3)
    same = {label: band_of("pointwise", rows, V, 0.9) for label in ("s(x):fA", "s(x):fB")}
    assert band_notes(same) == ["Bands: 90 %, pointwise."]
    wide = {
        "s(x):fA": simultaneous_band(rows[:1], V, 0.9, seed=1),
        "s(x):fB": simultaneous_band(rows, V, 0.9, seed=1),
    }
    one, other = band_notes(wide)
    assert one.startswith(
        f"s(x):fA: band for all points at once: {wide['s(x):fA'].critical:.3f} standard errors"
    )
    assert other.startswith(f"s(x):fB: band for all points at once: {wide['s(x):fB'].critical:.3f}")
    assert wide["s(x):fB"].critical > wide["s(x):fA"].critical
