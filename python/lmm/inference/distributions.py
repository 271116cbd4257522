"""Tail probabilities and quantiles of t and F; infinite degrees of freedom are the normal and the χ²."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmm.arguments import a_level
from lmm.typing import FloatVector

__all__ = ["checked_level", "chisq_quantile", "f_p_value", "normal_quantile", "t_p_value", "t_quantile"]


def t_p_value(statistic: FloatVector, df: FloatVector, side: int = 0) -> FloatVector:
    """p-values; missing where the statistic is, or the degrees of freedom are not positive.

    Parameters
    ----------
    side
        0 for two-sided tests, 1 where large statistics count, -1 where small ones do.

    Examples
    --------
    >>> t_p_value(np.array([2.0, 1.959964]), np.array([10.0, np.inf])).round(4)
    array([0.0734, 0.05  ])
    """
    from scipy.special import ndtr, stdtr

    t = np.asarray(statistic, dtype=float)
    t, df = np.broadcast_arrays(-np.abs(t) if side == 0 else -side * t, np.asarray(df, dtype=float))
    finite = np.where(np.isfinite(df), df, 1.0)
    tail = np.where(np.isinf(df), ndtr(t), stdtr(np.where(finite > 0.0, finite, 1.0), t))
    p = 2.0 * tail if side == 0 else tail
    found: FloatVector = np.where((df > 0.0) & ~np.isnan(t), p, np.nan)
    return found


def f_p_value(statistic: float, num_df: float, den_df: float) -> float:
    """Upper tail of F; of χ² over ``num_df`` where the denominator has infinite degrees of freedom.

    Examples
    --------
    >>> round(f_p_value(4.0, 1, 10.0), 4), round(f_p_value(3.841459, 1, np.inf), 4)
    (0.0734, 0.05)
    """
    from scipy.special import chdtrc, fdtrc

    if np.isnan(statistic) or not den_df > 0.0 or not num_df > 0.0:
        return np.nan
    if np.isinf(den_df):
        return float(chdtrc(num_df, num_df * statistic))
    return float(fdtrc(num_df, den_df, max(statistic, 0.0)))


def t_quantile(probability: float, df: FloatVector) -> FloatVector:
    """Quantiles of t, of the normal where the degrees of freedom are infinite.

    Examples
    --------
    >>> t_quantile(0.975, np.array([10.0, np.inf])).round(4)
    array([2.2281, 1.96  ])
    """
    from scipy.special import ndtri, stdtrit

    df = np.asarray(df, dtype=float)
    usable = np.isfinite(df) & (df > 0.0)
    t = stdtrit(np.where(usable, df, 1.0), probability)
    found: FloatVector = np.where(usable, t, np.where(df == np.inf, ndtri(probability), np.nan))
    return found


def chisq_quantile(probability: float, df: FloatVector) -> FloatVector:
    """Quantiles of χ².

    Examples
    --------
    >>> chisq_quantile(0.95, np.array([1.0])).round(4)
    array([3.8415])
    """
    from scipy.special import chdtri

    quantile: FloatVector = chdtri(np.asarray(df, dtype=float), 1.0 - probability)
    return quantile


def normal_quantile(level: Any) -> float:
    """Quantile of the normal distribution for a two-sided interval.

    Raises
    ------
    LmmError
        If the level does not lie between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    from scipy.special import ndtri

    return float(ndtri(0.5 + checked_level(level) / 2.0))


def checked_level(level: Any) -> float:
    """Check the level of an interval.

    Raises
    ------
    LmmError
        If it does not lie between 0 and 1.
    """
    return a_level(level, "level")
