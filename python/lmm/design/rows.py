"""Which rows of a table a model uses: complete ones, with a positive weight."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lmm.arguments import shown
from lmm.data import Source, in_rows_of, read_values
from lmm.design.evaluator import Evaluator
from lmm.design.missing import missing_rows, seeing
from lmm.design.wording import counted, listed
from lmm.errors import ColumnError, DataError, DesignError, nearest
from lmm.formula.expression_reader import read_expression

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from lmm.data import Column, Columns
    from lmm.typing import BoolVector, FloatVector, IntVector, Missing

ColumnOrArray: TypeAlias = Any
"""Name of a column, or one number per row of the table."""

MISSING: tuple[Missing, ...] = ("drop", "raise")

_ALL_THERE = "the table has no more."

_WITHOUT_GROUP = (
    ' Rows whose group is not known need new_levels="population" or "sample"; predictions can also leave its random '
    "effects out: random=False, or the terms that take part by name."
)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows that a model uses, and what was left out.

    Attributes
    ----------
    columns
        The used columns, kept rows only.
    rows : shape (n,)
        Indices into the table.
    weights, offset : shape (n,)
        As given by ``weights=`` and ``offset=``; None if not given.
    n_rows
        Rows of the table.
    n_missing, n_weight
        Rows left out for a missing value, and for a weight of zero.
    notes
        Sentences about that.
    labels
        Labels of all rows of the table, a pandas index; None where there are none.
    table
        The used columns, all rows; None where none was left out.
    """

    columns: Columns
    rows: IntVector
    weights: FloatVector | None
    offset: FloatVector | None
    n_rows: int
    n_missing: int
    n_weight: int
    notes: tuple[str, ...]
    labels: Any = None
    table: Columns | None = None

    def notes_of_levels(self, factors: Iterable[str]) -> tuple[str, ...]:
        """Say which levels of factors have gone with the rows that were left out."""
        notes: list[str] = []
        if self.table is None:
            return ()
        for name in factors:
            before, after = self.table[name].as_factor(), self.columns[name].as_factor()
            kept = set(after.levels)
            gone = [level for level in before.drop_unused_levels().levels if level not in kept]
            if gone:
                levels = "The level" if len(gone) == 1 else "The levels"
                notes.append(
                    f'{levels} {listed(gone)} of "{name}" went with the rows left out: no row of it is complete.'
                )
        return tuple(notes)


def select_rows(
    source: Source,
    variables: Iterable[str],
    *,
    weights: ColumnOrArray = None,
    offset: ColumnOrArray = None,
    missing: Missing = "drop",
    groups: Collection[str] = (),
    missing_groups: bool = False,
    least: int = 1,
    texts: Collection[str] = (),
    conform: Callable[[Columns], Columns] = lambda columns: columns,
) -> Rows:
    """Read the used columns and leave out the rows that cannot be used.

    Parameters
    ----------
    groups, missing_groups
        Columns that are only grouping factors of rows to be predicted, and whether these leave no row out where they
        are missing.
    least
        How many rows are needed.
    texts
        The expressions of the model: one that looks at missing values, such as ``is.na(x)``, leaves out the rows
        without a value of the whole, whatever its columns have.
    conform
        Makes columns of new data what they were at the fit.

    Raises
    ------
    ColumnError
        If a column does not exist.
    DataError
        If there are no rows, all are incomplete, values are infinite, weights are negative or of the wrong length, or
        values are missing and ``missing="raise"``.
    DesignError
        If ``missing`` is neither of these.
    """
    if not isinstance(missing, str) or missing not in MISSING:
        raise DesignError(
            f'missing= must be "drop" or "raise", not {shown(missing)}.{nearest(missing, MISSING)}'
        )
    named = [_column_name(role, given, source) for role, given in (("weights", weights), ("offset", offset))]
    columns = source.read([*sorted(variables), *(name for name in named if name is not None)])
    extra = {
        role: _read_vector(role, given, columns, source.labels)
        for role, given in (("weights", weights), ("offset", offset))
        if given is not None
    }
    expressions, free = seeing(texts, columns)
    free = (free | set(groups if missing_groups else ())) - set(filter(None, named))
    used = {f'"{name}"': column.missing for name, column in columns.items() if name not in free}
    if expressions:
        evaluator = Evaluator(conform(columns), {})
        used |= {f'"{text}"': missing_rows(read_expression(text), evaluator) for text in expressions}
    used |= {
        f"{role}=": extra[role].missing
        for role, name in zip(("weights", "offset"), named, strict=True)
        if name is None and role in extra
    }
    complete, counts = _complete_rows(used, columns.n_rows)
    if counts and missing == "raise":
        raise DataError(
            f"Values are missing in {int(np.sum(~complete))} of {columns.n_rows} rows: {counts}. "
            'Fill them in or leave them out; missing="drop" leaves them out.'
        )
    if not complete.any():
        lacking = not missing_groups and any(columns[name].missing.any() for name in groups)
        raise DataError(
            f"None of the {columns.n_rows} rows is complete. Missing values: {counts}."
            + lacking * _WITHOUT_GROUP
        )
    kept = replace(_keep(columns, extra, complete, counts), labels=source.labels)
    if kept.rows.size < least:
        raise DesignError(
            f"There is only {counted(int(kept.rows.size), 'row')} of data to use: {' '.join(kept.notes) or _ALL_THERE} "
            f"A model needs at least {least}."
        )
    return kept


