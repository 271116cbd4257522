"""Tail of a weighted sum of χ² variables over an estimated variance.

``P(Σ w_i χ²_1 > t χ²_m / m)`` is that of a sum with one negative weight being positive. Its moment generating function
M is known, and the probability is the integral of M(s)/s along a path to the right of zero [1]_. It goes through
the point where M(s)/s is smallest, so that nothing cancels: small probabilities keep their digits, where Davies' and
Imhof's integrals lose them.

References
----------
.. [1] Rice (1980), Distribution of quadratic forms in normal random variables: evaluation by numerical integration,
   SIAM J. Sci. Stat. Comput. 1.
"""

from __future__ import annotations

import numpy as np

from lmm.typing import FloatVector

__all__ = ["weighted_chi_square_tail"]

_NODES = 2001
_LARGEST = 40.0  # of the variable of integration, whose sinh is far along the line
_NOTHING = 1e-12  # weight that is rounding, relative to the largest


def weighted_chi_square_tail(weights: FloatVector, statistic: float, error_df: float = np.inf) -> float:
    """Compute P(Σ w χ²_1 > t χ²_m / m), of which m may be infinite.

    Parameters
    ----------
    weights : shape (k,)
        Not negative.
    statistic
        t.
    error_df
        m, degrees of freedom of the variance in the denominator.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.inference.smooth_terms.weighted_chi_square import weighted_chi_square_tail
    >>> round(weighted_chi_square_tail(np.ones(1), 3.841459), 6)
    0.05
    >>> round(weighted_chi_square_tail(np.array([1.0, 1.0]), 2 * 4.102821, 10), 6)
    0.05
    """
    weights = np.asarray(weights, dtype=float)
    weights = weights[weights > _NOTHING * weights.max(initial=0.0)]
    if np.isnan(statistic) or np.isnan(error_df):
        return np.nan
    if statistic <= 0.0:
        return 1.0
    if weights.size == 0:
        return 0.0
    scaled, t = weights / weights.max(), statistic / weights.max()
    center, size = _saddle(scaled, t, error_df)
    grid = np.linspace(-_LARGEST, _LARGEST, _NODES)
    # Bent to the right, around the singularities there, the integrand decays like exp(-s t).
    s = center + size * (0.5 * (np.cosh(grid) - 1.0) + 1j * np.sinh(grid))
    slope = size * (0.5 * np.sinh(grid) + 1j * np.cosh(grid))
    values = np.exp(_log_integrand(s, scaled, t, error_df) - _log_integrand(center, scaled, t, error_df).real)
    integral = float((values * slope).imag.sum() * (grid[1] - grid[0]) / (2.0 * np.pi))
    log_tail = float(_log_integrand(center, scaled, t, error_df).real) + np.log(max(integral, 1e-300))
    return float(np.clip(np.exp(log_tail), 0.0, 1.0))


def _log_integrand(s: complex | np.ndarray, weights: FloatVector, t: float, m: float) -> np.ndarray:
    """Logarithm of M(s) / s."""
    s = np.asarray(s, dtype=complex)
    found = -0.5 * np.log(1.0 - 2.0 * np.multiply.outer(weights, s)).sum(axis=0) - np.log(s)
    if np.isinf(m):
        return np.asarray(found - s * t)
    return np.asarray(found - 0.5 * m * np.log(1.0 + 2.0 * s * t / m))


def _saddle(weights: FloatVector, t: float, m: float) -> tuple[float, float]:
    """Where M(s)/s is smallest, between zero and the singularity of the largest weight, and the width of its saddle."""
    low, high = 0.0, 0.5
    for _ in range(200):
        s = 0.5 * (low + high)
        slope = float((weights / (1.0 - 2.0 * weights * s)).sum()) - 1.0 / s
        slope -= t if np.isinf(m) else t / (1.0 + 2.0 * s * t / m)
        low, high = (low, s) if slope > 0.0 else (s, high)
    bend = 2.0 * float(np.square(weights / (1.0 - 2.0 * weights * low)).sum()) + 1.0 / low**2
    bend += 0.0 if np.isinf(m) else 2.0 / m * (t / (1.0 + 2.0 * low * t / m)) ** 2
    return low, 1.0 / np.sqrt(bend)
