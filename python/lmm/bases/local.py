"""Rows with four numbers each, two of values and two of second derivatives, that multiply without sparse matrices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lmm.typing import FloatArray, FloatMatrix, FloatVector, IntVector

__all__ = ["LocalRows", "SummedRows"]


@dataclass(frozen=True, slots=True, eq=False)
class LocalRows:
    """Rows of cubics between knots, over 2k columns: values, then second derivatives.

    Attributes
    ----------
    left, right
        Indices of the knots on both sides, shape (n,).
    weights
        Of the values at them and of the second derivatives, shape (n, 4).
    k
        Number of knots.

    Examples
    --------
    >>> rows = LocalRows(np.array([0]), np.array([1]), np.array([[0.25, 0.75, 0.0, 0.0]]), 2)
    >>> rows @ np.array([[4.0], [8.0], [0.0], [0.0]])
    array([[7.]])
    """

    left: IntVector
    right: IntVector
    weights: FloatMatrix
    k: int

    __array_ufunc__ = None  # NumPy leaves products with these rows to this class

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.left), 2 * self.k

    @property
    def nnz(self) -> int:
        """Numbers that are kept."""
        return int(self.weights.size)

    def __len__(self) -> int:
        return len(self.left)

    def __getitem__(self, rows: Any) -> LocalRows:
        return LocalRows(self.left[rows], self.right[rows], self.weights[rows], self.k)

    def __matmul__(self, other: FloatArray) -> FloatArray:
        """Multiply a matrix (2k, m) or a vector (2k,): each row of the result depends on its own row alone."""
        at = (self.left, self.right, self.left + self.k, self.right + self.k)
        weights = self.weights.T if np.ndim(other) == 1 else self.weights.T[:, :, None]
        found = weights[0] * other[at[0]]
        for place, weight in zip(at[1:], weights[1:], strict=True):
            found += weight * other[place]
        return np.asarray(found)

    def __rmul__(self, factors: FloatArray) -> LocalRows:
        """Multiply each row by its factor, (n, 1)."""
        return replace(self, weights=np.asarray(factors) * self.weights)

    def sums(self, factors: FloatVector) -> FloatVector:
        """Sum all rows, each times its factor; shape (2k,)."""
        k = self.k
        places = (self.left, self.right, self.left + k, self.right + k)
        return np.asarray(
            sum(
                np.bincount(place, weight * factors, 2 * k)
                for place, weight in zip(places, self.weights.T, strict=True)
            )
        )

    def sparse(self) -> Any:
        """Convert to a SciPy CSR matrix."""
        from scipy import sparse

        n, k = len(self.left), self.k
        columns = np.column_stack([self.left, self.right, self.left + k, self.right + k])
        return sparse.csr_matrix(
            (self.weights.ravel(), columns.ravel(), np.arange(0, 4 * n + 1, 4)), shape=self.shape
        )


@dataclass(frozen=True, slots=True, eq=False)
class SummedRows:
    """What is asked of many rows when a term is learnt.

    Attributes
    ----------
    n
        Number of rows.
    total
        Their sum, shape (L,).
    largest
        Largest sum of absolute values of a row of the columns that they are carried to.
    """

    n: int
    total: FloatVector
    largest: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.n, len(self.total)
