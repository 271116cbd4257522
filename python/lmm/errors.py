"""One tree of exceptions, so that ``except lmm.LmmError`` catches everything the package raises on purpose.

Every message says what is wrong, what was seen and expected, and what to do. Each class also inherits from
the built-in exception that it specialises, so that code that knows nothing of this package behaves as well.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from typing import Any

from lmm.wording import described

__all__ = [
    "ArgumentError",
    "ColumnError",
    "ConvergenceError",
    "DataError",
    "DatasetError",
    "DesignError",
    "FileError",
    "FormulaError",
    "LmmError",
    "LmmWarning",
    "MissingExtraError",
    "OutOfMemoryError",
    "UnknownNameError",
    "UnsupportedError",
    "brief",
    "near_name",
    "nearest",
    "require",
    "visible",
]

_LONGEST_WORD = 200  # names and paths of people are shorter
_LONGEST_MESSAGE = 4000
_WINDOW = 120  # characters of a long formula that its picture shows


def visible(text: str) -> str:
    r"""Write characters that a terminal would obey, or not show, as escapes; line breaks and tabs stay.

    Examples
    --------
    >>> from lmm.errors import visible
    >>> print(visible("a\x1b[31mb\u202ec"))
    a\x1b[31mb\u202ec
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def brief(value: object, most: int = 60) -> str:
    """Shorten what a person typed to what a message has room for.

    Parameters
    ----------
    value
        Text as it is; all else as `lmm.wording.described` writes it.
    most
        Number of characters that are kept, from both ends.

    Examples
    --------
    >>> from lmm.errors import brief
    >>> brief("Reaction"), brief(["Days", 3])
    ('Reaction', "['Days', 3]")
    >>> brief("x" * 100, 11)
    'xxxxx…xxxxx'
    """
    text = visible(value if isinstance(value, str) else described(value))
    if len(text) <= most:
        return text
    head, tail = most // 2, (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - tail :]}"


def _readable(message: str) -> str:
    """Any message, with nothing in it that a terminal obeys, and no part of it without an end."""
    if len(message) > _LONGEST_WORD:
        message = re.sub(rf"\S{{{_LONGEST_WORD + 1},}}", lambda word: brief(word[0], _LONGEST_WORD), message)
    if len(message) > _LONGEST_MESSAGE:
        half = _LONGEST_MESSAGE // 2
        message = f"{message[:half]} … {message[-half:]}"
    return visible(message)


class LmmError(Exception):
    """Root of everything that the package raises on purpose.

    As text its message shows control characters as escapes, and words of more than some hundred characters cut.
    """

    def __str__(self) -> str:
        # Not by super(): KeyError shows the repr of its argument, which would put a sentence in quotes.
        return _readable(Exception.__str__(self))


class FormulaError(LmmError, ValueError):
    """A formula that cannot be read; shows the formula with a caret below the character.

    Attributes
    ----------
    message
        The sentence without the picture.
    formula
        The formula as typed, or ``""``.
    position
        Index of the offending character in ``formula``, or None.
    """

    def __init__(self, message: str, formula: str = "", position: int | None = None) -> None:
        # All three go to ``args``: that is what pickling and copying rebuild an exception from.
        super().__init__(message, formula, position)
        self.message = message
        self.formula = formula
        self.position = position

    def __str__(self) -> str:
        if not self.formula:
            return _readable(self.message)
        at = 0 if self.position is None else min(max(self.position, 0), len(self.formula))
        before, after = self._around(at)
        picture = f"{_readable(self.message)}\n    {before}{after}"
        return picture if self.position is None else f"{picture}\n    {' ' * len(before)}^"

    def _around(self, at: int) -> tuple[str, str]:
        """Cut the formula at a place; of a long one what is near it."""
        first, last = 0, len(self.formula)
        if last > 2 * _WINDOW:
            first, last = max(at - _WINDOW, 0), min(at + _WINDOW, last)
        before, after = (
            # One line, so that the caret stands below its character.
            visible("".join(" " if char.isspace() else char for char in text))
            for text in (self.formula[first:at], self.formula[at:last])
        )
        return f"…{before}" if first else before, f"{after}…" if last < len(self.formula) else after


class ArgumentError(LmmError, TypeError, ValueError):
    """An argument that a function does not have, or a value that it cannot take."""


class UnknownNameError(LmmError, AttributeError):
    """An attribute that the object does not have; the message names ours for the same thing."""


class DataError(LmmError, ValueError):
    """Data that cannot be used: empty, infinite, of the wrong kind, length or sign."""


class ColumnError(LmmError, KeyError):
    """A column that the table does not have."""


class DesignError(LmmError, ValueError):
    """A model that these data cannot identify, or a design that contradicts itself."""


class ConvergenceError(LmmError, RuntimeError):
    """An optimisation that did not reach a certified optimum."""


class UnsupportedError(LmmError):
    """A request that is understood but that the package cannot do (yet)."""


class FileError(LmmError, OSError):
    """A file that cannot be read or written."""


class DatasetError(LmmError, KeyError):
    """A data set that is not shipped with the package."""


class MissingExtraError(LmmError, ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


class OutOfMemoryError(LmmError, MemoryError):
    """Something that was asked for needs more memory than there is; the message says what."""


class LmmWarning(UserWarning):
    """Something about the fit that the reader of its numbers should know."""

    def __str__(self) -> str:
        return _readable(super().__str__())


def nearest(name: object, candidates: Iterable[str]) -> str:
    """Suggest the most similar of the names that exist.

    Parameters
    ----------
    name
        The name that was not found; nothing is similar to what is not text.
    candidates
        The names that exist.

    Returns
    -------
    str
        A sentence that begins with a space, or ``""`` when nothing is similar.

    Examples
    --------
    >>> from lmm.errors import nearest
    >>> nearest("reaction", ["Days", "Reaction", "Subject"])
    ' Did you mean "Reaction"?'
    >>> nearest("weight", ["Days", "Subject"])
    ''
    """
    near = near_name(name, candidates) if isinstance(name, str) else None
    return f' Did you mean "{near}"?' if near else ""


def near_name(name: str, candidates: Iterable[str]) -> str | None:
    """Find the most similar of the names that exist; None if nothing is similar.

    Examples
    --------
    >>> from lmm.errors import near_name
    >>> near_name("adjsut", ["adjust", "level"])
    'adjust'
    """
    if len(name) > _LONGEST_WORD:
        return None
    # Only on the way to an error, hence not loaded with the package.
    from difflib import get_close_matches

    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    found = get_close_matches(name.casefold(), list(by_folded), n=1)
    return by_folded[found[0]] if found else None


def require(module: str, extra: str) -> Any:
    """Import an optional module, or say which extra to install.

    Parameters
    ----------
    module
        Full name, such as ``"matplotlib.pyplot"``.
    extra
        The extra of this package that brings it.

    Returns
    -------
    module

    Raises
    ------
    MissingExtraError
        If the package is not installed.

    Examples
    --------
    >>> from lmm.errors import require
    >>> require("astrolabe.dials", extra="plot")
    Traceback (most recent call last):
    lmm.errors.MissingExtraError: this needs the package astrolabe, which is not installed; \
run: pip install "lmm[plot]"
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name != package:
            # The package is there, but broken: its own message is the useful one.
            raise
        raise MissingExtraError(
            f'this needs the package {package}, which is not installed; run: pip install "lmm[{extra}]"',
            name=package,
        ) from None
