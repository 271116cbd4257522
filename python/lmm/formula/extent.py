"""How many terms a side of a formula has when its products are written out: counted, not written out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from lmm.errors import FormulaError
from lmm.formula.syntax import Node
from lmm.limits import MOST_FACTORS, MOST_POWER, MOST_TERMS, counted

__all__ = ["Extent", "check_extent", "extent"]

_ENOUGH = 10**18  # beyond any limit: exact counts of nested powers would be numbers without end


class Extent(NamedTuple):
    """How large a part of a formula is.

    Attributes
    ----------
    terms
        Number of terms; equal ones count twice.
    factors
        Number of the factors of the largest term.
    names
        Number of names and calls that the part has, which no term can exceed.
    """

    terms: int
    factors: int
    names: int


def check_extent(nodes: Sequence[Node], source: str) -> None:
    """Refuse a sum with too many terms, or with a term of too many factors.

    Raises
    ------
    FormulaError
        That points at the largest part.
    """
    found = [extent(node) for node in nodes]
    total = sum(part.terms for part in found)
    if total > MOST_TERMS:
        largest = max(range(len(nodes)), key=lambda i: found[i].terms)
        raise FormulaError(
            f"there are {counted(total)} terms when the products are written out, at most {MOST_TERMS:,} are possible: "
            "write the interactions that the model needs, such as a + b + a:b, or those of all pairs, (a + b + c)^2",
            source,
            nodes[largest].position,
        )
    for node, part in zip(nodes, found, strict=True):
        if part.factors > MOST_FACTORS:
            raise FormulaError(
                f"there is an interaction of {counted(part.factors)} factors, at most {MOST_FACTORS} are possible: "
                "leave some out, or combine their levels in a column of the table",
                source,
                node.position,
            )


def extent(node: Node) -> Extent:
    """Count the terms of a node."""
    if node.kind == "group":
        return extent(node.parts[0])
    if node.kind in ("+", "-"):
        return _of_sum(node)
    if not node.parts:
        size = int(node.kind != "number")
        return Extent(1, size, size)
    left, right = (extent(part) for part in node.parts)
    if node.kind == "^":
        return _of_power(left, node.parts[1].text)
    both = left.terms * right.terms
    terms = {"*": left.terms + right.terms + both, "/": left.terms + right.terms}.get(node.kind, both)
    # a/b, with several terms on the left, nests in all of them together.
    outer = left.names if node.kind == "/" and left.terms > 1 else left.factors
    return Extent(min(terms, _ENOUGH), outer + right.factors, left.names + right.names)


def _of_sum(node: Node) -> Extent:
    terms = factors = names = 0
    waiting = [node]  # a sum of 5,000 terms is a tree of 5,000 levels
    while waiting:
        part = waiting.pop()
        if part.kind in ("+", "-"):
            waiting += part.parts
        else:
            found = extent(part)
            terms, factors, names = terms + found.terms, max(factors, found.factors), names + found.names
    return Extent(min(terms, _ENOUGH), factors, names)


def _of_power(base: Extent, power: str) -> Extent:
    """All products of at most so many different terms."""
    digits = power.lstrip("0")
    if not digits.isdigit():
        return base  # refused where it is written
    exponent = int(digits) if len(digits) <= len(str(MOST_POWER)) else MOST_POWER
    exponent = min(exponent, base.terms, MOST_POWER)
    factors = min(base.factors * exponent, base.names)
    terms = 0
    for size in range(1, exponent + 1):
        terms += math.comb(base.terms, size)
        if terms > _ENOUGH:
            return Extent(_ENOUGH, factors, base.names)
    return Extent(terms, factors, base.names)
