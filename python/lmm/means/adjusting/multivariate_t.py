r"""Distribution of the largest of several correlated t statistics, for single-step adjustments.

A multivariate t vector is T = ρ A u, where A A' is the correlation (rank m), u is a uniform direction on the sphere of
dimension m, and ρ²/m is F(m, ν), independent of u. With h(u) the largest of the elements of A u (of their sizes
for two-sided tests),

    P(max T ≤ c) = E_u P(ρ h(u) ≤ c),

where the inner probability is an F distribution. One sample of directions serves all c and all ν (Deák 1990). The
directions come from randomised quasi-Monte Carlo: scrambled Sobol points, whose independent scramblings tell the error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lmm.errors import LmmError
from lmm.typing import FloatArray, FloatMatrix, FloatVector

__all__ = ["Directions", "Estimated", "check_family", "sample_directions"]

_SCRAMBLES = 12
_MOST_POINTS = 2**15  # per scrambling
_MOST_WORK = 6e9  # products of one sample
_BINS = 1024
_SURE = 3.1  # t quantile of a 99 % interval with 11 degrees of freedom
_RANK = 1e-10
_SAME_PIVOT = 1e-8  # relative difference of pivots that count as equal
_MOST_CONTRASTS = 20_000
_CHUNK = 2_000_000  # numbers at a time
_KNOTS = 256  # different values for which the tail is computed
_TINY = 1e-300


class Estimated(NamedTuple):
    """Numbers by quasi-Monte Carlo, with half the width of their 99 % intervals."""

    value: FloatVector
    error: FloatVector


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Sampled largest elements, gathered in bins of nearly equal values.

    Attributes
    ----------
    rank
        m, the rank of the correlation.
    h : shape (n_scrambles, n_bins)
        Mean of h(u) in each bin.
    share : shape (n_scrambles, n_bins)
        Part of the points in each bin.
    """

    rank: int
    h: FloatArray
    share: FloatArray

    def tail(self, c: FloatVector, df: FloatVector) -> Estimated:
        """P(max > c) for pairs of c and degrees of freedom (n,)."""
        c, df = np.broadcast_arrays(np.asarray(c, dtype=np.float64), np.asarray(df, dtype=np.float64))
        each = np.full((c.size, len(self.h)), np.nan)
        for v in np.unique(df[df > 0.0]):
            # Where directions change sides, at zero, the tail is not smooth.
            for side in (c < 0.0, c >= 0.0):
                chosen = (df == v) & side
                each[chosen] = self._tails_of_many(c[chosen], float(v))
        error = _SURE * each.std(axis=1, ddof=1) / np.sqrt(len(self.h))
        return Estimated(np.clip(each.mean(axis=1), 0.0, 1.0), error)

    def quantile(self, p: float, df: FloatVector) -> Estimated:
        """Quantiles c with P(max ≤ c) = p, for each of the degrees of freedom (n,)."""
        found = np.full((2, len(df)), np.nan)
        for v in np.unique(df[df > 0]):
            found[:, df == v] = np.array(self._quantile(p, float(v)))[:, None]
        return Estimated(*found)

    def _quantile(self, p: float, df: float) -> tuple[float, float]:
        from scipy.optimize import brentq

        def excess(c: float) -> float:
            return float(self._tails(c, df).mean()) - (1.0 - p)

        low, high = -1.0, 1.0
        while excess(low) < 0.0:
            low *= 2.0
        while excess(high) > 0.0:
            high *= 2.0
        c: float = brentq(excess, low, high, xtol=1e-10)
        step = 1e-4 * max(abs(c), 1.0)
        slope = abs(excess(c + step) - excess(c - step)) / (2.0 * step)
        return c, float(self.tail(np.array([c]), np.array([df])).error[0]) / max(slope, 1e-300)

    def _tails_of_many(self, c: FloatVector, df: float) -> FloatMatrix:
        """P(ρ h > c) (n, n_scrambles), of many c by splines of its logarithm, whose error is far below that stated."""
        if c.size <= _KNOTS or np.ptp(c) == 0.0:
            return np.array([self._tails(float(x), df) for x in c]).reshape(c.size, len(self.h))
        from scipy.interpolate import CubicSpline

        knots = np.linspace(c.min(), c.max(), _KNOTS)
        tails = np.array([self._tails(float(x), df) for x in knots])
        spline = CubicSpline(knots, np.log(np.maximum(tails, _TINY)))
        found: FloatMatrix = np.exp(np.minimum(spline(c), 0.0))
        return found

    def _tails(self, c: float, df: float) -> FloatVector:
        """P(ρ h > c) in each scrambling (n_scrambles,)."""
        if not df > 0.0 or np.isnan(c):
            return np.full(len(self.h), np.nan)
        h = self.h
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond = _radius_tail((c / h) ** 2, self.rank, df)
        # Directions in which all elements are negative never get above zero, but always above some c below it.
        tails = np.where(h > 0.0, beyond, 0.0) if c >= 0.0 else np.where(h < 0.0, 1.0 - beyond, 1.0)
        weighted: FloatVector = (tails * self.share).sum(axis=1)
        return weighted


