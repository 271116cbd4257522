"""Changing a formula by another in which ``.`` stands for what was there."""

from __future__ import annotations

import re
from typing import NamedTuple

from lmm.errors import FormulaError

_DOT = re.compile(r"(?<![\w.`)\]])\.(?![\w.`(])")
_SMOOTH = re.compile(r"(s|te|ti|t2)\s*\(")
_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'\"`"


class Summand(NamedTuple):
    """A piece between plus and minus signs of one side."""

    sign: str
    text: str

    @property
    def plain(self) -> str:
        """Text without spaces."""
        return "".join(self.text.split())


def rewrite(old: str, new: str) -> str:
    """Put the two sides of ``old`` where ``new`` has a dot, and take away what is behind a minus.

    Raises
    ------
    FormulaError
        If the dot is more than added, or a random or smooth term is taken away that is not there.

    Examples
    --------
    >>> rewrite("y ~ x + (x | g)", ". ~ . + z")
    'y ~ x + (x | g) + z'
    >>> rewrite("y ~ x + (x | g)", "log(.) ~ . - (x | g) + (1 | g)")
    'log(y) ~ x + (1 | g)'
    """
    if "~" not in new:
        raise FormulaError("the new formula has no '~'; write '. ~ . + x' to add x to what is there", new)
    (old_left, old_right), (left, right) = (text.split("~", 1) for text in (old, new))
    response = _DOT.sub(lambda _: old_left.strip(), left.strip() or ".")
    kept: list[Summand] = []
    for summand in _summands(right):
        if summand == ("+", "."):
            kept += _summands(old_right)
        elif _DOT.search(summand.text):
            raise FormulaError(
                "'.' on the right side can only be added to and taken away from, as in '. ~ . + x - z'",
                new,
                new.index(summand.text, len(left)),
            )
        elif summand.sign == "-" and not summand.text.isdigit():
            _take_away(kept, summand, new)
        else:
            kept.append(summand)
    return f"{response} ~ {_joined(kept)}"


def _take_away(kept: list[Summand], summand: Summand, new: str) -> None:
    """Drop the summand where it stands so; what else is left to the formula algebra."""
    for i, other in enumerate(kept):
        if other.sign == "+" and other.plain == summand.plain:
            del kept[i]
            return
    if summand.text.startswith("(") and "|" in summand.text:
        there = ", ".join(other.text for other in kept if "|" in other.text) or "none"
        raise FormulaError(
            f"there is no random term {summand.text} to take away; there are: {there}",
            new,
            new.index(summand.text),
        )
    if _SMOOTH.match(summand.text):
        there = ", ".join(other.text for other in kept if _SMOOTH.match(other.text)) or "none"
        raise FormulaError(
            f"there is no smooth term {summand.text} to take away; there are: {there}",
            new,
            new.index(summand.text),
        )
    kept.append(summand)


def _summands(side: str) -> list[Summand]:
    """Cut a side at its plus and minus signs outside brackets and quotes."""
    found: list[Summand] = []
    depth, quote, sign, begin = 0, "", "+", 0
    for index, char in enumerate(side):
        if quote:
            quote = "" if char == quote else quote
        elif char in _QUOTES:
            quote = char
        elif char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth -= 1
        elif char in "+-" and depth == 0:
            found.append(Summand(sign, side[begin:index].strip()))
            sign, begin = char, index + 1
    found.append(Summand(sign, side[begin:].strip()))
    return [summand for summand in found if summand.text]


def _joined(summands: list[Summand]) -> str:
    text = " ".join(f"{sign} {text}" for sign, text in summands) or "1"
    return text.removeprefix("+ ")
