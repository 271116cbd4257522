"""Joint confidence regions of two parameters: contours of the deviance minimized over all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lmm.engine import Place, Surface
from lmm.errors import LmmError
from lmm.inference.distributions import checked_level
from lmm.inference.likelihood.curve import to_value
from lmm.inference.likelihood.holding import surface
from lmm.inference.likelihood.parameters import Parameter
from lmm.limits import check_length
from lmm.table import Table
from lmm.table.naming import beside
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.inference.likelihood.profiles import Profile

__all__ = ["contour"]

N_ANGLES = 40
EXACT = 1e-3  # of the root of the deviance difference
MOST_TRIALS = 25
MOST_LEVELS = 100


def contour(
    own: Profile, first: str, second: str, levels: Sequence[float] | FloatVector = (0.5, 0.8, 0.9, 0.95, 0.99)
) -> Table:
    """Trace the joint confidence regions of two parameters.

    A region holds the pairs at which the deviance, minimized over all other parameters, is above its minimum by no
    more than the quantile of χ² with two degrees of freedom. Where a region meets the end of the parameter space its
    boundary follows it.

    Parameters
    ----------
    own
        A profile with both parameters.
    first, second
        Their names.
    levels
        Coverages.

    Returns
    -------
    Table
        ``level, angle`` and one column for each parameter: points of each boundary in order.

    Raises
    ------
    LmmError
        If a name or a level is not possible, or the two are correlations that share no effect.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), method="ml")
    >>> region = fit.profile().contour("sd_Intercept|Batch", "sigma", levels=[0.95])
    >>> float(region["sigma"].min().round()), float(region["sigma"].max().round())
    (36.0, 74.0)
    """
    pair = tuple(own.curve(name).parameter for name in (first, second))
    if pair[0] == pair[1]:
        raise LmmError(f"A contour needs two different parameters; both are {pair[0].name!r}.")
    check_length("levels= has coverages:", levels, MOST_LEVELS, "Each is a curve in one picture.")
    given = np.atleast_1d(levels)
    radii = np.sqrt([-2.0 * np.log1p(-checked_level(float(level))) for level in given])
    above = surface(own.fit, pair, reml=own.criterion == "reml")
    rows: list[tuple[float, float, float, float]] = []
    for angle in np.linspace(0.0, 2.0 * np.pi, N_ANGLES, endpoint=False):
        points = _along(above, pair, angle, np.sort(radii))
        for level, point in zip(np.sort(given), points, strict=True):
            values = [float(to_value(p, np.array([x]))[0]) for p, x in zip(pair, point, strict=True)]
            rows.append((float(level), float(angle), *values))  # type: ignore[arg-type]
    rows.sort(key=lambda row: (row[0], row[1]))
    own_columns = {name: [row[i] for row in rows] for i, name in enumerate(("level", "angle"))}
    of_pair, notes = beside(own_columns, {p.name: [row[i + 2] for row in rows] for i, p in enumerate(pair)})
    return Table({**own_columns, **of_pair}, title="Joint regions", notes=notes)


def _along(above: Surface, pair: Sequence[Parameter], angle: float, radii: FloatVector) -> list[FloatVector]:
    """Points of all boundaries on one ray from the estimates, in the units of the curvature there."""
    root: FloatMatrix = np.linalg.cholesky(np.linalg.inv(above.curvature()))
    direction = root @ np.array([np.cos(angle), np.sin(angle)])
    centre = above.best[above.held]
    found: list[FloatVector] = []
    length, z = 0.0, above.best
    for radius in radii:
        start = length if found else 1.4 * radius / np.sqrt(2.0)
        length, z = _reach(above, pair, centre, direction, radius, max(start, 0.1 * radius), z)
        found.append(_inside(pair, centre + length * direction))
    return found


def _reach(
    above: Surface,
    pair: Sequence[Parameter],
    centre: FloatVector,
    direction: FloatVector,
    radius: float,
    length: float,
    z: FloatVector,
) -> tuple[float, FloatVector]:
    """Newton's method for the length at which the root of the deviance difference is the radius."""
    low, high = 0.0, np.inf
    for _ in range(MOST_TRIALS):
        place = _at(above, pair, centre + length * direction, z, first=low == 0.0)
        zeta = np.sqrt(max(place.value, 0.0))
        if abs(zeta - radius) < EXACT * radius:
            break
        low, high = (length, high) if zeta < radius else (low, length)
        slope = float(place.slope[above.held] @ direction) / (2.0 * zeta) if 0.0 < zeta < np.inf else 0.0
        step = length + (radius - zeta) / slope if slope > 0.0 else np.inf
        if not low < step < min(high, 3.0 * length):
            step = 0.5 * (low + high) if np.isfinite(high) else 2.0 * length
        length, z = step, place.z if np.isfinite(place.value) else z
    return length, z


def _at(
    above: Surface, pair: Sequence[Parameter], point: FloatVector, z: FloatVector, *, first: bool
) -> Place:
    inside = _inside(pair, point)
    start = above.towards(inside) if first else z.copy()
    start[above.held] = inside
    return above.minimize(start)


def _inside(pair: Sequence[Parameter], point: FloatVector) -> FloatVector:
    """Move a point that is outside the parameter space to its end."""
    low = [{"sd": 0.0, "correlation": -np.pi / 2}.get(p.kind, -np.inf) for p in pair]
    high = [{"correlation": np.pi / 2}.get(p.kind, np.inf) for p in pair]
    return np.clip(point, low, high)
