"""Variances of penalties: the precision of the effects is ``sum_j S_j / theta_j²``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from lmm.covariance.family import Coordinates, Natural, Structure
from lmm.errors import DesignError
from lmm.typing import FloatArray, FloatMatrix, FloatVector

__all__ = ["Precision"]

_FARTHEST = 200.0  # sinh(200) is 4e86: its square is a number still


class Precision(Structure):
    """One standard deviation theta_j for each penalty S_j of a term: ``S = (sum_j S_j / theta_j²)⁻¹``.

    Theta is relative to the standard deviation of the residuals: lambda_j = theta_j⁻² are the smoothing parameters. At
    theta_j = 0 the effects that S_j penalises are zero, as theta_j grows the penalty vanishes.

    The search moves along arsinh(theta_j / u_j), where u_j is a theta of ordinary size: zero is reached, as along a
    standard deviation, and large values are near, as along a logarithm.

    Parameters
    ----------
    labels
        Names of the penalties, one for each theta.
    unit : shape (n_theta,)
        u, at which S is about the identity.
    """

    is_linear: ClassVar[bool] = False
    is_heterogeneous: ClassVar[bool] = False
    tells_columns: ClassVar[bool] = False

    def __init__(self, labels: Sequence[str], unit: FloatVector) -> None:
        self.labels = tuple(labels)
        self.unit = unit

    @property
    @abstractmethod
    def penalties(self) -> FloatArray:
        """What is known: numbers of all penalties, the first axis that of theta."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Precision) or type(self) is not type(other):
            return False
        return self.labels == other.labels and np.array_equal(self.penalties, other.penalties)

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.labels, self.penalties.shape))

    def n_theta(self, k: int) -> int:
        """One for each penalty."""
        return len(self.labels)

    def start(self, k: int) -> FloatVector:
        """Theta at which S is about the identity."""
        return self.unit.copy()

    def lower_bounds(self, k: int) -> FloatVector:
        """0."""
        return np.zeros(len(self.labels))

    def names(self, group: str, columns: Sequence[str]) -> tuple[str, ...]:
        """``group.penalty``."""
        return tuple(f"{group}.{label}" for label in self.labels)

    def held_elements(self, held: np.ndarray, k: int) -> np.ndarray:
        """Refuse: held parameters of such a family are not elements of T."""
        raise DesignError("The standard deviations of penalties are not elements of T.")

    def rescaled(self, theta: FloatVector, scales: FloatVector) -> FloatVector:
        """Scale all by the mean scale: penalties tie the columns."""
        scaled: FloatVector = np.asarray(theta, dtype=float) * np.exp(np.log(scales).mean())
        return scaled

    def to_search(self, theta: FloatVector, k: int) -> FloatVector:
        """Take arsinh(theta / u)."""
        found: FloatVector = np.arcsinh(np.asarray(theta, dtype=float) / self.unit)
        return found

    def from_search(self, eta: FloatVector, k: int) -> Coordinates:
        """Theta = u sinh(eta)."""
        eta = np.clip(np.asarray(eta, dtype=float), -_FARTHEST, _FARTHEST)
        theta = self.unit * np.sinh(eta)
        return Coordinates(theta, self.unit * np.cosh(eta), theta)

    def further_starts(self, k: int) -> list[FloatVector]:
        """Begin with a stiff and with a loose term too: the criterion may have a minimum on either side."""
        return [0.05 * self.start(k), 20.0 * self.start(k)]

    def natural(self, theta: FloatVector, k: int) -> Natural:
        """Variances of the penalties; one of zero is known, for nothing differentiates there."""
        theta = np.asarray(theta, dtype=float)
        n = len(theta)
        to_theta = np.divide(0.5, theta, out=np.zeros(n), where=theta > 0.0)  # d theta / d theta²
        bend = self.second(theta, k) * np.outer(to_theta, to_theta)[:, :, None, None]
        # d² theta / d(theta²)² = -2 (d theta / d theta²)³
        bend[np.arange(n), np.arange(n)] -= 2.0 * to_theta[:, None, None] ** 3 * self.derivatives(theta, k)
        return Natural(theta**2, np.diag(2.0 * theta), bend, np.ones(n, dtype=bool))

    def natural_names(self, columns: Sequence[str]) -> list[str]:
        """Names of the penalties."""
        return list(self.labels)


def mean_size(values: FloatMatrix) -> FloatVector:
    """Geometric mean of the positive values of each column (K, m) -> (m,)."""
    return np.array([np.exp(np.log(column[column > 0.0]).mean()) for column in np.asarray(values).T])
