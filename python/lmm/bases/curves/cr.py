"""Cubic regression splines: the parameters are the values of the curve at its knots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lmm.bases.basis import (
    Basis,
    Carrier,
    Covariate,
    Cubic,
    Extrapolation,
    Settings,
    number_of_columns,
    numbers_of,
)
from lmm.bases.curves.knots import knots_from_data, outside_note
from lmm.bases.local import LocalRows
from lmm.bases.order import check_order
from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = ["CubicRegression", "learn"]

DEFAULT_K, LEAST_K = 10, 3


@dataclass(frozen=True, eq=False, kw_only=True)
class CubicRegression(Basis):
    """Natural cubic spline with few knots; its penalty is the integral of the squared second derivative.

    Attributes
    ----------
    knots
        In increasing order, shape (k,).
    bends
        Second derivatives at the knots as functions of the values at the knots, shape (k, k).
    """

    name: ClassVar[str] = "cr"
    extrapolates: ClassVar[Extrapolation] = "linear"
    is_natural: ClassVar[bool] = True

    knots: FloatVector
    bends: FloatMatrix

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        return self._carrier(covariates, 0)

    def cubic(self, covariates: Sequence[Covariate]) -> Cubic:
        """See `Basis.cubic`."""
        return Cubic(
            numbers_of(covariates[0], self.name), self.knots, np.vstack([np.eye(self.k), self.bends])
        )

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        check_order(order, along, self)
        return self._carrier(covariates, order).dense()

    def _carrier(self, covariates: Sequence[Covariate], order: int) -> Carrier:
        """Two values and two second derivatives in each row, over 2k columns: values, then second derivatives."""
        x = numbers_of(covariates[0], self.name)
        left, weights = local_cubic(x, self.knots, order)
        return Carrier(LocalRows(left, left + 1, weights, self.k), np.vstack([np.eye(self.k), self.bends]))


def learn(
    covariates: Sequence[Covariate], settings: Settings, called_as: str = CubicRegression.name
) -> CubicRegression:
    """Learn a cubic regression spline from data.

    Parameters
    ----------
    covariates
        One, with numbers.
    settings
        Of these, k and knots count.
    called_as
        Name of the basis in messages.

    Raises
    ------
    ArgumentError, DataError
        If k, the knots or the data do not allow it.

    Examples
    --------
    >>> x = Covariate("x", np.linspace(0.0, 1.0, 21))
    >>> basis = learn([x], Settings(k=4))
    >>> basis.columns([Covariate("x", np.array([0.0, 1.0]))]).round(12) + 0.0
    array([[1., 0., 0., 0.],
           [0., 0., 0., 1.]])
    """
    name = covariates[0].name
    x = numbers_of(covariates[0], called_as)
    given = settings.knots_of(0)
    default = DEFAULT_K if given is None else given.size
    k = number_of_columns(settings, name, called_as, default, LEAST_K)
    knots = knots_from_data(x, settings, k, name, called_as)
    bends, penalty = bending(knots)
    return CubicRegression(
        covariates=(name,),
        k=k,
        penalties=(penalty,),
        null_space=np.column_stack([np.ones(k), knots - knots.mean()]),
        notes=outside_note(knots, x, name),
        knots=knots,
        bends=bends,
    )


def bending(knots: FloatVector) -> tuple[FloatMatrix, FloatMatrix]:
    """Second derivatives at the knots of the natural spline, and the integral of their square.

    Parameters
    ----------
    knots
        Shape (k,).

    Returns
    -------
    bends
        F, shape (k, k): second derivatives are F @ values.
    penalty
        S, shape (k, k).
    """
    h, k = np.diff(knots), knots.size
    D = np.zeros((k - 2, k))
    rows = np.arange(k - 2)
    D[rows, rows], D[rows, rows + 2] = 1.0 / h[:-1], 1.0 / h[1:]
    D[rows, rows + 1] = -1.0 / h[:-1] - 1.0 / h[1:]
    B = np.diag((h[:-1] + h[1:]) / 3.0) + np.diag(h[1:-1] / 6.0, 1) + np.diag(h[1:-1] / 6.0, -1)
    inner = np.linalg.solve(B, D)
    penalty = D.T @ inner
    return np.vstack([np.zeros(k), inner, np.zeros(k)]), (penalty + penalty.T) / 2.0


def local_cubic(x: FloatVector, knots: FloatVector, order: int) -> tuple[IntVector, FloatMatrix]:
    """Weights of two values and two second derivatives in a cubic, or in a derivative of it.

    Parameters
    ----------
    x
        Shape (n,); outside of the knots the cubic goes on as a straight line.
    knots
        Shape (k,).
    order
        0 for the cubic itself, else of the derivative.

    Returns
    -------
    left
        Index of the knot on the left, shape (n,).
    weights
        Of the values at the left and right knot and of the second derivatives there, shape (n, 4).
    """
    left = np.searchsorted(knots[1:-1], x, side="right")
    h, inside = np.diff(knots)[left], np.clip(x, knots[0], knots[-1])
    b = inside - knots[left]
    weights = np.empty((x.size, 4))
    if order == 0:
        a = h - b
        weights[:, 1] = b / h
        weights[:, 0] = 1.0 - weights[:, 1]
        weights[:, 2] = (a * a / h - h) * a / 6.0
        weights[:, 3] = (b * b / h - h) * b / 6.0
        out = np.flatnonzero(x != inside)
        weights[out] += (x - inside)[out, None] * _slopes(b[out], h[out])
    elif order == 1:
        weights = _slopes(b, h)
    else:
        weights[:, :2] = 0.0
        weights[:, 2], weights[:, 3] = 1.0 - b / h, b / h
        weights[x != inside] = 0.0
    return left, weights


def _slopes(b: FloatVector, h: FloatVector) -> FloatMatrix:
    a = h - b
    return np.column_stack([-1.0 / h, 1.0 / h, (h - 3.0 * a * a / h) / 6.0, (3.0 * b * b / h - h) / 6.0])
