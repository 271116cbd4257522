"""Rows deleted without a new fit: as a fit of the other rows at the same theta."""

import numpy as np
import pytest

import lmm
from lmm.inference.observations.deletion import delete_rows, delete_sets, leverage
from tests.inference.models import quietly, random_table


def test_one_row_and_a_set_of_rows():
    data = random_table(21)
    fit = quietly("y ~ x + (1 | g) + (1 | h)", data, weights="w")
    sets = [np.array([4]), np.array([1, 7, 20])]
    found, single = delete_sets(fit, sets), delete_rows(fit)
    for i, rows in enumerate(sets):
        kept = np.setdiff1d(np.arange(fit.n_obs), rows)
        rest = {name: values[kept] for name, values in data.items()}
        again = quietly("y ~ x + (1 | g) + (1 | h)", rest, weights="w", theta=fit.theta)
        np.testing.assert_allclose(found.change[i], fit.beta - again.beta, rtol=1e-7, atol=1e-10)
        assert found.sigma[i] == pytest.approx(again.sigma, rel=1e-8)
        ratio = np.linalg.det(again.vcov) / np.linalg.det(fit.vcov)
        assert found.covratio[i] == pytest.approx(ratio, rel=1e-6)
    np.testing.assert_allclose(single.change[4], found.change[0], rtol=1e-8)


def test_leverage_is_the_derivative_of_the_fitted_values():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    h = leverage(fit)
    y = np.array(fit.y)
    y[3] += 1.0
    again = lmm.fit(
        "y ~ 1 + (1 | Batch)", {"y": y, "Batch": np.asarray(fit.model_frame["Batch"])}, theta=fit.theta
    )
    assert h[3] == pytest.approx(float(again.fitted[3] - fit.fitted[3]), rel=1e-8)
