"""Coordinates of the search over structures that are not a cone, in the compiled core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lmm import _core
from lmm.engine.guard import guarded

if TYPE_CHECKING:
    from lmm.typing import BoolVector, FamilyInput, FloatMatrix, FloatVector

__all__ = ["Chart"]


class Chart:
    """The free parameters of a model in unbounded coordinates eta (n_free,).

    A standard deviation is its own coordinate, or its root is where columns share a correlation: zero is reached then,
    and the signs of columns cannot change against each other. Correlations move along the logit of their place between
    their bounds, standard deviations of penalties along arsinh.

    Parameters
    ----------
    families : sequence
        One for each term, as `lmm.covariance.Structure.to_core` names it.
    theta : shape (n_theta,)
        Parameters of all terms; where they are held they stay so.
    free : shape (n_theta,)
        Marks of the parameters that may move.

    Raises
    ------
    DesignError
        If the arrays do not fit together.

    Examples
    --------
    >>> chart = Chart([("cs", 2)], np.ones(2), np.array([True, True]))
    >>> chart.factors(chart.eta(np.array([2.0, 0.0])))[0].round(12)
    array([[2., 0.],
           [0., 2.]])
    """

    def __init__(self, families: Sequence[FamilyInput], theta: FloatVector, free: BoolVector) -> None:
        values, marks = np.asarray(theta, dtype=float), np.asarray(free, dtype=bool)
        self.core = guarded(lambda: _core.Chart(list(families), values, marks))

    def eta(self, theta: FloatVector) -> FloatVector:
        """Coordinates of theta (n_theta,)."""
        return guarded(lambda: self.core.eta(np.asarray(theta, dtype=float)))

    def theta(self, eta: FloatVector) -> FloatVector:
        """Theta (n_theta,) at eta (n_free,); where a scale is searched with a sign, its size."""
        return guarded(lambda: self.core.theta(np.asarray(eta, dtype=float)))

    def factors(self, eta: FloatVector) -> list[FloatMatrix]:
        """T (k, k) of each term: S = TT'."""
        return guarded(lambda: self.core.factors(np.asarray(eta, dtype=float)))

    def moves(self, eta: FloatVector) -> list[list[tuple[int, FloatMatrix]]]:
        """Differentiate S by each coordinate: numbers of terms with symmetric (k, k) matrices."""
        return guarded(lambda: self.core.moves(np.asarray(eta, dtype=float)))

    def bend(self, eta: FloatVector, M: Sequence[FloatMatrix]) -> FloatMatrix:
        """Sum of <M, d²S> (n_free, n_free), for M = d criterion / dS (k, k) of each term."""
        given = [np.asarray(m, dtype=float) for m in M]
        return guarded(lambda: self.core.bend(np.asarray(eta, dtype=float), given))
