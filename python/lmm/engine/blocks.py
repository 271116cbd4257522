"""The blocks of Z: one random term each, behind one small interface.

Columns run level by level: column ``level * n_columns + column``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import shown
from lmm.errors import DesignError, nearest

if TYPE_CHECKING:
    from lmm.typing import FloatMatrix, FloatVector, IntVector, Pattern

STRUCTURES: tuple[Pattern, ...] = ("us", "diag")


class Block(ABC):
    """The n_rows rows of Z that belong to one random term of n_levels levels, n_columns each.

    The covariance of its effects is σ² (K ⊗ TT'): T is (n_columns, n_columns) and estimated,
    K = ``root @ root.T`` is known over the levels, the identity where ``root`` is None.
    All products are with the columns as given; `effective` has the root multiplied in.
    """

    structure: Pattern
    root: FloatMatrix | None
    labels: tuple[str, ...] | None

    if TYPE_CHECKING:  # a subclass may have a field where another has a property

        @property
        def n_rows(self) -> int:
            """Rows of Z."""
            ...

        @property
        def n_levels(self) -> int:
            """Levels of the term."""
            ...

        @property
        def n_columns(self) -> int:
            """Columns of Z per level."""
            ...

    def __repr__(self) -> str:
        known = "" if self.root is None else "; their covariance is known"
        sizes = f"rows {self.n_rows:,}, levels {self.n_levels:,}, columns of each level {self.n_columns}"
        return f"<block of Z: {sizes}{known}>"

    @property
    def n_effects(self) -> int:
        """Columns q = l k of the block."""
        return self.n_levels * self.n_columns

    @abstractmethod
    def to_sparse(self) -> Any:
        """Z as a SciPy CSR array (n, q)."""

    @abstractmethod
    def apply(self, b: FloatVector) -> FloatVector:
        """Z b, (n,), for effects b (q,)."""

    @abstractmethod
    def transpose_apply(self, r: FloatVector) -> FloatVector:
        """Z'r, (q,), for a vector r (n,)."""

    @abstractmethod
    def take(self, rows: IntVector) -> Block:
        """Keep some rows only, and all levels."""

    def to_dense(self) -> FloatMatrix:
        """Z as a dense matrix (n, q)."""
        dense: FloatMatrix = self.to_sparse().toarray()
        return dense

    def squares(self) -> FloatVector:
        """Sum squares (n_columns,) over all rows and levels, with the root multiplied in."""
        block = self.effective()
        own = block.column_squares()
        return np.asarray(own.reshape(block.n_levels, block.n_columns).sum(axis=0))

    def column_squares(self) -> FloatVector:
        """Sum squares (q,) of the columns as given."""
        return np.asarray(self.to_sparse().power(2).sum(axis=0)).ravel()

    def gram(self, weights: FloatVector | None = None) -> Any:
        """Z'WZ as a SciPy CSR array (q, q), W = diag(weights)."""
        Z = self.to_sparse()
        scaled = Z if weights is None else Z.multiply(weights[:, None])
        return (Z.T @ scaled).tocsr()

    def effective(self) -> Block:
        """Multiply the root F in: the block Z(F ⊗ I); itself where there is none."""
        if self.root is None:
            return self
        n, n_levels, k = self.n_rows, self.n_levels, self.n_columns
        Z = self.to_dense().reshape(n, n_levels, k)
        mixed = np.tensordot(Z, self.root, axes=(1, 0))  # (n, k, n_levels)
        columns = np.ascontiguousarray(mixed.transpose(0, 2, 1)).reshape(n, -1)
        return MatrixBlock(columns, k, structure=self.structure, labels=self.labels)

    def to_levels(self, b: FloatMatrix) -> FloatMatrix:
        """Effects (n_levels, n_columns) of the levels, F b, from those of the effective block."""
        return b if self.root is None else self.root @ b


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GroupBlock(Block):
    """A term of a grouping factor: row i belongs to level ``codes[i]`` with values ``values[i]``.

    Parameters
    ----------
    codes : (n,) int32, 0 .. n_levels - 1
    values : (n, k) float64, or None for a column of ones (k = 1)
    n_levels : int
    """

    codes: IntVector
    values: FloatMatrix | None
    n_levels: int
    structure: Pattern = "us"
    root: FloatMatrix | None = None
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        codes, values = self.codes, self.values
        if codes.ndim != 1 or codes.dtype.kind not in "iu":
            raise DesignError(
                f"The codes of a grouping factor must be a vector of whole numbers, not an array "
                f"of {codes.dtype} with shape {codes.shape}."
            )
        if codes.size and (codes.min() < 0 or codes.max() >= self.n_levels):
            raise DesignError(
                f"The codes of a grouping factor with {self.n_levels} levels must lie in "
                f"0..{self.n_levels - 1}; they run from {codes.min()} to {codes.max()}."
            )
        if values is not None and (values.ndim != 2 or values.shape[0] != codes.size):
            raise DesignError(
                f"The values of a term need one row for each of the {codes.size} codes; "
                f"their shape is {values.shape}."
            )
        _check_common(self)

    @property
    def n_rows(self) -> int:
        """Rows of Z."""
        return int(self.codes.size)

    @property
    def n_columns(self) -> int:
        """Columns of Z per level."""
        return 1 if self.values is None else int(self.values.shape[1])

    def dense_values(self) -> FloatMatrix:
        """Values (n, k), ones where there are none."""
        return np.ones((self.n_rows, 1)) if self.values is None else self.values

    def to_sparse(self) -> Any:
        """Z as a SciPy CSR array (n, q)."""
        from scipy.sparse import csr_array

        n, k = self.n_rows, self.n_columns
        columns = self.codes.astype(np.int64)[:, None] * k + np.arange(k)
        row_starts = np.arange(n + 1, dtype=np.int64) * k
        data = np.ascontiguousarray(self.dense_values(), dtype=float).ravel()
        return csr_array((data, columns.ravel(), row_starts), shape=(n, self.n_effects))

    def apply(self, b: FloatVector) -> FloatVector:
        """Z b, (n,), for effects b (q,)."""
        by_level = b.reshape(self.n_levels, self.n_columns)
        product: FloatVector = np.sum(self.dense_values() * by_level[self.codes], axis=1)
        return product

    def transpose_apply(self, r: FloatVector) -> FloatVector:
        """Z'r, (q,), for a vector r (n,)."""
        weighted = (column * r for column in self.dense_values().T)
        sums = [np.bincount(self.codes, w, self.n_levels) for w in weighted]
        return np.column_stack(sums).ravel().astype(np.float64)

    def take(self, rows: IntVector) -> GroupBlock:
        """Keep some rows only, and all levels."""
        values = None if self.values is None else self.values[rows]
        return replace(self, codes=self.codes[rows], values=values)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MatrixBlock(Block):
    """A term given by its columns: ``matrix`` (n, l k), dense or SciPy sparse."""

    matrix: Any
    n_columns: int = 1
    structure: Pattern = "us"
    root: FloatMatrix | None = None
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        width = self.matrix.shape[1]
        if self.n_columns < 1 or width % self.n_columns:
            raise DesignError(
                f"Z has {width} columns, which is not a multiple of k={shown(self.n_columns)}. "
                f"Z needs k columns for each level, level by level."
            )
        _check_common(self)

    @property
    def n_rows(self) -> int:
        """Rows of Z."""
        return int(self.matrix.shape[0])

    @property
    def n_levels(self) -> int:
        """Levels of the term."""
        return int(self.matrix.shape[1]) // self.n_columns

    def to_sparse(self) -> Any:
        """Z as a SciPy CSR array (n, q)."""
        from scipy.sparse import csr_array

        return csr_array(self.matrix)

    def to_dense(self) -> FloatMatrix:
        """Z as a dense matrix (n, q)."""
        matrix = self.matrix
        return matrix if isinstance(matrix, np.ndarray) else np.asarray(matrix.toarray())

    def apply(self, b: FloatVector) -> FloatVector:
        """Z b, (n,), for effects b (q,)."""
        return np.asarray(self.matrix @ b)

    def transpose_apply(self, r: FloatVector) -> FloatVector:
        """Z'r, (q,), for a vector r (n,)."""
        return np.asarray(self.matrix.T @ r)

    def column_squares(self) -> FloatVector:
        """Sum squares (q,) of the columns as given."""
        if isinstance(self.matrix, np.ndarray):
            return np.asarray(np.einsum("ij,ij->j", self.matrix, self.matrix))
        return Block.column_squares(self)

    def take(self, rows: IntVector) -> MatrixBlock:
        """Keep some rows only, and all levels."""
        return replace(self, matrix=self.matrix[rows])


def _check_common(block: Block) -> None:
    """Check what all blocks share: structure, root and labels."""
    if not isinstance(block.structure, str) or block.structure not in STRUCTURES:
        raise DesignError(
            f"Unknown covariance structure {shown(block.structure)} of a block; use 'us' or 'diag'."
            f"{nearest(block.structure, STRUCTURES)}"
        )
    n_levels = block.n_levels
    if block.root is not None and block.root.shape != (n_levels, n_levels):
        raise DesignError(
            f"The root of a known covariance over {n_levels} levels must have shape "
            f"({n_levels}, {n_levels}), not {block.root.shape}."
        )
    if block.labels is not None and len(block.labels) != n_levels:
        raise DesignError(f"levels= has {len(block.labels)} labels, but the block has {n_levels} levels.")
