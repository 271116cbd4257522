"""Intervals from the distribution of bootstrap replicates."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, get_args

import numpy as np

from lmm.arguments import one_of
from lmm.typing import FloatVector

__all__ = ["BootstrapInterval", "fewest_replicates", "interval", "known_kinds"]

BootstrapInterval: TypeAlias = Literal["percentile", "basic", "bca"]


def known_kinds(kind: str) -> None:
    """Refuse a kind that does not exist.

    Raises
    ------
    LmmError
        With the near name.
    """
    one_of(*get_args(BootstrapInterval))(kind, "kind")


def fewest_replicates(level: float) -> int:
    """Count the replicates below which the ends of an interval lie beyond the smallest and the largest of them.

    Of N replicates and the truth, each is the smallest of all with probability 1/(N + 1): the range of N covers at most
    (N - 1)/(N + 1).

    Examples
    --------
    >>> [fewest_replicates(level) for level in (0.5, 0.9, 0.95, 0.99)]
    [3, 19, 39, 199]
    """
    # Rounding of 2 / (1 - 0.95) must not ask for one more.
    return math.ceil(2.0 / (1.0 - level) - 1.0 - 1e-6)


def interval(
    replicates: FloatVector,
    estimate: float,
    level: float,
    kind: BootstrapInterval,
    acceleration: float = 0.0,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> tuple[float, float]:
    """Compute one interval; missing where fewer replicates than `fewest_replicates` have a value.

    Parameters
    ----------
    replicates : shape (n,)
        Missing ones are left out.
    acceleration
        For ``"bca"``: a sixth of the skewness of the score.
    limits
        Ends of the parameter space.

    Examples
    --------
    >>> tens = np.arange(1.0, 100.0)
    >>> np.round([interval(tens, 60.0, 0.9, "percentile"), interval(tens, 60.0, 0.9, "basic")])
    array([[  5.,  95.],
           [ 25., 115.]])
    """
    from scipy.special import ndtr, ndtri

    used = replicates[np.isfinite(replicates)]
    if used.size < fewest_replicates(level) or not np.isfinite(estimate):
        return np.nan, np.nan
    z = ndtri([(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    if kind == "bca":
        # Ties, as on the boundary, count half.
        below = (np.count_nonzero(used < estimate) + np.count_nonzero(used == estimate) / 2.0) / used.size
        z0 = ndtri(np.clip(below, 0.5 / used.size, 1.0 - 0.5 / used.size))
        shrink = 1.0 - acceleration * (z0 + z)
        # The correction grows without bound as this falls to zero; beyond, the end is that of the replicates.
        inside = shrink > 0.0
        z = np.where(inside, z0 + (z0 + z) / np.where(inside, shrink, 1.0), np.copysign(np.inf, z0 + z))
    low, high = np.quantile(used, ndtr(z), method="weibull")
    if kind == "basic":
        low, high = 2.0 * estimate - high, 2.0 * estimate - low
    return float(np.clip(low, *limits)), float(np.clip(high, *limits))
