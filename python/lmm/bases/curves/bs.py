"""B-splines with penalties on integrals of squared derivatives, one or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from lmm.bases.basis import Covariate, Settings, called, number_of_columns, numbers_of
from lmm.bases.curves.knots import check_varies
from lmm.bases.curves.ps import PenalizedSpline
from lmm.bases.curves.splines import all_knots, derivative_map, empty_note, orders, spline_rows, straight_rows
from lmm.errors import ArgumentError
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["DerivativePenalizedSpline", "learn"]

DEFAULT_K, DEFAULT_M = 10, (3, 2)


class DerivativePenalizedSpline(PenalizedSpline):
    """B-splines whose penalties are integrals of squared derivatives."""

    name: ClassVar[str] = "bs"


def learn(covariates: Sequence[Covariate], settings: Settings) -> DerivativePenalizedSpline:
    """Learn B-splines from data; ``m=(3, 2)`` are cubic splines with the integral of the squared second derivative.

    Each further number in m is one more penalty: ``m=(3, 2, 1)`` adds that of the first derivative.

    Raises
    ------
    ArgumentError, DataError
        If k, m, the knots or the data do not allow it.

    Examples
    --------
    >>> basis = learn([Covariate("x", np.linspace(0.0, 1.0, 21))], Settings(k=6, m=(3, 2, 1)))
    >>> basis.penalty_names
    ('d2', 'd1')
    """
    name = covariates[0].name
    x = numbers_of(covariates[0], "bs")
    check_varies(x, name, "bs")
    degree, *derivatives = orders(settings.m, DEFAULT_M, name, "bs")
    if degree < 1 or max(derivatives) > degree or len(set(derivatives)) < len(derivatives):
        raise ArgumentError(
            f"{called(name, 'bs')} takes m=(degree, derivatives...) with a degree of 1 or more, and distinct orders of"
            f" derivatives up to it, not m={(degree, *derivatives)}."
        )
    k = number_of_columns(settings, name, "bs", max(DEFAULT_K, degree + 1), degree + 1)
    knots = all_knots(x, settings, k, degree, name, "bs")
    return DerivativePenalizedSpline(
        covariates=(name,),
        k=k,
        penalties=tuple(squared_derivative(knots, degree, order) for order in derivatives),
        penalty_names=("",) if len(derivatives) == 1 else tuple(f"d{order}" for order in derivatives),
        null_space=polynomials(knots, degree, min(derivatives)),
        notes=empty_note(straight_rows(x, knots, degree), name),
        knots=knots,
        degree=degree,
    )


def squared_derivative(knots: FloatVector, degree: int, order: int) -> FloatMatrix:
    """Integral of the squared derivative between the inner knots, exact by Gauss-Legendre points; shape (k, k)."""
    inner = knots[degree : knots.size - degree]
    points, weights = np.polynomial.legendre.leggauss(degree - order + 1)
    half = np.diff(inner)[:, None] / 2.0
    x = (inner[:-1, None] + half * (1.0 + points)).ravel()
    w = (half * weights).ravel()
    D = np.asarray(spline_rows(x, knots, degree, order).toarray())
    S = D.T @ (w[:, None] * D)
    return np.asarray((S + S.T) / 2.0)


def polynomials(knots: FloatVector, degree: int, degree_below: int) -> FloatMatrix:
    """Coefficients of the polynomials of a degree below the given one, shape (k, degree_below).

    Each is the antiderivative of the one before; its value at the first inner knot does not matter.
    """
    k = knots.size - degree - 1
    found = [np.ones(k)]
    # The first derivative's B-splines are one degree lower, where the polynomial before has its own coefficients.
    for power in range(1, degree_below):
        lower = polynomials(knots[1:-1], degree - 1, power)[:, -1]
        step = 1.0 / np.diag(derivative_map(knots, degree, 1) @ np.eye(k, k - 1, -1))
        found.append(np.concatenate([[0.0], np.cumsum(lower * step)]))
    return np.column_stack(found)[:, :degree_below]
