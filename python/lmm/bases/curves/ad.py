"""Adaptive P-splines: the penalty is a smooth function of the covariate itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from lmm.bases.basis import Covariate, Joint, Settings, called, number_of_columns, numbers_of
from lmm.bases.curves.knots import check_varies
from lmm.bases.curves.ps import PenalizedSpline
from lmm.bases.curves.splines import (
    all_knots,
    empty_note,
    even_knots,
    functions_of_index,
    orders,
    padded_range,
    spline_rows,
    straight_rows,
)
from lmm.errors import ArgumentError
from lmm.typing import FloatMatrix

__all__ = ["AdaptiveSpline", "learn"]

DEFAULT_K, DEFAULT_PENALTIES, DIFFERENCES, DEGREE = 40, 5, 2, 3


class AdaptiveSpline(PenalizedSpline):
    """Cubic B-splines whose second differences have a weight that varies along the covariate."""

    name: ClassVar[str] = "ad"


def learn(covariates: Sequence[Covariate], settings: Settings) -> AdaptiveSpline:
    """Learn an adaptive P-spline from data; m is the number of penalties, 5 unless given.

    Raises
    ------
    ArgumentError, DataError
        If k, m, the knots or the data do not allow it.

    Examples
    --------
    >>> basis = learn([Covariate("x", np.linspace(0.0, 1.0, 101))], Settings(k=20, m=4))
    >>> basis.k, basis.penalty_names
    (20, ('1', '2', '3', '4'))
    """
    name = covariates[0].name
    x = numbers_of(covariates[0], "ad")
    check_varies(x, name, "ad")
    many = _number_of_penalties(settings.m, name)
    k = number_of_columns(settings, name, "ad", DEFAULT_K, max(DEGREE + 1, many + DIFFERENCES))
    knots = all_knots(x, settings, k, DEGREE, name, "ad")
    D = np.diff(np.eye(k), DIFFERENCES, axis=0)
    weights = penalty_weights(k, many)
    return AdaptiveSpline(
        covariates=(name,),
        k=k,
        penalties=tuple(D.T @ (own[:, None] * D) for own in weights.T),
        penalty_names=("",) if many == 1 else tuple(str(i + 1) for i in range(many)),
        null_space=functions_of_index(k, DIFFERENCES),
        notes=empty_note(straight_rows(x, knots, DEGREE), name),
        joint=Joint(np.asarray(np.linalg.pinv(D), dtype=float), weights),
        knots=knots,
        degree=DEGREE,
    )


def penalty_weights(k: int, many: int) -> FloatMatrix:
    """Weights of the k - 2 second differences in each penalty, which sum to one; shape (k - 2, many).

    These are B-splines again, of a degree that so few of them allow; two are a constant and a line.
    """
    t = np.arange(1, k - DIFFERENCES + 1) / k
    if many == 1:
        return np.ones((t.size, 1))
    if many == 2:
        return np.column_stack([np.ones_like(t), t])
    degree = min(many - 1, DEGREE)
    low, high = padded_range(t, None, "t", "ad")
    return np.asarray(spline_rows(t, even_knots(low, high, many - degree + 1, degree), degree).toarray())


def _number_of_penalties(m: Any, covariate: str) -> int:
    if m is None:
        return DEFAULT_PENALTIES
    found = orders(m, (DEFAULT_PENALTIES, DEFAULT_PENALTIES), covariate, "ad")
    if len(set(found)) > 1 or found[0] < 1:
        raise ArgumentError(
            f"{called(covariate, 'ad')} takes one number of penalties as m, 1 or more, not {found}."
        )
    return found[0]
