"""The reference grid: all combinations of levels, with the row of X that each of them has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.errors import LmmError
from lmm.inference import n_curve_effects, with_curves
from lmm.limits import MOST_GRID_NUMBERS, counted
from lmm.means.grid.nested import find_nests
from lmm.means.grid.variables import CovReduce, GridVariable, grid_variables
from lmm.typing import BoolVector, FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["ReferenceGrid", "reference_grid"]


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceGrid:
    """Combinations of the variables of the fixed part, first variable fastest.

    Attributes
    ----------
    fit
        The fit.
    variables
        By name, in formula order.
    nests
        The factors that a nested factor is nested in.
    index : by name, shape (n_rows,)
        Which of its values each row has.
    X : shape (n_rows, n_all + q)
        All columns of X, aliased ones included, then those of the q random effects of smooth terms.
    offset : shape (n_rows,)
        What is added to X beta.
    counts : shape (n_rows,)
        Number of observations with the same levels of all factors.
    """

    fit: Fit
    variables: dict[str, GridVariable]
    nests: dict[str, tuple[str, ...]]
    index: Mapping[str, IntVector]
    X: FloatMatrix
    offset: FloatVector
    counts: FloatVector

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors."""
        return tuple(name for name, variable in self.variables.items() if variable.is_factor)

    def cells(self, names: Sequence[str]) -> IntVector:
        """Code each row by its combination of some variables (n_rows,), first variable fastest."""
        cell = np.zeros(len(self.X), dtype=np.int64)
        size = 1
        for name in names:
            cell += size * self.index[name]
            size *= len(self.variables[name].values)
        return cell

    def observations(self, names: Sequence[str]) -> IntVector:
        """Code each row of the data in the same way (n_obs,), -1 where a level is not in the grid."""
        cell = np.zeros(self.fit.n_obs, dtype=np.int64)
        known = np.ones(self.fit.n_obs, dtype=bool)
        size = 1
        for name in names:
            codes = self.variables[name].codes
            cell += size * codes
            known &= codes >= 0
            size *= len(self.variables[name].values)
        return np.where(known, cell, -1)

    def moved(self, values: Mapping[str, FloatVector]) -> tuple[FloatMatrix, FloatVector]:
        """Build X (n_rows, n_all) and offsets (n_rows,) with other values of some covariates."""
        return _build(self.fit, self.variables, self.index, len(self.X), values)


def reference_grid(
    fit: Fit, at: Mapping[str, Any] | None = None, cov_reduce: CovReduce = None
) -> ReferenceGrid:
    """Build the reference grid of a fit.

    Parameters
    ----------
    at
        Values by variable: some levels of a factor, numbers for a covariate.
    cov_reduce
        What becomes of other covariates, see `CovReduce`; their mean by default.

    Raises
    ------
    LmmError
        If ``at`` or ``cov_reduce`` cannot be met, or the grid is too large for the memory.
    """
    variables = grid_variables(fit, at, cov_reduce)
    sizes = [len(variable.values) for variable in variables.values()]
    n_rows = prod(sizes)
    # Each row also has the number of its value of each variable.
    n_columns = fit.internals.design.X.shape[1] + n_curve_effects(fit)
    if n_rows * (n_columns + len(sizes)) > MOST_GRID_NUMBERS:
        raise LmmError(
            f"The reference grid would have {counted(n_rows)} rows of {n_columns} columns, more than "
            f"{MOST_GRID_NUMBERS:,} numbers. Name the values of interest with at=."
        )
    places = np.unravel_index(np.arange(n_rows), sizes, order="F") if sizes else ()
    index = {name: place.astype(np.int64) for name, place in zip(variables, places, strict=True)}
    # Nesting is a matter of all data, whatever levels at= has chosen.
    frame = fit.internals.design.model_frame
    factors = {name: frame[name].as_factor() for name, variable in variables.items() if variable.is_factor}
    nests = find_nests(
        {name: column.factor_codes for name, column in factors.items()}, fit.internals.design.terms
    )
    occurs = _occurring(variables, index, nests, n_rows)
    index = {name: place[occurs] for name, place in index.items()}
    X, offset = _build(fit, variables, index, int(occurs.sum()), {})
    empty = ReferenceGrid(fit, variables, nests, index, X, offset, np.empty(0))
    return ReferenceGrid(fit, variables, nests, index, X, offset, _counts(empty))


def _occurring(
    variables: Mapping[str, GridVariable],
    index: Mapping[str, IntVector],
    nests: Mapping[str, tuple[str, ...]],
    n_rows: int,
) -> BoolVector:
    """Mark the rows whose nested levels occur with the levels that they are nested in."""
    occurs = np.ones(n_rows, dtype=bool)
    for inner, outers in nests.items():
        family = (inner, *outers)
        sizes = [len(variables[name].values) for name in family]
        codes = np.stack([variables[name].codes for name in family]).astype(np.int64)
        known = (codes >= 0).all(axis=0)
        seen = np.zeros(int(np.prod(sizes)), dtype=bool)
        seen[np.ravel_multi_index(tuple(codes[:, known]), sizes)] = True
        occurs &= seen[np.ravel_multi_index(tuple(index[name] for name in family), sizes)]
    return occurs


def _build(
    fit: Fit,
    variables: Mapping[str, GridVariable],
    index: Mapping[str, IntVector],
    n_rows: int,
    moved: Mapping[str, FloatVector],
) -> tuple[FloatMatrix, FloatVector]:
    """Build X (n_rows, n_all) and offsets (n_rows,): transforms are evaluated anew, with the state of the fit."""
    spec = fit.internals.spec
    table: dict[str, Any] = {}
    for name, variable in variables.items():
        values = np.array(variable.values, dtype=object if variable.is_factor else np.float64)
        table[name] = moved[name] if name in moved else _plain(values)[index[name]]
    if not table:
        table = {"(none)": np.zeros(n_rows)}
    zero = np.zeros(n_rows) if spec.needs_offset else None
    design = spec.build(table, random=False, offset=zero)
    offset = np.zeros(n_rows) if design.offset is None else design.offset
    return with_curves(design), offset + _mean_of_array_offset(fit)


def _plain(values: Any) -> Any:
    """Levels that are numbers as an array of numbers, others as objects."""
    kinds = {type(value) for value in values.tolist()}
    return np.array(values.tolist()) if kinds <= {int} or kinds <= {int, float} else values


def _mean_of_array_offset(fit: Fit) -> float:
    """Mean of what ``offset=`` was as an array: the whole offset without that of the formula."""
    spec, design = fit.internals.spec, fit.internals.design
    if not spec.needs_offset or design.offset is None:
        return 0.0
    rest = np.array(design.offset)
    evaluator = spec.evaluator(design.model_frame)
    for expression in spec.offsets:
        value = evaluator.value(expression.text)
        rest = rest - np.asarray(getattr(value, "values", value), dtype=np.float64)
    return float(rest.mean())


def _counts(grid: ReferenceGrid) -> FloatVector:
    factors = grid.factors
    rows = grid.observations(factors)
    cells = grid.cells(factors)
    counted = np.bincount(rows[rows >= 0], minlength=int(cells.max(initial=0)) + 1)
    counts: FloatVector = counted[cells].astype(np.float64)
    return counts
