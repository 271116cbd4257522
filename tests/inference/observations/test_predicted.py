"""Point predictions and residuals from their definitions."""

import numpy as np
import pytest

import lmm
from lmm.errors import LmmError
from lmm.inference.observations.predicted import predict, residuals
from tests.inference.models import quietly, random_table


def test_points_are_the_sums_of_what_takes_part():
    fit = quietly("y ~ x + (x | g) + (1 | h)", random_table(31))
    Z = [part.block.to_sparse() for part in fit.internals.design.random]
    b = [(block @ effects.ravel()) for block, effects in zip(Z, fit.internals.evaluation.b, strict=True)]
    np.testing.assert_allclose(predict(fit, random=False), fit.X @ fit.beta)
    np.testing.assert_allclose(predict(fit), fit.X @ fit.beta + sum(b), rtol=1e-10)
    np.testing.assert_allclose(predict(fit, random="h"), fit.X @ fit.beta + b[1], rtol=1e-10)


def test_kinds_of_residuals():
    fit = quietly("y ~ x + (1 | g)", random_table(32), weights="w")
    response = np.asarray(fit.y) - fit.fitted
    np.testing.assert_allclose(residuals(fit), response)
    np.testing.assert_allclose(residuals(fit, "pearson"), response * np.sqrt(fit.weights))
    np.testing.assert_allclose(residuals(fit, "scaled"), response * np.sqrt(fit.weights) / fit.sigma)
    np.testing.assert_allclose(residuals(fit, "marginal"), np.asarray(fit.y) - fit.X @ fit.beta)


def test_options_of_intervals_need_an_interval():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    with pytest.raises(LmmError, match="level= belongs to intervals"):
        predict(fit, level=0.9)
