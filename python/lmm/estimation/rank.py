"""Directions of random effects that have no variance."""

from __future__ import annotations

import numpy as np

from lmm.typing import FloatMatrix, FloatVector

# Eigenvalues of estimated covariances, columns scaled to mean square 1, are either above 1e-3 of
# the residual variance or below 1e-12 of it: any threshold in the gap decides the same.
RANK_TOLERANCE = 1e-10


def null_directions(S: FloatMatrix, scales: FloatVector) -> FloatMatrix:
    """Orthonormal directions a (k, r) with ``a' S a = 0``.

    Parameters
    ----------
    S : shape (k, k)
        Relative covariance.
    scales : shape (k,)
        Root mean square of the columns of Z, so that the answer does not depend on units.

    Examples
    --------
    >>> np.abs(null_directions(np.diag([4.0, 0.0]), np.ones(2))).T
    array([[0., 1.]])
    """
    scaled = scales[:, None] * S * scales
    values, vectors = np.linalg.eigh(scaled)
    null = vectors[:, values < RANK_TOLERANCE * max(values[-1], 1.0)]  # (k, r)
    # v'DSDv = 0 is a'Sa = 0 for a = Dv.
    basis: FloatMatrix = np.linalg.qr(scales[:, None] * null)[0] if null.size else null
    return basis
