"""Autoregression of order one: correlations that fall with the distance between positions."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lmm.covariance.scaled import Scaled
from lmm.typing import FloatArray, FloatMatrix, FloatVector


class Autoregressive(Scaled):
    """Theta is sd and rho: S_ij = sd² rho^|i - j| for positions i and j, the columns in their order.

    Examples
    --------
    >>> T = Autoregressive().factor(np.array([1.0, 0.5]), 3)
    >>> T @ T.T
    array([[1.  , 0.5 , 0.25],
           [0.5 , 1.  , 0.5 ],
           [0.25, 0.5 , 1.  ]])
    """

    name: ClassVar[str] = "ar1"
    is_heterogeneous: ClassVar[bool] = False

    def n_correlations(self, k: int) -> int:
        """One."""
        return 1

    def correlation_bounds(self, k: int) -> tuple[float, float]:
        """Between -1 and 1."""
        return -1.0, 1.0

    def correlation(self, rho: FloatVector, k: int) -> tuple[FloatMatrix, FloatArray, FloatArray]:
        """C = rho^q, its slope q rho^(q-1) and its bend q (q - 1) rho^(q-2), for the lag q."""
        r = float(rho[0])
        lag = np.abs(np.subtract.outer(np.arange(k), np.arange(k)))  # (k, k)
        slope = lag * r ** np.maximum(lag - 1, 0)
        bend = lag * (lag - 1) * r ** np.maximum(lag - 2, 0)
        return r**lag, slope[None], bend[None, None]

    def correlation_root(self, rho: FloatVector, k: int) -> FloatMatrix:
        """T_i0 = rho^i, and T_ij = rho^(i-j) (1 - rho²)^½ after the first column."""
        r = float(rho[0])
        lag = np.maximum(np.subtract.outer(np.arange(k), np.arange(k)), 0)
        T = np.tril(r**lag)
        T[:, 1:] *= np.sqrt(max(1.0 - r * r, 0.0))
        return T

    def correlation_parameters(self, C: FloatMatrix) -> FloatVector:
        """Mean correlation of neighbours."""
        return np.array([np.diagonal(C, 1).mean() if len(C) > 1 else 0.0])
