"""One factor of a term → its columns: numbers as they are, levels by contrasts, bases column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.data import Column
from lmm.design.coding import EVERY_FACTOR, Coding, named_coding, recode_known
from lmm.design.design import FactorCoding
from lmm.design.evaluator import variables_of
from lmm.design.values import Basis, Coded, as_column, described, is_factor
from lmm.errors import DesignError
from lmm.limits import check_memory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmm.design.evaluator import Evaluator
    from lmm.formula.expansion import Factor
    from lmm.typing import FloatMatrix, FloatVector

__all__ = ["Encoded", "encode"]


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A factor of a term with its columns.

    Attributes
    ----------
    name
        Its name.
    variables
        Names of the data columns behind it.
    spans_intercept
        Whether its columns in full add up to the intercept.
    coding
        How its levels are coded; None for numbers.
    """

    name: str
    variables: tuple[str, ...]
    spans_intercept: bool
    coding: FactorCoding | None = None
    codes: Any = None
    contrasts: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    values: FloatMatrix | None = None

    def width(self, reduced: bool) -> int:
        """Count the columns."""
        if self.coding is None:
            return len(self.fields) - reduced
        return len(self.contrasts) if reduced else len(self.coding.levels)

    def columns(self, reduced: bool) -> Iterable[tuple[str, FloatVector]]:
        """Names and values (n,) of the columns, in full or without one level."""
        if self.coding is None or self.values is not None:
            values = np.asarray(self.values)
            return [(name, values[:, j]) for j, name in enumerate(self.fields) if j >= reduced]
        if reduced:
            return [
                (name, self.coding.matrix[:, j].take(self.codes)) for j, name in enumerate(self.contrasts)
            ]
        return [
            (f"{self.name}[{level}]", (self.codes == j).astype(np.float64))
            for j, level in enumerate(self.coding.levels)
        ]


def encode(factor: Factor, evaluator: Evaluator, known: tuple[str, ...] | None) -> Encoded:
    """Evaluate a factor and decide on its columns.

    Parameters
    ----------
    factor
        Of a term.
    evaluator
        Has the data.
    known
        Levels that a fit has learnt; None to learn those of the data.

    Raises
    ------
    DesignError
        If its value makes no columns, or a level is not known.
    """
    is_column = factor.kind == "column"
    value = evaluator.columns[factor.name] if is_column else evaluator.value(factor.name)
    variables = (factor.name,) if is_column else variables_of(factor.name, evaluator.columns)
    if not variables:
        raise DesignError(
            f'"{factor.name}" names no column: it is the same in all rows. Leave it out of the formula.'
        )
    if is_factor(value):
        return _by_levels(factor.name, value, variables, evaluator, known)
    return _by_numbers(factor.name, value, variables, evaluator.n_rows)


def _by_numbers(name: str, value: Any, variables: tuple[str, ...], n_rows: int) -> Encoded:
    if isinstance(value, Column):
        value = value.numbers
    if isinstance(value, Basis):
        fields = tuple(f"{name}[{field}]" if field else name for field in value.fields)
        return Encoded(name, variables, value.spans_intercept, fields=fields, values=value.values)
    if isinstance(value, bool | np.bool_) or not isinstance(value, np.ndarray | int | float | np.number):
        raise DesignError(f'"{name}" gives {described(value)}; it must give one number for each row.')
    array = np.asarray(value, dtype=np.float64)
    if array.ndim > 1 or array.size not in (1, n_rows):
        raise DesignError(
            f'"{name}" gives an array of shape {array.shape}; it must give one value for each of the {n_rows} rows.'
        )
    column = np.broadcast_to(array, (n_rows,))[:, None]
    return Encoded(name, variables, False, fields=(name,), values=column)


def _by_levels(
    name: str, value: Any, variables: tuple[str, ...], evaluator: Evaluator, known: tuple[str, ...] | None
) -> Encoded:
    column = as_column(value, name, evaluator.n_rows)
    coding = _chosen(name, variables, value.coding if isinstance(value, Coded) else None, evaluator)
    if known is not None:
        levels, codes = known, recode_known(column, name, known)
    elif len(column.levels) < 2:
        raise DesignError(
            f'The factor "{name}" has one level, {column.levels[0]!r}, in the rows used: '
            "there is nothing to compare. Leave it out of the formula."
        )
    else:
        levels, codes = column.levels, column.factor_codes
    check_memory(
        f'The coding of "{name}"',
        len(levels),
        len(levels),
        "It is rather a grouping factor, (1 | g); or leave it out of the formula.",
    )
    return Encoded(
        name,
        variables,
        value.spans_intercept if isinstance(value, Coded) else True,
        FactorCoding(
            name,
            variables[0] if len(variables) == 1 else name,
            levels,
            coding.name,
            coding.matrix(name, levels),
        ),
        codes,
        tuple(coding.column_names(name, levels)),
    )


def _chosen(name: str, variables: tuple[str, ...], in_formula: Coding | None, evaluator: Evaluator) -> Coding:
    """Coding of a factor: the one in the formula, else of ``contrasts=``, else treatment."""
    keys = [name, *(variables if len(variables) == 1 else ())]
    chosen = next((evaluator.codings[key] for key in keys if key in evaluator.codings), None)
    every = evaluator.codings.get(EVERY_FACTOR)
    if chosen is not None and in_formula is not None:
        raise DesignError(f'"{name}" has contrasts in the formula and in contrasts=. Leave one of them out.')
    return chosen or in_formula or every or named_coding("treatment")
