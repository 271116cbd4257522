"""P-splines: B-splines on equally spaced knots, with a penalty on differences of neighbouring coefficients."""

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
from lmm.bases.curves.knots import check_varies
from lmm.bases.curves.splines import all_knots, empty_note, functions_of_index, orders, straight_rows
from lmm.bases.order import check_order
from lmm.errors import ArgumentError
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["PenalizedSpline", "learn"]

DEFAULT_K, DEFAULT_M = 10, (2, 2)


@dataclass(frozen=True, eq=False, kw_only=True)
class PenalizedSpline(Basis):
    """B-splines with a penalty; also what `bs` and `ad` are, with other penalties.

    Attributes
    ----------
    knots
        Shape (k + degree + 1,).
    degree
        Of the piecewise polynomials.
    """

    name: ClassVar[str] = "ps"
    extrapolates: ClassVar[Extrapolation] = "linear"

    knots: FloatVector
    degree: int

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        x = numbers_of(covariates[0], self.name)
        return Carrier(straight_rows(x, self.knots, self.degree), np.eye(self.k))

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        check_order(order, along, self)
        x = numbers_of(covariates[0], self.name)
        return np.asarray(straight_rows(x, self.knots, self.degree, order).toarray())


def learn(covariates: Sequence[Covariate], settings: Settings) -> PenalizedSpline:
    """Learn a P-spline from data; ``m=(2, 2)`` are cubic splines with second differences.

    Raises
    ------
    ArgumentError, DataError
        If k, m, the knots or the data do not allow it.

    Examples
    --------
    >>> basis = learn([Covariate("x", np.linspace(0.0, 1.0, 21))], Settings(k=6))
    >>> bool(np.allclose(basis.columns([Covariate("x", np.array([0.3]))]).sum(), 1.0))
    True
    """
    name = covariates[0].name
    x = numbers_of(covariates[0], "ps")
    check_varies(x, name, "ps")
    spline, differences = two_orders(settings, name, "ps")
    degree = spline + 1
    k = number_of_columns(settings, name, "ps", max(DEFAULT_K, spline + 2), max(degree + 1, differences + 1))
    knots = all_knots(x, settings, k, degree, name, "ps")
    D = np.diff(np.eye(k), differences, axis=0)
    return PenalizedSpline(
        covariates=(name,),
        k=k,
        penalties=(D.T @ D,),
        null_space=functions_of_index(k, differences),
        notes=empty_note(straight_rows(x, knots, degree), name),
        knots=knots,
        degree=degree,
    )


def two_orders(settings: Settings, covariate: str, basis: str) -> tuple[int, int]:
    """Read ``m=``: degree of the splines less one, order of the differences.

    Raises
    ------
    ArgumentError
        If it is more than two numbers.
    """
    m = orders(settings.m, DEFAULT_M, covariate, basis)
    if len(m) != 2:
        raise ArgumentError(
            f"{called(covariate, basis)} takes two numbers as m, the degree of the splines less one and the order of"
            f' the differences, not {len(m)}. Several penalties are possible with bs="bs".'
        )
    return m[0], m[1]
