"""Unstructured: every variance and every covariance is free."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

import numpy as np

from lmm.covariance.family import Structure
from lmm.typing import FloatArray, FloatMatrix, FloatVector, IntVector


@lru_cache(maxsize=64)
def lower_elements(k: int) -> tuple[IntVector, IntVector]:
    """Rows and columns of the lower triangle, column by column; read only, they are made once."""
    columns, rows = np.triu_indices(k)
    for places in (rows, columns):
        places.setflags(write=False)
    return rows, columns


class Unstructured(Structure):
    """Theta is the lower triangle of T, column by column (k (k + 1) / 2 parameters).

    Examples
    --------
    >>> Unstructured().factor(np.array([2.0, 0.5, 1.0]), 2)
    array([[2. , 0. ],
           [0.5, 1. ]])
    >>> Unstructured().names("Subject", ["Intercept", "Days"])
    ('Subject.Intercept', 'Subject.Days.Intercept', 'Subject.Days')
    """

    name: ClassVar[str] = "us"
    is_linear: ClassVar[bool] = True
    is_correlated: ClassVar[bool] = True

    def n_theta(self, k: int) -> int:
        """Elements of the lower triangle, k (k + 1) / 2."""
        return k * (k + 1) // 2

    def factor(self, theta: FloatVector, k: int) -> FloatMatrix:
        """T with theta in its lower triangle."""
        T = np.zeros((k, k))
        T[lower_elements(k)] = theta
        return T

    def theta(self, T: FloatMatrix) -> FloatVector:
        """Lower triangle of T; a column with a negative diagonal is turned (S is the same)."""
        turned: FloatMatrix = T * np.where(np.diag(T) < 0.0, -1.0, 1.0)
        lower: FloatVector = turned[lower_elements(len(T))]
        return lower

    def start(self, k: int) -> FloatVector:
        """T = I."""
        return self.theta(np.eye(k))

    def lower_bounds(self, k: int) -> FloatVector:
        """0 on the diagonal of T, -inf below it."""
        rows, columns = lower_elements(k)
        return np.where(rows == columns, 0.0, -np.inf)

    def names(self, group: str, columns: Sequence[str]) -> tuple[str, ...]:
        """``group.column`` on the diagonal, ``group.row.column`` below it."""
        return tuple(
            f"{group}.{columns[i]}" if i == j else f"{group}.{columns[i]}.{columns[j]}"
            for i, j in zip(*lower_elements(len(columns)), strict=True)
        )

    def held_elements(self, held: np.ndarray, k: int) -> np.ndarray:
        """Elements of T where the held parameters are."""
        mask = np.zeros((k, k), dtype=bool)
        mask[lower_elements(k)] = held
        return mask

    def derivatives(self, theta: FloatVector, k: int) -> FloatArray:
        """Differentiate S: dS = E_ij T' + T E_ji for the element (i, j) of T."""
        T = self.factor(theta, k)
        rows, columns = lower_elements(k)
        half = np.zeros((len(rows), k, k))
        half[np.arange(len(rows)), rows, :] = T[:, columns].T
        derivatives: FloatArray = half + half.transpose(0, 2, 1)
        return derivatives

    def second(self, theta: FloatVector, k: int) -> FloatArray:
        """Differentiate S twice: E_ij E_sj' + E_sj E_ij' for elements (i, j) and (s, j) of one column of T."""
        rows, columns = lower_elements(k)
        n = len(rows)
        second = np.zeros((n, n, k, k))
        for a, b in zip(*np.nonzero(columns[:, None] == columns[None, :]), strict=True):
            second[a, b, rows[a], rows[b]] += 1.0
            second[a, b, rows[b], rows[a]] += 1.0
        return second

    def rescaled(self, theta: FloatVector, scales: FloatVector) -> FloatVector:
        """Each row of T with its column of Z."""
        rows, _ = lower_elements(len(scales))
        return np.asarray(theta) * np.asarray(scales)[rows]
