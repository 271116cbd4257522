"""The checks: each takes the value of an argument and its name, and returns the value to use or raises."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, TypeAlias

import numpy as np

from lmm.errors import ArgumentError, LmmError, brief, nearest
from lmm.limits import listed
from lmm.wording import described

__all__ = [
    "Check",
    "a_function",
    "a_generator",
    "a_level",
    "a_mapping",
    "a_seed",
    "a_sequence",
    "a_text",
    "as_array",
    "asked",
    "instance_of",
    "number",
    "numbers",
    "one_of",
    "optional",
    "shown",
    "texts",
    "whole_number",
    "yes_or_no",
]

Check: TypeAlias = Callable[[Any, str], Any]
"""Value and name of the argument → the value to use; raises `ArgumentError`."""

_MOST_SHOWN = 80  # characters


def shown(value: object) -> str:
    """Write what was given for a message: short, on one line, text in quotes.

    Examples
    --------
    >>> from lmm.arguments import shown
    >>> shown("x"), shown(None), len(shown("a" * 10_000))
    ("'x'", 'None', 80)
    """
    return brief(described(value), _MOST_SHOWN)


def whole_number(at_least: int, at_most: int | None = None) -> Check:
    """Take a whole number; it is given to the function as an int."""
    most = "" if at_most is None else f" and at most {at_most}"

    def check(value: Any, name: str) -> int:
        whole = isinstance(value, Integral) and not isinstance(value, bool | np.bool_)
        if not whole or value < at_least or (at_most is not None and value > at_most):
            raise ArgumentError(
                f"{name}= must be a whole number of at least {at_least}{most}, not {shown(value)}."
            )
        return int(value)

    return check


def optional(check: Check) -> Check:
    """Take None besides what a check takes, where None is not the default."""
    return lambda value, name: None if value is None else check(value, name)


def number(*, above: float = -math.inf, at_least: float = -math.inf, at_most: float = math.inf) -> Check:
    """Take a finite number; it is given to the function as a float."""
    bound = "" if above == -math.inf else f" above {above:g}"
    bound = bound if at_least == -math.inf else f" of at least {at_least:g}"
    bound = bound if at_most == math.inf else f"{bound} and at most {at_most:g}"
    kind = "number" if bound else "finite number"

    def check(value: Any, name: str) -> float:
        result = _finite(value)
        # No comparison with nan holds.
        if not (result > above and result >= at_least and result <= at_most):
            raise ArgumentError(f"{name}= must be a {kind}{bound}, not {shown(value)}.")
        return result

    check.__doc__ = f"Take a {kind}{bound}."
    return check


def numbers(value: Any, name: str) -> Any:
    """Take a number or a vector of numbers; it is given to the function as an array of one dimension."""
    try:
        vector = np.atleast_1d(np.asarray(value, dtype=float)) if not isinstance(value, str | bytes) else None
    except (TypeError, ValueError, OverflowError):
        vector = None
    if vector is None or vector.ndim != 1 or vector.size == 0:
        raise ArgumentError(f"{name}= must be a number or a list of numbers, not {shown(value)}.")
    return vector


def _finite(value: Any) -> float:
    """Convert a number to a float; nan for all else, and for what no float can hold."""
    if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
        return math.nan
    try:
        result = float(value)
    except (OverflowError, ValueError):
        return math.nan
    return result if math.isfinite(result) else math.nan


def a_level(value: Any, name: str) -> float:
    """Take a probability between 0 and 1, such as the level of an interval."""
    result = _finite(value)
    if not 0.0 < result < 1.0:
        percent = f" For {result:g} % write {name}={result / 100:g}." if 1.0 < result < 100.0 else ""
        raise ArgumentError(f"{name}= must lie between 0 and 1, such as 0.95; it is {shown(value)}.{percent}")
    return result


def yes_or_no(value: Any, name: str) -> bool:
    """Take True or False, and no number or text in their place."""
    if not isinstance(value, bool | np.bool_):
        raise ArgumentError(f"{name}= must be True or False, not {shown(value)}.")
    return bool(value)


def one_of(*options: Any) -> Check:
    """Take one of a few words (or numbers), with the nearest one in the message."""
    *others, last = (f'"{option}"' if isinstance(option, str) else str(option) for option in options)
    listed = f"{', '.join(others)} or {last}" if others else last
    if len(options) > 2:
        listed = f"one of {listed.replace(' or ', ', ')}"

    def check(value: Any, name: str) -> Any:
        if isinstance(value, str | int | np.integer) and not isinstance(value, bool) and value in options:
            return value
        words = [each for each in options if isinstance(each, str)]
        near = nearest(value, words) if isinstance(value, str) else ""
        raise ArgumentError(f"{name}= must be {listed}; it is {shown(value)}.{near}")

    return check


def a_text(value: Any, name: str) -> str:
    """Take text."""
    if not isinstance(value, str):
        raise ArgumentError(f"{name}= must be text, not {shown(value)}.")
    return value


def texts(value: Any, name: str) -> str | list[str]:
    """Take one text, or several in an order of their own."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | Mapping | set | frozenset) or not isinstance(value, Iterable):
        raise ArgumentError(f"{name}= must be text or a list of texts, not {shown(value)}.")
    # An array without dimensions calls itself iterable and is not.
    several = [value.item()] if isinstance(value, np.ndarray) and value.ndim == 0 else listed(name, value)
    for each in several:
        if not isinstance(each, str):
            raise ArgumentError(f"{name}= must be text or a list of texts; it holds {shown(each)}.")
    return several


