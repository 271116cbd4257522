r"""Distribution of the studentized range, for Tukey's comparisons of all pairs.

With k means and ν degrees of freedom, P(Q > q) = ∫ f(s) T(qs) ds, where s² is χ²_ν/ν and T is the upper tail
of the range of k normal deviates,

    T(w) = k ∫ φ(z) {Φ(z)^(k-1) - [Φ(z) - Φ(z - w)]^(k-1)} dz.

Written as differences of positive terms, both integrals keep their relative precision in the tail.
k need not be a whole number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from lmm.typing import BoolVector, FloatVector

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["range_quantile", "range_tail"]

_NODES_RANGE = 128
_PANELS_PER_UNIT = 3
_WIDEST = 50.0  # standard deviations that the range of normal deviates never exceeds: T is below 1e-270
_MOST_EXACT = 256  # evaluations of the double integral before interpolation takes over
_MOST_DF = 24  # different degrees of freedom, likewise
_TINY = 1e-300
_LARGE_DF = 1e8  # from here on the scale is one to the last digit


def range_tail(q: FloatVector, k: float, df: FloatVector) -> FloatVector:
    """Upper tail P(Q > q).

    Parameters
    ----------
    q : shape (n,)
    k
        Number of means, above 1.
    df : shape (n,)
        Degrees of freedom, infinite for known variances.

    Returns
    -------
    shape (n,)
        Within 1e-9; many values are interpolated (log P by splines over q and Chebyshev over log df).

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.means.adjusting.studentized_range import range_tail
    >>> range_tail(np.array([3.877]), 3, np.array([10.0])).round(4)
    array([0.05])
    """
    q, df = np.broadcast_arrays(np.asarray(q, dtype=np.float64), np.asarray(df, dtype=np.float64))
    tail = np.full(q.shape, np.nan)
    usable = (df > 0.0) & ~np.isnan(q)
    tail[usable] = _usable_tail(np.maximum(q[usable], 0.0), float(k), df[usable])
    return tail


def range_quantile(p: float, k: float, df: FloatVector) -> FloatVector:
    """Quantiles q with P(Q > q) = 1 - p.

    Parameters
    ----------
    p
        Probability below the quantile.
    k
        Number of means, above 1.
    df : shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.means.adjusting.studentized_range import range_quantile
    >>> range_quantile(0.95, 3, np.array([10.0])).round(3)
    array([3.877])
    """
    from scipy.optimize import brentq

    df = np.asarray(df, dtype=np.float64)
    found = np.full(df.shape, np.nan)
    usable = df > 0.0

    def solve(v: float) -> float:
        high = 4.0
        while _tail(np.array([high]), float(k), v)[0] > 1.0 - p:
            high *= 2.0
        root: float = brentq(
            lambda q: _tail(np.array([q]), float(k), v)[0] - (1.0 - p), 0.0, high, xtol=1e-10
        )
        return root

    # Small degrees of freedom make the quantile explode: its logarithm does not.
    found[usable] = np.exp(_over_df(df[usable], lambda v, _: np.array([np.log(solve(v))])))
    return found


def _usable_tail(q: FloatVector, k: float, df: FloatVector) -> FloatVector:
    if q.size <= _MOST_EXACT:
        tail = np.empty(q.size)
        for v in np.unique(df):
            tail[df == v] = _tail(q[df == v], k, float(v))
        return tail
    root = np.sqrt(q)
    # Dense where the tail falls fast, which is where q is small.
    grid = np.linspace(0.0, root.max() * (1.0 + 1e-12), 1 + max(400, int(200 * root.max())))

    def log_tail(v: float, chosen: BoolVector) -> FloatVector:
        from scipy.interpolate import CubicSpline

        spline = CubicSpline(grid, np.log(np.maximum(_tail(grid**2, k, v), _TINY)))
        return np.asarray(spline(root[chosen]))

    return np.minimum(np.exp(_over_df(df, log_tail)), 1.0)


def _over_df(df: FloatVector, value: Callable[[float, BoolVector], FloatVector]) -> FloatVector:
    """Evaluate what depends on the degrees of freedom (n,): at each, or interpolated over log df when there are many.

    ``value`` takes degrees of freedom and a mark of the elements that it is to give.
    """
    found = np.empty(df.size)
    distinct = np.unique(df)
    finite = distinct[np.isfinite(distinct)]
    exact = distinct if finite.size <= _MOST_DF else distinct[finite.size :]
    for v in exact:
        chosen = df == v
        found[chosen] = value(float(v), chosen)
    if finite.size > _MOST_DF:
        chosen = np.isfinite(df)
        found[chosen] = _chebyshev(np.log(df[chosen]), lambda x: value(float(np.exp(x)), chosen))
    return found


def _chebyshev(x: FloatVector, value: Callable[[float], FloatVector]) -> FloatVector:
    """Interpolate (n,) by the barycentric formula at Chebyshev points of the second kind over the range of x."""
    order = np.arange(_MOST_DF)
    low, high = float(x.min()), float(x.max())
    places = 0.5 * (low + high) - 0.5 * (high - low) * np.cos(np.pi * order / (_MOST_DF - 1))
    above, below = np.zeros(x.size), np.zeros(x.size)
    at_place = np.full(x.size, np.nan)
    for i, place in enumerate(places):
        values = value(float(place))
        hit = x == place
        at_place[hit] = np.broadcast_to(values, x.shape)[hit]
        weight = (-1.0) ** i * (0.5 if i in (0, _MOST_DF - 1) else 1.0)
        share = weight / np.where(hit, 1.0, x - place)
        above += share * values
        below += share
    return np.where(np.isnan(at_place), above / below, at_place)


def _tail(q: FloatVector, k: float, df: float) -> FloatVector:
    """P(Q > q) (n,) by Gauss-Legendre quadrature over the logarithm of the scale."""
    if df >= _LARGE_DF:
        return _normal_tail(q, k)
    scale, weight = _scales(df)
    tails = _normal_tail((q[:, None] * scale).ravel(), k).reshape(q.size, scale.size)
    tail: FloatVector = tails @ weight
    return np.minimum(tail, 1.0)


@lru_cache(maxsize=64)
def _scales(df: float) -> tuple[FloatVector, FloatVector]:
    """Nodes s and weights of the distribution of s = sqrt(χ²/df), even on the scale of their logarithms."""
    from scipy.special import chdtri, gammaincinv, gammaln

    low = 0.5 * np.log(max(2.0 * gammaincinv(df / 2.0, 1e-13) / df, 1e-300))
    high = 0.5 * np.log(chdtri(df, 1e-17) / df)
    edges = np.linspace(low, high, 1 + max(6, int(_PANELS_PER_UNIT * (high - low))))
    x, weight = np.polynomial.legendre.leggauss(16)
    half = 0.5 * (edges[1] - edges[0])
    y = (edges[:-1, None] + half * (1.0 + x)).ravel()
    weight = half * np.tile(weight, edges.size - 1)
    log_density = (
        np.log(2.0) + df / 2.0 * np.log(df / 2.0) - gammaln(df / 2.0) + df * y - df * np.exp(2 * y) / 2
    )
    return np.exp(y), weight * np.exp(log_density)


def _normal_tail(w: FloatVector, k: float) -> FloatVector:
    """Upper tail of the range of k standard normal deviates (n,), from a spline of its logarithm."""
    # Over the square root: T has a root at zero when k is not a whole number.
    tail: FloatVector = np.exp(np.minimum(_log_range_tail(k)(np.sqrt(np.minimum(w, _WIDEST))), 0.0))
    tail[w >= _WIDEST] = 0.0
    return tail


@lru_cache(maxsize=32)
def _log_range_tail(k: float) -> Callable[[FloatVector], FloatVector]:
    from scipy.interpolate import make_interp_spline

    root = np.linspace(0.0, np.sqrt(_WIDEST), 1000)
    spline: Callable[[FloatVector], FloatVector] = make_interp_spline(
        root, _log_range_integral(root**2, k), k=5
    )
    return spline


def _log_range_integral(w: FloatVector, k: float) -> FloatVector:
    """Logarithm of T(w) (n,) by Gauss-Legendre quadrature over z."""
    from scipy.special import log_ndtr, ndtri

    x, weight = np.polynomial.legendre.leggauss(_NODES_RANGE)
    # Below, Φ(z)^(k-1) is nothing; above, φ(z) times the smaller of 1 and Φ(z - w).
    low = max(-8.5, float(ndtri(np.exp(-40.0 / (k - 1.0)))))
    half = 0.5 * (np.maximum(9.0, 0.5 * w + 7.5) - low)
    z = half[:, None] * x + (low + half)[:, None]  # (n, nodes)
    log_cdf = log_ndtr(z)
    inside = np.minimum(np.exp(log_ndtr(z - w[:, None]) - log_cdf), 1.0)
    with np.errstate(divide="ignore"):
        missing = -np.expm1((k - 1.0) * np.log1p(-inside))
    density = np.exp(-0.5 * z**2 + (k - 1.0) * log_cdf)
    total = k * half * ((density * missing) @ weight) / np.sqrt(2.0 * np.pi)
    log_total: FloatVector = np.log(np.maximum(total, _TINY))
    return log_total
