"""Rows without sparse matrices against the same rows as a sparse and as a dense matrix."""

import numpy as np
import pytest

from lmm.bases.basis import Carrier, Covariate, Settings, column_means
from lmm.bases.catalog import learn_basis
from lmm.bases.products.rows import row_product

RANDOM = np.random.default_rng(4)


def carrier(bs, n, k):
    x = Covariate("x", RANDOM.gamma(2.0, size=n))
    return learn_basis(bs, [x], Settings(k=k)).carrier([x])


@pytest.mark.parametrize(
    ("bs", "n", "k"), [("cr", 1, 3), ("cr", 40, 5), ("cs", 300, 20), ("cc", 77, 4), ("cc", 50, 9)]
)
def test_products_are_those_of_a_dense_matrix(bs, n, k):
    rows = carrier(bs, max(n, k), k).rows[:n]
    dense = rows.sparse().toarray()
    assert rows.shape == dense.shape
    assert rows.nnz == 4 * n == 4 * len(rows)
    M, w = RANDOM.normal(size=(rows.shape[1], 3)), RANDOM.normal(size=n)
    np.testing.assert_allclose(rows @ M, dense @ M, atol=1e-13)
    np.testing.assert_allclose(rows @ M[:, 0], dense @ M[:, 0], atol=1e-13)
    np.testing.assert_allclose(rows.sums(w), dense.T @ w, atol=1e-13)
    np.testing.assert_allclose((w[:, None] * rows).sparse().toarray(), w[:, None] * dense, atol=1e-15)
    np.testing.assert_array_equal(rows[n // 2 :] @ M, (rows @ M)[n // 2 :])


@pytest.mark.parametrize("n", [60, 4000])
@pytest.mark.parametrize("pair", [("cr", "cr"), ("cc", "cr"), ("ps", "cr"), ("cr", "tp"), ("ps", "ps")])
def test_products_of_rows_are_the_same_for_few_and_for_many(n, pair):
    own = [carrier(bs, n, 5) for bs in pair]
    whole = np.einsum("ij,ik->ijk", *(one.dense() for one in own)).reshape(n, -1)
    np.testing.assert_allclose(row_product(own).dense(), whole, atol=1e-12 * np.abs(whole).max())


def test_means_of_columns():
    own = carrier("cr", 500, 12)
    np.testing.assert_allclose(column_means(own), own.dense().mean(axis=0), atol=1e-15)
    sparse = Carrier(own.rows.sparse(), own.map)
    np.testing.assert_allclose(column_means(own), column_means(sparse), atol=1e-15)
