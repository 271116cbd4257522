"""What a design is: the arrays of one model for one table, with their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from lmm.arguments import near_names
from lmm.design.residual_covariance import ResidualCovariance
from lmm.errors import DesignError, visible

if TYPE_CHECKING:
    from lmm.covariance import Structure
    from lmm.data import Columns
    from lmm.design.effects import RandomSpec
    from lmm.engine import Block
    from lmm.typing import FloatMatrix, FloatVector, IntVector, PartKind

_OfPart = TypeVar("_OfPart")


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
    """One part of Z with its effects: what the engine knows of a random term.

    Attributes
    ----------
    source
        The bar or the smooth term as typed, or the name of a user's block.
    group
        Name of the grouping factor (``"a:b"``), of the smooth term, or of a user's block.
    columns
        Names of the k effects: ``("Intercept", "Days")``.
    levels
        Labels of the levels: for ``a:b`` ``"A1:B2"``, first factor slowest, those that occur.
    structure
        What the covariance of the effects of one level may be.
    block
        The block of Z. Rows of a level that was not known when the design was learnt are zero.
    codes : shape (n,)
        Level of each row, -1 where unknown (new data only); None where rows have no levels, as in a user's block.
    kind
        Why it is there: ``"group"`` for a bar, ``"smooth"``, ``"residual"``, or ``"block"`` for a block of the user.
    spec
        How it was built: the recipe of its bar or smooth term; None for a user's block.
    held : shape (n_theta,)
        Its theta where ``sp=`` of a smooth term holds it, nan where free; empty for other parts.
    """

    source: str
    group: str
    columns: tuple[str, ...]
    levels: tuple[str, ...]
    structure: Structure
    block: Block
    codes: IntVector | None = None
    kind: PartKind = "block"
    spec: Any = None
    held: tuple[float, ...] = ()

    @property
    def is_group(self) -> bool:
        """Whether its effects belong to the levels of a grouping factor."""
        return self.kind == "group"

    @property
    def is_random(self) -> bool:
        """Whether people call it a random term: a bar, or a block of theirs."""
        return self.kind in ("group", "block")

    @property
    def is_smooth(self) -> bool:
        """Whether its effects are coefficients of a curve, which belongs to the mean."""
        return self.kind == "smooth"

    @property
    def described(self) -> str:
        """Words for a part without a grouping factor, at the beginning of a message."""
        if self.is_smooth:
            return f"The term {self.source!r} is a smooth term"
        return f"The random term {self.source!r} is a block of your own"

    @property
    def is_intercept(self) -> bool:
        """Whether it is an intercept for each level of a grouping factor, and nothing else."""
        return self.is_group and self.columns == ("Intercept",)

    @property
    def level_of_row(self) -> IntVector:
        """Level of each row (n,) of a part whose rows have levels.

        Raises
        ------
        DesignError
            If they have none.
        """
        if self.codes is None:
            raise DesignError(f"The rows of {self.source} belong to no levels.")
        return self.codes

    @property
    def recipe(self) -> RandomSpec | None:
        """How its bar is built; None for what is not a bar."""
        found: RandomSpec | None = self.spec if self.is_group else None
        return found


@near_names("A design")
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
        The terms of the fixed part in order; columns of X behind theirs belong to smooth terms.
    factors
        The factors of the fixed part with their coding.
    kept : increasing indices
        Columns of X that are not aliased, found by pivoting in formula order.
    random
        All parts of Z, as the engine sees them: the terms of the formula in order, then the user's blocks. What
        people call random terms is in `groups`.
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
        groups = ", ".join(f"{part.group} ({len(part.levels):,} levels)" for part in self.groups)
        columns = f"{self.X.shape[1]:,} columns of X, rank {self.rank:,}"
        return visible(
            f"<design: {self.n_obs:,} of {self.n_rows:,} rows, {columns}; random: {groups or 'none'}>"
        )

    @property
    def n_obs(self) -> int:
        """Number of rows used, n."""
        return int(self.rows.size)

    @property
    def groups(self) -> tuple[RandomPart, ...]:
        """The random terms as people know them: bars and blocks of the user, without smooth terms."""
        return tuple(part for part in self.random if part.is_random)

    @property
    def bars(self) -> tuple[RandomPart, ...]:
        """The random terms that have a grouping factor."""
        return tuple(part for part in self.random if part.is_group)

    @property
    def smooths(self) -> tuple[RandomPart, ...]:
        """The parts of smooth terms."""
        return tuple(part for part in self.random if part.is_smooth)

    @property
    def places_of_groups(self) -> tuple[int, ...]:
        """Positions of `groups` among `random`."""
        return tuple(i for i, part in enumerate(self.random) if part.is_random)

    def of_groups(self, values: Sequence[_OfPart]) -> list[_OfPart]:
        """Take what belongs to `groups` from one value for each part of `random`."""
        return [value for part, value in zip(self.random, values, strict=True) if part.is_random]

    @property
    def n_parametric(self) -> int:
        """Columns of X that belong to terms of the fixed part; those behind them belong to smooth terms."""
        return max((term.columns.stop for term in self.terms), default=0)

    @property
    def parametric_names(self) -> tuple[str, ...]:
        """Names of the columns of X that belong to terms of the fixed part."""
        return self.names[: self.n_parametric]

    @property
    def parametric_kept(self) -> IntVector:
        """Those of these columns that are not aliased."""
        return self.kept[self.kept < self.n_parametric]

    @property
    def errors(self) -> ResidualCovariance:
        """Covariance of the errors over σ²."""
        return ResidualCovariance(self.n_obs, self.weights)

    @property
    def rank(self) -> int:
        """Rank of X: columns that are not aliased."""
        return int(self.kept.size)

    @property
    def aliased(self) -> tuple[str, ...]:
        """Names of the columns of X that are linear combinations of earlier ones."""
        kept = set(self.kept.tolist())
        return tuple(name for i, name in enumerate(self.names) if i not in kept)
