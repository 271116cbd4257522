"""Tokens of an expression, read one after the other."""

from __future__ import annotations

import re
from typing import NamedTuple

from lmm.errors import FormulaError

__all__ = ["Piece", "Pieces"]


class Piece(NamedTuple):
    """A token of an expression, with its place in the formula."""

    kind: str
    text: str
    position: int


_PIECE = re.compile(
    r"""(?P<space>\s+)
      | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<quoted>`[^`]+`)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?(?![\w`]))
      | (?P<name>(?:[^\W\d]|\.(?=[^\W\d]))[\w.]*)
      | (?P<operator>%/%|%%|%in%|\*\*|//|==|!=|<=|>=|&&|\|\||\S)""",
    re.VERBOSE | re.DOTALL,
)


class Pieces:
    """The tokens of ``source[start:stop]``, with a place among them.

    Parameters
    ----------
    source, start, stop
        The formula, and where the expression stands in it.
    """

    def __init__(self, source: str, start: int, stop: int) -> None:
        self.source = source
        self.index = 0
        self.all = [
            Piece(str(found.lastgroup), found.group(), found.start())
            for found in _PIECE.finditer(source, start, stop)
            if found.lastgroup != "space"
        ]
        self.all.append(Piece("end", "", stop))

    @property
    def here(self) -> Piece:
        """The token that comes next."""
        return self.all[self.index]

    def next(self) -> Piece:
        """Take the token that comes next."""
        piece = self.all[self.index]
        self.index += 1
        return piece

    def at(self, *texts: str) -> bool:
        """Whether one of these signs or words comes next."""
        return self.here.kind in ("operator", "name") and self.here.text in texts

    def close(self, text: str) -> None:
        """Take a sign that has to come next.

        Raises
        ------
        FormulaError
            If something else does.
        """
        if not self.at(text):
            raise self.unexpected()
        self.index += 1

    def keyword(self) -> str:
        """Take the name of the argument that comes next, if any; R's ``Boundary.knots`` is ``boundary_knots``."""
        piece, after = self.here, self.all[min(self.index + 1, len(self.all) - 1)]
        if piece.kind != "name" or after.text != "=" or after.kind != "operator":
            return ""
        self.index += 2
        name = piece.text
        return name.replace(".", "_").lower() if "." in name else name

    def error(self, message: str, position: int | None = None) -> FormulaError:
        """Return an error that points at a place, the next token where none is given."""
        return FormulaError(message, self.source, self.here.position if position is None else position)

    def unexpected(self) -> FormulaError:
        """Return the error about the token that comes next."""
        piece = self.here
        before = self.all[self.index - 1].text if self.index else ""
        if piece.kind == "end":
            message = f"something is missing after '{before}'" if before else "there is no expression here"
        elif piece.text in (")", "]", "}", ",") and before:
            message = f"something is missing between '{before}' and '{piece.text}'"
        elif piece.kind in ("number", "string", "quoted", "name") or piece.text in "([{":
            message = f"an operator or a comma is missing before '{piece.text}'"
        elif piece.text == "=":
            message = "'=' names an argument of a call; to compare write '=='"
        else:
            message = f"'{piece.text}' has no place here"
        return self.error(message)
