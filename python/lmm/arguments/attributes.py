"""Attributes that a result does not have are answered with the nearest that it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from lmm.elsewhere import unknown_name

__all__ = ["near_names"]

C = TypeVar("C", bound=type)


def near_names(thing: str, elsewhere: Mapping[str, str] | None = None) -> Callable[[C], C]:
    """Make the errors of a class for attributes that it does not have name the nearest that it has.

    Parameters
    ----------
    thing
        Subject of the sentence: ``"A profile"``.
    elsewhere
        What other packages call its attributes, to ours.

    Examples
    --------
    >>> from lmm.arguments import near_names
    >>> @near_names("A circle")
    ... class Circle:
    ...     radius = 1.0
    >>> Circle().raduis
    Traceback (most recent call last):
    lmm.errors.UnknownNameError: A circle has no attribute "raduis". Did you mean "radius"?
    """

    def decorate(cls: C) -> C:
        def __getattr__(self: object, name: str) -> object:  # noqa: N807
            known = dir(cls)
            if name in known:
                # A property failed: its own error is the useful one.
                return object.__getattribute__(self, name)
            raise unknown_name(thing, name, known, elsewhere or {})

        cls.__getattr__ = __getattr__  # type: ignore[attr-defined]
        return cls

    return decorate
