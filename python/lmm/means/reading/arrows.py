"""Comparison arrows: those of two means overlap exactly if the means do not differ significantly."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lmm.means.reading.lettering import checked_alpha, pairs_of
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.means.result import Means

__all__ = ["Arrows", "comparison_arrows"]

_MARGIN = 1e-3  # of the typical least difference, by which arrows must overlap or stay apart
_MOST_MEANS = 60


class Arrows(NamedTuple):
    """Ends of the arrows (r,), and whether they show every comparison truly.

    Attributes
    ----------
    low, high
        The smallest mean of a group has no arrow downwards, the largest none upwards: they end at the mean.
    true
        False where no lengths of arrows could show all comparisons of some group.
    """

    low: FloatVector
    high: FloatVector
    true: bool


def comparison_arrows(means: Means, alpha: float = 0.05, adjust: str = "tukey") -> Arrows:
    """Find arrows that show which means differ significantly.

    The arrows of two means, one upwards from the lower with length u and one downwards from the higher with length d,
    should have u + d as near to the least significant difference of the two as can be, and must overlap exactly if
    the means do not differ significantly (the idea is that of Lenth's emmeans).

    Parameters
    ----------
    means
        Means or trends.
    alpha
        Level of significance.
    adjust
        Adjustment of the pairwise comparisons in each group.

    Raises
    ------
    LmmError
        If these are contrasts, or alpha is not a probability.
    """
    alpha = checked_alpha(alpha)
    pairs = pairs_of(means, adjust).confint(1.0 - alpha)
    least = (pairs.evaluated.conf_high - pairs.evaluated.conf_low) / 2.0
    estimate = means.evaluated.estimate
    low, high = estimate.copy(), estimate.copy()
    true = True
    for family in range(len(means.comparison.n_means)):
        mine = np.flatnonzero(means.comparison.families == family)
        down, up, fits = _lengths(estimate[mine], least[pairs.comparison.families == family])
        low[mine] -= down
        high[mine] += up
        true &= fits
    return Arrows(low, high, true)


def _lengths(estimate: FloatVector, least: FloatVector) -> tuple[FloatVector, FloatVector, bool]:
    """Lengths downwards and upwards (k,), from the means and the least significant differences of their pairs."""
    k = len(estimate)
    first, second = np.triu_indices(k, 1)
    known = ~np.isnan(least)
    first, second, least = first[known], second[known], least[known]
    lower = np.where(estimate[first] <= estimate[second], first, second)
    upper = np.where(estimate[first] <= estimate[second], second, first)
    if not len(least) or k > _MOST_MEANS:
        return np.zeros(k), np.zeros(k), k <= _MOST_MEANS
    distance = estimate[upper] - estimate[lower]
    # Each length is at work in some pairs; of the extremes one is not, and stays at zero.
    reach = np.zeros((len(least), 2 * k))
    reach[np.arange(len(least)), upper] = 1.0
    reach[np.arange(len(least)), k + lower] = 1.0
    used = reach.any(axis=0)
    lengths = np.zeros(2 * k)
    lengths[used] = _least_squares(reach[:, used], distance, least)
    apart = distance > least
    true = bool(np.all((reach @ lengths < distance) == apart))
    if not true:
        moved = _nearest(reach[:, used], lengths[used], distance, least)
        true = moved is not None
        lengths[used] = lengths[used] if moved is None else moved
    return lengths[:k], lengths[k:], true


def _least_squares(reach: FloatMatrix, distance: FloatVector, least: FloatVector) -> FloatVector:
    """Find lengths whose sums are near the least differences, with most weight on pairs near the critical value."""
    from scipy.optimize import nnls

    typical = float(np.median(least))
    weight = 1.0 / (np.abs(distance - least) / typical + 0.2)
    n = reach.shape[1]
    # A weak pull to equal arrows, as sums alone leave one length free.
    system = np.vstack([weight[:, None] * reach, 1e-3 * np.eye(n)])
    lengths: FloatVector = nnls(system, np.concatenate([weight * least, np.full(n, 0.5e-3 * typical)]))[0]
    return lengths


def _nearest(
    reach: FloatMatrix, lengths: FloatVector, distance: FloatVector, least: FloatVector
) -> FloatVector | None:
    """Find the nearest lengths (by sums of sizes) that show all comparisons; None if there are none."""
    from scipy.optimize import linprog

    n = len(lengths)
    margin = _MARGIN * float(np.median(least))
    sign = np.where(distance > least, 1.0, -1.0)  # apart, or overlapping
    # Lengths are the present ones, plus what is added, less what is taken away.
    found = linprog(
        np.ones(2 * n),
        A_ub=np.hstack([sign[:, None] * reach, -sign[:, None] * reach]),
        b_ub=sign * (distance - reach @ lengths) - margin,
        bounds=[(0.0, None)] * n + [(0.0, float(length)) for length in lengths],
        method="highs",
    )
    return lengths + found.x[:n] - found.x[n:] if found.status == 0 else None
