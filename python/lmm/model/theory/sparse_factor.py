"""The sparse Cholesky factor of Omega = Lambda'Z'WZ Lambda + I, with one permutation for all theta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lmm.typing import FloatVector, IntVector


@dataclass(frozen=True, slots=True, eq=False)
class SparsePattern:
    """Where Omega can be nonzero, whatever theta is, and an order that keeps its factor sparse.

    Attributes
    ----------
    keys
        Column times q plus row of each stored place, increasing.
    indices, starts
        The pattern in compressed columns.
    order : shape (q,)
        Row i of the factor belongs to row ``order[i]`` of Omega.
    """

    keys: IntVector
    indices: IntVector
    starts: IntVector
    order: IntVector

    @classmethod
    def of(cls, gram: Any, full_Lambda: Any) -> SparsePattern:
        """From Z'WZ and a Lambda in which every free place is positive.

        Absolute values cannot cancel, so that no place is missed.
        """
        from scipy.sparse import csc_array, eye_array

        q = gram.shape[0]
        Lambda = abs(full_Lambda)
        widest = csc_array(Lambda.T @ abs(gram) @ Lambda + eye_array(q))
        widest.sort_indices()
        # Diagonally dominant: any such matrix has a factor, and only the pattern decides the order.
        widest.data[:] = 0.0
        widest.setdiag(1.0)
        from lmm.engine import sparse_cholesky

        _, order = sparse_cholesky(widest)
        indices, starts = widest.indices.astype(np.int64), widest.indptr.astype(np.int64)
        return cls(_keys(widest), indices, starts, order)

    def factor(self, Omega: Any) -> Any:
        """Lower L (q, q), compressed columns, with ``LL' = Omega[order][:, order]``."""
        from scipy.sparse import csc_array

        from lmm.engine import sparse_cholesky

        Omega = csc_array(Omega)
        Omega.sort_indices()
        data = np.zeros(self.indices.size)
        data[np.searchsorted(self.keys, _keys(Omega))] = Omega.data
        L, order = sparse_cholesky(csc_array((data, self.indices, self.starts), shape=Omega.shape))
        if not np.array_equal(order, self.order):
            raise AssertionError("The order of a sparse factor must depend on the pattern only.")
        return csc_array(L)

    def permutation(self) -> Any:
        """P (q, q), sparse, with ``P @ x`` the reordered x."""
        from scipy.sparse import csr_array

        q = self.order.size
        return csr_array((np.ones(q), (np.arange(q), self.order)), shape=(q, q))


def solve_factored(L: Any, order: IntVector, right: FloatVector) -> FloatVector:
    """Solve ``Omega x = right`` (q,) with the factor of the reordered Omega."""
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import spsolve_triangular

    x = np.empty_like(right)
    half = spsolve_triangular(csr_array(L), right[order], lower=True)
    x[order] = spsolve_triangular(csr_array(L.T), half, lower=False)
    return x


def _keys(matrix: Any) -> IntVector:
    """One increasing number per stored place of a matrix in sorted compressed columns."""
    q = matrix.shape[0]
    columns = np.repeat(np.arange(q, dtype=np.int64), np.diff(matrix.indptr))
    keys: IntVector = columns * q + matrix.indices
    return keys
