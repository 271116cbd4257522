"""Intervals of linear combinations of mean squares."""

from __future__ import annotations

from math import sqrt
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from lmm.arguments import shown
from lmm.errors import LmmError, nearest
from lmm.typing import FloatVector

__all__ = ["Interval", "MeanSquareInterval", "combination_interval"]

MeanSquareInterval: TypeAlias = Literal["satterthwaite", "mls"]
"""Satterthwaite's approximation by one χ², or modified large samples."""

METHODS: tuple[MeanSquareInterval, ...] = ("satterthwaite", "mls")


class Interval(NamedTuple):
    """Degrees of freedom and ends of an interval; missing where there is none."""

    df: float
    low: float
    high: float


def combination_interval(
    weights: FloatVector, mean_sq: FloatVector, df: FloatVector, level: float, method: MeanSquareInterval
) -> Interval:
    """Interval of ``weights @ expected mean squares`` for independent mean squares.

    Parameters
    ----------
    weights, mean_sq, df : shape (m,)
    level
        Coverage.
    method
        ``"satterthwaite"``: the combination as a multiple of χ² (F. E. Satterthwaite, Biometrics Bulletin 2, 1946),
        none where it is not positive, or hardly. ``"mls"``: modified large samples (F. A. Graybill and C.-M. Wang,
        JASA 75, 1980, for sums; N. Ting, R. K. Burdick, F. A. Graybill, S. Jeyaratnam and T.-F. C. Lu, Journal of
        Statistical Computation and Simulation 35, 1990, for differences); ends below zero are zero.

    Examples
    --------
    >>> found = combination_interval(np.array([1.0]), np.array([2.0]), np.array([10.0]), 0.95, "mls")
    >>> round(found.low, 4), round(found.high, 4)
    (0.9764, 6.1596)
    """
    used = weights != 0.0
    parts, df = (weights * mean_sq)[used], np.asarray(df, dtype=float)[used]
    total = float(parts.sum())
    degrees = total**2 / float(np.sum(parts**2 / df)) if total > 0.0 else np.nan
    alpha = (1.0 - level) / 2.0
    if method == "mls":
        low, high = total - sqrt(_spread(parts, df, alpha)), total + sqrt(_spread(-parts, df, alpha))
        return Interval(degrees, max(low, 0.0), max(high, 0.0))
    upper, lower = (float(_chisq_ratio(tail, np.array(degrees))) for tail in (alpha, 1.0 - alpha))
    if not upper > 1.0:  # with hardly any degrees of freedom the interval would not even hold the estimate
        return Interval(degrees, np.nan, np.nan)
    return Interval(degrees, total / upper, total / lower if lower > 0.0 else np.inf)


def checked_method(method: object) -> MeanSquareInterval:
    """Read ``interval=``.

    Raises
    ------
    LmmError
        If it is neither.
    """
    for known in METHODS:
        if isinstance(method, str) and method == known:
            return known
    raise LmmError(
        f'interval= must be "satterthwaite" or "mls" (modified large samples), not {shown(method)}.'
        f"{nearest(method, METHODS)}"
    )


def _spread(parts: FloatVector, df: FloatVector, alpha: float) -> float:
    """Squared distance of the lower end; of the upper end for parts with the other sign.

    In the notation of Ting et al. with parts p (weights times mean squares): positive parts come with
    G = 1 - 1/F(α; n, ∞), negative ones with H = 1/F(1-α; n, ∞) - 1, pairs with what makes two parts exact.
    """
    first, second = parts > 0.0, parts < 0.0
    G = 1.0 - 1.0 / _chisq_ratio(alpha, df[first])
    H = 1.0 / _chisq_ratio(1.0 - alpha, df[second]) - 1.0
    p, q = parts[first], -parts[second]
    n, m = df[first], df[second]
    total = float(np.sum((G * p) ** 2) + np.sum((H * q) ** 2))
    if not len(q):
        return total
    F = _f_quantile(alpha, n[:, None], m[None, :])
    pairs = ((F - 1.0) ** 2 - (G[:, None] * F) ** 2 - H**2) / F
    total += float(np.sum(pairs * np.outer(p, q)))
    return max(total + _same_sign(p, n, G, alpha), 0.0)


def _same_sign(p: FloatVector, n: FloatVector, G: FloatVector, alpha: float) -> float:
    """Pairs of positive parts, where there are negative ones too."""
    total = 0.0
    for i in range(len(p)):
        for j in range(i + 1, len(p)):
            both = n[i] + n[j]
            joint = (1.0 - 1.0 / float(_chisq_ratio(alpha, both))) ** 2 * both**2 / (n[i] * n[j])
            own = G[i] ** 2 * n[i] / n[j] + G[j] ** 2 * n[j] / n[i]
            total += (joint - own) / (len(p) - 1) * p[i] * p[j]
    return total


def _chisq_ratio(upper: float, df: FloatVector) -> FloatVector:
    """Upper quantile of χ² over its degrees of freedom: that of F with infinitely many in the denominator."""
    from scipy.special import chdtri

    ratio: FloatVector = chdtri(df, upper) / df
    return ratio


def _f_quantile(upper: float, num_df: FloatVector, den_df: FloatVector) -> FloatVector:
    from scipy.special import fdtri

    quantile: FloatVector = fdtri(num_df, den_df, 1.0 - upper)
    return quantile
