"""Compound symmetry: one correlation between all columns, one variance (``cs``) or one for each (``csh``)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lmm.covariance.scaled import Scaled
from lmm.typing import FloatArray, FloatMatrix, FloatVector


class CompoundSymmetry(Scaled):
    """Theta is sd and rho: S = sd² (rho + (1 - rho) I).

    With rho >= 0 over the dummies of a factor f, this is ``(1 | g) + (1 | g:f)``; rho may be negative,
    down to -1 / (k - 1).

    Examples
    --------
    >>> T = CompoundSymmetry().factor(np.array([2.0, 0.5]), 2)
    >>> T @ T.T
    array([[4., 2.],
           [2., 4.]])
    """

    name: ClassVar[str] = "cs"
    is_heterogeneous: ClassVar[bool] = False

    def n_correlations(self, k: int) -> int:
        """One."""
        return 1

    def correlation_bounds(self, k: int) -> tuple[float, float]:
        """Between -1 / (k - 1) and 1."""
        return -1.0 / max(k - 1, 1), 1.0

    def correlation(self, rho: FloatVector, k: int) -> tuple[FloatMatrix, FloatArray, FloatArray]:
        """C = rho + (1 - rho) I."""
        beside = 1.0 - np.eye(k)
        return np.eye(k) + rho[0] * beside, beside[None], np.zeros((1, 1, k, k))

    def correlation_root(self, rho: FloatVector, k: int) -> FloatMatrix:
        """Cholesky factor in closed form, which exists at both bounds too.

        With d_j = 1 + j rho: T_jj² = (1 - rho) d_j / d_(j-1), and T_ij = rho ((1 - rho) / (d_j d_(j-1)))^½ below it.
        """
        r = float(rho[0])
        T = np.zeros((k, k))
        T[:, 0] = r
        T[0, 0] = 1.0
        for j in range(1, k):
            before, here = max(1.0 + (j - 1) * r, 0.0), max(1.0 + j * r, 0.0)
            if before == 0.0 or r == 1.0:
                break
            T[j, j] = np.sqrt((1.0 - r) * here / before)
            if here > 0.0:
                T[j + 1 :, j] = r * np.sqrt((1.0 - r) / (here * before))
        return T

    def correlation_parameters(self, C: FloatMatrix) -> FloatVector:
        """Mean correlation."""
        k = len(C)
        return np.array([(C.sum() - k) / (k * (k - 1)) if k > 1 else 0.0])


class HeterogeneousCompoundSymmetry(CompoundSymmetry):
    """Theta is one sd for each column, and rho.

    Examples
    --------
    >>> HeterogeneousCompoundSymmetry().names("g", ["a", "b"])
    ('g.a', 'g.b', 'g.csh.rho')
    """

    name: ClassVar[str] = "csh"
    is_heterogeneous: ClassVar[bool] = True
