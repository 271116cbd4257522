"""Which rows an expression leaves without a value: those of its columns, but for what looks at missing values itself.

R evaluates each variable of a model and then leaves out the rows without a value (``na.omit``). ``is.na(x)`` is never
missing, so that a column which stands nowhere else costs no row; ``ifelse(is.na(x), 0, x)`` has a value in all rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.design.values import MisfitError, truth_of
from lmm.formula.expansion import expand
from lmm.formula.expression_reader import read_expression
from lmm.formula.expression_tree import Call, Chain, Choice, Constant, Name, Named, Node, inner, walk
from lmm.formula.expression_writer import quote
from lmm.formula.signatures import SEES_MISSING
from lmm.formula.transforms import LEARNED

if TYPE_CHECKING:
    from lmm.design.evaluator import Evaluator
    from lmm.typing import BoolVector

__all__ = ["missing_rows", "seeing", "sees_missing", "texts_of"]

_CHOICES = ("ifelse", "np.where")
_STATISTICS = frozenset({"max", "mean", "median", "min", "np.mean", "np.median", "np.std", "sd"})
_SKIPPING = frozenset({".mean", ".median", ".std"})  # as in pandas: of the values that are there


@lru_cache(maxsize=512)
def sees_missing(text: str) -> bool:
    """Whether an expression in normal form calls a function that looks at missing values.

    Examples
    --------
    >>> from lmm.design.missing import sees_missing
    >>> sees_missing("ifelse(is.na(x), 0, x)"), sees_missing("log(x)")
    (True, False)
    """
    return any(name in text for name in SEES_MISSING) and any(
        isinstance(node, Call) and node.function in SEES_MISSING for node in walk(read_expression(text))
    )


def texts_of(sides: Sequence[str], expressions: Sequence[str]) -> list[str]:
    """All that is evaluated for a model, each as text; empty if none of it looks at missing values.

    Parameters
    ----------
    sides
        One-sided formulas, of which the factors are evaluated.
    expressions
        Expressions in normal form, or columns.
    """
    everything = "\n".join((*sides, *expressions))
    if not any(name in everything for name in SEES_MISSING):
        return []
    factors = [factor for side in sides for term in expand(side) for factor in term]
    written = [quote(factor.name) if factor.kind == "column" else factor.name for factor in factors]
    return [*written, *filter(None, expressions)]


def seeing(texts: Collection[str], columns: Collection[str]) -> tuple[list[str], frozenset[str]]:
    """Expressions that look at missing values, and the columns that stand in no other expression.

    Parameters
    ----------
    texts
        All expressions and columns of a model, in normal form.
    columns
        Names of the columns of the table.
    """
    seeing_ = [text for text in dict.fromkeys(texts) if text not in columns and sees_missing(text)]
    if not seeing_:
        return [], frozenset()
    blind = {name for text in texts if text not in seeing_ for name in _names(text, columns)}
    return seeing_, frozenset(name for text in seeing_ for name in _names(text, columns)) - blind


def _names(text: str, columns: Collection[str]) -> set[str]:
    if text in columns:
        return {text}
    return {node.name for node in walk(read_expression(text)) if isinstance(node, Name)}


def missing_rows(node: Node, evaluator: Evaluator) -> BoolVector:
    """Mark the rows (n,) in which an expression has no value since a column has none.

    Truth values are combined as in R: ``FALSE & NA`` is false, ``TRUE | NA`` is true; the mean of a column with
    missing values is missing.
    """
    n_rows = evaluator.n_rows
    match node:
        case Name() if node.name in evaluator.columns:
            return evaluator.columns[node.name].missing
        case Constant() | Named() | Name():
            return np.zeros(n_rows, dtype=bool)
        case Call() if node.function in SEES_MISSING | _SKIPPING:
            return np.zeros(n_rows, dtype=bool)
        case Call() if node.function in _CHOICES and not node.keywords:
            condition, yes, no = node.arguments
            return _of_choice(condition, yes, no, evaluator)
        case Choice():
            return _of_choice(node.condition, node.yes, node.no, evaluator)
        case Chain() if node.operators[0] in "&|":
            return _of_logic(node, evaluator)
    found = np.zeros(n_rows, dtype=bool)
    for part in inner(node):
        found |= missing_rows(part, evaluator)
    if isinstance(node, Call) and node.function in _STATISTICS:
        return np.full(n_rows, found.any())
    return found


def _of_choice(condition: Node, yes: Node, no: Node, evaluator: Evaluator) -> BoolVector:
    unknown, in_yes, in_no = (missing_rows(part, evaluator) for part in (condition, yes, no))
    truth = _truth(condition, evaluator)
    if truth is None:
        return unknown | in_yes | in_no
    return unknown | np.where(truth, in_yes, in_no)


def _of_logic(chain: Chain, evaluator: Evaluator) -> BoolVector:
    """Missing unless another operand decides alone."""
    decides = chain.operators[0] == "|"
    unknown = np.zeros(evaluator.n_rows, dtype=bool)
    decided = np.zeros(evaluator.n_rows, dtype=bool)
    for operand in chain.operands:
        lacking = missing_rows(operand, evaluator)
        truth = _truth(operand, evaluator)
        unknown |= lacking
        if truth is not None:
            decided |= ~lacking & (truth == decides)
    return unknown & ~decided


def _truth(node: Node, evaluator: Evaluator) -> Any:
    """Truth values (n,) of a condition; None where they depend on what is still to be learnt from the rows."""
    if any(isinstance(part, Call) and part.function in LEARNED for part in walk(node)):
        return None
    try:
        return np.broadcast_to(truth_of(evaluator.compute(node, "")), (evaluator.n_rows,))
    except MisfitError:
        return None  # refused where the values are computed
