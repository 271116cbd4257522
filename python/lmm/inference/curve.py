"""The profile of one parameter: signed roots of the deviance difference, and how they are found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from lmm.inference.parameters import Parameter
from lmm.inference.profiling import Surface, surface
from lmm.typing import FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Curve", "Limit", "trace_curve"]

NODES = 4  # on each side; between them the curve is a cubic with the right slopes
LOOSE = 0.2  # how near a node comes to its zeta, relative to the distance of nodes
EXACT = 1e-6  # of zeta, at the limits of intervals
FARTHEST = 1e4  # from the estimate, in rough standard deviations; farther out a profile counts as flat
MOST_TRIALS = 60

Reached: TypeAlias = Literal["crossed", "edge", "never"]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A point of the curve: the coordinate, zeta, its slope, all coordinates, and the deviance above the least."""

    phi: float
    zeta: float
    slope: float
    z: FloatVector
    value: float = 0.0


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


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Zeta of one parameter, ``sign(value - estimate) √(deviance - least deviance)``.

    Attributes
    ----------
    parameter
        Which.
    nodes
        In increasing order; the estimate is one of them.
    surface
        The deviance, to search where the nodes are too far apart.
    edges
        Ends of the parameter space, in the coordinate.
    """

    parameter: Parameter
    nodes: tuple[Node, ...]
    surface: Surface
    edges: tuple[float, float]

    @property
    def values(self) -> FloatVector:
        """Values of the parameter at the nodes."""
        return to_value(self.parameter, np.array([node.phi for node in self.nodes]))

    @property
    def zeta(self) -> FloatVector:
        """Zeta at the nodes."""
        return np.array([node.zeta for node in self.nodes])

    def at(self, values: FloatVector) -> FloatVector:
        """Interpolate zeta at values of the parameter; missing outside the nodes."""
        return self._hermite(values)[0]

    def slope_at(self, values: FloatVector) -> FloatVector:
        """Interpolate the derivative of zeta by the parameter."""
        by_phi = self._hermite(values)[1]
        with np.errstate(invalid="ignore"):
            found: FloatVector = by_phi * _phi_slope(self.parameter, np.asarray(values, dtype=float))
        return found

    def limit(self, zeta: float) -> Limit:
        """Find where the curve crosses a zeta, exactly."""
        walk = _Walk(self.surface, list(self.nodes), self.edges)
        node, reached = walk.reach(zeta, EXACT)
        value = np.nan if reached == "never" else float(to_value(self.parameter, np.array([node.phi]))[0])
        return Limit(value, reached, min(node.value for node in walk.nodes))

    def _hermite(self, values: FloatVector) -> tuple[FloatVector, FloatVector]:
        """Cubic between nodes, and its derivative by the coordinate."""
        phi = to_phi(self.parameter, np.asarray(values, dtype=float))
        x, y, m = (
            np.array([getattr(node, name) for node in self.nodes]) for name in ("phi", "zeta", "slope")
        )
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


def trace_curve(fit: Fit, parameter: Parameter, *, reml: bool, most: float) -> Curve:
    """Follow the profile of one parameter until zeta is ± `most`, or it ends.

    Parameters
    ----------
    fit
        At the optimum of the criterion.
    reml
        Which criterion.
    most
        The largest zeta; zero gives the estimate alone.
    """
    own = surface(fit, [parameter], reml=reml)
    edges = _edges(parameter)
    phi = float(own.best.z[own.held[0]])
    start = Node(phi, 0.0, float(np.sqrt(own.curvature()[0, 0] / 2.0)), own.best.z)
    walk = _Walk(own, [start], edges)
    if most > 0.0:
        for side in (-1.0, 1.0):
            for target in np.linspace(0.0, most, NODES + 1)[1:]:
                if walk.reach(side * target, LOOSE * most / NODES)[1] != "crossed":
                    break
    return Curve(parameter, tuple(walk.nodes), own, edges)


class _Walk:
    """Points of a curve found so far, and the search for the next."""

    def __init__(self, own: Surface, nodes: list[Node], edges: tuple[float, float]) -> None:
        self.own, self.nodes, self.edges = own, nodes, edges
        self.held = int(own.held[0])
        self.centre = float(own.best.z[self.held])
        self.unit = float(own.scales[self.held])

    def reach(self, target: float, tolerance: float) -> tuple[Node, Reached]:
        """Find the point where zeta is the target, by Newton's method inside a bracket."""
        side = np.sign(target)
        edge = self.edges[int(side > 0)]
        inner = min(self.nodes, key=lambda n: (side * n.zeta > side * target, abs(n.zeta - target)))
        outer: Node | None = None
        node = min(self.nodes, key=lambda n: abs(n.zeta - target))
        if side * node.zeta > side * target:
            outer = node
        for _ in range(MOST_TRIALS):
            if abs(node.zeta - target) <= tolerance:
                return node, "crossed"
            if inner.phi == edge:
                return inner, "edge"
            phi = self._next(node, inner, outer, target, edge)
            if abs(phi - self.centre) > FARTHEST * self.unit:
                return node, "never"
            node = self._visit(phi)
            if side * node.zeta >= side * target:
                outer = node
            else:
                inner = node
            if outer is not None and abs(outer.phi - inner.phi) <= 1e-13 * (self.unit + abs(inner.phi)):
                break
        # A jump: the profile has two branches.
        close = abs(node.zeta - target) <= max(1e-3, tolerance)
        return node, "crossed" if close else "never"

    def _next(self, node: Node, inner: Node, outer: Node | None, target: float, edge: float) -> float:
        side = np.sign(target)
        step = (target - node.zeta) / node.slope if node.slope > 0.0 and np.isfinite(node.zeta) else np.inf
        phi = node.phi + step
        if outer is None:
            # No step is longer than three times all that was walked, so that flat places do not throw it far.
            reach = 3.0 * max(abs(inner.phi - self.centre), self.unit)
            phi = inner.phi + side * min(max(side * (phi - inner.phi), 0.02 * reach), reach)
            return float(max(phi, edge) if side < 0 else min(phi, edge))
        low, high = sorted((inner.phi, outer.phi))
        margin = 1e-3 * (high - low)
        return float(phi) if low + margin < phi < high - margin else 0.5 * (low + high)

    def _visit(self, phi: float) -> Node:
        place = self.own.minimize(self._guess(phi))
        zeta = float(np.sign(phi - self.centre) * np.sqrt(max(place.value, 0.0)))
        slope = float(place.slope[self.held]) / (2.0 * zeta) if zeta else self.nodes[0].slope
        node = Node(phi, zeta, max(slope, 0.0), place.z, place.value)
        if np.isfinite(zeta):
            self.nodes.append(node)
            self.nodes.sort(key=lambda n: n.phi)
        return node

    def _guess(self, phi: float) -> FloatVector:
        """Continue the line through the two nearest points of the curve."""
        near = sorted(self.nodes, key=lambda n: abs(n.phi - phi))[:2]
        if len(near) < 2 or near[0].phi == near[1].phi:
            return self.own.towards(np.array([phi]))
        first, second = near
        # Far outside a line is no better than its end.
        share = float(np.clip((phi - first.phi) / (second.phi - first.phi), -1.5, 1.0))
        z = first.z + share * (second.z - first.z)
        z[self.held] = phi
        return z


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


def _edges(parameter: Parameter) -> tuple[float, float]:
    if parameter.kind == "sd":
        return 0.0, np.inf
    return (-np.pi / 2.0, np.pi / 2.0) if parameter.kind == "correlation" else (-np.inf, np.inf)
