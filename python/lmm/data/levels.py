"""Levels of a factor from the values of a column, and their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from lmm.data.times import is_label, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.typing import FloatVector, IntVector


_MARKS = frozenset(
    ("", " ", ".", "..", "-", "--", "*", "?", "NA", "N/A", "#N/A", "na", "n/a", "nan", "NaN", "null", "NULL", "None")
)  # fmt: skip
"""What stands for a missing value in text files of other programs."""


def label(value: object) -> str:
    """Text of a level: whole numbers without a decimal point, the rest as Python prints it, dates by `written`.

    Examples
    --------
    >>> from lmm.data.levels import label
    >>> label(308), label(1.0), label(0.2), label(True), label("a b")
    ('308', '1', '0.2', 'True', 'a b')
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return written(value) if is_label(value) else storable(str(value))


def storable(text: str) -> str:
    r"""Text that can be printed and written to a file: halves of characters become escapes.

    Such surrogates come from file names and broken files, which Python reads but does not write.

    Examples
    --------
    >>> from lmm.data.levels import storable
    >>> storable("caf\u00e9"), storable("caf\udce9")
    ('café', 'caf\\udce9')
    """
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def plain_level(value: object) -> str | bool | int | float:
    """Value of a level as plain Python; what is not text, number or boolean becomes its label."""
    if isinstance(value, np.generic) and not is_label(value):
        value = value.item()
    return value if isinstance(value, bool | int | float) else label(value)


def label_levels(
    values: Sequence[object],
) -> tuple[tuple[str, ...], tuple[str | bool | int | float, ...]]:
    """Labels of the levels of a factor, and their values as plain Python.

    Examples
    --------
    >>> from lmm.data.levels import label_levels
    >>> label_levels([1, 2.5, "a"])
    (('1', '2.5', 'a'), (1, 2.5, 'a'))
    """
    # there can be very many: what is plain already is not looked at one by one
    kinds = set(map(type, values))
    if kinds <= {str}:
        texts = tuple(cast("Sequence[str]", values))
        if not "".join(texts).isascii():
            texts = tuple(map(storable, texts))
        return texts, texts
    if kinds <= {int}:
        return tuple(map(str, values)), tuple(cast("Sequence[int]", values))
    return tuple(map(label, values)), tuple(map(plain_level, values))


def missing_marks(levels: Sequence[str]) -> list[str]:
    """Levels that look like marks of missing values among numbers: all others can be read as numbers.

    Examples
    --------
    >>> from lmm.data.levels import missing_marks
    >>> missing_marks([".", "1.5", "20"]), missing_marks(["a", "b", "NA"]), missing_marks(["1", "2"])
    (['.'], [], [])
    """
    if _MARKS.isdisjoint(levels):
        return []
    marks = [level for level in levels if level.strip() in _MARKS]
    others = [level for level in levels if level.strip() not in _MARKS]
    return marks if marks and others and all(map(_is_number, others)) else []


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def code_numbers(
    values: FloatVector, integers: npt.NDArray[np.integer[Any]] | None
) -> tuple[IntVector, list[Any]]:
    """Codes of numbers among their distinct values in ascending order, -1 for NaN."""
    present = ~np.isnan(values)
    if not present.all():
        codes = np.full(values.size, -1, dtype=np.int32)
        codes[present], distinct = code_numbers(
            values[present], None if integers is None else integers[present]
        )
        return codes, distinct
    if integers is not None:
        return _code_integers(integers)
    if np.all(np.abs(values) < 2**53):
        whole = values.astype(np.int64)
        if np.array_equal(whole, values):
            return _code_integers(whole)
    levels, inverse = np.unique(values, return_inverse=True)
    return inverse.astype(np.int32), levels.tolist()


def _code_integers(values: npt.NDArray[np.integer[Any]]) -> tuple[IntVector, list[Any]]:
    """Codes of whole numbers; a table of their range replaces sorting where the range is small."""
    if values.size == 0:
        return np.empty(0, dtype=np.int32), []
    low, high = int(values.min()), int(values.max())
    if high - low > 4 * values.size + 1024:
        levels, inverse = np.unique(values, return_inverse=True)
        return inverse.astype(np.int32), levels.tolist()
    shifted = values - low
    present = np.zeros(high - low + 1, dtype=bool)
    present[shifted] = True
    code = np.cumsum(present, dtype=np.int32) - np.int32(1)
    return code[shifted], [low + place for place in np.flatnonzero(present).tolist()]
