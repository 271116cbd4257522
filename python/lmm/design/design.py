"""What a design is: the arrays of one model for one table, with their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmm.errors import visible

if TYPE_CHECKING:
    from lmm.covariance import Structure
    from lmm.data import Columns
    from lmm.engine import Block
    from lmm.typing import FloatMatrix, FloatVector, IntVector


@dataclass(frozen=True, slots=True)
class FixedTerm:
    """One term of the fixed part and where its columns are.

    Attributes
    ----------
    name
        As formulaic writes it: ``"Intercept"``, ``"Variety"``, ``"Variety:nitro"``, ``"poly(x, 2)"``.
    columns
        Its columns of X.
    parts
        The expressions that are multiplied: ``("Variety", "nitro")``; empty for the intercept.
    variables
        Names of the data columns that it uses, sorted.
    """

    name: str
    columns: slice
    parts: tuple[str, ...]
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FactorCoding:
    """How one factor of the fixed part is coded.

    Attributes
    ----------
    name
        Its expression in the formula: ``"Variety"``, ``"C(Day)"``.
    variable
        The data column behind it (``"Day"``); the expression itself where it is none.
    levels
        Labels in order.
    contrasts
        Name of the coding (``"treatment"``, ``"sum"``, …, ``"custom"``).
    matrix : shape (n_levels, n_levels - 1)
        Row = level, column = coefficient, where the factor is coded with contrasts.
    """

    name: str
    variable: str
    levels: tuple[str, ...]
    contrasts: str
    matrix: FloatMatrix


@dataclass(frozen=True, slots=True, eq=False)
class RandomPart:
    """One random term of a design.

    Attributes
    ----------
    source
        The bar as typed, or the name of a user's block.
    group
        Name of the grouping factor (``"a:b"``), or the name of a user's block.
    columns
        Names of the k effects: ``("Intercept", "Days")``.
    levels
        Labels of the levels: for ``a:b`` ``"A1:B2"``, first factor slowest, those that occur.
    structure
        What the covariance of the effects of one level may be.
    block
        The block of Z. Rows of a level that was not known when the design was learnt are zero.
    codes : shape (n,)
        Level of each row, -1 where unknown (new data only); None for a user's block.
    """

    source: str
    group: str
    columns: tuple[str, ...]
    levels: tuple[str, ...]
    structure: Structure
    block: Block
    codes: IntVector | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Design:
    """The arrays of a model for one table: n rows kept, p columns of X.

    Attributes
    ----------
    y : shape (n,)
        Response; None when built without one (new data).
    X : shape (n, p)
        All columns of the fixed part, aliased ones included.
    names
        Names of the columns of X.
    terms
        The terms of the fixed part in order.
    factors
        The factors of the fixed part with their coding.
    kept : increasing indices
        Columns of X that are not aliased, found by pivoting in formula order.
    random
        The random terms: those of the formula in order, then the user's blocks.
    weights : shape (n,)
        Prior weights, all positive; None without weights.
    offset : shape (n,)
        Sum of all offsets; None without any.
    rows : shape (n,)
        Which rows of the table were kept.
    n_rows
        Rows of the table before any was left out.
    n_dropped_missing, n_dropped_weight
        Rows left out for a missing value, and for a weight of zero.
    model_frame
        The columns of the table that the model uses, kept rows only.
    notes
        Sentences about rows and columns left out, for the summary.
    """

    y: FloatVector | None
    X: FloatMatrix
    names: tuple[str, ...]
    terms: tuple[FixedTerm, ...]
    factors: tuple[FactorCoding, ...]
    kept: IntVector
    random: tuple[RandomPart, ...]
    weights: FloatVector | None
    offset: FloatVector | None
    rows: IntVector
    n_rows: int
    n_dropped_missing: int
    n_dropped_weight: int
    model_frame: Columns
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        groups = ", ".join(f"{part.group} ({len(part.levels):,} levels)" for part in self.random)
        columns = f"{self.X.shape[1]:,} columns of X, rank {self.rank:,}"
        return visible(
            f"<design: {self.n_obs:,} of {self.n_rows:,} rows, {columns}; random: {groups or 'none'}>"
        )

    @property
    def n_obs(self) -> int:
        """Number of rows used, n."""
        return int(self.rows.size)

    @property
    def rank(self) -> int:
        """Rank of X: columns that are not aliased."""
        return int(self.kept.size)

    @property
    def aliased(self) -> tuple[str, ...]:
        """Names of the columns of X that are linear combinations of earlier ones."""
        kept = set(self.kept.tolist())
        return tuple(name for i, name in enumerate(self.names) if i not in kept)
