"""Which columns of X are linear combinations of earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lmm.typing import FloatMatrix, FloatVector, IntVector

TOLERANCE = 1e-10
"""A column is aliased when what earlier columns leave of it is shorter than this part of its length."""

_CLEARLY_INDEPENDENT = 1e-8
"""Smallest eigenvalue of the correlation-like Gram matrix above which no column can come near `TOLERANCE`."""


def independent_columns(X: FloatMatrix, weights: FloatVector | None = None) -> IntVector:
    """Find the columns that are not a combination of earlier ones, in increasing order.

    Parameters
    ----------
    X : shape (n, p)
    weights : shape (n,), optional
        Positive prior weights: lengths are those of ``sqrt(weights) * X``.

    Returns
    -------
    shape (rank,)
        A column of zeros is never among them.

    Notes
    -----
    Gram–Schmidt in the order of the columns, each orthogonalised twice. Most designs are spared it: with columns of
    unit length, the squared distance of a column from all others is at least the smallest eigenvalue of X'X.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.design.rank import independent_columns
    >>> x = np.arange(5.0)
    >>> independent_columns(np.column_stack([np.ones(5), x, 2 * x - 1, x**2]))
    array([0, 1, 3])
    """
    scaled = X if weights is None else X * np.sqrt(weights)[:, None]
    n, p = scaled.shape
    with np.errstate(over="ignore", invalid="ignore"):
        gram = _gram(scaled)
        lengths = np.sqrt(np.diag(gram))
    if 0 < p <= n and np.all(lengths > 0) and np.all(np.isfinite(lengths)):
        eigenvalues = np.linalg.eigvalsh(gram / np.outer(lengths, lengths))
        if eigenvalues[0] > _CLEARLY_INDEPENDENT:
            return np.arange(p)
    return _gram_schmidt(scaled)


def _gram(X: FloatMatrix) -> FloatMatrix:
    """X'X in pieces too small for the threads of BLAS, whose threads would keep the cores of the search busy."""
    n, p = X.shape
    rows = max(64, min(200_000 // max(1, p * p), 8_000 // max(1, p)))
    total = np.zeros((p, p))
    for first in range(0, n, rows):
        piece = X[first : first + rows]
        total += piece.T @ piece
    return total


def _gram_schmidt(X: FloatMatrix) -> IntVector:
    basis = np.empty((min(X.shape), X.shape[0]))  # orthonormal rows
    kept: list[int] = []
    for j in range(X.shape[1]):
        largest = np.abs(X[:, j]).max(initial=0.0)
        if largest == 0.0 or len(kept) == len(basis):
            continue
        column = X[:, j] / largest  # no square can overflow
        length = np.linalg.norm(column)
        found = basis[: len(kept)]
        # One pass loses orthogonality when little is left; the second restores it.
        for _ in range(2):
            column = column - found.T @ (found @ column)
        left = np.linalg.norm(column)
        if left > TOLERANCE * length:
            basis[len(kept)] = column / left
            kept.append(j)
    return np.array(kept, dtype=np.int64)
