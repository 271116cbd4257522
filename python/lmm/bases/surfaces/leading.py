"""The leading eigenpairs of a symmetric matrix, by Lanczos where it is large."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from lmm.bases.surfaces.kernels import Kernel, Power
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["LinePairs", "leading_pairs", "pairs_on_a_line"]

LinePairs: TypeAlias = Callable[[FloatVector, int, int], tuple[FloatVector, FloatMatrix] | None]
"""From increasing points, an odd power and k to the k leading eigenpairs of ``|x_i - x_j|^power``, or None."""

_POWERS = (1, 3, 5, 7)  # of distances on a line
_SMALL = 150  # rows; all eigenpairs are as fast there
_SHARE = 4  # Lanczos where less than one in so many pairs is asked for
_BEYOND = 4  # pairs behind those that are asked for, so that little is left
_ROUNDING = 1e-12  # of a sum of squares, relative


def leading_pairs(matrix: FloatMatrix, k: int) -> tuple[FloatVector, FloatMatrix]:
    """Find the k eigenpairs of largest absolute value, in decreasing order of value.

    Parameters
    ----------
    matrix : shape (n, n)
        Symmetric.
    k
        At most n.

    Returns
    -------
    values : shape (k,)
    vectors : shape (n, k)
        Orthonormal; the largest entry of each is positive.

    Examples
    --------
    >>> values, vectors = leading_pairs(np.diag([1.0, -5.0, 3.0]), 2)
    >>> values.tolist(), np.abs(vectors).tolist()
    ([3.0, -5.0], [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    """
    found = None
    if len(matrix) > _SMALL and _SHARE * k < len(matrix):
        found = _lanczos(matrix, k)
    if found is None:
        from scipy.linalg import eigh

        values, vectors = eigh(matrix, check_finite=False)
        kept = np.argsort(-np.abs(values), kind="stable")[:k]
        found = values[kept], vectors[:, kept]
    return _ordered(*found)


def pairs_on_a_line(
    line: LinePairs | None, kernel: Kernel, centres: FloatMatrix, k: int
) -> tuple[FloatVector, FloatMatrix] | None:
    """Find the same for a small odd power of the distances of points on a line, without building the matrix.

    None where the kernel is another, where most pairs are asked for, or where ``line`` does not find them.
    """
    if line is None or centres.shape[1] > 1 or _SHARE * k >= len(centres):
        return None
    if not isinstance(kernel, Power) or kernel.exponent not in _POWERS:
        return None
    found = line(centres[:, 0], kernel.exponent, k)
    return None if found is None else _ordered(kernel.factor * found[0], found[1])


def _ordered(values: FloatVector, vectors: FloatMatrix) -> tuple[FloatVector, FloatMatrix]:
    """Sort pairs by value; the largest entry of each vector is positive."""
    order = np.argsort(-values, kind="stable")
    values, vectors = values[order], vectors[:, order]
    peaks = vectors[np.argmax(np.abs(vectors), axis=0), np.arange(len(values))]
    return values, vectors * np.where(peaks < 0.0, -1.0, 1.0)


def _lanczos(matrix: FloatMatrix, k: int) -> tuple[FloatVector, FloatMatrix] | None:
    """Find the same by ARPACK; None if it does not converge, or has missed a pair."""
    from scipy.linalg.blas import dsymv
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    n, more = len(matrix), k + _BEYOND
    triangle = matrix.T  # in the order of BLAS; half of the matrix is read

    def times(x: FloatVector) -> FloatVector:
        return np.asarray(dsymv(1.0, triangle, x, lower=1))

    # The stream of RandomState is fixed for all versions of NumPy: the same start everywhere.
    starts = np.random.RandomState(2).uniform(-1.0, 1.0, (2, n))
    try:
        whole = LinearOperator((n, n), matvec=times, dtype=np.float64)
        values, vectors = eigsh(whole, more, which="LM", v0=starts[0], ncv=min(n - 1, more + max(k // 2, 20)))
        # A Krylov space holds one vector of a repeated eigenvalue: what is left must not lead. It cannot if the squares
        # of all other eigenvalues sum to less than the smallest one's.
        others = np.einsum("ij,ij", matrix, matrix) - values @ values
        kept = np.argsort(-np.abs(values), kind="stable")[:k]
        least = np.abs(values[kept]).min()
        if others + _ROUNDING * (values @ values) < least**2:
            return values[kept], vectors[:, kept]
        left = LinearOperator(
            (n, n), matvec=lambda x: times(x) - vectors @ (values * (vectors.T @ x)), dtype=np.float64
        )
        other = eigsh(left, 1, which="LM", v0=starts[1], tol=1e-2, return_eigenvectors=False)
    except ArpackNoConvergence:
        return None
    return None if abs(other[0]) > least * (1.0 + 1e-8) else (values[kept], vectors[:, kept])
