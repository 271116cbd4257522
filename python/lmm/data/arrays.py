"""Columns from NumPy arrays and plain Python values."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import numbers
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lmm.data.column import Column
from lmm.data.levels import label_levels
from lmm.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.typing import BoolVector, IntVector

_ADVICE = {
    "time": "Convert the column first: to a number such as days since a start, or to text for a factor.",
    "other": "A model needs numbers, text, booleans or categories: convert the column first.",
}


def read_array(name: str, values: Any) -> Column:
    """Column of a NumPy array, or of a sequence of plain Python values.

    Raises
    ------
    DataError
        If the values are not one number, text or boolean for each row.
    """
    if not isinstance(values, np.ndarray):
        return read_objects(name, list(values))
    if values.ndim != 1:
        raise DataError(
            f'Column "{name}" is an array of shape {values.shape}. A column has one value for each row: '
            "give each column of the array a name of its own."
        )
    kind = values.dtype.kind
    if isinstance(values, np.ma.MaskedArray) or kind in "OU":
        return read_objects(name, values.tolist())
    if kind == "b":
        return boolean_column(name, values)
    if kind in "iu":
        return integer_column(name, values)
    if kind == "f":
        return Column(
            name, "numeric", values=np.array(values, dtype=np.float64)
        )  # a copy: the caller may change his
    raise unusable(name, f"values of type {values.dtype}", "time" if kind in "mM" else "other")


def read_objects(name: str, values: Sequence[Any]) -> Column:
    """Column of plain Python values: all text, all booleans or all numbers; None, NaN and NaT are missing."""
    present_rows = [row for row, value in enumerate(values) if not _is_missing(value)]
    present = [values[row] for row in present_rows]
    kinds = {_kind(value) for value in present}
    if kinds == {"text"}:
        levels = sorted(set(map(str, present)))
        position = {text: code for code, text in enumerate(levels)}
        codes = np.full(len(values), -1, dtype=np.int32)
        codes[present_rows] = [position[str(text)] for text in present]
        return factor_column(name, codes, levels)
    missing = np.ones(len(values), dtype=bool)
    missing[present_rows] = False
    if kinds == {"boolean"}:
        truths = np.zeros(len(values), dtype=bool)
        truths[present_rows] = present
        return boolean_column(name, truths, missing)
    if kinds == {"whole"} and all(-(2**63) <= value < 2**63 for value in present):
        whole = np.zeros(len(values), dtype=np.int64)
        whole[present_rows] = present
        return integer_column(name, whole, missing)
    if kinds <= {"whole", "number"}:
        floats = np.full(len(values), np.nan)
        floats[present_rows] = [float(value) for value in present]
        return Column(name, "numeric", values=floats)
    seen = sorted({type(value).__name__ for value in present})
    what = f"values of type {seen[0]}" if len(seen) == 1 else f"a mixture of {', '.join(seen)}"
    raise unusable(name, what, "time" if kinds == {"time"} else "other")


def boolean_column(name: str, truths: BoolVector, missing: BoolVector | None = None) -> Column:
    """Factor with the levels False and True."""
    codes = truths.astype(np.int32)
    if missing is not None:
        codes[missing] = -1
    return factor_column(name, codes, [False, True])


def integer_column(
    name: str, whole: npt.NDArray[np.integer[Any]], missing: BoolVector | None = None
) -> Column:
    """Numeric column that remembers its whole numbers exactly."""
    exact = whole.astype(np.uint64 if whole.dtype == np.uint64 else np.int64)
    values = whole.astype(np.float64)
    if missing is not None:
        values[missing] = np.nan
    return Column(name, "numeric", values=values, integers=exact)


def factor_column(name: str, codes: IntVector, values: Sequence[object]) -> Column:
    """Factor of codes (-1 where missing) and the values of its levels in order.

    Raises
    ------
    DataError
        If two levels have the same label, such as the number 1 and the text "1".
    """
    labels, plain = label_levels(values)
    if len(set(labels)) < len(labels):
        twice = next(text for text in labels if labels.count(text) > 1)
        raise DataError(
            f'Two different levels of column "{name}" are both written {twice!r}. '
            "Convert the column to text, so that each level has one name."
        )
    return Column(name, "factor", codes=codes, levels=labels, level_values=plain)


def unusable(name: str, what: str, kind: str) -> DataError:
    """Error about a column whose values are no numbers and no levels."""
    return DataError(f'Column "{name}" holds {what}. {_ADVICE[kind]}')


def _is_missing(value: Any) -> bool:
    """None, NaN of any type, pandas' NA and NaT."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, numbers.Number) and bool(value != value)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | np.bool_):
        return "boolean"
    if isinstance(value, numbers.Integral):
        return "whole"
    if isinstance(value, numbers.Real | decimal.Decimal | fractions.Fraction):
        return "number"
    if isinstance(value, dt.date | dt.time | dt.timedelta | np.datetime64 | np.timedelta64):
        return "time"
    return "other"
