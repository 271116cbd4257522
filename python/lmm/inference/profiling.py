"""Minimizing the deviance over all parameters but those that a profile holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lmm.errors import LmmError
from lmm.inference.coordinates import Coordinates, TermCoordinates
from lmm.inference.likelihood import Likelihood, likelihood
from lmm.inference.parameters import Parameter
from lmm.typing import BoolVector, FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Place", "Surface", "surface"]

ENOUGH = 1e-9
"""A search ends when the next step promises to lower the deviance by less."""

MOST_STEPS = 60
FLOOR = 0.03  # standard deviations start a search at no less, relative to sigma: zero is always a flat place


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Minimum of the deviance with some coordinates held.

    Attributes
    ----------
    z
        All coordinates.
    value
        The deviance above that of the fit.
    slope
        Its derivative; zero but for the coordinates that are held.
    """

    z: FloatVector
    value: float
    slope: FloatVector


@dataclass(slots=True, eq=False)
class Surface:
    """The deviance around the optimum, in coordinates that have the held parameters as elements.

    Attributes
    ----------
    deviance, coordinates
        The function and its arguments.
    held : shape (n_held,)
        Where the held parameters stand.
    best
        The optimum.
    hessian
        Second derivatives there (n, n), eigenvalues raised to be positive.
    scales
        Rough size of each coordinate.
    floors
        Least standard deviations to start from, zero for what is none.
    offset
        The deviance at the optimum.
    """

    deviance: Likelihood
    coordinates: Coordinates
    held: IntVector
    best: Place
    hessian: FloatMatrix
    scales: FloatVector
    floors: FloatVector
    offset: float
    n_evaluations: int = field(default=0)

    @property
    def free(self) -> BoolVector:
        """Marks of the coordinates that are not held."""
        marks = np.ones(len(self.best.z), dtype=bool)
        marks[self.held] = False
        return marks

    def at(self, z: FloatVector) -> Place:
        """Evaluate; infinite where the model cannot be evaluated."""
        self.n_evaluations += 1
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                found = self.deviance(*self.coordinates.decode(z))
        except LmmError:
            return Place(z, np.inf, np.zeros_like(z))
        slope = self.coordinates.pull(z, found)
        if not (np.isfinite(found.value) and np.isfinite(slope).all()):
            return Place(z, np.inf, np.zeros_like(z))
        return Place(z, found.value - self.offset, slope)

    def towards(self, values: FloatVector) -> FloatVector:
        """Predict the other coordinates to first order, when the held ones take these values."""
        free, z = self.free, self.best.z.copy()
        z[self.held] = values
        if free.any():
            cross = self.hessian[np.ix_(free, ~free)] @ (values - self.best.z[self.held])
            z[free] -= np.linalg.solve(self.hessian[np.ix_(free, free)], cross)
        return z

    def curvature(self) -> FloatMatrix:
        """Second derivative (n_held, n_held) of the profiled deviance at the optimum."""
        return _inverted(_inverted(self.hessian)[np.ix_(self.held, self.held)])

    def minimize(self, z: FloatVector) -> Place:
        """Search from z with the held coordinates kept, by quasi-Newton steps (BFGS)."""
        free = self.free
        place = self.at(self._lifted(z, free))
        if not free.any() or not np.isfinite(place.value):
            return place
        inverse = _inverted(self.hessian[np.ix_(free, free)])
        for _ in range(MOST_STEPS):
            gradient = place.slope[free]
            step = -inverse @ gradient
            promise = -float(gradient @ step)
            if promise < 2.0 * ENOUGH:
                break
            found = self._line(place, free, step, promise)
            if found is None:
                break
            moved, change = (found.z - place.z)[free], (found.slope - place.slope)[free]
            inverse = _updated(inverse, moved, change)
            place = found
        return place

    def _line(self, place: Place, free: BoolVector, step: FloatVector, promise: float) -> Place | None:
        """Shorten the step until the deviance falls as it should."""
        length = 1.0
        for _ in range(30):
            z = place.z.copy()
            z[free] += length * step
            found = self.at(z)
            if found.value <= place.value - 1e-4 * length * promise:
                return found
            length *= 0.5 if np.isfinite(found.value) else 0.1
            if length * promise < ENOUGH / 100.0:
                return None
        return None

    def _lifted(self, z: FloatVector, free: BoolVector) -> FloatVector:
        lift = free & (np.abs(z) < self.floors)
        return np.where(lift, self.floors, z)


def surface(fit: Fit, held: Sequence[Parameter], *, reml: bool) -> Surface:
    """Set up the deviance of a fit (at its optimum for this criterion) with parameters held."""
    coordinates, places = _coordinates(fit, held)
    betas = [p.columns[0] for p in held if p.kind == "beta"]
    deviance = likelihood(fit, reml=reml)
    if betas:
        deviance = deviance.holding(*betas)
    log_sigma = float(np.log(fit.sigma))
    z = coordinates.encode([fit.sigma * T for T in fit.T], log_sigma, fit.beta[betas])
    floors, scales = _floors(fit, coordinates), _scales(fit, coordinates, betas)
    n = len(z)
    nothing = Place(z, 0.0, np.zeros(n))
    own = Surface(deviance, coordinates, np.array(places), nothing, np.eye(n), scales, floors, 0.0)
    own.offset = own.at(z).value
    own.best = own.at(z)
    own.hessian = _hessian(own)
    return own


