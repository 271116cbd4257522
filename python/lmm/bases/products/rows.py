"""Products of rows: each row of the result is the Kronecker product of the rows of the factors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from lmm.bases.basis import Carrier
from lmm.bases.local import LocalRows
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
    factors = [_without_zeros(carrier.rows) for carrier in carriers]
    if all(factor is not None for factor in factors):
        rows = reduce(_sparse_pair, factors)
        return Carrier(rows, kron([carrier.map for carrier in carriers]))
    rows = dense_row_product([carrier.dense() for carrier in carriers])
    return Carrier(rows, np.eye(rows.shape[1]))


def _without_zeros(rows: Any) -> Any:
    """Rows as a SciPy CSR matrix; None where they have no zeros to speak of."""
    from scipy import sparse

    if isinstance(rows, LocalRows):
        return rows.sparse()
    return sparse.csr_matrix(rows) if sparse.issparse(rows) else None


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
