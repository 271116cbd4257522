"""Products of rows that are sparse or dense, and stacks of blocks as one sparse matrix."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from lmm.typing import FloatArray, FloatMatrix, FloatVector, IntVector

__all__ = ["SparseRows", "block_diagonal", "products_within", "row_products", "scattered"]

SparseRows: TypeAlias = Any
"""A matrix, dense or as a SciPy sparse array."""


def row_products(left: SparseRows, right: SparseRows) -> FloatVector:
    """Inner product (m,) of each row of one matrix (m, q) with that of another.

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


def products_within(left: SparseRows, right: SparseRows, ends: IntVector) -> list[FloatMatrix]:
    """Inner products (m, m) of the rows of two matrices (n, q), the second sparse, within sets of neighbouring rows.

    Parameters
    ----------
    ends
        Where each set ends.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> rows = np.array([[1.0, 2.0], [0.0, 3.0], [4.0, 0.0]])
    >>> [one.tolist() for one in products_within(rows, csr_array(rows), np.array([2, 3]))]
    [[[5.0, 6.0], [6.0, 9.0]], [[16.0]]]
    """
    begins = np.r_[0, ends[:-1]]
    if isinstance(left, np.ndarray):
        sets = zip(begins, ends, strict=True)
        return [np.asarray((_few(right, begin, end) @ left[begin:end].T).T) for begin, end in sets]
    sizes = ends - begins
    own = np.repeat(np.arange(len(sizes)), sizes)  # the set of each row
    place = np.arange(len(own)) - begins[own]
    found = _of_own(left, right, own)
    first = np.cumsum(np.r_[0, sizes**2])
    numbers = np.zeros(first[-1])
    of = own[found.row]
    numbers[first[of] + place[found.row] * sizes[of] + place[found.col]] = found.data
    return [numbers[a : a + m * m].reshape(m, m) for a, m in zip(first, sizes, strict=False)]


def _few(matrix: Any, begin: int, end: int) -> Any:
    """Take rows of a sparse matrix, without the checks that are dear for few."""
    from scipy.sparse import csr_array

    starts = matrix.indptr[begin : end + 1]
    inside = slice(starts[0], starts[-1])
    shape = (end - begin, matrix.shape[1])
    return csr_array((matrix.data[inside], matrix.indices[inside], starts - starts[0]), shape=shape)


def _of_own(left: Any, right: Any, own: IntVector) -> Any:
    """Products of the rows of each set, as coordinates: a column that two sets have is one for each."""
    from scipy.sparse import csr_array

    left, right = left.tocsr(), right.tocsr()
    keys = [
        np.repeat(own, np.diff(matrix.indptr)) * matrix.shape[1] + matrix.indices for matrix in (left, right)
    ]
    distinct, column = np.unique(np.concatenate(keys), return_inverse=True)
    cuts = np.split(column, [len(keys[0])])
    apart = [
        csr_array((matrix.data, columns, matrix.indptr), shape=(len(own), max(1, len(distinct))))
        for matrix, columns in zip((left, right), cuts, strict=True)
    ]
    return (apart[0] @ apart[1].T).tocoo()
