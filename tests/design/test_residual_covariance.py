"""The covariance of the errors against its definition."""

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array

import lmm
from lmm.design import ResidualCovariance

WEIGHTS = {
    "none": None,
    "ones": np.ones(6),
    "large and small": np.array([1e-3, 0.5, 1.0, 2.0, 7.0, 1e3]),
    "counts": np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    "equal": np.full(6, 0.25),
}
every_weight = pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)


def dense(R):
    return R.covariance().toarray()


@every_weight
def test_diagonals_and_determinant(weights):
    R = ResidualCovariance(6, weights)
    np.testing.assert_allclose(np.diag(R.variances), dense(R))
    np.testing.assert_allclose(np.diag(R.precisions), np.linalg.inv(dense(R)))
    assert R.log_det == pytest.approx(np.linalg.slogdet(dense(R))[1], abs=1e-12)


@every_weight
@pytest.mark.parametrize("kind", [np.asarray, csr_array, csc_array])
def test_whitened_columns_have_the_products_of_the_inverse(weights, kind):
    x = np.random.default_rng(1).normal(size=(6, 3))
    R = ResidualCovariance(6, weights)
    found = R.whiten(kind(x))
    assert type(found) is type(kind(x))
    rows = found if kind is np.asarray else found.toarray()
    np.testing.assert_allclose(rows.T @ rows, x.T @ np.linalg.inv(dense(R)) @ x)


@every_weight
def test_colour_undoes_whiten_and_gives_the_covariance(weights):
    R = ResidualCovariance(6, weights)
    root = R.colour(np.eye(6))
    np.testing.assert_allclose(root @ root.T, dense(R))
    np.testing.assert_allclose(R.whiten(R.colour(np.arange(6.0))), np.arange(6.0))
    np.testing.assert_allclose(R.whiten(root), np.eye(6))


@every_weight
def test_some_rows(weights):
    R, rows = ResidualCovariance(6, weights), np.array([4, 0, 3])
    np.testing.assert_allclose(R.covariance(rows).toarray(), dense(R)[np.ix_(rows, rows)])


def test_a_design_has_that_of_its_weights():
    data = {**lmm.datasets.load("Dyestuff"), "w": np.linspace(1.0, 2.0, 30)}
    for weights, expected in (("w", 1.0 / data["w"]), (None, np.ones(30))):
        fit = lmm.fit("Yield ~ 1 + (1 | Batch)", data, weights=weights)
        np.testing.assert_allclose(fit.internals.design.errors.variances, expected)
