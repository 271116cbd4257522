"""The effects of a model, fixed and random alike, and which of them contain which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lmm.data import Column
from lmm.design import Design, FixedTerm
from lmm.design.evaluator import Evaluator
from lmm.design.expression import as_factor
from lmm.estimation.component import VarianceComponent
from lmm.typing import IntVector


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """One source of variation.

    Attributes
    ----------
    name
        The term (``"Variety:nitro"``) or the component (``"Block:Variety"``).
    kind
        ``"fixed"`` or ``"random"``.
    position
        Its place among the fixed terms, or among the components.
    numeric
        Expressions that its levels are multiplied by: covariates, the column of a random slope.
    factors
        Its factors, columns or expressions; empty for a component.
    codes : shape (n,)
        Level of each row, 0 .. n_levels - 1; None for a user's block.
    n_levels
        Levels that occur.
    """

    name: str
    kind: Literal["fixed", "random"]
    position: int
    numeric: tuple[str, ...]
    factors: frozenset[str]
    codes: IntVector | None
    n_levels: int


def effects_of(design: Design, components: Sequence[VarianceComponent]) -> tuple[Effect, ...]:
    """List the fixed terms (the intercept too), then the components in the order of their sums of squares.

    A component comes after those that it is nested in; else the order is that of the formula.
    """
    fixed = [_fixed(design, term, i) for i, term in enumerate(design.terms)]
    random = [
        Effect(c.name, "random", i, (c.numeric,) if c.numeric else (), frozenset(), c.codes, c.n_levels)
        for i, c in enumerate(components)
    ]
    ordered: list[Effect] = []
    while random:
        first = next(e for e in random if not any(refines(e, other) for other in random if other is not e))
        ordered.append(first)
        random.remove(first)
    return (*fixed, *ordered)


def _fixed(design: Design, term: FixedTerm, position: int) -> Effect:
    coded = {factor.name: factor.variable for factor in design.factors}
    numeric = tuple(part for part in term.parts if part not in coded)
    columns = {part: factor_column(design, part) for part in term.parts if part in coded}
    codes, n_levels = combine([column.factor_codes for column in columns.values()], design.n_obs)
    factors = frozenset(_name(design, part, coded[part], column) for part, column in columns.items())
    return Effect(term.name, "fixed", position, numeric, factors, codes, n_levels)


def factor_column(design: Design, expression: str) -> Column:
    """Evaluate a factor of the formula, a column or an expression such as ``"C(x > 3)"``, for the rows of a design."""
    frame = design.model_frame
    if expression in frame:
        return frame[expression].as_factor()
    return as_factor(Evaluator(frame, {}).value(expression), expression, frame.n_rows)


def _name(design: Design, part: str, variable: str, column: Column) -> str:
    """Name of the column that the factor is, as in ``C(day)``; else the expression."""
    frame = design.model_frame
    same = variable in frame and len(frame[variable].as_factor().levels) == len(column.levels)
    return variable if same else part


def combine(codes: Sequence[IntVector], n: int) -> tuple[IntVector, int]:
    """Codes (n,) of the combinations that occur, 0 .. n_levels - 1, and how many there are."""
    combined = np.zeros(n, dtype=np.int64)
    n_levels = 1
    for part in codes:
        places = part - part.min(
            initial=0
        )  # -1 where a value is missing, as a formula with is.na(x) keeps it
        together = combined * (int(places.max(initial=0)) + 1) + places
        found, combined = np.unique(together, return_inverse=True)
        n_levels = int(found.size)
    return combined, n_levels


def determines(fine: IntVector, n_fine: int, coarse: IntVector, n_coarse: int) -> bool:
    """Whether all rows of one level of ``fine`` have one level of ``coarse``."""
    if n_coarse > n_fine:
        return False
    first = np.zeros(n_fine, dtype=np.int64)
    first[fine] = coarse
    return bool(np.array_equal(first[fine], coarse))


def refines(fine: Effect, coarse: Effect) -> bool:
    """Whether one is nested in the other: more levels, each within one level of the other, same covariates."""
    if fine.codes is None or coarse.codes is None or fine.numeric != coarse.numeric:
        return False
    more = fine.n_levels > coarse.n_levels
    return more and determines(fine.codes, fine.n_levels, coarse.codes, coarse.n_levels)


def contains(larger: Effect, smaller: Effect) -> bool:
    """Whether an effect contains another one, in the sense of types II and III.

    Both have the same covariates; of two fixed terms the larger one has all factors of the smaller one and
    more; a random effect contains what is constant within its levels.
    """
    if larger.kind == smaller.kind == "fixed":
        return larger.numeric == smaller.numeric and larger.factors > smaller.factors
    return refines(larger, smaller)
