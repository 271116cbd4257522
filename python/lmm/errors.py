"""One tree of exceptions, so that ``except lmm.LmmError`` catches everything the package raises on purpose.

Every message says what is wrong, what was seen and expected, and what to do. Each class also inherits from
the built-in exception that it specialises, so that code that knows nothing of this package behaves as well.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

__all__ = [
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
    "UnsupportedError",
    "nearest",
    "require",
]


class LmmError(Exception):
    """Root of everything that the package raises on purpose."""


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
            return self.message
        # One line of the same length, so that the caret stands below its character.
        line = "".join(" " if char.isspace() else char for char in self.formula)
        picture = f"{self.message}\n    {line}"
        if self.position is None:
            return picture
        return f"{picture}\n    {' ' * min(max(self.position, 0), len(line))}^"


class DataError(LmmError, ValueError):
    """Data that cannot be used: empty, infinite, of the wrong kind, length or sign."""


class ColumnError(LmmError, KeyError):
    """A column that the table does not have."""

    # KeyError shows the repr of its argument, which would put a sentence in quotes.
    __str__ = Exception.__str__


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

    __str__ = Exception.__str__


class MissingExtraError(LmmError, ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


class LmmWarning(UserWarning):
    """Something about the fit that the reader of its numbers should know."""


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Suggest the most similar of the names that exist.

    Parameters
    ----------
    name
        The name that was not found.
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
    # Only on the way to an error, hence not loaded with the package.
    from difflib import get_close_matches

    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    found = get_close_matches(name.casefold(), list(by_folded), n=1)
    return f' Did you mean "{by_folded[found[0]]}"?' if found else ""


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
