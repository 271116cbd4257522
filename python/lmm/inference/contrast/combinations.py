"""Many combinations of few rows, such as all differences of a thousand means, without writing them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from lmm.typing import FloatMatrix, FloatVector

__all__ = ["Combine", "pieces", "quadratic"]

Combine: TypeAlias = Any
"""A sparse matrix (s, r) of combinations of r rows, or None for the rows themselves."""

_MOST_ENTRIES = 8  # in a row of combinations, for which elements are picked instead of multiplied
_PIECE = 5_000_000  # numbers written out at a time


def quadratic(rows: FloatMatrix, V: FloatMatrix, combine: Combine = None) -> FloatVector:
    """Compute c V c' for each row c of ``rows`` (r, p), or of ``combine @ rows``.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from lmm.inference.contrast.combinations import quadratic
    >>> rows, V = np.eye(3), np.diag([1.0, 2.0, 3.0])
    >>> quadratic(rows, V), quadratic(rows, V, csr_array([[1.0, -1.0, 0.0]]))
    (array([1., 2., 3.]), array([3.]))
    """
    if combine is None:
        own: FloatVector = np.einsum("ij,ij->i", rows @ V, rows)
        return own
    combine = combine.tocsr()
    entries = np.diff(combine.indptr)
    widest = int(entries.max(initial=0))
    if widest > _MOST_ENTRIES:
        return np.concatenate([quadratic(part, V) for part in pieces(rows, combine)])
    G = rows @ V @ rows.T  # (r, r)
    # Short rows are filled up with zeros times the first element.
    places = combine.indptr[:-1, None] + np.arange(widest)
    inside = np.arange(widest) < entries[:, None]
    places = np.where(inside, places, 0)
    values = np.where(inside, combine.data[places], 0.0)
    columns = np.where(inside, combine.indices[places], 0)
    total = np.zeros(combine.shape[0])
    for a in range(widest):
        for b in range(widest):
            total += values[:, a] * values[:, b] * G[columns[:, a], columns[:, b]]
    return total


def pieces(rows: FloatMatrix, combine: Combine) -> Iterator[FloatMatrix]:
    """Write ``combine @ rows`` out, a few at a time."""
    combine = combine.tocsr()
    step = max(1, _PIECE // max(rows.shape[1], 1))
    for start in range(0, combine.shape[0], step):
        yield combine[start : start + step] @ rows