def a_sequence(value: Any, name: str) -> list[Any]:
    """Take a list, or what has an order as a list has; it is given to the function as a list."""
    ordered = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping | set | frozenset)
    if not ordered or getattr(value, "ndim", 1) == 0:
        raise ArgumentError(f"{name}= must be a list, not {shown(value)}.")
    return listed(name, value)


def as_array(value: Any, name: str) -> Any:
    """Convert to an array of whatever kind.

    Raises
    ------
    ArgumentError
        If the rows of a list differ in length, or a class of others refuses.
    """
    try:
        return np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(f"{name}= must be an array of numbers, not {shown(value)}.") from None


def a_mapping(value: Any, name: str) -> Any:
    """Take a dict or another mapping."""
    if not isinstance(value, Mapping):
        raise ArgumentError(f"{name}= must be a dict by name, not {shown(value)}.")
    return value


def a_function(value: Any, name: str) -> Any:
    """Take what can be called."""
    if not callable(value):
        raise ArgumentError(f"{name}= must be a function, not {shown(value)}.")
    return value


def asked(function: Callable[..., Any], name: str, *given: Any) -> Any:
    """Call a function of the user; an error in it names the argument that it came by.

    Raises
    ------
    ArgumentError
        If it raises anything but an error of this package.
    """
    try:
        return function(*given)
    except LmmError:
        raise
    except Exception as error:  # what a stranger's function may raise
        raise ArgumentError(f"The function of {name}= raised {type(error).__name__}: {error}") from error


def a_seed(value: Any, name: str) -> Any:
    """Take what `numpy.random.default_rng` takes: a whole number, a generator, or None for another seed each time."""
    a_generator(value, name)
    return value


def a_generator(value: Any, name: str = "seed") -> np.random.Generator:
    """Make the random generator of a seed.

    Raises
    ------
    ArgumentError
        If it cannot be a seed.
    """
    try:
        if not isinstance(value, bool | np.bool_) and np.shape(value) != (0,):
            return np.random.default_rng(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ArgumentError(
        f"{name}= must be a whole number of at least 0, a numpy.random.Generator, or None for another one each "
        f"time; it is {shown(value)}."
    )


def instance_of(find: Callable[[], type | tuple[type, ...]], wanted: str) -> Check:
    """Take an object of a class.

    Parameters
    ----------
    find
        Finds the class when it is first needed: rooms below may name classes that do not exist yet.
    wanted
        The object in words, with its maker: ``"a fit, as lmm.fit() makes it"``.
    """

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, find()):
            raise ArgumentError(f"{name}= must be {wanted}; it is {shown(value)}.")
        return value

    check.__doc__ = f"Take {wanted}."
    return check
