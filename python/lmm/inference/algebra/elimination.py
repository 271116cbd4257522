"""Z'V⁻¹Z from Z'WZ: what random effects with variance take away from the information about effects.

With V = W⁻¹ + ZSZ' and A = Z'WZ, B = Z'V⁻¹Z = A(I + SA)⁻¹. All is relative to σ².
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lmm.typing import FloatArray, FloatVector

__all__ = ["Eliminated", "eliminate"]

_LARGE = 100  # from this order on a matrix of its own is worth a call of LAPACK


class Eliminated(NamedTuple):
    """Stacks (c, t, t) of matrices.

    Attributes
    ----------
    B
        A (I + SA)⁻¹.
    N
        (I + SA)⁻¹.
    H
        S (I + AS)⁻¹.
    """

    B: FloatArray
    N: FloatArray
    H: FloatArray


def eliminate(A: FloatArray, tau: FloatVector) -> Eliminated:
    """Compute B, N and H for diagonal S.

    Parameters
    ----------
    A : shape (c, t, t)
        Symmetric, positive semidefinite.
    tau : shape (t,)
        Roots of the diagonal of S, zeros allowed.

    Notes
    -----
    With C = (I + τAτ)⁻¹, H = τCτ. A column of N is τCτ⁻¹ or I − HA: the first cancels where SA is
    small, the second where it is large.
    """
    C = _inverse(A, tau)
    H = C * tau[:, None] * tau
    large = np.einsum("ctt->ct", A) * tau**2 >= 1.0  # (c, t)
    N = C
    if not large.all():
        N = np.eye(len(tau)) - H @ A
    if large.any():
        safe = np.where(tau > 0.0, tau, 1.0)
        N = np.where(large[:, None, :], C * tau[:, None] / safe, N)
    B = A @ N
    return Eliminated((B + B.transpose(0, 2, 1)) / 2.0, N, H)


def _inverse(A: FloatArray, tau: FloatVector) -> FloatArray:
    """(I + τAτ)⁻¹, (c, t, t)."""
    Omega = A * tau[:, None] * tau
    diagonal = np.arange(len(tau))
    Omega[:, diagonal, diagonal] += 1.0
    if len(tau) < _LARGE:
        inverse = np.asarray(np.linalg.inv(Omega), dtype=np.float64)
        return (inverse + inverse.transpose(0, 2, 1)) / 2.0
    from scipy.linalg.lapack import dpotrf, dpotri

    for i in range(len(Omega)):
        # Column-major view of a symmetric matrix: no copy.
        factor, _ = dpotrf(Omega[i].T, lower=1, overwrite_a=1)
        lower, _ = dpotri(factor, lower=1, overwrite_c=1)
        Omega[i] = np.tril(lower) + np.tril(lower, -1).T
    return Omega
