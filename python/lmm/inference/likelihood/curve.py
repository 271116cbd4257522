"""The profile of one parameter: signed roots of the deviance difference, and how they are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.arguments import near_names
from lmm.engine import Check, Reached, Trace
from lmm.errors import visible
from lmm.inference.likelihood.chart_walk import ChartTrace, start_of_walk
from lmm.inference.likelihood.holding import surface
from lmm.inference.likelihood.parameters import Parameter
from lmm.typing import FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["EXACT", "Curve", "Limit", "trace_curve"]

EXACT = 1e-6
"""How near limits of intervals come to their zeta."""


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """Where a curve crosses a zeta.

    Attributes
    ----------
    value
        On the scale of the parameter; missing if it never crosses.
    reached
        ``"crossed"``, ``"edge"`` (the parameter space ends before), or ``"never"``.
    lowest
        How far the deviance was found below that of the fit on the way; zero as it should be, up to rounding.
    """

    value: float
    reached: Reached
    lowest: float


@near_names("A curve of a profile")
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Curve:
    """Zeta of one parameter, ``sign(value - estimate) √(deviance - least deviance)``.

    Attributes
    ----------
    parameter
        Which.
    trace
        The points that were computed, and the search for more.
    """

    parameter: Parameter
    trace: Trace | ChartTrace

    def __repr__(self) -> str:
        return visible(f"<profile of {self.parameter.name}, {len(self.values)} points>")

    @property
    def values(self) -> FloatVector:
        """Values of the parameter at the points."""
        return to_value(self.parameter, self.trace.phi)

    @property
    def zeta(self) -> FloatVector:
        """Zeta at the points."""
        return self.trace.zeta

    def at(self, values: FloatVector) -> FloatVector:
        """Interpolate zeta at values of the parameter; missing outside the points."""
        return self._hermite(values)[0]

    def slope_at(self, values: FloatVector) -> FloatVector:
        """Interpolate the derivative of zeta by the parameter."""
        by_phi = self._hermite(values)[1]
        with np.errstate(invalid="ignore"):
            found: FloatVector = by_phi * _phi_slope(self.parameter, np.asarray(values, dtype=float))
        return found

    def limits(self, zetas: Sequence[float], check: Check | None = None) -> tuple[Limit, ...]:
        """Find where the curve crosses some zetas, exactly."""
        found, ends = self.trace.reach(zetas, EXACT, check)
        phi = np.array([np.nan if reached == "never" else phi for phi, reached in ends])
        values = to_value(self.parameter, phi)
        return tuple(
            Limit(float(value), reached, found.lowest)
            for value, (_, reached) in zip(values, ends, strict=True)
        )

    def _hermite(self, values: FloatVector) -> tuple[FloatVector, FloatVector]:
        """Cubic between the points, and its derivative by the coordinate."""
        phi = to_phi(self.parameter, np.asarray(values, dtype=float))
        x, y, m = self.trace.phi, self.trace.zeta, self.trace.slope
        if len(x) < 2:
            return np.full(phi.shape, np.nan), np.full(phi.shape, np.nan)
        i = np.clip(np.searchsorted(x, phi, side="right") - 1, 0, len(x) - 2)
        h = x[i + 1] - x[i]
        t = (phi - x[i]) / h
        chord = (y[i + 1] - y[i]) / h
        c = (3.0 * chord - 2.0 * m[i] - m[i + 1]) * h
        d = (m[i] + m[i + 1] - 2.0 * chord) * h
        slack = 1e-9 * (x[-1] - x[0])  # the way to the parameter and back rounds
        outside = ~((phi >= x[0] - slack) & (phi <= x[-1] + slack))
        zeta = y[i] + t * (m[i] * h + t * (c + t * d))
        slope = m[i] + t * (2.0 * c + 3.0 * t * d) / h
        return np.where(outside, np.nan, zeta), np.where(outside, np.nan, slope)


def trace_curve(
    fit: Fit,
    parameter: Parameter,
    targets: Sequence[float],
    tolerance: float,
    *,
    reml: bool,
    check: Check | None = None,
) -> Curve:
    """Follow the profile of one parameter to some zetas, or to where it ends.

    Parameters
    ----------
    fit
        At the optimum of the criterion.
    parameter
        Which.
    targets
        Zetas; those on one side in the order of their size.
    tolerance
        How near a point comes to its zeta.
    reml
        Which criterion.
    check
        Called now and then.
    """
    start: Trace | ChartTrace
    if fit.internals.criterion_function.layout.is_linear:
        start = surface(fit, [parameter], reml=reml, check=check).trace(parameter.held)
    else:
        start = start_of_walk(fit, parameter, reml=reml)
    return Curve(parameter, start.reach(targets, tolerance, check)[0])


def to_value(parameter: Parameter, phi: FloatVector) -> FloatVector:
    """Parameter from its coordinate: sigma from its logarithm, a correlation from its arcsine."""
    if parameter.kind == "sigma":
        return np.exp(phi)
    return np.sin(phi) if parameter.kind == "correlation" else phi


def to_phi(parameter: Parameter, values: FloatVector) -> FloatVector:
    """Coordinate of a parameter."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if parameter.kind == "sigma":
            return np.log(values)
        return np.arcsin(values) if parameter.kind == "correlation" else values


def _phi_slope(parameter: Parameter, values: FloatVector) -> FloatVector:
    """Differentiate the coordinate by the parameter."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if parameter.kind == "sigma":
            return 1.0 / values
        return 1.0 / np.sqrt(1.0 - values**2) if parameter.kind == "correlation" else np.ones_like(values)
