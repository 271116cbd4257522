"""Columns from NumPy arrays and plain Python values."""

from __future__ import annotations

import decimal
import fractions
import numbers
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lmm.data.column import Column
from lmm.data.levels import label_levels, missing_marks
from lmm.data.times import code_moments, in_order, is_label, written
from lmm.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lmm.typing import BoolVector, IntVector


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
    if kind in "mM":
        if isinstance(values, np.ma.MaskedArray):
            values = np.where(np.ma.getmaskarray(values), np.array("NaT", dtype=values.dtype), values.data)
        return labels_column(name, *code_moments(values))
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
    raise unusable(name, f"values of type {values.dtype}")


def read_objects(name: str, values: Sequence[Any]) -> Column:
    """Column of plain Python values of one kind; None, NaN and NaT are missing.

    Raises
    ------
    DataError
        If they are of several kinds, or of one that is neither number, text, boolean nor label.
    """
    present_rows = [row for row, value in enumerate(values) if not _is_missing(value)]
    present = [values[row] for row in present_rows]
    kinds = {_kind(value) for value in present}
    if kinds == {"text"}:
        return factor_column(name, *_coded(len(values), present_rows, list(map(str, present)), sorted))
    if kinds == {"label"}:
        return _label_objects(name, len(values), present_rows, present)
    missing = np.ones(len(values), dtype=bool)
    missing[present_rows] = False
    if kinds == {"boolean"}:
        truths = np.zeros(len(values), dtype=bool)
        truths[present_rows] = present
        return boolean_column(name, truths, missing)
    dtype = _whole_type(present) if kinds == {"whole"} else None
    if dtype is not None:
        whole = np.zeros(len(values), dtype=dtype)
        whole[present_rows] = present
        return integer_column(name, whole, missing)
    if kinds <= {"whole", "number"}:
        floats = np.full(len(values), np.nan)
        floats[present_rows] = list(map(_as_float, present))
        if "whole" in kinds:
            _check_apart(name, present)
        return Column(name, "numeric", values=floats)
    raise _mixture(name, present)


def _coded(
    n_rows: int, rows: Sequence[int], present: Sequence[Any], order: Callable[[Iterable[Any]], list[Any]]
) -> tuple[IntVector, list[Any]]:
    """Codes (n_rows,) of values that stand in some rows, -1 elsewhere, and the distinct values in order."""
    levels = order(set(present))
    position = {value: code for code, value in enumerate(levels)}
    codes = np.full(n_rows, -1, dtype=np.int32)
    codes[rows] = [position[value] for value in present]
    return codes, levels


def _label_objects(name: str, n_rows: int, rows: Sequence[int], present: Sequence[Any]) -> Column:
    try:
        codes, levels = _coded(n_rows, rows, present, in_order)
    except (TypeError, ValueError):  # lists within tuples, durations without a unit
        raise unusable(
            name, f"values of type {type(present[0]).__name__} that cannot be told apart"
        ) from None
    return labels_column(name, codes, list(map(written, levels)))


def _whole_type(present: Sequence[Any]) -> type[np.integer[Any]] | None:
    """Type of 64 bits that holds all of the whole numbers exactly."""
    low, high = min(present), max(present)
    if low >= -(2**63) and high < 2**63:
        return np.int64
    return np.uint64 if low >= 0 and high < 2**64 else None


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def _check_apart(name: str, present: Sequence[Any]) -> None:
    """Refuse whole numbers that are the same as floats: as levels they would be one."""
    large = {int(value) for value in present if isinstance(value, numbers.Integral)}
    large = {value for value in large if abs(value) >= 2**53}
    if len({_as_float(value) for value in large}) < len(large):
        raise DataError(
            f'Column "{name}" has whole numbers too large to be told apart as numbers, such as {max(large)}. '
            "Convert the column to text, if they are names."
        )


def labels_column(name: str, codes: IntVector, labels: Sequence[str]) -> Column:
    """Column of dates, times or identifiers: codes (-1 where missing) and the labels in order."""
    return replace(factor_column(name, codes, labels), kind="labels")


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


def factor_column(
    name: str, codes: IntVector, values: Sequence[object], *, is_ordered: bool = False
) -> Column:
    """Factor of codes (-1 where missing) and the values of its levels in order, None among them for missing ones.

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
    return Column(name, "factor", codes=codes, levels=labels, level_values=plain, is_ordered=is_ordered)


def unusable(name: str, what: str) -> DataError:
    """Error about a column whose values are neither numbers nor levels."""
    return DataError(
        f'Column "{name}" holds {what}. A model needs one number, text, boolean, date or category for each row: '
        "convert the column first."
    )


def _mixture(name: str, present: Sequence[Any]) -> DataError:
    """Error about a column whose values are of several types, with an example of the rarest."""
    seen = Counter(type(value).__name__ for value in present)
    if len(seen) == 1:
        return unusable(name, f"values of type {next(iter(seen))}")
    marks = missing_marks([str(value) for value in set(map(str, present))])
    if marks:
        return DataError(
            f'Column "{name}" holds a mixture of {", ".join(sorted(seen))}: numbers, and "{marks[0]}". If this means '
            'missing, put None there, or convert the column: pandas.to_numeric(column, errors="coerce").'
        )
    rarest = min(seen, key=lambda kind: (seen[kind], kind))
    example = next(value for value in present if type(value).__name__ == rarest)
    what = (
        f"a mixture of {', '.join(sorted(seen))} ({seen[rarest]} of type {rarest}, such as {example!r:.60})"
    )
    return unusable(name, what)


def _is_missing(value: Any) -> bool:
    """None, NaN of any type, pandas' NA and NaT."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    if isinstance(value, decimal.Decimal):
        return value.is_nan()  # a signalling NaN cannot be compared
    return isinstance(value, numbers.Number) and bool(value != value)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | np.bool_):
        return "boolean"
    if is_label(value):  # before numbers: a duration of NumPy is one of its whole numbers
        return "label"
    if isinstance(value, numbers.Integral):
        return "whole"
    if isinstance(value, numbers.Real | decimal.Decimal | fractions.Fraction):
        return "number"
    return "other"