def _inverted(H: FloatMatrix) -> FloatMatrix:
    inverse: FloatMatrix = np.asarray(np.linalg.inv(H), dtype=np.float64)
    return inverse


def _updated(inverse: FloatMatrix, moved: FloatVector, change: FloatVector) -> FloatMatrix:
    """BFGS: the inverse Hessian that explains the change of the slope."""
    curvature = float(moved @ change)
    if curvature <= 1e-12 * float(np.linalg.norm(moved) * np.linalg.norm(change)):
        return inverse
    A = np.eye(len(moved)) - np.outer(moved, change) / curvature
    updated: FloatMatrix = A @ inverse @ A.T + np.outer(moved, moved) / curvature
    return updated


def _hessian(own: Surface) -> FloatMatrix:
    """Central differences of the slope, in units of the scales; flat directions get a little curvature."""
    scales, z = own.scales, own.best.z
    n = len(z)
    H = np.zeros((n, n))
    for i, scale in enumerate(scales):
        step = np.zeros(n)
        step[i] = 1e-4 * scale
        H[i] = (own.at(z + step).slope - own.at(z - step).slope) / 2e-4 * scales
    values, vectors = np.linalg.eigh((H + H.T) / 2.0)
    least = 1e-4 * max(float(values.max(initial=0.0)), 1e-8)
    H = (vectors * np.maximum(values, least)) @ vectors.T
    scaled: FloatMatrix = H / scales / scales[:, None]
    return scaled


def _coordinates(fit: Fit, held: Sequence[Parameter]) -> tuple[Coordinates, list[int]]:
    """Choose coordinates that have the held parameters as elements, and say where."""
    terms, layouts = [], []
    for t, part in enumerate(fit.design.random):
        own = [p for p in held if p.term == t]
        layouts.append(_layout(len(part.columns), part.structure == "diag", own))
        terms.append(layouts[-1])
    betas = [p for p in held if p.kind == "beta"]
    coordinates = Coordinates(tuple(terms), len(betas))
    places = []
    for p in held:
        if p.kind == "sigma":
            places.append(coordinates.log_sigma)
        elif p.kind == "beta":
            places.append(coordinates.log_sigma + 1 + betas.index(p))
        else:
            places.append(coordinates.start(p.term) + _place(layouts[p.term], p))
    return coordinates, places


def _layout(k: int, diagonal: bool, held: Sequence[Parameter]) -> TermCoordinates:
    """Put the columns of held correlations first, the one that they share at the very front."""
    if diagonal:
        return TermCoordinates(True, np.arange(k))
    correlations = [p.columns for p in held if p.kind == "correlation"]
    named = [i for pair in correlations for i in pair] + [p.columns[0] for p in held if p.kind == "sd"]
    shared = set.intersection(*map(set, correlations)) if correlations else set()
    if correlations and not shared:
        raise LmmError(
            "A contour of two correlations that share no effect is not available; "
            "take one of them and a standard deviation."
        )
    first = sorted(named, key=lambda i: (i not in shared, named.index(i)))
    order = list(dict.fromkeys([*first, *range(k)]))
    sds = {p.columns[0] for p in held if p.kind == "sd"}
    joined = {i for pair in correlations for i in pair}
    polar = {r for r, column in enumerate(order) if r > 0 and (column in sds or column in joined)}
    return TermCoordinates(False, np.array(order), frozenset(polar))


def _place(layout: TermCoordinates, parameter: Parameter) -> int:
    rows = [int(np.flatnonzero(layout.order == i)[0]) for i in parameter.columns]
    row = max(rows)
    return int(layout.row(row).start) + (parameter.kind == "correlation")


def _floors(fit: Fit, coordinates: Coordinates) -> FloatVector:
    """Give the lengths and diagonal elements of the roots a least size, in units of their columns of Z."""
    floors = np.zeros(coordinates.log_sigma + 1 + coordinates.n_held)
    for t, (layout, scale) in enumerate(zip(coordinates.terms, _sizes(fit), strict=True)):
        for r, column in enumerate(layout.order):
            row = layout.row(r)
            place = row.start if r in layout.polar or layout.diagonal else row.stop - 1
            floors[coordinates.start(t) + place] = FLOOR * scale[column]
    return floors


def _scales(fit: Fit, coordinates: Coordinates, betas: Sequence[int]) -> FloatVector:
    """Rough size of each coordinate."""
    parts = []
    for layout, scale, T in zip(coordinates.terms, _sizes(fit), fit.T, strict=True):
        sd = np.maximum(fit.sigma * np.linalg.norm(T, axis=1), 0.1 * scale)
        for r, column in enumerate(layout.order):
            row = layout.row(r)
            own = np.full(row.stop - row.start, sd[column])
            if r in layout.polar:
                own[1:] = 1.0
            parts.append(own)
    errors = np.sqrt(np.diag(fit.vcov))[list(betas)]
    return np.concatenate([*parts, [1.0], errors])


def _sizes(fit: Fit) -> list[FloatVector]:
    """Sigma over the root mean square of the columns of each term (k,)."""
    from lmm.estimation.optimum import column_scales

    return [fit.sigma / column_scales(part.block) for part in fit.design.random]
