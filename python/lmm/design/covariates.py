"""Covariates of smooth terms: expressions as numbers, or as codes of levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.bases import Covariate
from lmm.data import Column
from lmm.design.expression import ExpressionSpec
from lmm.design.values import Basis, Coded, MisfitError, as_column, described, is_factor, numbers_of
from lmm.errors import DataError, DesignError

if TYPE_CHECKING:
    from lmm.design.evaluator import Evaluator

__all__ = ["CovariateSpec"]


@dataclass(frozen=True, slots=True, eq=False)
class CovariateSpec:
    """One covariate of a smooth, or its by-variable.

    Attributes
    ----------
    name
        As the formula has it.
    expression
        How it is computed.
    levels
        Of a factor, those of the fit; None for numbers.
    is_ordered
        Whether the levels are ordered by their type.
    knows_more
        Whether the basis knows levels without data: regions of a map. It looks up those of other data.
    """

    name: str
    expression: ExpressionSpec
    levels: tuple[str, ...] | None
    is_ordered: bool = False
    knows_more: bool = False

    @classmethod
    def learn(
        cls, text: str, evaluator: Evaluator, *, as_levels: bool = False, by: bool = False
    ) -> tuple[CovariateSpec, Covariate]:
        """Learn levels and state from the rows of the fit."""
        expression, value = ExpressionSpec.learn(text, evaluator)
        if as_levels or _has_levels(value, by=by):
            column = as_column(value, text, evaluator.n_rows)
            found = Covariate(text, codes=column.factor_codes, levels=column.levels)
            return cls(text, expression, column.levels, column.is_ordered, as_levels), found
        return cls(text, expression, None), Covariate(text, values=_numbers(value, text, evaluator.n_rows))

    def build(self, evaluator: Evaluator) -> Covariate:
        """Evaluate it for other data; the code of a level that the fit has not seen is -1."""
        value = evaluator.value(self.expression.text)
        if self.levels is None:
            return Covariate(self.name, values=_numbers(value, self.name, evaluator.n_rows))
        column = (
            value.as_factor() if isinstance(value, Column) else as_column(value, self.name, evaluator.n_rows)
        )
        if self.knows_more:
            return Covariate(self.name, codes=column.factor_codes, levels=column.levels)
        return Covariate(self.name, codes=column.recode(self.levels), levels=self.levels)


def _has_levels(value: Any, *, by: bool) -> bool:
    """Whether a value is a factor here; truth values multiply a curve as 0 and 1."""
    if isinstance(value, Column) and value.kind == "labels":
        return True
    if not is_factor(value):
        return False
    try:
        numbers_of(value)
    except MisfitError:
        return True
    return not by


def _numbers(value: Any, text: str, n_rows: int) -> Any:
    """Value of a covariate as numbers (n,)."""
    if isinstance(value, Coded):
        value = value.column
    if isinstance(value, Basis):
        if value.values.shape[1] > 1:
            raise DesignError(
                f'The covariate "{text}" of a smooth gives {described(value)}: smooths of matrices are not available. '
                "Give one column."
            )
        value = value.values[:, 0]
    try:
        return np.array(np.broadcast_to(numbers_of(value), (n_rows,)), dtype=float)
    except MisfitError:
        if isinstance(value, Column):
            raise DataError(
                f'Column "{text}" was numeric at the fit; now it is {described(value)}. Give numbers.'
            ) from None
        raise DesignError(
            f'The covariate "{text}" of a smooth needs numbers, not {described(value)}.'
        ) from None
