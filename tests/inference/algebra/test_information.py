"""Information about covariance parameters: closed forms of a balanced layout with one factor."""

import numpy as np
import pytest

import lmm
from lmm.inference.algebra.information import (
    parameter_covariance,
    pseudo_inverse,
    theta_covariance,
    user_covariance,
)


@pytest.fixture(scope="module")
def fit():
    return lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))


@pytest.mark.parametrize("information", ["expected", "observed", "average"])
def test_balanced_one_way_layout(fit, information):
    """MS_between and MS_within are independent multiples of χ² with 5 and 24 df (Searle et al. 1992, section 3.6)."""
    a, n = 6, 5
    within = fit.sigma**2
    between = within + n * float(fit.varcorr["vcov"][0])
    variance = 2.0 * within**2 / (a * (n - 1))
    wanted = np.array(
        [
            [(2.0 * between**2 / (a - 1) + variance) / n**2, -variance / n],
            [-variance / n, variance],
        ]
    )
    found = fit.sigma**4 * user_covariance(fit, information, "drop")
    np.testing.assert_allclose(found, wanted, rtol=1e-7)


def test_kept_and_dropped_agree_inside(fit):
    kept = parameter_covariance(fit, "expected", "keep").W
    np.testing.assert_allclose(kept, parameter_covariance(fit, "expected", "drop").W, rtol=1e-9)


def test_given_parameters_have_no_variance():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), theta=[0.8])
    W = theta_covariance(fit, "expected").W
    assert not W[0].any()
    assert W[1, 1] > 0.0


def test_directions_without_information_are_left_out():
    found = pseudo_inverse(np.diag([2.0, 0.0, 4.0]), None)
    np.testing.assert_allclose(found.W, np.diag([0.5, 0.0, 0.25]))
    together = np.array([[1.0, 1.0], [1.0, 1.0]])
    assert pseudo_inverse(together, None).left_out == 1
