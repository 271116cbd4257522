"""Values in messages, written without running code of their class."""

from __future__ import annotations

import reprlib
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

__all__ = ["described"]

_PLAIN = (bool, int, float, complex, str, bytes, np.generic, type(None), type(...))
_MOST = 200  # of text and bytes; longer ones are cut in messages anyway


class _Description(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = _MOST
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 6
        self.maxlevel = 3

    def repr1(self, x: Any, level: int) -> str:
        if isinstance(x, str):
            return self.repr_str(str(x[: 2 * _MOST]), level)
        # Only the very types of Python: a class made of them may have a repr of its own.
        if type(x) in (list, tuple, dict, set, frozenset):
            return super().repr1(x, level)
        return _plain(x) if isinstance(x, _PLAIN) else _by_class(x)


def described(value: object) -> str:
    """Write a value for a message.

    Parameters
    ----------
    value
        What was given.

    Returns
    -------
    str
        Numbers and text as Python writes them; a few members of lists; all else by its class.

    Examples
    --------
    >>> from lmm.wording import described
    >>> described("a"), described([1, 2.5, None, "b"]), described(object()), described(len)
    ("'a'", "[1, 2.5, None, 'b']", 'an object', 'the function len')
    """
    return _Description().repr(value)


def _plain(value: object) -> str:
    try:
        return repr(value[:_MOST] if isinstance(value, bytes) else value)
    except ValueError:
        return "a number of thousands of digits"


def _by_class(value: object) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, FunctionType | BuiltinFunctionType):
        return "a function" if value.__name__ == "<lambda>" else f"the function {value.__name__}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
