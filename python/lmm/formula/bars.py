"""Bars → random terms."""

from __future__ import annotations

from collections.abc import Iterator

from lmm.elsewhere import not_here
from lmm.errors import FormulaError, brief, nearest
from lmm.formula.functions import FUNCTIONS, PLANNED_STRUCTURES, STRUCTURES
from lmm.formula.grouping import grouping_factors
from lmm.formula.scanner import scan
from lmm.formula.sides import Writer, additive, typeset
from lmm.formula.syntax import Node, Tree
from lmm.formula.terms import RandomTerm

__all__ = ["Bar", "Repetitions", "find_bar", "random_terms"]

Bar = tuple[Node, str, str, int]
"""The bar, its covariance structure, the term as typed, and where it begins."""

_STRUCTURES_HERE = (
    "Here there are us(x | g), which is (x | g), diag(x | g), which is (x || g), cs(x | g), csh(x | g) "
    "and ar1(x | g)."
)


def find_bar(node: Node, source: str) -> Bar | None:
    """Read a term as a random term: a bar in parentheses or in a call that names a structure.

    Raises
    ------
    UnsupportedError
        For a structure that is kept for later.
    FormulaError
        For a name that is not a structure.
    """
    if node.kind == "bar":
        return node, "diag" if node.text == "||" else "us", typeset(node, source), node.position
    if node.kind != "call" or "|" not in source[node.inside : node.end]:
        return None
    name = node.text
    if name in PLANNED_STRUCTURES:
        text = " ".join(source[node.position : node.end].split())
        raise not_here(f"the covariance structure {text}", "structure", f" {_STRUCTURES_HERE}")
    if (name in FUNCTIONS and name not in STRUCTURES) or "." in name or source[node.inside - 1] != "(":
        return None
    inner = _inside(node, source)
    if inner is None:
        return None
    text = f"{name}{typeset(inner, source)}"
    if name not in STRUCTURES:
        raise _no_structure(node, text, source)
    if name != "diag" and inner.text == "||":
        raise FormulaError(
            f"{name}() asks for correlations and '||' for none: write {name}(x | g) or (x || g)",
            source,
            node.position,
        )
    return inner, name, text, node.position


def _inside(call: Node, source: str) -> Node | None:
    """Bar that stands in a call; None if the call is not a structure and holds something else."""
    try:
        return Tree(source, scan(source, call.inside, call.end - 1)).read_bar()
    except FormulaError:
        if call.text in STRUCTURES - FUNCTIONS:  # cs(I(a | b), df=3) is a spline
            raise
        return None


def _no_structure(node: Node, text: str, source: str) -> FormulaError:
    known = nearest(node.text, STRUCTURES | PLANNED_STRUCTURES)
    if known:
        return FormulaError(f"unknown covariance structure {node.text}().{known}", source, node.position)
    bar = text.removeprefix(node.text)
    missing = (
        f"an operator is missing between '{brief(node.text)}' and '{bar}': write {brief(node.text)} + {bar}"
    )
    if source[node.position + len(node.text)] == "(":
        # Written as a call: a structure, more likely than a term before a random one.
        return FormulaError(
            f"unknown covariance structure {brief(node.text)}(): there are us(x | g), which is (x | g), and "
            f"diag(x | g), which is (x || g). If {brief(node.text)} is a term, {missing}",
            source,
            node.position,
        )
    return FormulaError(missing, source, node.inside - 1)


def random_terms(bar: Bar, writer: Writer) -> Iterator[tuple[RandomTerm, list[str]]]:
    """Random terms that a bar stands for, each with the list of its effects.

    Raises
    ------
    FormulaError
        If the bar has no effects, or something in it has no place there.
    """
    node, structure, text, position = bar
    left, right = node.parts
    items = list(additive(left))
    for item in items:
        if find_bar(item.node, writer.source) is not None:
            raise writer.error("a random term cannot stand inside another", item.node)
    effects, terms = writer.side(items)
    if not terms:
        raise writer.error(f"{text} has no effects: write (1 | g) for a random intercept", left)
    for factors in grouping_factors(right, writer):
        yield RandomTerm(text, effects, factors, structure, position), terms


class Repetitions:
    """Refuses an effect that varies twice by one grouping factor: the data cannot split its variance."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.seen: dict[tuple[frozenset[str], str], RandomTerm] = {}

    def check(self, term: RandomTerm, effects: list[str]) -> None:
        """Remember the effects of a term.

        Raises
        ------
        FormulaError
            If one of them was there before.
        """
        factors: frozenset[str] = frozenset(term.factors)
        for effect in effects:
            first = self.seen.setdefault((factors, effect), term)
            if first is not term:
                raise self._repeated(term, effect, first.source)

    def _repeated(self, term: RandomTerm, effect: str, first: str) -> FormulaError:
        what = "the intercept" if effect == "1" else effect
        return FormulaError(
            f"{what} varies by {term.group} in two terms, {first} and {term.source}: leave it out of one, "
            f"as in (0 + x | {term.group})",
            self.source,
            term.position,
        )
