"""What a covariance structure must be able to say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from lmm.typing import FloatArray, FloatMatrix, FloatVector


class Structure(ABC):
    """One family of relative covariances ``S = T T'`` of k random effects.

    Every family keeps three identities, which its tests check: ``theta(factor(t)) == t`` for
    admissible t, ``derivatives(t)`` equals finite differences of S, and ``start(k)`` gives
    ``S = I``.

    Attributes
    ----------
    name
        The word in formulas and in the catalog.
    coordinates
        Which elements of S are free: ``"us"`` all of the lower triangle, column by column;
        ``"diag"`` the diagonal. The engine reports information in these coordinates.
    """

    name: ClassVar[str]
    coordinates: ClassVar[Literal["us", "diag"]]

    @abstractmethod
    def n_theta(self, k: int) -> int:
        """Count the parameters of a term with k columns."""

    @abstractmethod
    def factor(self, theta: FloatVector, k: int) -> FloatMatrix:
        """T (k, k), lower triangular, from theta (n_theta,)."""

    @abstractmethod
    def theta(self, T: FloatMatrix) -> FloatVector:
        """Theta (n_theta,) of a factor T (k, k); columns are turned so that T_ii >= 0."""

    @abstractmethod
    def start(self, k: int) -> FloatVector:
        """Theta at which ``S = I``."""

    @abstractmethod
    def lower_bounds(self, k: int) -> FloatVector:
        """Smallest admissible theta (n_theta,): 0 for a scale, -inf for what may have a sign."""

    @abstractmethod
    def names(self, group: str, columns: Sequence[str]) -> tuple[str, ...]:
        """Names of theta, such as ``Subject.Days.Intercept``."""

    @abstractmethod
    def held_elements(self, held: np.ndarray, k: int) -> np.ndarray:
        """Elements of T (k, k) that stay fixed when the parameters ``held`` (n_theta,) do."""

    @abstractmethod
    def derivatives(self, theta: FloatVector, k: int) -> FloatArray:
        """dS/dtheta (n_theta, k, k)."""

    def jacobian(self, theta: FloatVector, k: int) -> FloatMatrix:
        """Differentiate the free elements of S (`coordinates`) by theta (n_free, n_theta)."""
        dS = self.derivatives(theta, k)
        columns, rows = np.triu_indices(k) if self.coordinates == "us" else (np.arange(k),) * 2
        free: FloatMatrix = dS[:, rows, columns].T
        return free
