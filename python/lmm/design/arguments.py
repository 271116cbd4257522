"""Arguments of a call → what its function takes, by the kinds that its signature declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lmm.data.levels import label
from lmm.design.coding import Coding
from lmm.design.values import MisfitError, advice, described, is_scalar, numbers_of, truth_of
from lmm.formula.signatures import REQUIRED, Argument, Signature

__all__ = ["bound"]


def bound(signature: Signature, values: Sequence[Any], keywords: Sequence[str]) -> dict[str, Any]:
    """Check the values of a call and complete them by the defaults.

    Parameters
    ----------
    signature
        Of the function.
    values
        Values of the arguments in the order of the call.
    keywords
        Names of the last of them.

    Raises
    ------
    MisfitError
        If a value is of another kind.
    """
    given = zip(signature.bind(len(values), keywords), values, strict=True)
    found = {argument.name: _checked(argument, value, signature) for argument, value in given}
    defaults = {
        argument.name: argument.default
        for argument in signature.arguments
        if argument.default is not REQUIRED
    }
    return defaults | found


def _checked(argument: Argument, value: Any, signature: Signature) -> Any:
    if value is None and argument.optional:
        return None
    try:
        return _READERS[argument.kind](value)
    except _ExpectedError as other:
        expected = str(other)
    except MisfitError:
        expected = "truth values such as x > 3" if argument.kind == "truth" else "numbers"
    hint = advice(value) if expected == "numbers" else ""
    raise MisfitError(f"{signature.usage} takes {expected} as {argument.name}, not {described(value)}{hint}")


class _ExpectedError(Exception):
    """Says what was expected."""


def _column(value: Any) -> Any:
    numbers = numbers_of(value)
    if isinstance(numbers, np.ndarray) and numbers.ndim != 1:
        raise _ExpectedError("one column")
    return numbers


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise _ExpectedError("a number")
    return float(value)


def _whole(value: Any) -> int:
    number = _number(value)
    if not number.is_integer() or abs(number) > 2**53:
        raise _ExpectedError("a whole number")
    return int(number)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise _ExpectedError("TRUE or FALSE")
    return bool(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _ExpectedError("a text in quotes")
    return value


def _numbers(value: Any) -> list[float]:
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, bool) or not isinstance(item, int | float | np.number) for item in items):
        raise _ExpectedError("a number, or a list of numbers such as c(1, 2),")
    return [float(item) for item in items]


def _labels(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    if not items or not all(map(is_scalar, items)):
        raise _ExpectedError("levels, such as c('a', 'b'),")
    return [label(item.item() if isinstance(item, np.generic) else item) for item in items]


def _level(value: Any) -> Any:
    if not is_scalar(value):
        raise _ExpectedError("the name of a level")
    return value


def _center(value: Any) -> bool | float:
    return bool(value) if isinstance(value, bool | np.bool_) else _number(value)


def _coding(value: Any) -> Any:
    return value  # what is not a coding is refused by `coding_from_formula`


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _ExpectedError("a list such as [x > 3, x < 1]")
    return value


def _any(value: Any) -> Any:
    if value is None or isinstance(value, list | dict | Coding):
        raise _ExpectedError("a column or a number")
    return value


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "any": _any,
    "center": _center,
    "coding": _coding,
    "column": _column,
    "flag": _flag,
    "labels": _labels,
    "level": _level,
    "list": _list,
    "number": _number,
    "numbers": _numbers,
    "text": _text,
    "truth": truth_of,
    "whole": _whole,
}
