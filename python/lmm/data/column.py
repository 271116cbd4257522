"""One column of a table as the rest of the package sees it: numbers, codes with levels, or labels such as dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from lmm.data.levels import code_numbers, label, missing_marks
from lmm.errors import ColumnError, DataError, nearest

if TYPE_CHECKING:
    from lmm.typing import BoolVector, FloatVector, IntVector

Kind: TypeAlias = Literal["numeric", "factor", "labels"]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column: ``values`` where it is numeric, else ``codes`` with ``levels``.

    Attributes
    ----------
    name
        Name in the table.
    kind
        ``"numeric"``, ``"factor"``, or ``"labels"``: dates, times and identifiers, which are a factor where one is
        asked for (`as_factor`: behind a bar, in ``C()``), and refused where a covariate would stand.
    values : shape (n_rows,)
        The numbers, NaN where missing; None unless numeric.
    codes : shape (n_rows,)
        Index into ``levels``, -1 where missing (int32); None for a numeric column.
    levels
        Labels of the levels in their order (``308`` reads ``"308"``, ``1.0`` reads ``"1"``).
    level_values
        The same levels as they were in the table: text, numbers or booleans.
    integers : shape (n_rows,)
        Whole numbers as they were (64 bits), so that large identifiers stay apart; else None.
    is_ordered
        Whether the type of a factor says that its levels are ordered, as low < middle < high.
    """

    name: str
    kind: Kind
    values: FloatVector | None = None
    codes: IntVector | None = None
    levels: tuple[str, ...] = ()
    level_values: tuple[object, ...] = ()
    integers: npt.NDArray[np.integer[Any]] | None = None
    is_ordered: bool = False

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        array = self.values if self.codes is None else self.codes
        return 0 if array is None else int(array.size)

    @property
    def missing(self) -> BoolVector:
        """Mark of the rows without a value, shape (n_rows,)."""
        if self.codes is not None:
            return np.asarray(self.codes < 0)
        return np.isnan(self.numbers)

    @property
    def numbers(self) -> FloatVector:
        """The values of a numeric column, shape (n_rows,).

        Raises
        ------
        DataError
            If it holds dates or other labels.
        """
        if self.kind == "labels":
            raise self.only_levels()
        if self.values is None:
            raise TypeError(f'column "{self.name}" is a factor')
        return self.values

    @property
    def present(self) -> FloatVector:
        """The values of a numeric column that are there; all of them, unless a formula has ``is.na(x)``."""
        return self.numbers[~np.isnan(self.numbers)]

    @property
    def factor_codes(self) -> IntVector:
        """The codes of a factor, shape (n_rows,).

        Raises
        ------
        DataError
            If it holds dates or other labels: `as_factor` makes a factor of them.
        """
        if self.kind == "labels":
            raise self.only_levels()
        if self.codes is None:
            raise TypeError(f'column "{self.name}" is numeric')
        return self.codes

    @property
    def hint(self) -> str:
        """Sentence about text that would be numbers but for a mark of missing values, such as "."; else empty."""
        marks = missing_marks(self.levels) if self.kind == "factor" else []
        if not marks:
            return ""
        shown = " and ".join(f'"{mark}"' for mark in marks)
        return (
            f'Column "{self.name}" is text, whose values are numbers but for {shown}. If this means missing, read it '
            f'so (pandas.read_csv(..., na_values=["{marks[0]}"])), or convert the column: '
            'pandas.to_numeric(column, errors="coerce").'
        )

    def take(self, rows: IntVector) -> Column:
        """Take the given rows of the column only, all levels kept."""
        return replace(
            self,
            values=None if self.values is None else self.values[rows],
            codes=None if self.codes is None else self.codes[rows],
            integers=None if self.integers is None else self.integers[rows],
        )

    def as_factor(self) -> Column:
        """Convert to a factor: numbers and dates become levels in ascending order.

        Examples
        --------
        >>> import numpy as np
        >>> from lmm.data import Column
        >>> Column("day", "numeric", values=np.array([10.0, 2.0, 10.0])).as_factor().levels
        ('2', '10')
        """
        if self.kind == "factor":
            return self
        if self.kind == "labels":
            return replace(self, kind="factor")
        codes, distinct = code_numbers(self.numbers, self.integers)
        return Column(
            self.name,
            "factor",
            codes=codes,
            levels=tuple(map(label, distinct)),
            level_values=tuple(distinct),
        )

    def drop_unused_levels(self) -> Column:
        """Leave out the levels that no row has; their order is kept."""
        if self.codes is None:
            return self
        used = np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels)) > 0
        if used.all():
            return self
        # One more place at the end, which the code -1 of a missing value finds.
        new_code = np.full(len(self.levels) + 1, -1, dtype=np.int32)
        kept = np.flatnonzero(used)
        new_code[kept] = np.arange(kept.size)
        return replace(
            self,
            codes=new_code[self.codes],
            levels=tuple(self.levels[i] for i in kept),
            level_values=tuple(self.level_values[i] for i in kept),
        )

    def recode(self, levels: tuple[str, ...]) -> IntVector:
        """Codes with respect to other levels, -1 where a row's level is not among them."""
        if levels == self.levels:
            return self.factor_codes
        position = {name: code for code, name in enumerate(levels)}
        new_code = np.array([position.get(name, -1) for name in self.levels] + [-1], dtype=np.int32)
        recoded: IntVector = new_code[self.factor_codes]
        return recoded

    def to_array(self) -> npt.NDArray[np.generic]:
        """Convert to one array: numbers, or level values as objects (None where missing)."""
        if self.codes is None:
            return self.numbers if self.integers is None or self.missing.any() else self.integers
        palette = np.array([*self.level_values, None], dtype=object)
        return np.asarray(palette[self.codes])

    def only_levels(self) -> DataError:
        """Error about labels that are used as numbers, or as a factor that nobody asked for."""
        seen = next(iter(self.levels), "")
        return DataError(
            f'Column "{self.name}" holds dates, times or identifiers (such as {seen!r}), which are not numbers. Write '
            f"C({self.name}) for a factor with a level for each, or convert the column: to a number such as days since "
            "a start, or to text for a factor."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Columns(Mapping[str, Column]):
    """The columns of a table that a model uses, by name.

    Attributes
    ----------
    columns
        Name to column, in the order in which they were asked for.
    n_rows
        Number of rows, also where no column is used.
    available
        Names of all columns of the table, for messages.
    """

    columns: dict[str, Column]
    n_rows: int
    available: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Column:
        try:
            return self.columns[name]
        except KeyError:
            raise ColumnError(f'There is no column "{name}".{nearest(name, self.columns)}') from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def take(self, rows: IntVector) -> Columns:
        """Take the given rows of all columns, without the levels that no row has."""
        if rows.size == self.n_rows:
            kept = {name: column.drop_unused_levels() for name, column in self.columns.items()}
        else:
            kept = {name: column.take(rows).drop_unused_levels() for name, column in self.columns.items()}
        return Columns(kept, int(rows.size), self.available)
