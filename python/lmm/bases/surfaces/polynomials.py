"""Monomials of several variables, and their derivatives."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from lmm.typing import FloatMatrix

__all__ = ["monomial_slopes", "monomials", "powers_below"]


def powers_below(degree: int, d: int) -> npt.NDArray[np.int64]:
    """Exponents of all monomials in d variables of less than a degree, those of the first variable fastest.

    Examples
    --------
    >>> powers_below(2, 2).tolist()
    [[0, 0], [1, 0], [0, 1]]
    """
    every = (row[::-1] for row in product(range(degree), repeat=d))
    return np.array([row for row in every if sum(row) < degree], dtype=np.int64)


def monomials(points: FloatMatrix, powers: npt.NDArray[np.int64]) -> FloatMatrix:
    """Values at points; shape (n, M) of points (n, d) and powers (M, d).

    Examples
    --------
    >>> monomials(np.array([[2.0, 3.0]]), powers_below(3, 2)).tolist()
    [[1.0, 2.0, 4.0, 3.0, 6.0, 9.0]]
    """
    return np.asarray(np.prod(points[:, None, :] ** powers[None], axis=2))


def monomial_slopes(
    points: FloatMatrix, powers: npt.NDArray[np.int64], order: int, along: int
) -> FloatMatrix:
    """Differentiate along one variable; shape (n, M).

    Examples
    --------
    >>> monomial_slopes(np.array([[2.0, 3.0]]), powers_below(3, 2), order=1, along=0).tolist()
    [[0.0, 1.0, 4.0, 0.0, 3.0, 0.0]]
    """
    factors = np.ones(len(powers))
    left = powers.copy()
    for _ in range(order):
        factors *= left[:, along]
        left[:, along] = np.maximum(left[:, along] - 1, 0)
    return monomials(points, left) * factors
