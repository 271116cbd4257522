"""Mixtures of χ²: weights of a quadrant and of a cone against closed forms."""

import numpy as np
import pytest
from scipy.stats import chi2

from lmm.inference.fits.chi_bar import chisq_p_value, half_and_half, positive_semidefinite, quadrant


def test_one_variance():
    """½χ²(0) + ½χ²(1): Self and Liang 1987."""
    assert half_and_half(0).p_value(2.7055) == pytest.approx(0.05, abs=1e-5)
    assert half_and_half(1).p_value(5.0) == pytest.approx(0.5 * chi2.sf(5.0, 1) + 0.5 * chi2.sf(5.0, 2))


@pytest.mark.parametrize("rho", [-0.6, 0.0, 0.8])
def test_a_quadrant(rho):
    """Weight of χ²(2) is the part of the plane whose both coordinates are positive: ¼ + arcsin(ρ)/2π."""
    mixture = quadrant(np.array([[2.0, rho * np.sqrt(6.0)], [rho * np.sqrt(6.0), 3.0]]))
    both = 0.25 + np.arcsin(rho) / (2.0 * np.pi)
    wanted = 0.5 * chi2.sf(4.0, 1) + both * chi2.sf(4.0, 2)
    assert mixture.p_value(4.0) == pytest.approx(wanted, rel=1e-6)


def test_weights_of_a_cone_sum_to_one():
    covariance = np.diag([2.0, 1.0, 2.0])
    mixture = positive_semidefinite(covariance, 0)
    assert mixture.p_value(0.0) == pytest.approx(1.0)
    assert 0.0 < mixture.p_value(6.0) < chi2.sf(6.0, 3)


def test_p_values_of_nothing():
    assert chisq_p_value(0.0, 1) == 1.0
    assert half_and_half(0).p_value(0.0) == 1.0
