"""Thin plates of one variable as what they are: polynomials between neighbouring centres.

A polynomial of degree 2m - 1 on an interval is given by its derivatives of even order at both ends (Lidstone 1929), so
that a row needs 2m numbers in place of one for each centre.
"""

from __future__ import annotations

from functools import cache
from math import factorial
from typing import Any

import numpy as np
from numpy.polynomial.polynomial import Polynomial

from lmm.bases.basis import Carrier
from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = ["piecewise_carrier", "power_slopes"]


def power_slopes(x: FloatVector, centres: FloatVector, exponent: int, order: int) -> FloatMatrix:
    """Differentiate abs(x - c)^p, p odd, by x; shape (n, u).

    Examples
    --------
    >>> power_slopes(np.array([2.0]), np.array([0.0, 3.0]), 3, 1)
    array([[12., -3.]])
    """
    steps = x[:, None] - centres
    times = factorial(exponent) // factorial(exponent - order)
    # Products are several times faster than a power.
    found = np.full_like(steps, times) if order % 2 == exponent % 2 else times * np.abs(steps)
    for _ in range((exponent - order) // 2):
        found *= steps * steps
    return np.asarray(found * np.sign(steps) if order % 2 else found)


def piecewise_carrier(
    x: FloatVector, centres: FloatVector, even: list[FloatMatrix], ends: list[FloatMatrix]
) -> Carrier:
    """Sparse rows of functions that are polynomials of degree 2m - 1 between centres, m - 1 outside.

    Parameters
    ----------
    x
        Points, shape (n,).
    centres
        Increasing, shape (u,).
    even
        Derivatives of order 0, 2, .. 2m - 2 at the centres, m matrices of shape (u, k).
    ends
        Derivatives of order 0, 1, .. m - 1 at the first and the last centre, m matrices of shape (2, k).
    """
    from scipy import sparse

    m, u = len(even), len(centres)
    low, high = centres[0], centres[-1]
    inside = (x >= low) & (x <= high)
    rows, columns, weights = [], [], []
    at = np.flatnonzero(inside)
    left = np.clip(np.searchsorted(centres, x[at], side="right") - 1, 0, u - 2)
    width = centres[left + 1] - centres[left]
    t = (x[at] - centres[left]) / width
    for q in range(m):
        for place, share in ((left, 1.0 - t), (left + 1, t)):
            rows.append(at)
            columns.append(q * u + place)
            weights.append(width ** (2 * q) * _lidstone(q)(share))
    out = np.flatnonzero(~inside)
    is_right = (x[out] > high).astype(np.int64)
    beyond = x[out] - np.where(is_right == 1, high, low)
    for order in range(m):
        rows.append(out)
        columns.append(m * u + 2 * order + is_right)
        weights.append(beyond**order / factorial(order))
    found: Any = sparse.csr_matrix(
        (np.concatenate(weights), (_joined(rows), _joined(columns))), shape=(len(x), m * u + 2 * m)
    )
    return Carrier(found, np.vstack([*even, *ends]))


def _joined(parts: list[Any]) -> IntVector:
    return np.concatenate(parts).astype(np.int64)


@cache
def _lidstone(q: int) -> Polynomial:
    """Find the polynomial whose second derivative is that of q - 1 and which is zero at 0 and 1; t for q = 0."""
    if q == 0:
        return Polynomial([0.0, 1.0])
    twice = _lidstone(q - 1).integ(2)
    return twice - Polynomial([0.0, float(twice(1.0))])
