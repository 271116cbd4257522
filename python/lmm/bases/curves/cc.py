"""Cyclic cubic regression splines: both ends meet in value, slope and curvature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lmm.bases.basis import (
    Basis,
    Carrier,
    Covariate,
    Extrapolation,
    Settings,
    called,
    number_of_columns,
    numbers_of,
)
from lmm.bases.curves.cr import local_cubic
from lmm.bases.curves.knots import check_varies, knots_from_data, period_note, quantile_knots
from lmm.bases.local import LocalRows
from lmm.bases.order import check_order
from lmm.errors import DataError
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["CyclicCubicRegression", "check_inside", "learn", "wrapped"]

DEFAULT_K, LEAST_K = 10, 4


@dataclass(frozen=True, eq=False, kw_only=True)
class CyclicCubicRegression(Basis):
    """Periodic cubic spline; k knots, of which the last is the first again.

    Attributes
    ----------
    knots
        In increasing order, the ends are those of the period; shape (k + 1,) for k columns.
    bends
        Second derivatives at the knots as functions of the values there, shape (k, k).
    """

    name: ClassVar[str] = "cc"
    extrapolates: ClassVar[Extrapolation] = "cyclic"
    is_natural: ClassVar[bool] = True

    knots: FloatVector
    bends: FloatMatrix

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        return self._carrier(covariates, 0)

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        check_order(order, along, self)
        return self._carrier(covariates, order).dense()

    def _carrier(self, covariates: Sequence[Covariate], order: int) -> Carrier:
        x = wrapped(numbers_of(covariates[0], self.name), self.knots[0], self.knots[-1])
        left, weights = local_cubic(x, self.knots, order)
        rows = LocalRows(left, (left + 1) % self.k, weights, self.k)
        return Carrier(rows, np.vstack([np.eye(self.k), self.bends]))


def learn(covariates: Sequence[Covariate], settings: Settings) -> CyclicCubicRegression:
    """Learn a cyclic cubic regression spline from data.

    Two knots are the ends of the period; without them the data's range is taken, and a note says so.

    Raises
    ------
    ArgumentError, DataError
        If k, the knots or the data do not allow it.

    Examples
    --------
    >>> month = Covariate("month", np.arange(1.0, 13.0))
    >>> basis = learn([month], Settings(k=6, knots=(np.array([0.5, 12.5]),)))
    >>> ends = basis.columns([Covariate("month", np.array([0.5, 12.5]))])
    >>> basis.k, bool(np.abs(ends[0] - ends[1]).max() < 1e-12)
    (5, True)
    """
    name = covariates[0].name
    x = numbers_of(covariates[0], "cc")
    given = settings.knots_of(0)
    default = DEFAULT_K if given is None or given.size == 2 else given.size
    k = number_of_columns(settings, name, "cc", default, LEAST_K)
    if given is not None:
        check_inside(x, given, name, "cc")
    if given is not None and given.size == 2:
        unique = check_varies(np.concatenate([given, x]), name, "cc")
        if unique.size < k:
            raise DataError(
                f"{called(name, 'cc')} has k={k} knots, and {name} has {unique.size} distinct values with the ends of"
                f" the period. Write k={unique.size} or less."
            )
        knots = quantile_knots(unique, k)
    else:
        knots = knots_from_data(x, settings, k, name, "cc")
    bends, penalty = cyclic_bending(knots)
    return CyclicCubicRegression(
        covariates=(name,),
        k=k - 1,
        penalties=(penalty,),
        null_space=np.ones((k - 1, 1)),
        notes=period_note(knots, name) if given is None else (),
        knots=knots,
        bends=bends,
    )


def cyclic_bending(knots: FloatVector) -> tuple[FloatMatrix, FloatMatrix]:
    """Second derivatives at the knots of the periodic spline, and the integral of their square; each (k, k)."""
    h = np.diff(knots)
    k, before = h.size, np.roll(h, 1)
    at = np.arange(k)
    after = (at + 1) % k
    B, D = np.zeros((k, k)), np.zeros((k, k))
    np.add.at(B, (at, at), (before + h) / 3.0)
    np.add.at(B, (at, after), h / 6.0)
    np.add.at(B, (after, at), h / 6.0)
    np.add.at(D, (at, at), -1.0 / before - 1.0 / h)
    np.add.at(D, (at, after), 1.0 / h)
    np.add.at(D, (after, at), 1.0 / h)
    bends = np.linalg.solve(B, D)
    penalty = D.T @ bends
    return np.asarray(bends), np.asarray((penalty + penalty.T) / 2.0)


def wrapped(x: FloatVector, first: float, last: float) -> FloatVector:
    """Carry values outside of the period into it.

    Examples
    --------
    >>> wrapped(np.array([-1.0, 3.0, 12.0, 13.0]), 0.0, 12.0)
    array([11.,  3., 12.,  1.])
    """
    outside = (x < first) | (x > last)
    return np.where(outside, first + np.mod(x - first, last - first), x)


def check_inside(x: FloatVector, ends: FloatVector, covariate: str, basis: str) -> None:
    """Refuse data outside of a period that the user gave.

    Raises
    ------
    DataError
        If there are such.
    """
    if x.min() < ends[0] or x.max() > ends[-1]:
        raise DataError(
            f"{called(covariate, basis)} has the period {ends[0]:g} to {ends[-1]:g} by knots=, and {covariate} runs"
            f" from {x.min():g} to {x.max():g}. Give ends that hold all data, or carry the data into the period first."
        )
