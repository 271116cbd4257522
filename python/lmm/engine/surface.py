"""Profiles in the compiled core: the deviance around an optimum with parameters held, and the curve of one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from lmm.engine.guard import guarded

if TYPE_CHECKING:
    from lmm import _core
    from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = ["Check", "Held", "Place", "Reached", "Surface", "Trace"]

Held: TypeAlias = tuple[Literal["sd", "correlation", "sigma", "beta"], int, int, int]
"""Kind, random term, and its columns; of a fixed effect the position stands first among the columns."""

Check: TypeAlias = Callable[[int, float], None]
"""Called after evaluations with their number and the deviance above the minimum; an exception stops the search."""

Reached: TypeAlias = Literal["crossed", "edge", "never"]
"""Where a walk ended: at its zeta, at the end of the parameter space, or nowhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Minimum of the deviance with some coordinates held.

    Attributes
    ----------
    z
        All coordinates.
    value
        The deviance above that of the optimum; infinite where the model cannot be evaluated.
    slope
        Its derivative; zero but for the coordinates that are held.
    """

    z: FloatVector
    value: float
    slope: FloatVector


class Surface:
    """The deviance with sigma not profiled out, in coordinates that have the held parameters as elements.

    A coordinate is a standard deviation, the arcsine of a correlation, log sigma or a fixed effect; the others are
    elements of the roots of the covariances. Made by `CrossProducts.surface`.

    Attributes
    ----------
    best : shape (n,)
        The optimum.
    held : shape (n_held,)
        Where the held parameters stand.
    log_sigma
        Where log sigma stands.
    hessian : shape (n, n)
        Second derivatives at the optimum, eigenvalues raised to be positive.
    """

    def __init__(self, core: _core.Surface) -> None:
        self._core = core
        self.best: FloatVector = core.best
        self.held: IntVector = np.array(core.held, dtype=np.intp)
        self.log_sigma: int = core.log_sigma
        self.hessian: FloatMatrix = core.hessian

    def curvature(self) -> FloatMatrix:
        """Second derivative (n_held, n_held) of the profiled deviance at the optimum."""
        return self._core.curvature()

    def roots(self, direction: FloatVector) -> tuple[list[FloatMatrix], list[FloatMatrix]]:
        """Roots (k, k) of the covariances at the optimum, and how they change along a direction."""
        return self._core.roots(np.asarray(direction, dtype=float))

    def towards(self, values: FloatVector) -> FloatVector:
        """Predict the other coordinates to first order, when the held ones take these values."""
        return self._core.towards(np.asarray(values, dtype=float))

    def minimize(self, start: FloatVector, check: Check | None = None) -> Place:
        """Search for the minimum with the held coordinates as they are in the start."""
        return Place(*guarded(lambda: self._core.minimize(start, check)))

    def trace(self, held: Held) -> Trace:
        """Begin the curve of the one parameter that is held."""
        return Trace(self._core.curve(held))


class Trace:
    """Points of the profile of one parameter, in increasing order; it never changes.

    Attributes
    ----------
    phi, zeta, slope : shape (n,)
        The coordinate, zeta and its derivative. The optimum is one of the points.
    lowest
        The deviance farthest below that of the optimum that was met; zero as it should be, up to rounding.
    n_evaluations
        Evaluations of the deviance so far, with those for the curvature at the optimum.
    """

    def __init__(self, core: _core.Curve) -> None:
        self._core = core
        nodes: tuple[FloatVector, FloatVector, FloatVector] = core.nodes()
        self.phi, self.zeta, self.slope = nodes
        self.lowest: float = core.lowest
        self.n_evaluations: int = core.n_evaluations

    def reach(
        self, targets: Sequence[float], tolerance: float, check: Check | None = None
    ) -> tuple[Trace, list[tuple[float, Reached]]]:
        """Walk on to each zeta, within a tolerance.

        Returns
        -------
        tuple
            The curve with the points that were met, and for each target the coordinate where the walk ended, and how.
        """
        core, ends = guarded(lambda: self._core.reach([float(t) for t in targets], tolerance, check))
        return Trace(core), ends
