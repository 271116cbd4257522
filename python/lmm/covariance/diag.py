"""Diagonal: a variance for each column, no correlations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from lmm.covariance.family import Structure
from lmm.typing import FloatArray, FloatMatrix, FloatVector, IntVector


class Diagonal(Structure):
    """Theta is the diagonal of T (k parameters).

    Examples
    --------
    >>> Diagonal().factor(np.array([2.0, 0.5]), 2)
    array([[2. , 0. ],
           [0. , 0.5]])
    """

    name: ClassVar[str] = "diag"
    is_linear: ClassVar[bool] = True
    is_correlated: ClassVar[bool] = False

    def n_theta(self, k: int) -> int:
        """One per column."""
        return k

    def factor(self, theta: FloatVector, k: int) -> FloatMatrix:
        """T with theta on its diagonal."""
        T = np.zeros((k, k))
        np.fill_diagonal(T, theta)
        return T

    def theta(self, T: FloatMatrix) -> FloatVector:
        """Absolute diagonal of T."""
        return np.abs(np.diag(T))

    def start(self, k: int) -> FloatVector:
        """T = I."""
        return np.ones(k)

    def lower_bounds(self, k: int) -> FloatVector:
        """0."""
        return np.zeros(k)

    def names(self, group: str, columns: Sequence[str]) -> tuple[str, ...]:
        """``group.column``."""
        return tuple(f"{group}.{column}" for column in columns)

    def held_elements(self, held: np.ndarray, k: int) -> np.ndarray:
        """Held diagonal elements; the others are zero by structure."""
        mask = np.zeros((k, k), dtype=bool)
        np.fill_diagonal(mask, held)
        return mask

    def derivatives(self, theta: FloatVector, k: int) -> FloatArray:
        """Differentiate S: dS_ii = 2 theta_i."""
        derivatives = np.zeros((k, k, k))
        index = np.arange(k)
        derivatives[index, index, index] = 2.0 * np.asarray(theta, dtype=float)
        return derivatives

    def second(self, theta: FloatVector, k: int) -> FloatArray:
        """Differentiate S twice: d²S_ii = 2."""
        second = np.zeros((k, k, k, k))
        index = np.arange(k)
        second[index, index, index, index] = 2.0
        return second

    def rescaled(self, theta: FloatVector, scales: FloatVector) -> FloatVector:
        """Each with its column."""
        return np.asarray(theta) * scales

    def elements(self, k: int) -> tuple[IntVector, IntVector]:
        """Take the diagonal."""
        return np.arange(k), np.arange(k)

    def parts(self, k: int) -> tuple[int, ...]:
        """Each column by itself."""
        return (1,) * k
