"""Cubic splines by their reproducing kernel on the unit interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lmm.bases.basis import Basis, Carrier, Covariate, Extrapolation, Settings, number_of_columns, numbers_of
from lmm.bases.curves.knots import check_varies
from lmm.bases.order import check_order
from lmm.errors import ArgumentError
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["KernelSpline", "learn"]

DEFAULT_K, LEAST_K = 9, 3


@dataclass(frozen=True, eq=False, kw_only=True)
class KernelSpline(Basis):
    """A constant, a line, and one kernel function for each knot, of the covariate scaled to [0, 1].

    Attributes
    ----------
    knots
        Between 0 and 1, shape (k - 2,).
    first, last
        The covariate at 0 and at 1.
    """

    name: ClassVar[str] = "rk"
    extrapolates: ClassVar[Extrapolation] = "linear"

    knots: FloatVector
    first: float
    last: float

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        t, inside = self._unit(covariates)
        X = np.column_stack([np.ones_like(t), t, kernel(inside, self.knots)])
        X[:, 2:] += (t - inside)[:, None] * kernel(inside, self.knots, 1)
        return Carrier(X, np.eye(self.k))

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        check_order(order, along, self)
        t, inside = self._unit(covariates)
        X = np.column_stack(
            [np.zeros_like(t), np.full_like(t, 2.0 - order), kernel(inside, self.knots, order)]
        )
        if order == 2:
            X[t != inside] = 0.0
        return np.asarray(X / (self.last - self.first) ** order)

    def _unit(self, covariates: Sequence[Covariate]) -> tuple[FloatVector, FloatVector]:
        t = (numbers_of(covariates[0], self.name) - self.first) / (self.last - self.first)
        return t, np.clip(t, 0.0, 1.0)


def learn(covariates: Sequence[Covariate], settings: Settings) -> KernelSpline:
    """Learn a spline by its reproducing kernel; knots are equally spaced inside of the data's range.

    Raises
    ------
    ArgumentError, DataError
        If k, the knots or the data do not allow it.

    Examples
    --------
    >>> learn([Covariate("x", np.linspace(0.0, 2.0, 21))], Settings(k=5)).knots
    array([0.25, 0.5 , 0.75])
    """
    name = covariates[0].name
    x = numbers_of(covariates[0], "rk")
    check_varies(x, name, "rk")
    first, last = float(x.min()), float(x.max())
    given = settings.knots_of(0)
    k = number_of_columns(settings, name, "rk", DEFAULT_K if given is None else given.size + 2, LEAST_K)
    knots = np.arange(1, k - 1) / (k - 1.0) if given is None else (given - first) / (last - first)
    if knots.size != k - 2 or knots[0] < 0.0 or knots[-1] > 1.0:
        raise ArgumentError(
            f'The knots of s({name}, bs="rk") with k={k} are {k - 2} values of {name} between {first:g} and {last:g};'
            f" knots= gives {knots.size} from {given[0] if given is not None else first:g} on."
        )
    S = np.zeros((k, k))
    S[2:, 2:] = kernel(knots, knots)
    return KernelSpline(
        covariates=(name,), k=k, penalties=(S,), null_space=np.eye(k, 2), knots=knots, first=first, last=last
    )


def kernel(x: FloatVector, z: FloatVector, order: int = 0) -> FloatMatrix:
    """R(x, z) of cubic splines on [0, 1], or a derivative along x; shape (n, q)."""
    u, v = x[:, None] - 0.5, z[None, :] - 0.5
    apart = x[:, None] - z[None, :]
    t = np.abs(apart) - 0.5
    of_z = (v**2 - 1.0 / 12.0) / 2.0
    if order == 0:
        return of_z * (u**2 - 1.0 / 12.0) / 2.0 - (t**4 - t**2 / 2.0 + 7.0 / 240.0) / 24.0
    if order == 1:
        return of_z * u - np.sign(apart) * (t**3 / 6.0 - t / 24.0)
    return of_z - (t**2 - 1.0 / 12.0) / 2.0
