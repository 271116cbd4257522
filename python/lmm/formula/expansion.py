"""A one-sided formula → its terms, products written out: ``1 + a * b`` is the intercept, ``a``, ``b`` and ``a:b``.

What Wilkinson and Rogers [1]_ and R mean by the operators. Terms of fewer factors come first.

References
----------
.. [1] Wilkinson & Rogers (1973), Symbolic description of factorial models for analysis of variance, Appl. Statist. 22.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Literal, TypeAlias

from lmm.errors import FormulaError
from lmm.formula.expression_reader import read_expression
from lmm.formula.expression_tree import Name
from lmm.formula.expression_writer import write
from lmm.formula.scanner import scan
from lmm.formula.sides import additive
from lmm.formula.syntax import Node, Tree

__all__ = ["Factor", "Term", "expand"]


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a term.

    Attributes
    ----------
    name
        Of a column its name, without backticks; of an expression its text in normal form; of a number its text.
    kind
        Which of these it is. A column ``1`` and the number 1 are different factors.
    """

    name: str
    kind: Literal["column", "expression", "number"]


Term: TypeAlias = tuple[Factor, ...]
"""Its factors, each once; the intercept has none."""

_Terms: TypeAlias = dict[frozenset[Factor], Term]
_INTERCEPT: _Terms = {frozenset(): ()}


@lru_cache(maxsize=512)
def expand(text: str) -> tuple[Term, ...]:
    """Write the terms of a side out.

    Parameters
    ----------
    text
        As in `lmm.formula.Formula`, with an explicit intercept.

    Raises
    ------
    FormulaError
        If it is not a side of a formula, or a term stands there twice with different numbers.

    Examples
    --------
    >>> from lmm.formula.expansion import expand
    >>> [":".join(factor.name for factor in term) for term in expand("1 + a * `1` - a + log(x)")]
    ['', '1', 'log(x)', 'a:1']
    """
    found = _sum(Tree(text, scan(text)).read(), text)
    seen: set[frozenset[Factor]] = set()
    for key in found:
        plain = frozenset(factor for factor in key if factor.kind != "number")
        if plain in seen:
            raise FormulaError(
                f"a term stands twice with different numbers before it in {text}: leave one out"
            )
        seen.add(plain)
    return tuple(sorted(found.values(), key=_degree))


def _degree(term: Term) -> int:
    return sum(factor.kind != "number" for factor in term)


def _terms(node: Node, source: str) -> _Terms:
    match node.kind:
        case "name":
            return _single(Factor(node.text, "column"))
        case "number":
            return dict(_INTERCEPT) if float(node.text) == 1 else _single(Factor(node.text, "number"))
        case "call" | "braces":
            return _single(_expression(source[slice(*node.python)]))
        case "+" | "-" | "group":
            return _sum(node, source)
    return _product(node, source)


def _expression(text: str) -> Factor:
    tree = read_expression(text.strip())
    if isinstance(tree, Name) and not tree.by_function:
        return Factor(tree.name, "column")
    return Factor(write(tree), "expression")


def _single(factor: Factor) -> _Terms:
    return {frozenset((factor,)): (factor,)}


def _sum(node: Node, source: str) -> _Terms:
    if node.kind == "group":
        node = node.parts[0]
    found: _Terms = {}
    for item in additive(node):
        is_zero = item.node.kind == "number" and float(item.node.text) == 0
        terms = dict(_INTERCEPT) if is_zero else _terms(item.node, source)
        if item.negative != is_zero:
            for key in terms:
                found.pop(key, None)
        else:
            for key, term in terms.items():
                found.setdefault(key, term)
    return found


def _product(node: Node, source: str) -> _Terms:
    left = _terms(node.parts[0], source)
    if node.kind == "^":
        power, exponent = left, int(node.parts[1].text)
        for _ in range(min(exponent, len(left)) - 1):
            power = _all_products(power, left)
        return power
    right = _terms(node.parts[1], source)
    if node.kind == ":":
        return _all_products(left, right)
    if node.kind == "*":
        return left | {key: term for key, term in right.items() if key not in left} | _new(left, right)
    # What is nested lies within everything on its left together.
    nothing: Term = ()
    outer = reduce(_joined, left.values(), nothing)
    nested = _all_products({frozenset(outer): outer}, right)
    return left | {key: term for key, term in nested.items() if key not in left}


def _new(left: _Terms, right: _Terms) -> _Terms:
    """Products that are neither among the ones nor among the others."""
    products = _all_products(left, right)
    return {key: term for key, term in products.items() if key not in left and key not in right}


def _all_products(left: _Terms, right: _Terms) -> _Terms:
    found: _Terms = {}
    for one in left.values():
        for other in right.values():
            term = _joined(one, other)
            found.setdefault(frozenset(term), term)
    return found


def _joined(left: Iterable[Factor], right: Iterable[Factor]) -> Term:
    return tuple(dict.fromkeys((*left, *right)))
