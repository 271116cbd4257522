"""Values of expressions: a column, numbers, truth values, a factor with a coding, a basis of several columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.data import Column, read_array
from lmm.design.wording import listed
from lmm.errors import DesignError, brief

if TYPE_CHECKING:
    from lmm.design.coding import Coding
    from lmm.typing import BoolVector, FloatMatrix

__all__ = [
    "Basis",
    "Coded",
    "MisfitError",
    "advice",
    "as_column",
    "described",
    "is_factor",
    "is_scalar",
    "numbers_of",
    "truth_of",
]


class MisfitError(Exception):
    """A value that does not fit what is done with it; the message is the end of a sentence about the expression."""


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Value of ``C(x, ...)``: a factor, with the coding if one was given.

    Attributes
    ----------
    column
        The factor.
    coding
        Its coding; None if the call has none.
    spans_intercept
        Whether its levels together are the intercept, so that one can be left out.
    """

    column: Column
    coding: Coding | None
    spans_intercept: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Several columns of one call, ``poly(x, 2)[1]``, ``poly(x, 2)[2]``.

    Attributes
    ----------
    fields
        What stands between the brackets; one empty text for a single column without.
    values : shape (n, k)
        The columns.
    spans_intercept
        Whether the columns together are the intercept, so that the first can be left out.
    """

    fields: tuple[str, ...]
    values: FloatMatrix
    spans_intercept: bool = False


def is_scalar(value: Any) -> bool:
    """Whether it is a constant: a number, a truth value, or a text."""
    return isinstance(value, bool | int | float | str | np.generic)


def is_factor(value: Any) -> bool:
    """Whether it is coded by levels in a model matrix: also truth values."""
    if isinstance(value, Column):
        return value.kind == "factor"
    return isinstance(value, Coded) or (isinstance(value, np.ndarray) and value.dtype.kind in "bU")


def numbers_of(value: Any) -> Any:
    """Value as numbers: floats (n,) or one float; truth values are 0 and 1.

    Raises
    ------
    MisfitError
        If it has no numbers.
    """
    if isinstance(value, Column) and value.kind != "factor":
        return value.numbers
    if isinstance(value, Column) and (truth := _truth_values(value)) is not None:
        return truth.astype(np.float64)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return value.astype(np.float64, copy=False)
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return float(value)
    raise MisfitError(f"it needs numbers, not {described(value)}{advice(value)}")


def truth_of(value: Any) -> Any:
    """Value as truth values: bools (n,), or one; numbers are true where they are not zero, as in R.

    Raises
    ------
    MisfitError
        If it is a text or a factor of other levels.
    """
    if isinstance(value, Column) and (truth := _truth_values(value)) is not None:
        return truth
    if isinstance(value, np.ndarray) and value.dtype == np.bool_:
        return value
    try:
        numbers = numbers_of(value)
    except MisfitError:
        raise MisfitError(f"it needs truth values such as x > 3, not {described(value)}") from None
    return np.not_equal(numbers, 0) if isinstance(numbers, np.ndarray) else bool(numbers)


def as_column(value: Any, text: str, n_rows: int) -> Column:
    """Factor from whatever an expression gave, without levels that do not occur.

    Raises
    ------
    DesignError
        If it is one value, or several columns.
    """
    if isinstance(value, Coded):
        return value.column
    if isinstance(value, Column):
        return value.as_factor().drop_unused_levels()
    if isinstance(value, np.ndarray) and value.shape == (n_rows,):
        return read_array(text, value).as_factor().drop_unused_levels()
    raise DesignError(
        f'"{text}" gives {described(value)}; a factor needs one value for each of the {n_rows} rows.'
    )


def described(value: Any) -> str:
    """Say what a value is."""
    if isinstance(value, Coded):
        value = value.column
    if isinstance(value, Column):
        if value.kind == "numeric":
            return "numbers"
        return f"a factor with the levels {listed(value.levels)}"
    if isinstance(value, Basis):
        return f"{value.values.shape[1]} columns"
    if isinstance(value, np.ndarray):
        return {"b": "truth values", "f": "numbers"}.get(value.dtype.kind, "text")
    if isinstance(value, str):
        return f"the text '{brief(value)}'"
    if isinstance(value, Sequence):
        return f"a list of {len(value)}"
    if value is None or is_scalar(value):
        return f"{value!r}"
    return "a coding"


def advice(value: Any) -> str:
    """Say what to do with levels where numbers are needed; nothing for other values."""
    if not is_factor(value):
        return ""
    return ": convert the column first if its text stands for numbers, or compare it with a level, as in f == 'a'"


def _truth_values(column: Column) -> BoolVector | None:
    """Truth values of a column of them; None for any other factor."""
    if column.codes is None or not all(isinstance(level, bool | np.bool_) for level in column.level_values):
        return None
    palette = np.array([*map(bool, column.level_values), False])
    return np.asarray(palette[column.codes])