def sample_directions(correlation: FloatMatrix, *, two_sided: bool, seed: int = 0) -> Directions:
    """Sample the largest elements of a multivariate t in all directions.

    Parameters
    ----------
    correlation : shape (r, r)
        May be singular.
    two_sided
        Whether sizes count, or values.
    seed
        The same seed gives the same numbers.

    Raises
    ------
    LmmError
        If there are too many elements.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.means.adjusting.multivariate_t import sample_directions
    >>> sample = sample_directions(np.eye(2), two_sided=True)
    >>> sample.tail(np.array([1.96]), np.array([np.inf])).value.round(5)  # 1 - (1 - 0.0499958)**2
    array([0.09749])
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    check_family(len(correlation))
    A = _root(correlation)  # (r, m)
    r, m = A.shape
    affordable = _MOST_WORK / (_SCRAMBLES * r * m)
    n = int(np.clip(2 ** np.floor(np.log2(max(affordable, 1.0))), 2**8, _MOST_POINTS))
    h = np.empty((_SCRAMBLES, _BINS if n > _BINS else n))
    share = np.empty_like(h)
    for i, stream in enumerate(np.random.SeedSequence(seed).spawn(_SCRAMBLES)):
        points = qmc.Sobol(m, scramble=True, seed=np.random.default_rng(stream)).random(n)
        z = ndtri(np.clip(points, 1e-15, 1.0 - 1e-15))
        u = z / np.linalg.norm(z, axis=1, keepdims=True)
        h[i], share[i] = _binned(_largest(u, A, two_sided), h.shape[1])
    return Directions(m, h, share)


def check_family(n: int) -> None:
    """Refuse a family that is too large, before its correlations (n, n) are computed.

    Raises
    ------
    LmmError
        If it has too many contrasts.
    """
    if n > _MOST_CONTRASTS:
        raise LmmError(
            f'adjust="mvt" is offered for families of up to {_MOST_CONTRASTS:,} contrasts; this one has {n:,}. '
            'Take adjust="tukey" for all pairs, or "sidak".'
        )


def _radius_tail(square: FloatArray, m: int, df: float) -> FloatArray:
    """P(ρ² > square) for ρ²/m of F(m, df)."""
    from scipy.special import chdtrc, fdtrc

    finite = np.where(np.isfinite(square), square, 0.0)
    tail = chdtrc(m, finite) if np.isinf(df) else fdtrc(m, df, finite / m)
    return np.where(np.isfinite(square), tail, 0.0)


def _root(correlation: FloatMatrix) -> FloatMatrix:
    """Root A (r, m) with A A' the correlation and m its rank, by Cholesky with diagonal pivots.

    Eigenvectors of equal eigenvalues are arbitrary, so that other machines would draw other numbers; pivots are
    not, as long as the first of nearly equal ones is taken.
    """
    rest = (correlation + correlation.T) / 2.0  # (r, r)
    least = _RANK * max(float(np.diagonal(rest).max(initial=0.0)), 1.0)
    columns: list[FloatVector] = []
    while len(columns) < len(rest):
        remaining = np.diagonal(rest)
        largest = float(remaining.max(initial=0.0))
        if largest <= least:
            break
        pivot = int(np.argmax(remaining >= (1.0 - _SAME_PIVOT) * largest))
        column: FloatVector = rest[:, pivot] / np.sqrt(rest[pivot, pivot])  # (r,)
        rest -= np.outer(column, column)
        columns.append(column)
    return np.column_stack(columns) if columns else np.zeros((len(rest), 0))


def _largest(u: FloatMatrix, A: FloatMatrix, two_sided: bool) -> FloatVector:
    h = np.empty(len(u))
    step = max(1, _CHUNK // len(A))
    for start in range(0, len(u), step):
        T = u[start : start + step] @ A.T
        h[start : start + step] = (np.abs(T) if two_sided else T).max(axis=1)
    return h


def _binned(h: FloatVector, n_bins: int) -> tuple[FloatVector, FloatVector]:
    """Mean and share of runs of sorted values; within a bin the probability is as good as linear."""
    ordered = np.sort(h)
    starts = np.linspace(0, h.size, n_bins, endpoint=False).astype(np.int64)
    sizes = np.diff([*starts, h.size])
    return np.add.reduceat(ordered, starts) / sizes, sizes / h.size
