"""Text of a formula → tokens, each with its place in the text.

A name followed by a parenthesis is one token, ``log(x + 1)``: what stands inside is Python (or R), not
formula algebra. Only the calls that hold a bar are opened again, by `lmm.formula.bars`.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from lmm.errors import FormulaError
from lmm.limits import DEEPEST

__all__ = ["Kind", "Token", "closing_bracket", "scan"]


class Kind(Enum):
    """What a token is."""

    NAME = "name"
    NUMBER = "number"
    CALL = "call"
    BRACES = "braces"
    OPERATOR = "operator"
    END = "end"


class Token(NamedTuple):
    """A piece of the text.

    Attributes
    ----------
    kind
        What it is.
    text
        The piece; of a name in backticks what is between them.
    position
        Index of its first character in the formula.
    end
        Index after its last character.
    inside
        Of a call or braces: index of the first character within the brackets.
    """

    kind: Kind
    text: str
    position: int
    end: int
    inside: int = -1


_PIECE = re.compile(
    r"""(?P<space>\s+)
      | (?P<name>(?:[^\W\d]|\.(?=[^\W\d]))[\w.]*|`[^`]*`)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.`])
      | (?P<operator>\|\||\*\*|%in%|[-+*/:^~|()])
      | (?P<dot>\.)
      | (?P<brace>\{)""",
    re.VERBOSE,
)
_CALL = re.compile(r"\s*\(|\[")
_TRAILER = re.compile(
    r"(?:\.[^\W\d]\w*)*[(\[]"
)  # what may follow a call within one piece of Python: x.fillna(0).abs()
_METHOD = re.compile(r"\.[^\W\d]\w*\(")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`""", re.DOTALL)


def scan(source: str, start: int = 0, stop: int | None = None) -> list[Token]:
    """Cut ``source[start:stop]`` into tokens, closed by one token of kind END.

    Raises
    ------
    FormulaError
        At a character that has no place in a formula, and at a bracket or quote that is never closed.
    """
    stop = len(source) if stop is None else stop
    tokens: list[Token] = []
    position = start
    while position < stop:
        piece = _PIECE.match(source, position, stop)
        if piece is None:
            raise _stray(source, position)
        kind, text, end = piece.lastgroup, piece.group(), piece.end()
        if kind == "name":
            tokens.append(_name(source, text, position, end, stop))
            end = tokens[-1].end
        elif kind == "number":
            tokens.append(Token(Kind.NUMBER, text, position, end))
        elif kind == "operator":
            tokens.append(Token(Kind.OPERATOR, "^" if text == "**" else text, position, end))
        elif kind == "brace":
            end = closing_bracket(source, position, stop) + 1
            tokens.append(Token(Kind.BRACES, source[position:end], position, end, position + 1))
        elif kind == "dot":
            raise FormulaError(
                "'.' for all other columns is not available: name the columns that the model uses",
                source,
                position,
            )
        position = end
    tokens.append(Token(Kind.END, "", stop, stop))
    return tokens


def closing_bracket(source: str, position: int, stop: int) -> int:
    """Index of the bracket that closes the one at ``position``; quoted text is passed over.

    Raises
    ------
    FormulaError
        If a bracket or a quote is not closed before ``stop``, or closed by a bracket of another kind.
    """
    awaited: list[tuple[str, int]] = []
    while position < stop:
        char = source[position]
        if char in _BRACKETS:
            awaited.append((_BRACKETS[char], position))
            if len(awaited) > DEEPEST:
                raise FormulaError(
                    f"the formula is nested too deeply: at most {DEEPEST} brackets can stand inside one another",
                    source,
                    position,
                )
        elif char in ")]}":
            closer, opened = awaited.pop()
            if char != closer:
                raise FormulaError(
                    f"'{char}' does not close '{source[opened]}': a '{closer}' is missing", source, position
                )
            if not awaited:
                return position
        elif char in "'\"`":
            quoted = _QUOTED.match(source, position, stop)
            if quoted is None:
                raise FormulaError(f"the quote {char} is not closed", source, position)
            position = quoted.end() - 1
        position += 1
    closer, opened = awaited[-1]
    raise FormulaError(f"'{source[opened]}' is never closed: a '{closer}' is missing", source, opened)


def _name(source: str, text: str, position: int, end: int, stop: int) -> Token:
    """Token of a name, or of the call that it begins."""
    if text[0] == "`":
        if len(text) == 2:
            raise FormulaError("there is no name between the backticks", source, position)
        if "\\" in text or text == "`.`":
            raise FormulaError(f"a column of the name {text} cannot be used: rename it", source, position)
        if not _METHOD.match(source, end, stop):
            return Token(Kind.NAME, text[1:-1], position, end)
        bracket = _TRAILER.match(source, end, stop)
    else:
        bracket = _CALL.match(source, end, stop)
    if bracket is None:
        return Token(Kind.NAME, text, position, end)
    inside = bracket.end()
    while bracket is not None:
        end = closing_bracket(source, bracket.end() - 1, stop) + 1
        bracket = _TRAILER.match(source, end, stop)
    return Token(Kind.CALL, text, position, end, inside)


_ADVICE = {
    "`": "the backtick is not closed",
    "$": "name the column alone, the table is given as data: 'x', not 'table$x'",
    "=": "a formula has no '='; the two sides are separated by '~'",
    "<": "write I(x < 3) to compare",
    ">": "write I(x > 3) to compare",
    "&": "write I(a & b) for 'and'; terms are joined by '+', ':' or '*'",
    "!": "write I(!a) for 'not'; a term is left out by '-'",
    "@": "terms are joined by '+', ':' or '*'",
    ";": "a formula is one line without ';'",
    "\\": "names with unusual characters stand in backticks",
    ",": "terms are joined by '+', and random terms are part of the formula, as in y ~ x + (1 | g)",
    "[": "write C(...), I(...) or {...} around Python",
    '"': "names of columns stand bare or in backticks",
    "'": "names of columns stand bare or in backticks",
    "%": "of the operators between percent signs a formula knows %in% only",
    "#": "a formula has no comments",
    "}": "there is no '{' that it closes",
    "]": "there is no '[' that it closes",
    **dict.fromkeys("−–—", "type the '-' of the keyboard"),
    **dict.fromkeys("∼˜～", "type the '~' of the keyboard"),
    **dict.fromkeys("∣｜¦", "type the '|' of the keyboard"),
    **dict.fromkeys("×∗·", "type the '*' of the keyboard"),
    **dict.fromkeys("‘’“”´", "names of columns stand bare or in backticks"),
}


def _stray(source: str, position: int) -> FormulaError:
    """Error for a character that begins no token."""
    char = source[position]
    if char.isdigit():
        advice = "a name cannot begin with a digit unless it stands in backticks"
    else:
        advice = _ADVICE.get(char, "names with unusual characters stand in backticks")
    return FormulaError(f"unexpected character {char!r}: {advice}", source, position)
