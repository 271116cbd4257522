"""Diagonal: a variance for each column, no correlations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from lmm.covariance.family import Structure
from lmm.typing import FloatArray, FloatMatrix, FloatVector


class Diagonal(Structure):
    """Theta is the diagonal of T (k parameters).

    Examples
    --------
    >>> Diagonal().factor(np.array([2.0, 0.5]), 2)
    array([[2. , 0. ],
           [0. , 0.5]])
    """

    name: ClassVar[str] = "diag"
    coordinates: ClassVar[Literal["us", "diag"]] = "diag"

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
