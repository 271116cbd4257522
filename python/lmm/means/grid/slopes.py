"""A reference grid whose rows are derivatives by covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from lmm.typing import FloatMatrix

if TYPE_CHECKING:
    from lmm.means.grid.reference import ReferenceGrid

__all__ = ["sloping"]

_STEP = 1e-4  # of the range of a covariate: leaves 1e-8 of curvature and 1e-12 of rounding


def sloping(grid: ReferenceGrid, names: Sequence[str]) -> ReferenceGrid:
    """Build the grid with X and offsets differentiated by each of the covariates, once.

    By central differences; at the ends of the data by one-sided ones of the same order, for splines have no values
    beyond.
    """
    if not names:
        return grid
    rules = [_rule(grid, name) for name in names]
    X, offset = np.zeros_like(grid.X), np.zeros_like(grid.offset)
    for places in product(range(3), repeat=len(names)):
        weight = np.prod(
            [weights[:, place] for (_, weights), place in zip(rules, places, strict=True)], axis=0
        )
        if not weight.any():
            continue
        values = {name: nodes[:, place] for name, (nodes, _), place in zip(names, rules, places, strict=True)}
        X_there, offset_there = grid.moved(values)
        X += weight[:, None] * X_there
        offset += weight * offset_there
    return replace(grid, X=X, offset=offset)


def _rule(grid: ReferenceGrid, name: str) -> tuple[FloatMatrix, FloatMatrix]:
    """Three nodes (n_rows, 3) for each row, and what their values are multiplied with."""
    data = grid.fit.internals.design.model_frame[name].present
    low, high = float(data.min()), float(data.max())
    h = _STEP * ((high - low) or 1.0)
    x = np.array(grid.variables[name].values, dtype=np.float64)[grid.index[name]]
    at_low = (x >= low) & (x - h < low)
    at_high = (x <= high) & (x + h > high) & ~at_low
    shift = np.select([at_low, at_high], [1.0, -1.0], 0.0)
    nodes: FloatMatrix = x[:, None] + h * (np.array([-1.0, 0.0, 1.0]) + shift[:, None])
    rules = np.array([[-1.0, 0.0, 1.0], [-3.0, 4.0, -1.0], [1.0, -4.0, 3.0]]) / (2.0 * h)
    return nodes, rules[np.select([at_low, at_high], [1, 2], 0)]
