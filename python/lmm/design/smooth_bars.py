"""Smooth terms that are random terms: ``s(g, bs="re")`` is ``(1 | g)``, ``s(x, g, bs="re")`` is ``(0 + x | g)``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lmm.design.values import Coded, is_factor
from lmm.errors import DesignError
from lmm.formula import RandomTerm
from lmm.formula.expression_reader import read_expression
from lmm.formula.expression_tree import Call
from lmm.formula.expression_writer import quote

if TYPE_CHECKING:
    from typing import Any

    from lmm.design.evaluator import Evaluator
    from lmm.formula import Formula, SmoothTerm

__all__ = ["bars_of"]


def bars_of(formula: Formula, evaluator: Evaluator) -> tuple[RandomTerm, ...]:
    """Random terms of a formula: its bars, then smooth terms with bs="re" that have a factor.

    Raises
    ------
    DesignError
        If such a term is one of the bars again.
    """
    found = list(formula.random)
    for term in formula.smooths:
        for bar in _bar(term, evaluator):
            _check_new(bar, found)
            found.append(bar)
    return tuple(found)


def _bar(term: SmoothTerm, evaluator: Evaluator) -> Iterator[RandomTerm]:
    if dict(term.arguments).get("bs") != "re" or term.by is not None:
        return
    values = {text: evaluator.value(text) for text in term.covariates}
    factors = tuple(text for text, value in values.items() if _has_levels(value))
    if not factors:
        return
    if "sp" in dict(term.arguments):
        raise DesignError(
            f"{term.source} is a random term: its parameter is held by theta= of lmm.fit, not by sp=."
        )
    numbers = [_written(text, evaluator) for text in values if text not in factors]
    effects = f"0 + {':'.join(numbers)}" if numbers else "1"
    yield RandomTerm(term.source, effects, factors, "us", term.position)


def _has_levels(value: Any) -> bool:
    return isinstance(value, Coded) or is_factor(value) or getattr(value, "kind", "") == "labels"


def _written(text: str, evaluator: Evaluator) -> str:
    """Write an expression as a formula has it."""
    if text in evaluator.columns:
        return quote(text)
    return text if isinstance(read_expression(text), Call) else f"{{{text}}}"


def _check_new(term: RandomTerm, there: Sequence[RandomTerm]) -> None:
    for other in there:
        if set(other.factors) == set(term.factors) and other.effects == term.effects:
            raise DesignError(
                f"{term.source} is the random term {other.source} again: the data cannot split its variance. Leave one "
                "of them out."
            )
