"""Cyclic P-splines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

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
from lmm.bases.curves.cc import check_inside, wrapped
from lmm.bases.curves.knots import check_varies, period_note
from lmm.bases.curves.ps import two_orders
from lmm.bases.curves.splines import empty_note, spline_rows
from lmm.bases.order import check_order
from lmm.errors import ArgumentError
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["CyclicPenalizedSpline", "learn"]

DEFAULT_K = 10


@dataclass(frozen=True, eq=False, kw_only=True)
class CyclicPenalizedSpline(Basis):
    """Periodic B-splines with a penalty on differences all round.

    Attributes
    ----------
    knots
        Of one period, both ends included; shape (k + 1,).
    degree
        Of the piecewise polynomials.
    """

    name: ClassVar[str] = "cp"
    extrapolates: ClassVar[Extrapolation] = "cyclic"

    knots: FloatVector
    degree: int

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        return Carrier(self._rows(numbers_of(covariates[0], self.name), 0), np.eye(self.k))

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        check_order(order, along, self)
        return np.asarray(self._rows(numbers_of(covariates[0], self.name), order).toarray())

    def _rows(self, x: FloatVector, order: int) -> Any:
        return periodic_rows(wrapped(x, self.knots[0], self.knots[-1]), self.knots, self.degree, order)


def periodic_rows(x: FloatVector, knots: FloatVector, degree: int, order: int = 0) -> Any:
    """Periodic B-splines at points of one period, sparse, shape (n, k)."""
    from scipy import sparse

    k, period = knots.size - 1, knots[-1] - knots[0]
    before, after = knots[k - degree : k] - period, knots[1 : degree + 1] + period
    rows = spline_rows(x, np.concatenate([before, knots, after]), degree, order)
    ring = sparse.csr_matrix(
        (np.ones(k + degree), (np.arange(k + degree), np.arange(k + degree) % k)), shape=(k + degree, k)
    )
    return sparse.csr_matrix(rows @ ring)


def learn(covariates: Sequence[Covariate], settings: Settings) -> CyclicPenalizedSpline:
    """Learn a cyclic P-spline from data; two knots are the ends of the period.

    Raises
    ------
    ArgumentError, DataError
        If k, m, the knots or the data do not allow it.

    Examples
    --------
    >>> month = Covariate("month", np.arange(1.0, 13.0))
    >>> basis = learn([month], Settings(k=6, knots=(np.array([0.5, 12.5]),)))
    >>> ends = basis.columns([Covariate("month", np.array([0.5, 12.5]))])
    >>> basis.k, bool(np.abs(ends[0] - ends[1]).max() < 1e-12)
    (6, True)
    """
    name = covariates[0].name
    x = numbers_of(covariates[0], "cp")
    unique = check_varies(x, name, "cp")
    spline, differences = two_orders(settings, name, "cp")
    degree = spline + 1
    given = settings.knots_of(0)
    default = max(DEFAULT_K, degree + 1) if given is None or given.size == 2 else given.size - 1
    k = number_of_columns(settings, name, "cp", default, max(degree + 1, differences + 1))
    if given is not None:
        check_inside(x, given, name, "cp")
    if given is not None and given.size not in {2, k + 1}:
        raise ArgumentError(
            f"{called(name, 'cp')} with k={k} takes two knots, the ends of the period, or {k + 1}; knots= gives"
            f" {given.size}."
        )
    ends = unique if given is None else given
    knots = given if given is not None and given.size == k + 1 else np.linspace(ends[0], ends[-1], k + 1)
    D = np.eye(k)
    for _ in range(differences):
        D = np.roll(D, -1, axis=0) - D
    return CyclicPenalizedSpline(
        covariates=(name,),
        k=k,
        penalties=(D.T @ D,),
        null_space=np.ones((k, 1 if differences else 0)),
        notes=(period_note(knots, name) if given is None else ())
        + empty_note(periodic_rows(x, knots, degree), name),
        knots=knots,
        degree=degree,
    )
