"""The tree of one side of a formula → its terms, and terms → text for formulaic."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from lmm.errors import FormulaError
from lmm.formula.expressions import Names, quote, translate
from lmm.formula.extent import check_extent, extent
from lmm.formula.functions import SMOOTHS, STRUCTURES
from lmm.formula.syntax import Node
from lmm.limits import MOST_POWER

__all__ = ["Item", "Writer", "additive", "typeset"]


@dataclass(frozen=True, slots=True)
class Item:
    """One term of a sum, with its sign."""

    node: Node
    negative: bool


_ALONE = SMOOTHS | STRUCTURES | {"offset"}


def additive(node: Node) -> Iterator[Item]:
    """Terms of a sum from left to right; parentheses that only group a sum are opened.

    Those in which something is subtracted, or that are subtracted, stay one term, as in R: ``x + (a - x)`` keeps x.
    Numbers, random terms and their like stand in the sum all the same.
    """
    # A sum of 5,000 terms is a tree of 5,000 levels: no call within a call.
    waiting = [(node, False)]
    while waiting:
        node, negative = waiting.pop()
        if node.kind in ("+", "-"):
            *left, right = node.parts
            waiting.append((right, negative != (node.kind == "-")))
            waiting += [(part, negative) for part in left]
        elif node.kind == "group" and not negative and not _subtracts(node):
            waiting.append((node.parts[0], False))
        elif node.kind == "group":
            yield from _apart(node, negative)
        else:
            yield Item(node, negative)


def _subtracts(group: Node) -> bool:
    """Whether a term is subtracted somewhere in a sum; numbers decide on the intercept only."""
    waiting = [(group, False)]
    while waiting:
        node, negative = waiting.pop()
        if node.kind in ("+", "-", "group"):
            *left, right = node.parts
            waiting.append((right, negative != (node.kind == "-")))
            waiting += [(part, negative) for part in left]
        elif negative and node.kind != "number":
            return True
    return False


def _apart(group: Node, negative: bool) -> Iterator[Item]:
    """Terms of a sum in parentheses as one term, after what is none of them."""
    terms: list[Item] = []
    for item in additive(group.parts[0]):
        kind, name = item.node.kind, item.node.text
        if kind in ("number", "bar") or (kind == "call" and name in _ALONE):
            yield Item(item.node, negative != item.negative)
        else:
            terms.append(item)
    if terms:
        yield Item(replace(group, parts=(_sum(terms),)), negative)


def _sum(items: list[Item]) -> Node:
    """Tree of a sum."""
    whole: Node | None = None
    for item in items:
        if whole is None and not item.negative:
            whole = item.node
            continue
        sign = "-" if item.negative else "+"
        parts = (item.node,) if whole is None else (whole, item.node)
        depth = max(part.depth for part in parts)
        whole = Node(sign, sign, parts[0].position, item.node.end, parts=parts, depth=depth)
    return cast("Node", whole)


class Writer:
    """Writes terms as text for formulaic.

    Parameters
    ----------
    source
        The formula.
    names
        What is known of names; collects the columns that are used.
    """

    def __init__(self, source: str, names: Names) -> None:
        self.source = source
        self.names = names

    def error(self, message: str, node: Node) -> FormulaError:
        """Return an error that points at a node."""
        return FormulaError(message, self.source, node.position)

    def side(self, items: list[Item]) -> tuple[str, list[str]]:
        """Write a sum with its intercept stated.

        Returns
        -------
        text
            ``"1 + a + b"`` or ``"0 + a + b"``.
        terms
            The texts of the terms that are added, the intercept as ``"1"``.
        """
        check_extent([item.node for item in items], self.source)
        intercept, pieces, terms = True, [], []
        for item in items:
            if item.node.kind == "number":
                intercept = self._intercept(item)
                continue
            text = self.term(item.node)
            pieces.append(f" {'-' if item.negative else '+'} {text}")
            if not item.negative:
                terms += self._added(item.node)
        if intercept:
            terms.insert(0, "1")
        return ("1" if intercept else "0") + "".join(pieces), terms

    def _added(self, node: Node) -> list[str]:
        """Texts of the terms that a term adds: those of a sum in parentheses, else its own."""
        if node.kind != "group":
            return [self.term(node)]
        return [
            text
            for item in additive(node.parts[0])
            if not item.negative and item.node.kind != "number"
            for text in self._added(item.node)
        ]

    def _intercept(self, item: Item) -> bool:
        if item.node.text not in ("0", "1"):
            raise self.error(
                f"{item.node.text} is not a term: of the numbers only 1 (intercept) and 0 (none) can stand "
                "alone; arithmetic is written in I(...)",
                item.node,
            )
        return (item.node.text == "1") != item.negative

    def term(self, node: Node) -> str:
        """Write one term."""
        if node.kind == "name":
            return self.name(node)
        if node.kind == "call":
            return self.call(node)
        if node.kind == "braces":
            return "{" + translate(self.source, *node.python, self.names).text + "}"
        if node.kind == "group":
            return f"({self._inner(node.parts[0])})"
        if node.kind == "bar":
            raise self.error("a random term can only be added: y ~ x + (1 | g)", node)
        if node.kind == "number":
            raise self.error("a number cannot be crossed with a term; arithmetic is written in I(...)", node)
        return self._operation(node)

    def _operation(self, node: Node) -> str:
        left, right = node.parts
        if node.kind == "^":
            if left.kind != "group":
                raise self.error(
                    "a power of one term is that term; write I(x^2) for the square of x, (a + b)^2 for "
                    "terms and their interactions",
                    left,
                )
            return self._power(left, right)
        if node.kind == ":":
            if left.kind == right.kind == "number":
                raise self.error("numbers make no term; arithmetic is written in I(...)", node)
            return f"{self._scaled(left)}:{self._scaled(right)}"
        if node.kind == "%in%":
            # b %in% a is the interaction alone, its outer factor first.
            outer, inner = self.term(right), self.term(left)
            return f"{outer}:{inner}"
        return f"{self.term(left)} {node.kind} {self.term(right)}"

    def _power(self, base: Node, power: Node) -> str:
        """Write a power of terms."""
        digits = power.text.lstrip("0")
        if power.kind != "number" or not digits.isdigit():
            raise self.error("a power of terms is a whole number, as in (a + b)^2", power)
        count = extent(base).terms
        if len(digits) > len(str(MOST_POWER)) or int(digits) > MOST_POWER:
            raise self.error(
                f"the power is more than {MOST_POWER}: one above the number of its terms, here {count:,}, adds nothing",
                power,
            )
        return f"{self.term(base)} ** {int(digits)}"

    def _scaled(self, node: Node) -> str:
        """Write an operand of ``:``, where a number scales the other."""
        if node.kind != "number":
            return self.term(node)
        if float(node.text) == 0:
            raise self.error("a term cannot be scaled by 0: leave it out", node)
        if not math.isfinite(float(node.text)):
            raise self.error("this number is too large", node)
        return node.text

    def _inner(self, node: Node) -> str:
        """Write what stands between parentheses that are part of a product or a power."""
        pieces: list[str] = []
        for item in additive(node):
            if item.node.kind == "number" and item.node.text != "1":
                raise self.error(f"{item.node.text} has no place inside a product", item.node)
            text = "1" if item.node.kind == "number" else self.term(item.node)
            sign = "-" if item.negative else "+"
            pieces.append(f"{sign} {text}" if pieces or item.negative else text)
        return " ".join(pieces)

    def name(self, node: Node) -> str:
        """Write the name of a column."""
        self.names.variables.setdefault(node.text, node.position)
        return quote(node.text)

    def call(self, node: Node) -> str:
        """Write a call."""
        if node.text == "offset":
            raise self.error("offset(...) is a term of its own: y ~ x + offset(z)", node)
        return translate(self.source, node.position, node.end, self.names).as_factor


def typeset(node: Node, source: str) -> str:
    """Write a node as typed, with the spacing that is usual."""
    if node.kind == "bar":
        effects, group = (typeset(part, source) for part in node.parts)
        return f"({effects} {node.text} {group})"
    if node.kind == "group":
        return f"({typeset(node.parts[0], source)})"
    if node.kind in ("+", "-"):
        return _typeset_sum(node, source)
    if len(node.parts) == 2:
        left, right = (typeset(part, source) for part in node.parts)
        return f"{left}{node.kind}{right}" if node.kind in (":", "/", "^") else f"{left} {node.kind} {right}"
    return re.sub(r"\s+", " ", source[node.position : node.end])


def _typeset_sum(node: Node, source: str) -> str:
    """Write a sum term by term: it may have thousands, each a level of the tree."""
    signs, pieces = "", []
    while node.kind in ("+", "-") and len(node.parts) == 2:
        pieces.append(f" {node.kind} {typeset(node.parts[1], source)}")
        node = node.parts[0]
    while node.kind in ("+", "-"):
        signs, node = signs + node.kind, node.parts[0]
    return signs + typeset(node, source) + "".join(reversed(pieces))
