"""Columns of Z that are never built: cubics between knots, times a map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm import _core
from lmm.engine.blocks import Block
from lmm.errors import DesignError

if TYPE_CHECKING:
    from lmm.typing import FloatMatrix, FloatVector, IntVector, Pattern

__all__ = ["LocalBlock", "local_columns", "local_summary"]


def local_columns(x: FloatVector, knots: FloatVector, map_: FloatMatrix) -> FloatMatrix:
    """Columns (n, q) of cubics between knots, which go on as straight lines outside.

    Parameters
    ----------
    x : shape (n,)
    knots : shape (K,)
        Increasing.
    map_ : shape (2K, q)
        Values at the knots, then second derivatives.

    Examples
    --------
    >>> line = np.array([[0.0], [2.0], [0.0], [0.0]])
    >>> local_columns(np.array([0.5, 3.0]), np.array([0.0, 1.0]), line).ravel()
    array([1., 6.])
    """
    if not map_.shape[1]:
        return np.zeros((len(x), 0))
    return _core.local_product(np.asarray(x, dtype=float), knots, np.ascontiguousarray(map_))


def local_summary(x: FloatVector, knots: FloatVector, map_: FloatMatrix) -> tuple[FloatVector, float]:
    """Sum rows of a cubic, (2K,): all values, then all second derivatives; and find the largest row of its columns.

    The size of a row is the sum of its absolute values. Arguments are those of `local_columns`.

    Examples
    --------
    >>> line = np.array([[0.0], [2.0], [0.0], [0.0]])
    >>> total, largest = local_summary(np.array([0.5, 1.0]), np.array([0.0, 1.0]), line)
    >>> total, largest
    (array([ 0.5   ,  1.5   , -0.0625, -0.0625]), 2.0)
    """
    return _core.local_summary(np.asarray(x, dtype=float), knots, np.ascontiguousarray(map_))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LocalBlock(Block):
    """Random effects with one variance on the columns L(x) @ map: a row of L has four numbers that are not zero.

    Attributes
    ----------
    x : shape (n,)
    knots : shape (K,)
        Increasing.
    map : shape (2K, q)
        Values at the knots, then second derivatives, of each column.
    """

    x: FloatVector
    knots: FloatVector
    map: FloatMatrix
    structure: Pattern = "us"
    root: FloatMatrix | None = None
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.map.shape[0] != 2 * len(self.knots):
            raise DesignError(
                f"The map of cubics between {len(self.knots)} knots needs {2 * len(self.knots)} rows, and has "
                f"{self.map.shape[0]}."
            )

    @property
    def n_rows(self) -> int:
        """Rows of Z."""
        return int(self.x.size)

    @property
    def n_levels(self) -> int:
        """Columns of Z: each is a level of its own."""
        return int(self.map.shape[1])

    @property
    def n_columns(self) -> int:
        """One per level."""
        return 1

    def to_dense(self) -> FloatMatrix:
        """Z as a dense matrix (n, q)."""
        return local_columns(self.x, self.knots, self.map)

    def to_sparse(self) -> Any:
        """Z as a SciPy CSR array (n, q)."""
        from scipy.sparse import csr_array

        return csr_array(self.to_dense())

    def apply(self, b: FloatVector) -> FloatVector:
        """Z b, (n,), for effects b (q,)."""
        return local_columns(self.x, self.knots, (self.map @ b)[:, None])[:, 0]

    def transpose_apply(self, r: FloatVector) -> FloatVector:
        """Z'r, (q,), for a vector r (n,)."""
        factors = np.asarray(r, dtype=float)
        sums = _core.local_sums(self.x, self.knots, np.ascontiguousarray(self.map), factors)
        return np.asarray(self.map.T @ sums)

    def column_squares(self) -> FloatVector:
        """Sum squares (q,) of the columns as given."""
        total = np.zeros(self.n_levels)
        for first in range(0, self.n_rows, _AT_ONCE):
            columns = local_columns(self.x[first : first + _AT_ONCE], self.knots, self.map)
            total += np.einsum("ij,ij->j", columns, columns)
        return total

    def take(self, rows: IntVector) -> LocalBlock:
        """Keep some rows only, and all columns."""
        return replace(self, x=self.x[rows])


_AT_ONCE = 1 << 14
