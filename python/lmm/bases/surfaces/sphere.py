"""Kernels on the sphere as functions of w = sin²(γ/2), γ the angle between two points, and their slopes.

Kernel 0 is Wendelberger's closed form of the spline of the squared Laplacian, 1 to 4 are Wahba's pseudosplines (1981),
-1 is the thin plate of three dimensions and -2 the Duchon spline, both of the chord.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.polynomial import polyder, polyval

from lmm.typing import FloatArray, FloatMatrix

__all__ = [
    "LARGEST_ORDER",
    "kernel",
    "kernel_slope",
    "null_functions",
    "null_slopes",
    "opening_slopes",
    "openings",
]

LARGEST_ORDER = 4

# q(w) = log(1 + 1/√w) a(w) + √w b(w) + c(w), coefficients by increasing power; R = (q/m! - 1/(m + 1)!)/(2π).
_WAHBA: dict[int, tuple[list[float], list[float], list[float], float, float]] = {
    1: ([0, 2], [-2], [1], 1.0, 1 / 2),
    2: ([0, -2, 6], [0, -6], [1 / 2, 3], 2.0, 1 / 6),
    3: ([0, 0, -12, 20], [0, 16 / 3, -20], [1 / 3, -1, 10], 6.0, 1 / 24),
    4: ([0, 0, 6, -60, 70], [0, 0, 110 / 3, -70], [1 / 4, -1 / 3, -25 / 2, 35], 24.0, 1 / 120),
}


def openings(points: FloatMatrix, centres: FloatMatrix) -> FloatMatrix:
    """Squared sine of half the angle between points and centres, in degrees; shape (n, u)."""
    la, lo, lak, lok = _radians(points, centres)
    w = np.sin((la - lak) / 2) ** 2 + np.cos(la) * np.cos(lak) * np.sin((lo - lok) / 2) ** 2
    return np.asarray(np.minimum(w, 1.0))


def opening_slopes(points: FloatMatrix, centres: FloatMatrix, along: int) -> FloatMatrix:
    """Differentiate `openings` by degrees of latitude (0) or longitude (1) of the points."""
    la, lo, lak, lok = _radians(points, centres)
    if along == 0:
        slopes = np.sin(la - lak) / 2 - np.sin(la) * np.cos(lak) * np.sin((lo - lok) / 2) ** 2
    else:
        slopes = np.cos(la) * np.cos(lak) * np.sin(lo - lok) / 2
    return np.asarray(np.radians(slopes))


def _radians(points: FloatMatrix, centres: FloatMatrix) -> tuple[FloatMatrix, ...]:
    """Latitudes and longitudes of points as columns, of centres as rows."""
    return (*np.radians(points).T[:, :, None], *np.radians(centres).T[:, None, :])


def kernel(w: FloatArray, order: int) -> FloatArray:
    """Values of the kernel."""
    positive = np.where(w > 0.0, w, 1.0)
    if order == -2:
        return np.asarray(-2.0 * np.sqrt(w))
    if order == -1:
        return np.asarray(w * np.log(4.0 * positive) / (4.0 * np.pi))
    if order == 0:
        from scipy.special import spence

        return np.asarray((1.0 - np.pi**2 / 6.0 + spence(w)) / (4.0 * np.pi))
    a, b, c, divisor, mean = _WAHBA[order]
    root = np.sqrt(positive)
    q = np.log1p(1.0 / root) * polyval(positive, a) + root * polyval(positive, b) + polyval(positive, c)
    return np.asarray((np.where(w > 0.0, q, c[0]) / divisor - mean) / (2.0 * np.pi))


def kernel_slope(w: FloatArray, order: int) -> FloatArray:
    """Differentiate the kernel by w; 0 where w is 0."""
    positive = np.where(w > 0.0, w, 1.0)
    root = np.sqrt(positive)
    if order == -2:
        slope = -1.0 / root
    elif order == -1:
        slope = (np.log(4.0 * positive) + 1.0) / (4.0 * np.pi)
    elif order == 0:
        rest = np.where(positive < 1.0, 1.0 - positive, 1.0)
        slope = np.where(positive < 1.0, np.log(positive) / rest, -1.0) / (4.0 * np.pi)
    else:
        slope = _wahba_slope(positive, root, order)
    return np.asarray(np.where(w > 0.0, slope, 0.0))


def _wahba_slope(w: FloatArray, root: FloatArray, order: int) -> FloatArray:
    a, b, c, divisor, _ = _WAHBA[order]
    logarithm, its_slope = np.log1p(1.0 / root), -0.5 / (w * (root + 1.0))
    q = (
        its_slope * polyval(w, a)
        + logarithm * polyval(w, polyder(a))
        + 0.5 * polyval(w, b) / root
        + root * polyval(w, polyder(b))
        + polyval(w, polyder(c))
    )
    return np.asarray(q / (divisor * 2.0 * np.pi))


def null_functions(points: FloatMatrix, order: int) -> FloatMatrix:
    """Evaluate the constant, and for kernel -1 the coordinates in space; shape (n, 1 or 4)."""
    one = np.ones((len(points), 1))
    if order != -1:
        return one
    la, lo = np.radians(points).T
    return np.column_stack([one, np.cos(la) * np.sin(lo), np.cos(la) * np.cos(lo), np.sin(la)])


def null_slopes(points: FloatMatrix, order: int, along: int) -> FloatMatrix:
    """Differentiate `null_functions` by degrees."""
    zero = np.zeros(len(points))
    if order != -1:
        return zero[:, None]
    la, lo = np.radians(points).T
    if along == 0:
        slopes = np.column_stack([zero, -np.sin(la) * np.sin(lo), -np.sin(la) * np.cos(lo), np.cos(la)])
    else:
        slopes = np.column_stack([zero, np.cos(la) * np.cos(lo), -np.cos(la) * np.sin(lo), zero])
    return np.asarray(np.radians(slopes))
