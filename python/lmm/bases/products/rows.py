"""Products of rows: each row of the result is the Kronecker product of the rows of the factors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from lmm.bases.basis import Carrier
from lmm.typing import FloatMatrix

__all__ = ["dense_row_product", "kron", "row_product"]


def row_product(carriers: Sequence[Carrier]) -> Carrier:
    """Carrier of the product; sparse if all factors are.

    Examples
    --------
    >>> from scipy import sparse
    >>> a = Carrier(sparse.csr_matrix([[1.0, 2.0], [0.0, 3.0]]), np.eye(2))
    >>> row_product([a, a]).dense()
    array([[1., 2., 2., 4.],
           [0., 0., 0., 9.]])
    """
    from scipy import sparse

    if all(sparse.issparse(carrier.rows) for carrier in carriers):
        rows = reduce(_sparse_pair, (sparse.csr_matrix(carrier.rows) for carrier in carriers))
        return Carrier(rows, kron([carrier.map for carrier in carriers]))
    rows = dense_row_product([carrier.dense() for carrier in carriers])
    return Carrier(rows, np.eye(rows.shape[1]))


def kron(factors: Sequence[FloatMatrix]) -> FloatMatrix:
    """Multiply any number of matrices as Kronecker products."""
    return reduce(lambda A, B: np.asarray(np.kron(A, B)), factors)


def dense_row_product(factors: Sequence[FloatMatrix]) -> FloatMatrix:
    """Row-wise Kronecker product of dense matrices with the same rows; the first one's columns vary slowest."""
    return reduce(lambda A, B: (A[:, :, None] * B[:, None, :]).reshape(len(A), -1), factors)


def _sparse_pair(A: Any, B: Any) -> Any:
    from scipy import sparse

    of_a, of_b = np.diff(A.indptr), np.diff(B.indptr)
    row = np.repeat(np.arange(A.shape[0]), of_a)
    repeats = of_b[row]
    first = np.repeat(np.cumsum(repeats) - repeats, repeats)
    in_b = np.repeat(B.indptr[row], repeats) + np.arange(first.size) - first
    in_a = np.repeat(np.arange(A.nnz), repeats)
    indptr = np.concatenate([[0], np.cumsum(of_a * of_b)])
    columns = A.indices[in_a].astype(np.int64) * B.shape[1] + B.indices[in_b]
    return sparse.csr_matrix(
        (A.data[in_a] * B.data[in_b], columns, indptr), shape=(A.shape[0], A.shape[1] * B.shape[1])
    )