def _keep(columns: Columns, extra: dict[str, Column], complete: BoolVector, counts: str) -> Rows:
    n_rows, n_complete = columns.n_rows, int(np.sum(complete))
    weights = extra["weights"].numbers if "weights" in extra else None
    kept = complete
    if weights is not None:
        _check_weights(weights[complete])
        kept = complete & (weights > 0)
        if not kept.any():
            raise DataError("All weights are zero: no row is left. A weight must be positive to count.")
    rows = np.flatnonzero(kept)
    offset = extra["offset"].numbers if "offset" in extra else None
    selected = columns.take(rows)
    _check_finite(selected, rows)
    if offset is not None and not np.isfinite(offset[rows]).all():
        raise DataError(
            f"offset= has {counted(int(np.sum(np.isinf(offset[rows]))), 'infinite value')}. Give finite numbers."
        )
    notes = []
    if n_complete < n_rows:
        notes.append(
            f"{counted(n_rows - n_complete, 'row')} of {n_rows} left out because a value is missing: {counts}."
        )
    if rows.size < n_complete:
        notes.append(f"{counted(n_complete - int(rows.size), 'row')} left out because the weight is zero.")
    notes += filter(None, (column.hint for column in selected.values()))
    return Rows(
        columns=selected,
        rows=rows,
        weights=None if weights is None else weights[rows],
        offset=None if offset is None else offset[rows],
        n_rows=n_rows,
        n_missing=n_rows - n_complete,
        n_weight=n_complete - int(rows.size),
        notes=tuple(notes),
        table=columns if rows.size < n_rows else None,
    )


def _column_name(role: str, given: ColumnOrArray, source: Source) -> str | None:
    if not isinstance(given, str):
        return None
    if given not in source.names:
        raise ColumnError(
            f'{role}="{given}": the data have no such column.{nearest(given, source.names)} '
            "Give the name of a column, or an array with one number per row."
        )
    return given


def _read_vector(role: str, given: ColumnOrArray, columns: Columns, labels: Any) -> Column:
    """Weights or offset as a numeric column with one value for each row of the table."""
    name = f'{role}="{given}"' if isinstance(given, str) else f"{role}="
    if isinstance(given, str):
        column = columns[given]
    else:
        column = read_values(role, in_rows_of(labels, _as_values(role, given), name))
    if column.kind != "numeric":
        raise DataError(f"{name} is not numeric: it has the levels {listed(column.levels)}. Give numbers.")
    if column.n_rows != columns.n_rows:
        raise DataError(
            f"{name} has {column.n_rows} values, but the data have {columns.n_rows} rows (counted before any is left "
            "out). Give one value per row, or the name of a column."
        )
    return column


def _as_values(role: str, given: Any) -> Any:
    if not hasattr(given, "__len__") or getattr(given, "ndim", 1) == 0:
        raise DataError(
            f"{role}= must be the name of a column or an array with one number per row, not {shown(given)}."
        )
    return given


def _complete_rows(used: Mapping[str, BoolVector], n_rows: int) -> tuple[BoolVector, str]:
    """Mark of the rows without a missing value, and a text that counts the missing ones by what they miss."""
    complete = np.ones(n_rows, dtype=bool)
    counts = []
    for name, missing in used.items():
        if missing.any():
            complete &= ~missing
            counts.append(f"{int(np.sum(missing))} in {name}")
    return complete, ", ".join(counts)


def _check_weights(weights: FloatVector) -> None:
    for wrong, what in ((np.isinf(weights), "infinite"), (weights < 0, "negative")):
        if wrong.any():
            raise DataError(
                f"weights= has {counted(int(np.sum(wrong)), f'{what} value')} (first: {weights[wrong][0]:g}). "
                "The variance of a row is sigma squared divided by its weight: weights must be positive, or zero "
                "to leave a row out."
            )


def _check_finite(columns: Columns, rows: IntVector) -> None:
    for name, column in columns.items():
        if column.kind != "numeric":
            continue
        infinite = np.isinf(column.numbers)
        if infinite.any():
            first = int(rows[np.argmax(infinite)])
            raise DataError(
                f'Column "{name}" has {counted(int(np.sum(infinite)), "infinite value")} (first in row {first}, '
                "counted from 0). Replace them, or set them to missing."
            )
