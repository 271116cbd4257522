"""The coordinates of the search over structures that are not a cone: what the engine asks at each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lmm.covariance.layout import ThetaLayout
from lmm.typing import BoolVector, FloatMatrix, FloatVector


@dataclass(frozen=True, slots=True, eq=False)
class ThetaChart:
    """The free parameters of a model in unbounded coordinates eta (n_free,).

    Attributes
    ----------
    layout
        What theta means.
    values : shape (n_theta,)
        Theta; where it is held it stays so.
    free : shape (n_theta,)
        Marks of the parameters that may move.

    Examples
    --------
    >>> layout = ThetaLayout.of([("g", ("a", "b"), "cs")])
    >>> chart = ThetaChart(layout, layout.start, np.array([True, True]))
    >>> chart.factors(chart.eta(np.array([2.0, 0.0])))[0]
    array([[2., 0.],
           [0., 2.]])
    """

    layout: ThetaLayout
    values: FloatVector
    free: BoolVector

    def eta(self, theta: FloatVector) -> FloatVector:
        """Coordinates of theta (n_theta,)."""
        return self.layout.to_search(theta)[self.free]

    def theta(self, eta: FloatVector) -> FloatVector:
        """Theta (n_theta,) at eta (n_free,); where a scale is searched with a sign, its size."""
        theta = self.layout.from_search(self._full(eta)).theta
        theta = np.where(self.layout.lower_bounds == 0.0, np.abs(theta), theta)
        return np.where(self.free, theta, self.values)

    def factors(self, eta: FloatVector) -> list[FloatMatrix]:
        """T (k, k) of each term."""
        at = self.layout.from_search(self._full(eta)).theta
        return [np.ascontiguousarray(T) for T in self.layout.factors(np.where(self.free, at, self.values))]

    def moves(self, eta: FloatVector) -> list[list[tuple[int, FloatMatrix]]]:
        """Differentiate S of the term that each coordinate belongs to."""
        at = self.layout.from_search(self._full(eta))
        theta = np.where(self.free, at.theta, self.values)
        found: list[list[tuple[int, FloatMatrix]]] = []
        for number, (own, dS) in enumerate(self.layout.derivatives(theta)):
            moves = at.first[own][:, None, None] * dS  # (n_theta of the term, k, k)
            found.extend([(number, np.ascontiguousarray(moves[i]))] for i in np.flatnonzero(self.free[own]))
        return found

    def bend(self, eta: FloatVector, M: Sequence[FloatMatrix]) -> FloatMatrix:
        """Sum of <M, d²S> (n_free, n_free), for M = d criterion / dS of each term."""
        at = self.layout.from_search(self._full(eta))
        theta = np.where(self.free, at.theta, self.values)
        bend = np.zeros((len(theta), len(theta)))
        for own, (slope, curved) in zip(self.layout.places, self.layout.slopes(theta, M), strict=True):
            first = at.first[own]
            bend[own, own] = curved * np.outer(first, first) + np.diag(slope * at.second[own])
        return np.ascontiguousarray(bend[np.ix_(self.free, self.free)])

    def _full(self, eta: FloatVector) -> FloatVector:
        full = self.layout.to_search(self.values)
        full[self.free] = eta
        return full
