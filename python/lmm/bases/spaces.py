"""Orthonormal bases of small spaces: what a constraint leaves, what a penalty does not touch."""

from __future__ import annotations

import numpy as np

from lmm.typing import FloatMatrix, FloatVector

__all__ = ["complement", "null_from_eigenvalues", "null_within", "reflection"]

_NULL = float(np.finfo(float).eps) ** 0.66
"""Relative to the largest eigenvalue."""
_SAME = 1e-8
"""Of a direction that is to lie in a space: the length of its part outside."""


def reflection(c: FloatVector) -> FloatMatrix:
    """Orthonormal complement of a constraint by one Householder reflection.

    Coordinates in which c is zero stay as they are. The choice among all complements matters for columns that are
    deleted later, and it is the one of a QR factorisation.

    Parameters
    ----------
    c
        Shape (k,), not zero.

    Returns
    -------
    ndarray
        Z with c'Z = 0 and Z'Z = I, shape (k, k - 1).

    Examples
    --------
    >>> reflection(np.array([0.0, 3.0, 4.0])).round(3) + 0.0
    array([[ 1. ,  0. ],
           [ 0. , -0.8],
           [ 0. ,  0.6]])
    """
    first = int(np.flatnonzero(c)[0])
    v = c / np.linalg.norm(c)
    v[first] += np.copysign(1.0, v[first])
    H = np.eye(c.size) - np.outer(v, v) * (2.0 / (v @ v))
    return np.delete(H, first, axis=1)


def null_from_eigenvalues(S: FloatMatrix) -> FloatMatrix:
    """Orthonormal basis of the null space of a positive semidefinite matrix.

    Examples
    --------
    >>> null_from_eigenvalues(np.diag([2.0, 0.0, 1.0])).shape
    (3, 1)
    """
    values, vectors = np.linalg.eigh(S)
    return np.asarray(vectors[:, values <= max(values[-1], 0.0) * _NULL])


def null_within(null_space: FloatMatrix, absorbed: FloatMatrix) -> FloatMatrix:
    """Find what is left of a space when coefficients are restricted to A b.

    Parameters
    ----------
    null_space
        Spans the space, shape (k, M).
    absorbed
        A with orthonormal columns, shape (k, p).

    Returns
    -------
    ndarray
        Orthonormal basis of all b with A b in the space, shape (p, M').
    """
    if not null_space.shape[1]:
        return np.zeros((absorbed.shape[1], 0))
    N, _ = np.linalg.qr(null_space / np.linalg.norm(null_space, axis=0))
    outside = N - absorbed @ (absorbed.T @ N)
    _, lengths, turned = np.linalg.svd(outside, full_matrices=False)
    kept = absorbed.T @ (N @ turned[lengths <= _SAME].T)
    return np.asarray(np.linalg.qr(kept)[0])


def complement(U: FloatMatrix) -> FloatMatrix:
    """Orthonormal basis of what is orthogonal to all columns of U, shape (p, p - M)."""
    p, M = U.shape
    return np.asarray(np.linalg.qr(U, mode="complete")[0][:, M:]) if M else np.eye(p)
