"""The profile of one parameter where covariances have coordinates of their own: the walk of the core, over a chart.

The deviance is that of the core with sigma explicit, `CrossProducts.deviance`. Its coordinates here are those of the
search (see `lmm.covariance.Structure.to_search`) of the covariances themselves, not relative to sigma; log sigma; and
the fixed effect that is held. One of them is the parameter; the deviance is minimized over the others by BFGS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lmm.errors import LmmError, UnsupportedError
from lmm.inference.likelihood.parameters import Parameter, parameters, values_of
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.covariance import ThetaLayout
    from lmm.engine import Check, Reached
    from lmm.model import Fit

__all__ = ["ChartTrace", "start_of_walk"]

_STEP = 1e-6  # of the differences of T
_TRIALS = 25  # to come to one zeta
_FARTHEST = 1e4  # rough standard deviations; farther out the profile counts as flat


@dataclass(frozen=True, slots=True, eq=False)
class Deviance:
    """The deviance above its minimum in the coordinates, with one of them held.

    Attributes
    ----------
    layout
        What theta means; here its standard deviations are absolute.
    at
        Deviance and its derivatives at roots (k, k), log sigma and the fixed effect that is held.
    held
        Position of the parameter among the coordinates.
    best : shape (n,)
        The optimum.
    offset
        The deviance there.
    """

    layout: ThetaLayout
    at: Callable[[list[FloatMatrix], float, FloatVector], tuple[float, list[FloatMatrix], float, FloatVector]]
    held: int
    best: FloatVector
    offset: float

    def __call__(self, z: FloatVector) -> tuple[float, FloatVector]:
        """Value and slope (n,); infinite where the model cannot be evaluated."""
        n = self.layout.n_theta
        coordinates = self.layout.from_search(z[:n])
        roots = self.layout.factors(coordinates.theta)
        try:
            value, by_root, by_sigma, by_beta = self.at(roots, float(z[n]), z[n + 1 :])
        except LmmError:
            return np.inf, np.zeros(len(z))
        slope = np.zeros(len(z))
        for i in range(n):
            e = _STEP * max(1.0, abs(coordinates.theta[i])) * (np.arange(n) == i)
            up, down = (self.layout.factors(coordinates.theta + sign * e) for sign in (1.0, -1.0))
            moved = sum(float(np.sum(own * (a - b))) for own, a, b in zip(by_root, up, down, strict=True))
            slope[i] = coordinates.first[i] * moved / (2.0 * e[i])
        slope[n], slope[n + 1 :] = by_sigma, by_beta
        return value - self.offset, slope


@dataclass(frozen=True, slots=True, eq=False)
class ChartTrace:
    """Points of the profile of one parameter, in increasing order; see `lmm.engine.Trace`, whose interface it has."""

    deviance: Deviance
    limits: tuple[float, float]
    curvature: float
    places: tuple[FloatVector, ...]
    values: tuple[float, ...]
    slopes: tuple[float, ...]
    n_evaluations: int
    kind: str = field(default="")

    @property
    def phi(self) -> FloatVector:
        """The coordinate as the tables of profiles have it (n,)."""
        return np.array([self._phi(z)[0] for z in self.places])

    @property
    def zeta(self) -> FloatVector:
        """Signed root of the deviance (n,)."""
        own = np.array([z[self.deviance.held] for z in self.places])
        side = np.sign(own - self.deviance.best[self.deviance.held])
        zeta: FloatVector = side * np.sqrt(np.maximum(self.values, 0.0))
        return zeta

    @property
    def slope(self) -> FloatVector:
        """Derivative of zeta by phi (n,)."""
        zeta = self.zeta
        moved = np.array([self._phi(z)[1] for z in self.places])  # d phi / d coordinate
        centre = np.sqrt(self.curvature / 2.0)
        own = np.divide(self.slopes, 2.0 * zeta, out=np.full(len(zeta), centre), where=np.abs(zeta) > 1e-6)
        slope: FloatVector = own / moved
        return slope

    @property
    def lowest(self) -> float:
        """The deviance farthest below that of the optimum."""
        return min(0.0, *self.values)

    def reach(
        self, targets: Sequence[float], tolerance: float, check: Check | None = None
    ) -> tuple[ChartTrace, list[tuple[float, Reached]]]:
        """Walk on to each zeta, within a tolerance."""
        trace: ChartTrace = self
        ends: list[tuple[float, Reached]] = []
        for target in targets:
            trace, end = trace._walk(float(target), tolerance, check)
            ends.append(end)
        return trace, ends

    def _phi(self, z: FloatVector) -> tuple[float, float]:
        """Compute the coordinate of the tables and its derivative by that of the search."""
        i = self.deviance.held
        if self.kind in ("sigma", "beta"):
            return float(z[i]), 1.0
        at = self.deviance.layout.from_search(z[: self.deviance.layout.n_theta])
        if self.kind == "sd":
            return float(at.theta[i]), float(at.first[i])
        rho = float(np.clip(at.theta[i], -1.0, 1.0))
        return float(np.arcsin(rho)), float(at.first[i] / np.sqrt(max(1.0 - rho**2, 1e-300)))

    def _walk(
        self, target: float, tolerance: float, check: Check | None
    ) -> tuple[ChartTrace, tuple[float, Reached]]:
        side = np.sign(target)
        trace, edge = self, self.limits[0 if target < 0 else 1]
        centre = self.deviance.best[self.deviance.held]
        unit = np.sqrt(2.0 / self.curvature)
        low, high = centre, None  # nearest coordinates on both sides of the target
        at = centre + unit * target
        for _ in range(_TRIALS):
            if side * (at - edge) >= 0.0:
                at = 0.5 * (low + edge)
            if abs(at - centre) > _FARTHEST * unit or abs(at - edge) < 1e-9 * unit:
                return trace, (trace._end(side), "edge" if np.isfinite(edge) else "never")
            trace, zeta, slope = trace._at(at)
            if check is not None:
                check(trace.n_evaluations, zeta**2)
            if abs(zeta - target) <= tolerance:
                return trace, (trace.phi_at(at), "crossed")
            if side * (zeta - target) < 0.0:
                low = at
            else:
                high = at
            guess = at + (target - zeta) / slope if slope > 0.0 else np.nan
            inside = high is None or side * (guess - high) < 0.0
            if np.isfinite(guess) and side * (guess - low) > 0.0 and inside:
                at = (
                    guess
                    if high is not None
                    else centre + side * min(abs(guess - centre), 2.0 * abs(at - centre))
                )
            else:
                at = 0.5 * (low + high) if high is not None else centre + 2.0 * (at - centre)
        return trace, (trace.phi_at(at), "crossed" if high is not None else "never")

    def _end(self, side: float) -> float:
        return float(self.phi[-1 if side > 0 else 0])

    def phi_at(self, at: float) -> float:
        """Coordinate of the tables at the point nearest to a held coordinate."""
        own = np.array([z[self.deviance.held] for z in self.places])
        return float(self.phi[int(np.argmin(np.abs(own - at)))])

    def _at(self, at: float) -> tuple[ChartTrace, float, float]:
        """Add the minimum at a value of the held coordinate; also its zeta, and the slope by that coordinate."""
        from scipy.optimize import minimize

        i = self.deviance.held
        own = np.array([z[i] for z in self.places])
        nearest = int(np.argmin(np.abs(own - at)))
        begin = self.places[nearest].copy()
        begin[i] = at
        free = np.arange(len(begin)) != i
        count = 0

        def partial(x: FloatVector) -> tuple[float, FloatVector]:
            nonlocal count
            count += 1
            z = begin.copy()
            z[free] = x
            value, slope = self.deviance(z)
            return value, slope[free]

        found = minimize(
            partial, begin[free], jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 200}
        )
        place = begin.copy()
        place[free] = found.x
        value, slope = self.deviance(place)
        where = int(np.searchsorted(own, at))
        trace = replace(
            self,
            places=(*self.places[:where], place, *self.places[where:]),
            values=(*self.values[:where], value, *self.values[where:]),
            slopes=(*self.slopes[:where], float(slope[i]), *self.slopes[where:]),
            n_evaluations=self.n_evaluations + count + 1,
        )
        zeta = float(np.sign(at - self.deviance.best[i]) * np.sqrt(max(value, 0.0)))
        return trace, zeta, float(slope[i] / (2.0 * zeta)) if zeta != 0.0 else np.nan


def start_of_walk(fit: Fit, parameter: Parameter, *, reml: bool) -> ChartTrace:
    """Begin the profile of one parameter at the optimum of a fit.

    Raises
    ------
    UnsupportedError
        If the parameter is not a coordinate, such as a correlation of an unstructured term.
    """
    layout, cross = fit.internals.criterion_function.layout, fit.internals.criterion_function.cross
    absolute = layout.rescaled(fit.theta, [np.full(t.n_columns, fit.sigma) for t in layout.terms])
    beta = [parameter.columns[0]] if parameter.kind == "beta" else []
    best = np.concatenate([layout.to_search(absolute), [np.log(fit.sigma)], fit.beta[beta]])

    def at(
        roots: list[FloatMatrix], log_sigma: float, values: FloatVector
    ) -> tuple[float, list[FloatMatrix], float, FloatVector]:
        found = cross.deviance(roots, log_sigma, reml, beta, values)
        return found.value, found.roots, found.log_sigma, np.asarray(found.beta)

    n = layout.n_theta
    held = {"sigma": n, "beta": n + 1}.get(parameter.kind)
    held = _place(fit, parameter) if held is None else held
    deviance = Deviance(layout, at, held, best, 0.0)
    deviance = replace(deviance, offset=deviance(best)[0])
    return ChartTrace(
        deviance,
        _limits(parameter, best[held]),
        _curvature(deviance),
        (best,),
        (0.0,),
        (0.0,),
        1,
        parameter.kind,
    )


def _place(fit: Fit, parameter: Parameter) -> int:
    """Position of a standard deviation or correlation in theta."""
    layout = fit.internals.criterion_function.layout
    part, own = fit.internals.design.random[parameter.term], layout.places[parameter.term]
    named = [p for p in parameters(fit) if p.term == parameter.term and p.kind in ("sd", "correlation")]
    if part.structure.is_correlated and part.structure.is_linear and len(part.columns) > 1:
        raise UnsupportedError(
            f"{parameter.name} cannot be profiled in a model with another structure beside {part.source}: "
            'use method="wald" or method="bootstrap".'
        )
    values = values_of(named, fit.T, fit.sigma, fit.beta)
    if not np.isfinite(values[named.index(parameter)]):
        raise UnsupportedError(f"{parameter.name} has no profile: a variance is zero.")
    return int(own.start) + named.index(parameter)


def _limits(parameter: Parameter, best: float) -> tuple[float, float]:
    """Tell where the coordinate ends: a standard deviation, or its root, at zero."""
    return (0.0, np.inf) if parameter.kind == "sd" and best > 0.0 else (-np.inf, np.inf)


def _curvature(deviance: Deviance) -> float:
    """Second derivative of the profiled deviance at the optimum, by differences of the slope."""
    best, i = deviance.best, deviance.held
    H = np.empty((len(best), len(best)))
    for j in range(len(best)):
        e = 1e-4 * max(1.0, abs(best[j])) * (np.arange(len(best)) == j)
        H[j] = (deviance(best + e)[1] - deviance(best - e)[1]) / (2.0 * e[j])
    H = (H + H.T) / 2.0
    values, vectors = np.linalg.eigh(H)
    lifted = np.maximum(values, 1e-8 * max(values[-1], 1e-8))
    inverse = (vectors / lifted) @ vectors.T
    return float(1.0 / inverse[i, i])
