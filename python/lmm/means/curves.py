"""What a covariate does to means, as a whole: differences between its values, for lines and for curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from lmm.errors import LmmError
from lmm.inference import with_curves
from lmm.means.terms import uses
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from lmm.means.grid.reference import ReferenceGrid

__all__ = ["basis_of", "bends", "differences"]

_FEWEST_POINTS = 12
_ROUNDING = 1e-13  # of a column's size: a difference below it is one of equal numbers
_SMALLEST = 1e-10  # singular value, beside the largest, of a direction that counts
_STRAIGHT = 1e-6  # part by which slopes of a straight line may differ, by rounding
_INDEPENDENT = 1e-6  # condition below which coefficients of some columns do not name the rows
_MOST_HALVINGS = 30
_MOST_AT_ONCE = 5_000_000  # numbers in X of copies of the grid


def differences(grid: ReferenceGrid, names: Sequence[str], weights: csr_matrix) -> FloatMatrix:
    """Change of weighted rows of X when covariates move from their first value to others.

    Parameters
    ----------
    names
        Covariates, at least one. With several the differences are differences of differences.
    weights : sparse, shape (k, n_rows)
        Of the rows of the grid.

    Returns
    -------
    shape (d, k, n_all)
        Where a straight line describes the covariate everywhere one difference is enough; of a curve there are more
        than it has columns. Rounding is zero.

    Raises
    ------
    LmmError
        If the expressions of the formula have no values there.
    """
    points = [_points(grid, name) for name in names]
    for halving in range(_MOST_HALVINGS + 1):
        try:
            return _differences(grid, names, _towards_held(grid, names, points, 0.5**halving), weights)
        except LmmError:
            # log(x - z) has no value at all combinations of the values of x and z.
            if len(names) == 1 and halving == _MOST_HALVINGS:
                raise
    raise LmmError(f"The fixed part has no values around those at which {', '.join(names)} are held.")


def basis_of(grid: ReferenceGrid, rows: FloatMatrix) -> FloatMatrix:
    """Independent rows (r, n_all) that span what some rows (d, n_all) span.

    Where that is what some columns of X span, each row has the coefficient one on one of them and zero on the others,
    as an analysis of variance tests them: Satterthwaite's degrees of freedom depend on it.
    """
    scale = np.abs(with_curves(grid.fit.internals.design)).max(axis=0, initial=0.0)
    scale = np.where(scale > 0.0, scale, 1.0)
    _, sizes, Vt = np.linalg.svd(rows / scale, full_matrices=False)
    basis = Vt[sizes > _SMALLEST * sizes.max(initial=0.0)]
    columns = _first_independent(basis)
    if len(columns) == len(basis):
        basis = np.linalg.solve(basis[:, columns], basis)
        basis[np.abs(basis) < _ROUNDING] = 0.0
    return np.asarray(basis * scale, dtype=np.float64)


def bends(grid: ReferenceGrid, name: str, weights: csr_matrix) -> bool:
    """Whether the slope of some weighted row by a covariate depends on where it is held."""
    if _is_line(grid, name):
        return False
    points = _points(grid, name)
    found = _differences(grid, [name], [points], weights)
    slopes = found / (points[1:] - points[0])[:, None, None]
    change = np.abs(slopes - slopes[0]).max(axis=(0, 1))
    return bool((change > _STRAIGHT * np.abs(slopes).max(axis=(0, 1))).any())


def _differences(
    grid: ReferenceGrid, names: Sequence[str], points: Sequence[FloatVector], weights: csr_matrix
) -> FloatMatrix:
    corners = list(product(*(range(len(values)) for values in points)))
    at = dict(zip(corners, _weighted(grid, names, points, corners, weights), strict=True))
    size = np.max([np.abs(found) for found in at.values()], axis=0)
    found = []
    for places in product(*(range(1, len(values)) for values in points)):
        total = np.zeros_like(size)
        for corner in product(*((0, place) for place in places)):
            total += (-1.0) ** corner.count(0) * at[corner]
        found.append(np.where(np.abs(total) > _ROUNDING * size, total, 0.0))
    return np.stack(found)


def _weighted(
    grid: ReferenceGrid,
    names: Sequence[str],
    points: Sequence[FloatVector],
    corners: Sequence[tuple[int, ...]],
    weights: csr_matrix,
) -> Iterator[FloatMatrix]:
    """Weighted rows of X (k, n_all) with the covariates at each combination of their points, some at a time."""
    n_rows = len(grid.X)
    step = max(_MOST_AT_ONCE // max(grid.X.size, 1), 1)
    for start in range(0, len(corners), step):
        chosen = corners[start : start + step]
        copies = replace(
            grid,
            index={
                name: np.asarray(np.tile(place, len(chosen)), dtype=np.int64)
                for name, place in grid.index.items()
            },
            X=np.tile(grid.X, (len(chosen), 1)),
        )
        values = {
            name: np.repeat([own[places[i]] for places in chosen], n_rows)
            for i, (name, own) in enumerate(zip(names, points, strict=True))
        }
        X, _ = copies.moved(values)
        for i in range(len(chosen)):
            yield weights @ X[i * n_rows : (i + 1) * n_rows]


def _points(grid: ReferenceGrid, name: str) -> FloatVector:
    """Values of a covariate in the data, the lowest first: two for a line, for a curve as many as tell it apart."""
    column = grid.fit.internals.design.model_frame[name]
    distinct = np.unique(column.present)
    if _is_line(grid, name):
        return distinct[[0, -1]]
    design = grid.fit.internals.design
    columns, width = [], 1
    levels = {factor.variable: len(factor.levels) for factor in design.factors}
    for term in design.terms:
        if name in term.variables:
            own = list(range(term.columns.start, term.columns.stop))
            cells = np.prod([max(levels.get(other, 2) - 1, 1) for other in term.variables if other != name])
            width = max(width, int(np.ceil(len(own) / cells)))
            columns += own
    spread = np.linspace(0, distinct.size - 1, min(max(_FEWEST_POINTS, 3 * width + 1), distinct.size))
    # A spline's column may live between two values only: where it is largest.
    peaks = column.numbers[np.abs(design.X[:, columns[: 3 * width]]).argmax(axis=0)]
    points = np.unique(np.concatenate([distinct[np.unique(spread.round().astype(int))], peaks]))
    present: FloatVector = points[~np.isnan(points)]
    return present


def _is_line(grid: ReferenceGrid, name: str) -> bool:
    """Whether the covariate enters as it is, once in each of its terms; a transformation of it may be a curve."""
    terms = [term for term in grid.fit.internals.design.terms if name in term.variables]
    return all([part for part in term.parts if uses(part, name)] == [name] for term in terms)


def _towards_held(
    grid: ReferenceGrid, names: Sequence[str], points: Sequence[FloatVector], share: float
) -> list[FloatVector]:
    held = [float(np.mean(np.asarray(grid.variables[name].values, dtype=np.float64))) for name in names]
    if share == 1.0:
        return list(points)
    return [centre + share * (values - centre) for centre, values in zip(held, points, strict=True)]


def _first_independent(basis: FloatMatrix) -> list[int]:
    """First columns of orthonormal rows (r, n) that are not combinations of earlier ones, up to r of them."""
    left = basis.copy()
    chosen: list[int] = []
    for j in range(basis.shape[1]):
        size = float(np.linalg.norm(left[:, j]))
        if len(chosen) < len(basis) and size > _INDEPENDENT:
            chosen.append(j)
            direction = left[:, j] / size
            left = left - direction[:, None] * (direction @ left)
    return chosen
