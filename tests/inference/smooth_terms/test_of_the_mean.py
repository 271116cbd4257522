"""Coefficients of the mean: X b is the prediction without random effects."""

import numpy as np
import pytest

from lmm.inference.smooth_terms.of_the_mean import (
    coefficient_draws,
    design_matrix,
    mean_coefficients,
    mean_covariance,
)
from tests.inference.smooth_terms.fits import growth, motorcycle


@pytest.mark.parametrize("make", [growth, motorcycle])
def test_the_matrix_times_the_coefficients_predicts(make):
    fit = make()
    b = mean_coefficients(fit).estimate
    np.testing.assert_allclose(design_matrix(fit) @ b, fit.predict(random=False), rtol=1e-9)
    new = {name: column[:5] for name, column in fit.model_frame.to_dict().items()}
    np.testing.assert_allclose(design_matrix(fit, new) @ b, fit.predict(new, random=False), rtol=1e-9)


def test_draws_have_the_covariance():
    fit = motorcycle()
    draws = coefficient_draws(fit, 20_000, seed=3)
    V = mean_covariance(fit)
    scale = np.sqrt(np.diag(V))
    np.testing.assert_allclose(
        np.cov(draws.T) / np.outer(scale, scale), V / np.outer(scale, scale), atol=0.05
    )
    np.testing.assert_array_equal(draws, coefficient_draws(fit, 20_000, seed=3))
