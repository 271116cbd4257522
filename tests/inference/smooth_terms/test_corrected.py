"""The covariance that counts the uncertainty of smoothing parameters."""

import numpy as np

from lmm.inference.smooth_terms.of_the_mean import mean_covariance
from tests.inference.smooth_terms.fits import motorcycle


def test_it_is_larger():
    fit = motorcycle()
    more = mean_covariance(fit, "corrected") - mean_covariance(fit, "bayes")
    assert np.linalg.eigvalsh(more)[0] > -1e-8 * np.abs(more).max()
    assert np.trace(more) > 0.0


def test_frequentist_is_smaller():
    fit = motorcycle()
    less = mean_covariance(fit, "bayes") - mean_covariance(fit, "frequentist")
    assert np.linalg.eigvalsh(less)[0] > -1e-8 * np.abs(less).max()
