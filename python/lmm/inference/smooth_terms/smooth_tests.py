"""Wood's tests of smooth terms: the one place where their p-values are made.

A curve with something that no penalty touches is tested by a Wald statistic on as many directions as its effective
degrees of freedom, the last one in part [1]_; a curve that is penalized altogether, by the statistic of a variance
component [2]_. Both have the law of a weighted sum of χ² over an estimated variance.

References
----------
.. [1] Wood (2013), On p-values for smooth components of an extended generalized additive model, Biometrika 100.
.. [2] Wood (2013), A simple test for random effects in regression models, Biometrika 100, 1005-1010.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.design.smooth_places import Curve
from lmm.inference.algebra.hat_trace import total_edf
from lmm.inference.distributions import f_p_value
from lmm.inference.smooth_terms.system import (
    CurvePlace,
    SmoothSystem,
    columns_at,
    place_of,
    smooth_system,
)
from lmm.inference.smooth_terms.weighted_chi_square import weighted_chi_square_tail
from lmm.typing import FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["MOST_EFFECTS", "SmoothTest", "random_edf", "random_test", "smooth_test"]

_WHOLE = 1e-3
"""Degrees of freedom so near to a whole number are one: the statistic is ill conditioned in their fraction."""
MOST_EFFECTS = 3_000
"""Effects of a random term whose test is computed densely."""
_NIL = 1e-6
"""Element of an eigenvector that is zero but for rounding."""
_RANK = float(np.finfo(float).eps) ** 0.8


@dataclass(frozen=True, slots=True)
class SmoothTest:
    """Test of one curve against zero.

    Attributes
    ----------
    edf
        Effective degrees of freedom of the curve.
    ref_df
        Degrees of freedom that the statistic is referred to.
    statistic
        F: the Wald statistic over ``ref_df``.
    p_value
    """

    edf: float
    ref_df: float
    statistic: float
    p_value: float


def smooth_test(fit: Fit, curve: Curve) -> SmoothTest:
    """Test whether a curve is zero everywhere."""
    system, place = smooth_system(fit), place_of(fit, curve)
    edf = float(system.influence[place.members].sum())
    error_df = fit.n_obs - total_edf(fit)
    if place.members.size == 0 or edf <= 0.0:
        return SmoothTest(max(edf, 0.0), 0.0, 0.0, 1.0)
    scale = _residual_variance(fit, error_df)
    if curve.smooth.null_space.shape[1] == 0:
        return _of_variance(system, place, edf, error_df, scale)
    edf1 = float(system.influence_twice[place.members].sum())
    b = place.map @ system.coefficients
    root = _root(fit, curve)
    covariance = root @ (scale * place.map @ system.K @ place.map.T) @ root.T
    return _of_directions(root @ b, covariance, edf, edf1, error_df)


def random_test(fit: Fit, position: int) -> SmoothTest:
    """Test a random term as a smooth term that is penalized altogether.

    Parameters
    ----------
    position
        Of the term among those of Z.
    """
    part, T = fit.internals.design.random[position], fit.T[position]
    n_effects, edf = part.block.n_effects, random_edf(fit, position)
    error_df = fit.n_obs - total_edf(fit)
    if not np.any(T):
        return SmoothTest(0.0, 0.0, 0.0, 1.0)
    if n_effects > MOST_EFFECTS:
        return SmoothTest(edf, np.nan, np.nan, np.nan)
    system = smooth_system(fit, position)
    place = CurvePlace(np.zeros((0, len(system.D))), _last(system, n_effects))
    return _of_variance(system, place, edf, error_df, _residual_variance(fit, error_df))


def random_edf(fit: Fit, position: int) -> float:
    """Compute the effective degrees of freedom of a random term of one variance."""
    part, T = fit.internals.design.random[position], fit.T[position]
    n_effects = part.block.n_effects
    if not np.any(T):
        return 0.0
    if n_effects > MOST_EFFECTS:
        variances = fit.ranef_covariances(pev=True)[fit.internals.design.places_of_groups.index(position)]
        return n_effects - float(variances.sum()) / float(fit.sigma * T[0, 0]) ** 2
    system = smooth_system(fit, position)
    return float(system.influence[_last(system, n_effects)].sum())


def _last(system: SmoothSystem, count: int) -> IntVector:
    return np.arange(len(system.D) - count, len(system.D))


def _residual_variance(fit: Fit, error_df: float) -> float:
    """Sum of squares of the residuals over what is left for them."""
    e = fit.internals.design.errors.whiten(fit.y - fit.fitted)
    return float((e**2).sum() / error_df)


def _root(fit: Fit, curve: Curve) -> FloatMatrix:
    """R (p, p) upper triangular with R'R = X'WX of the columns of a curve."""
    X = columns_at(fit, curve, fit.internals.design.model_frame)
    weighted = fit.internals.design.errors.whiten(X)
    return np.asarray(np.linalg.qr(weighted, mode="r"))


def _of_directions(d: FloatVector, V: FloatMatrix, edf: float, edf1: float, error_df: float) -> SmoothTest:
    """Test R b (p,) with covariance V on ``edf1`` directions, the last with a part of its weight."""
    values, vectors = np.linalg.eigh(V)
    values, vectors = values[::-1], vectors[:, ::-1]
    # The first element is positive; in a symmetric design it is zero but for rounding, and the largest one is negative:
    # the half that mgcv prints of such a term (months by years, case o10 of the tests).
    largest = vectors[np.argmax(np.abs(vectors), axis=0), np.arange(len(values))]
    deciding = np.where(np.abs(vectors[0]) > _NIL, vectors[0], -largest)
    vectors = vectors * np.where(deciding < 0.0, -1.0, 1.0)
    rank = int(np.count_nonzero(values > values[0] * np.finfo(float).eps ** 0.9))
    r = min(float(rank), edf1)
    r = float(round(r)) if abs(r - round(r)) < _WHOLE and round(r) > 0 else r
    k, nu = int(r), r - int(r)
    along = vectors.T @ d / np.sqrt(np.where(values > 0.0, values, np.inf))
    squares = np.square(along)
    if nu == 0.0:
        total = float(squares[:k].sum())
        return SmoothTest(edf, r, total / r, f_p_value(total / r, r, error_df))
    if k == 0:
        total = float(squares[0])
        tail = weighted_chi_square_tail(np.ones(1), total, _whole(error_df))
        return SmoothTest(edf, r, total / r, tail)
    q = np.sqrt(nu * (1.0 - nu) / 2.0)
    scales = 1.0 / np.sqrt(values[k - 1 : k + 1])
    B = scales[:, None] * np.array([[1.0, q], [q, nu]]) * scales
    last = vectors[:, k - 1 : k + 1].T @ d
    full = float(squares[: k - 1].sum())
    totals = [full + float(v @ B @ v) for v in (last, last * np.array([-1.0, 1.0]))]
    upper = (1.0 + nu + np.sqrt((1.0 + nu) * (1.0 - nu))) / 2.0
    weights = np.array([*np.ones(k - 1), upper, 1.0 + nu - upper])
    tails = [weighted_chi_square_tail(weights, total, _whole(error_df)) for total in totals]
    return SmoothTest(edf, r, totals[0] / r, float(np.mean(tails)))


def _whole(error_df: float) -> float:
    return float(max(1, round(error_df)))


def _of_variance(
    system: SmoothSystem, place: CurvePlace, edf: float, error_df: float, scale: float
) -> SmoothTest:
    """Test a curve that is penalized altogether: the statistic of a variance component."""
    own = place.members
    rest = np.setdiff1d(np.arange(len(system.D)), own)
    total = system.own + system.through + np.diag(system.D)
    within, across = total[np.ix_(own, own)], total[np.ix_(own, rest)]
    C = within - across @ np.linalg.solve(total[np.ix_(rest, rest)], across.T)
    u = system.coefficients[own]
    statistic = float(u @ C @ u) / scale
    values, vectors = np.linalg.eigh((C + C.T) / 2.0)
    half = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
    weights = np.linalg.eigvalsh(half @ system.frequentist[np.ix_(own, own)] @ half)
    rank = int(np.count_nonzero(weights > weights[-1] * _RANK))
    if not weights[-1] > 0.0 or rank == 0:
        return SmoothTest(edf, 0.0, 0.0, 1.0)
    tail = weighted_chi_square_tail(np.clip(weights, 0.0, None), statistic, _whole(error_df))
    return SmoothTest(edf, float(rank), statistic / rank, tail)
