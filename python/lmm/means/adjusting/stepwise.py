"""Adjustments that need nothing but the p-values: Holm's, Hochberg's, Hommel's and the false discovery rate."""

from __future__ import annotations

import numpy as np

from lmm.errors import LmmError
from lmm.typing import FloatVector

__all__ = ["benjamini_hochberg", "benjamini_yekutieli", "hochberg", "holm", "hommel"]

_MOST_HOMMEL = 20_000


def holm(p: FloatVector, n: int) -> FloatVector:
    """Step down (Holm 1979).

    Parameters
    ----------
    p : shape (r,)
        None missing.
    n
        Number of tests in the family, r or more.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.means.adjusting.stepwise import holm
    >>> holm(np.array([0.01, 0.04, 0.03]), 3).round(6)
    array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p, kind="stable")
    factor = n - np.arange(p.size)
    return _restored(np.maximum.accumulate(factor * p[order]), order)


def hochberg(p: FloatVector, n: int) -> FloatVector:
    """Step up (Hochberg 1988); parameters as `holm`."""
    order = np.argsort(p, kind="stable")[::-1]
    factor = n - np.arange(p.size)[::-1]
    return _restored(np.minimum.accumulate(factor * p[order]), order)


def benjamini_hochberg(p: FloatVector, n: int) -> FloatVector:
    """Control the false discovery rate (Benjamini and Hochberg 1995); parameters as `holm`."""
    order = np.argsort(p, kind="stable")[::-1]
    factor = n / np.arange(p.size, 0, -1)
    return _restored(np.minimum.accumulate(factor * p[order]), order)


def benjamini_yekutieli(p: FloatVector, n: int) -> FloatVector:
    """Control the false discovery rate under any dependence (Benjamini and Yekutieli 2001); parameters as `holm`."""
    order = np.argsort(p, kind="stable")[::-1]
    factor = n / np.arange(p.size, 0, -1) * np.sum(1.0 / np.arange(1, n + 1))
    return _restored(np.minimum.accumulate(factor * p[order]), order)


def hommel(p: FloatVector, n: int) -> FloatVector:
    """Close Simes' test (Hommel 1988), by Wright's algorithm (1992); parameters as `holm`.

    Raises
    ------
    LmmError
        If there are more than 20,000 tests: its time grows with their square.
    """
    if n > _MOST_HOMMEL:
        raise LmmError(
            f'adjust="hommel" is offered for up to {_MOST_HOMMEL:,} tests, not {n:,}; take "hochberg".'
        )
    padded = np.concatenate([p, np.ones(n - p.size)])
    order = np.argsort(padded, kind="stable")
    ordered = padded[order]
    rank = np.arange(1, n + 1)
    simes = np.min(n * ordered / rank)
    lower = np.full(n, simes)
    adjusted = np.full(n, simes)
    for m in range(n - 1, 1, -1):
        head, tail = slice(0, n - m + 1), slice(n - m + 1, n)
        bound = np.min(m * ordered[tail] / np.arange(2, m + 1))
        lower[head] = np.minimum(m * ordered[head], bound)
        lower[tail] = lower[n - m]
        adjusted = np.maximum(adjusted, lower)
    found = np.empty(n)
    found[order] = np.maximum(adjusted, ordered)
    return np.minimum(found[: p.size], 1.0)


def _restored(ordered: FloatVector, order: np.ndarray) -> FloatVector:
    found = np.empty(ordered.size)
    found[order] = np.minimum(ordered, 1.0)
    return found
