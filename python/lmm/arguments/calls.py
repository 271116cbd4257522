"""Calls: arguments are checked at the door of a function, and a mistaken call is told what is wrong with it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

from lmm.arguments.checks import Check
from lmm.elsewhere import ABSENT_ARGUMENTS, OF_ARGUMENTS, SETTINGS, not_here
from lmm.errors import ArgumentError, LmmError, brief, near_name
from lmm.limits import naming_memory, with_an_end

__all__ = ["as_method", "built_from", "takes", "unknown_argument"]

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)

_ITSELF = frozenset(("self",))


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


def as_method(function: Callable[P, R], called: str, hidden: Iterable[str]) -> Callable[P, R]:
    """Make a function with `takes` into a method, whose messages do not speak of the object.

    Parameters
    ----------
    function
        The function; its first argument is the object.
    called
        Name of the method.
    hidden
        Arguments that the method does not have: the object, and those that make no sense for it.
    """
    checks: Mapping[str, Check] = function.__checks__  # type: ignore[attr-defined]
    return _checking(inspect.unwrap(function), called, checks, frozenset(hidden))


def _checking(
    function: Callable[P, R], called: str, checks: Mapping[str, Check], hidden: frozenset[str] = _ITSELF
) -> Callable[P, R]:
    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        signature = _signature(function)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            raise _mistaken_call(called, signature, args, kwargs, hidden) from None
        if not hidden.isdisjoint(kwargs):
            raise _mistaken_call(called, signature, args, kwargs, hidden)
        for name, value in bound.arguments.items():
            bound.arguments[name] = with_an_end(name, value)
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

    checked.__checks__ = checks  # type: ignore[attr-defined]
    return checked


def built_from(**checks: Check) -> Callable[[C], C]:
    """Check the arguments of a class as `takes` does those of a function; it stands above ``@dataclass``."""

    def decorate(cls: C) -> C:
        # Messages name the class, not its method.
        cls.__init__ = _checking(cls.__init__, cls.__name__, checks)  # type: ignore[misc]
        return cls

    return decorate


def unknown_argument(function: str, name: str, known: Iterable[str]) -> LmmError:
    """Make the error for an argument that a function does not have, with the nearest one that it has."""
    if name in ABSENT_ARGUMENTS:
        return not_here(f"{name}=", name)
    names = list(known)
    if name in SETTINGS and "control" in names:
        return ArgumentError(
            f"{name} is a setting of the search: control={{{name!r}: ...}}, or lmm.Control({name}=...)."
        )
    near = OF_ARGUMENTS.get(name) if OF_ARGUMENTS.get(name) in names else near_name(name, names)
    question = f"; did you mean {near}=?" if near else "."
    takes_ = f" It takes {', '.join(names)}." if names else " It takes none."
    return ArgumentError(f"Unknown argument {brief(name)}= of {function}(){question}{takes_}")


@functools.cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def _mistaken_call(
    function: str,
    signature: inspect.Signature,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    hidden: frozenset[str],
) -> LmmError:
    """Say which argument of a call is unknown, given twice, missing, or one too many."""
    every = signature.parameters.values()
    named = [each for each in every if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    names = [each.name for each in named]
    own = [name for name in names if name not in hidden]
    if not any(each.kind is each.VAR_KEYWORD for each in every):
        for name in kwargs:
            if name not in own:
                return unknown_argument(function, name, own)
    placed = [each.name for each in named if each.kind is not each.KEYWORD_ONLY]
    for name in placed[: len(args)]:
        if name in kwargs:
            return ArgumentError(f"{function}() has {name}= twice: once by its place and once by name.")
    if len(args) > len(placed):
        return _too_many(function, names, placed, len(args), hidden)
    given = {*placed[: len(args)], *kwargs}
    absent = [each.name for each in named if each.default is each.empty and each.name not in given]
    return ArgumentError(
        f"{function}() needs {' and '.join(f'{name}=' for name in absent)}: it has no default."
    )


def _too_many(
    function: str, names: list[str], placed: list[str], count: int, hidden: frozenset[str]
) -> ArgumentError:
    own = [name for name in placed if name not in hidden]
    by_name = [f"{name}=" for name in names if name not in placed and name not in hidden]
    first = f" ({', '.join(own)})" if own else ""
    rest = f" Write the others by name: {', '.join(by_name)}." if by_name else ""
    return ArgumentError(
        f"{function}() takes {_counted(len(own))} by place{first}, not {count - len(placed) + len(own)}.{rest}"
    )


def _counted(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"
