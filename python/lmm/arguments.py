"""Arguments are checked at the door of a public function, all by one mechanism.

`takes` is put on the function and names a check for each argument that needs one. A check is called with the value
and the name, and returns the value that the function gets, or raises `ArgumentError`. A call with an unknown
argument is refused with the nearest name that exists. What is left at its default is not checked.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np

from lmm.elsewhere import OF_ARGUMENTS
from lmm.errors import ArgumentError, LmmError, brief, near_name, nearest
from lmm.limits import MOST_ITEMS, check_length, naming_memory
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
    "built_from",
    "instance_of",
    "number",
    "numbers",
    "one_of",
    "optional",
    "shown",
    "takes",
    "texts",
    "unknown_argument",
    "whole_number",
    "yes_or_no",
]

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)

Check: TypeAlias = Callable[[Any, str], Any]
"""Value and name of the argument → the value to use; raises `ArgumentError`."""

_FEW = 50  # items of a list that are looked at one by one
_DEPTH = 3  # of lists within lists
_MOST_SHOWN = 80  # characters


def takes(**checks: Check) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check the arguments of a function before its first line runs.

    Parameters
    ----------
    **checks
        One for each argument that needs one; for ``*fits`` each of them is checked.

    Examples
    --------
    >>> from lmm.arguments import a_level, takes
    >>> @takes(level=a_level)
    ... def interval(estimate, *, level=0.95):
    ...     return level
    >>> interval(1.0, level=0.9)
    0.9
    >>> interval(1.0, levle=0.9)
    Traceback (most recent call last):
    lmm.errors.ArgumentError: Unknown argument levle= of interval(); did you mean level=? It takes estimate, level.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return _checking(function, function.__name__, checks)

    return decorate


def _checking(function: Callable[P, R], called: str, checks: Mapping[str, Check]) -> Callable[P, R]:
    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        signature = _signature(function)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            raise _mistaken_call(called, signature, args, kwargs) from None
        for name, value in bound.arguments.items():
            _check_ranges(value, name)
        for name, check in checks.items():
            if name not in bound.arguments:
                continue
            value, parameter = bound.arguments[name], signature.parameters[name]
            if parameter.kind is parameter.VAR_POSITIONAL:
                bound.arguments[name] = tuple(check(each, name) for each in value)
            elif value is not parameter.default:
                bound.arguments[name] = check(value, name)
        with naming_memory(called):
            return function(*bound.args, **bound.kwargs)

    return checked


def _check_ranges(value: Any, name: str, depth: int = _DEPTH) -> None:
    """Refuse ``range(10**9)``, also within lists and dicts: it takes no memory until it becomes numbers."""
    if isinstance(value, range):
        check_length(f"{name}= has items:", value, MOST_ITEMS, "Give those that are meant.")
    elif isinstance(value, list | tuple | dict) and len(value) <= _FEW and depth:
        for each in value.values() if isinstance(value, dict) else value:
            _check_ranges(each, name, depth - 1)


def built_from(**checks: Check) -> Callable[[C], C]:
    """Check the arguments of a class as `takes` does those of a function; it stands above ``@dataclass``."""

    def decorate(cls: C) -> C:
        # Messages name the class, not its method.
        cls.__init__ = _checking(cls.__init__, cls.__name__, checks)  # type: ignore[misc]
        return cls

    return decorate


def shown(value: object) -> str:
    """Write what was given for a message: short, on one line, text in quotes.

    Examples
    --------
    >>> from lmm.arguments import shown
    >>> shown("x"), shown(None), len(shown("a" * 10_000))
    ("'x'", 'None', 80)
    """
    return brief(described(value), _MOST_SHOWN)


def unknown_argument(function: str, name: str, known: Iterable[str]) -> ArgumentError:
    """Make the error for an argument that a function does not have, with the nearest one that it has."""
    names = [each for each in known if each != "self"]
    near = OF_ARGUMENTS.get(name) if OF_ARGUMENTS.get(name) in names else near_name(name, names)
    question = f"; did you mean {near}=?" if near else "."
    takes_ = f" It takes {', '.join(names)}." if names else " It takes none."
    return ArgumentError(f"Unknown argument {brief(name)}= of {function}(){question}{takes_}")


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
    several = [value.item()] if isinstance(value, np.ndarray) and value.ndim == 0 else list(value)
    for each in several:
        if not isinstance(each, str):
            raise ArgumentError(f"{name}= must be text or a list of texts; it holds {shown(each)}.")
    return several


def a_sequence(value: Any, name: str) -> list[Any]:
    """Take a list, or what has an order as a list has; it is given to the function as a list."""
    ordered = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping | set | frozenset)
    if not ordered or getattr(value, "ndim", 1) == 0:
        raise ArgumentError(f"{name}= must be a list, not {shown(value)}.")
    return list(value)


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
    if not isinstance(value, bool | np.bool_):
        try:
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


@functools.cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def _mistaken_call(
    function: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> ArgumentError:
    """Say which argument of a call is unknown, given twice, missing, or one too many."""
    every = signature.parameters.values()
    named = [each for each in every if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    names = [each.name for each in named]
    if not any(each.kind is each.VAR_KEYWORD for each in every):
        for name in kwargs:
            if name not in names:
                return unknown_argument(function, name, names)
    placed = [each.name for each in named if each.kind is not each.KEYWORD_ONLY]
    for name in placed[: len(args)]:
        if name in kwargs:
            return ArgumentError(f"{function}() has {name}= twice: once by its place and once by name.")
    if len(args) > len(placed):
        return _too_many(function, names, placed, len(args))
    given = {*placed[: len(args)], *kwargs}
    absent = [each.name for each in named if each.default is each.empty and each.name not in given]
    return ArgumentError(
        f"{function}() needs {' and '.join(f'{name}=' for name in absent)}: it has no default."
    )


def _too_many(function: str, names: list[str], placed: list[str], count: int) -> ArgumentError:
    own = [name for name in placed if name != "self"]
    by_name = [f"{name}=" for name in names if name not in placed]
    first = f" ({', '.join(own)})" if own else ""
    rest = f" Write the others by name: {', '.join(by_name)}." if by_name else ""
    return ArgumentError(
        f"{function}() takes {len(own)} arguments by place{first}, not {count - len(placed) + len(own)}.{rest}"
    )
