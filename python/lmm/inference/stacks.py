"""Products of rows that are sparse or dense, and stacks of blocks as one sparse matrix."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from lmm.typing import FloatArray, FloatMatrix, FloatVector, IntVector

__all__ = ["Rows", "block_diagonal", "row_products", "scattered", "to_dense"]

Rows: TypeAlias = Any
"""A matrix, dense or as a SciPy sparse array."""


def row_products(left: Rows, right: Rows) -> FloatVector:
    """Give the inner product (m,) of each row of one matrix (m, q) with that of another.

    Examples
    --------
    >>> row_products(np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([[5.0, 1.0], [1.0, 1.0]]))
    array([7., 3.])
    """
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        both: FloatVector = np.einsum("mq,mq->m", left, right)
        return both
    sparse, other = (right, left) if isinstance(left, np.ndarray) else (left, right)
    return np.asarray(sparse.multiply(other).sum(axis=1), dtype=np.float64).ravel()


def block_diagonal(blocks: FloatArray) -> Any:
    """Lay a stack (c, t, t) along the diagonal of a sparse matrix (c t, c t)."""
    c, t = blocks.shape[:2]
    return scattered(blocks, np.arange(c * t).reshape(c, t), c * t)


def scattered(blocks: FloatArray, index: IntVector, size: int) -> Any:
    """Put block i of a stack (c, t, t) at the rows and columns ``index[i]`` of a sparse matrix (size, size)."""
    from scipy.sparse import csr_array

    t = index.shape[1] if index.ndim == 2 else 0
    rows = np.repeat(index, t, axis=1).ravel()
    columns = np.tile(index, (1, t)).ravel()
    return csr_array((blocks.ravel(), (rows, columns)), shape=(size, size))


def to_dense(matrix: Rows) -> FloatMatrix:
    """Give a matrix as an array."""
    return matrix if isinstance(matrix, np.ndarray) else np.asarray(matrix.toarray())
