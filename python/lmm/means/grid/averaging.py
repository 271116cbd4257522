"""How the rows of a reference grid are weighted into means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lmm.arguments import one_of
from lmm.typing import FloatVector, IntVector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from lmm.means.grid.reference import ReferenceGrid

__all__ = ["SCHEMES", "Averages", "average"]


class Averages(NamedTuple):
    """Weights that make means of the rows of a grid.

    Attributes
    ----------
    first : shape (n_means,)
        A row of the grid with the levels of each mean.
    weights : sparse (n_means, n_rows)
        Each row adds up to one; to NaN where there is nothing to average.
    counts : shape (n_means,)
        Number of observations with the levels of each mean.
    """

    first: IntVector
    weights: csr_matrix
    counts: FloatVector


def average(grid: ReferenceGrid, names: Sequence[str], scheme: str) -> Averages:
    """Average over all variables that are not named.

    Parameters
    ----------
    names
        Variables whose combinations get a mean each, first variable fastest.
    scheme
        ``"equal"``; ``"proportional"`` to the frequencies of the combinations averaged over;
        ``"outer"``, to the products of the frequencies of the single factors; ``"cells"``, to those of the
        cells; ``"flat"``, equal for cells with data.

    Raises
    ------
    LmmError
        If there is no such scheme.
    """
    from scipy.sparse import csr_matrix

    one_of(*SCHEMES)(scheme, "weights")
    _, first, mean = np.unique(grid.cells(names), return_index=True, return_inverse=True)
    over = [name for name in grid.variables if name not in names]
    raw = SCHEMES[scheme](grid, [name for name in over if grid.variables[name].is_factor])
    total = np.bincount(mean, weights=raw, minlength=first.size)
    share = np.divide(raw, total[mean], out=np.full(raw.size, np.nan), where=total[mean] > 0.0)
    n_rows = mean.size
    weights = csr_matrix((share, (mean, np.arange(n_rows))), shape=(first.size, n_rows))
    return Averages(first, weights, _counts(grid, names, first))


def _equal(grid: ReferenceGrid, over: Sequence[str]) -> FloatVector:
    """Let nested levels count the same within the levels that they are nested in, and these among each other."""
    weight = np.ones(len(grid.X))
    for name in over:
        if name not in grid.nests:
            continue
        outer = grid.cells(grid.nests[name])
        pairs = np.unique(np.stack([outer, grid.index[name]]), axis=1)[0]
        weight /= np.bincount(pairs, minlength=int(outer.max()) + 1)[outer]
    return weight


def _proportional(grid: ReferenceGrid, over: Sequence[str]) -> FloatVector:
    return _margin(grid, over)


def _outer(grid: ReferenceGrid, over: Sequence[str]) -> FloatVector:
    """Multiply frequencies of the factors; those of a nested one are frequencies within what it is nested in."""
    weight = np.ones(len(grid.X))
    for name in over:
        outer = grid.nests.get(name, ())
        within = _margin(grid, outer)
        weight *= np.divide(
            _margin(grid, [*outer, name]), within, out=np.zeros_like(weight), where=within > 0.0
        )
    return weight


def _cells(grid: ReferenceGrid, over: Sequence[str]) -> FloatVector:  # noqa: ARG001 - the face of all schemes
    return grid.counts


def _flat(grid: ReferenceGrid, over: Sequence[str]) -> FloatVector:
    return _equal(grid, over) * (grid.counts > 0)


SCHEMES: dict[str, Callable[[ReferenceGrid, Sequence[str]], FloatVector]] = {
    "equal": _equal,
    "proportional": _proportional,
    "outer": _outer,
    "cells": _cells,
    "flat": _flat,
}
"""Weights (n_rows,) of the rows of a grid, before they are made to add up to one."""


def _margin(grid: ReferenceGrid, names: Sequence[str]) -> FloatVector:
    """Frequencies (n_rows,) of the combinations of some factors, over the levels that the grid has."""
    cells = grid.cells(names)
    return np.asarray(np.bincount(cells, weights=grid.counts)[cells], dtype=np.float64)


def _counts(grid: ReferenceGrid, names: Sequence[str], first: IntVector) -> FloatVector:
    factors = [name for name in names if grid.variables[name].is_factor]
    rows = grid.observations(factors)
    cells = grid.cells(factors)
    counted = np.bincount(rows[rows >= 0], minlength=int(cells.max(initial=0)) + 1)
    counts: FloatVector = counted[cells[first]].astype(np.float64)
    return counts
