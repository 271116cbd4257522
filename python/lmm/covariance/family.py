"""What a covariance structure must be able to say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from lmm.typing import BoolVector, FamilyInput, FloatArray, FloatMatrix, FloatVector, IntVector, Pattern


class Coordinates(NamedTuple):
    """Theta (n_theta,) as a function of the coordinates of the search, element by element, with two derivatives."""

    theta: FloatVector
    first: FloatVector
    second: FloatVector


class Natural(NamedTuple):
    """Variances, covariances and correlations of a family, relative to σ² (n,), as functions of theta.

    Attributes
    ----------
    value : shape (n,)
    slope : shape (n, n_theta)
        d value / d theta.
    bend : shape (n, n, k, k)
        d²S / d value².
    is_variance : shape (n,)
        Marks of those that are multiplied by σ²; correlations are not.
    """

    value: FloatVector
    slope: FloatMatrix
    bend: FloatArray
    is_variance: BoolVector


class Structure(ABC):
    """One family of relative covariances ``S = T T'`` of k random effects.

    Every family keeps these identities, which its tests check: ``theta(factor(t)) == t`` for
    admissible t; ``derivatives(t)`` and ``second(t)`` equal finite differences of S; ``start(k)`` gives
    ``S = I``; ``from_search(to_search(t)).theta == t``.

    Attributes
    ----------
    name
        The word in formulas and in the catalog.
    is_linear
        Whether the elements of S that are not zero are all free, so that S may be any matrix of a
        cone. The others are searched over coordinates of their own.
    is_correlated
        Whether the effects of one level may be correlated.
    is_heterogeneous
        Whether each column has a variance of its own, so that columns may have different units.
    tells_columns
        Whether its variances are those of single columns, or of all of them alike.
    """

    name: ClassVar[str]
    is_linear: ClassVar[bool]
    is_correlated: ClassVar[bool]
    is_heterogeneous: ClassVar[bool] = True
    tells_columns: ClassVar[bool] = True

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

    def upper_bounds(self, k: int) -> FloatVector:
        """Largest admissible theta (n_theta,)."""
        return np.full(self.n_theta(k), np.inf)

    @abstractmethod
    def names(self, group: str, columns: Sequence[str]) -> tuple[str, ...]:
        """Names of theta, such as ``Subject.Days.Intercept``."""

    @abstractmethod
    def held_elements(self, held: np.ndarray, k: int) -> np.ndarray:
        """Elements of T (k, k) that stay fixed when the parameters ``held`` (n_theta,) do; linear families only."""

    @abstractmethod
    def derivatives(self, theta: FloatVector, k: int) -> FloatArray:
        """dS/dtheta (n_theta, k, k)."""

    @abstractmethod
    def second(self, theta: FloatVector, k: int) -> FloatArray:
        """d²S/dtheta² (n_theta, n_theta, k, k)."""

    @abstractmethod
    def rescaled(self, theta: FloatVector, scales: FloatVector) -> FloatVector:
        """Theta when the effect of each column is multiplied by a positive scale (k,)."""

    @property
    def pattern(self) -> Pattern:
        """What the engine may put into T: a full triangle, or the diagonal alone."""
        return "us" if self.is_correlated else "diag"

    def elements(self, k: int) -> tuple[IntVector, IntVector]:
        """Rows and columns of the elements of S that are not zero, lower triangle column by column."""
        columns, rows = np.triu_indices(k)
        return rows, columns

    def parts(self, k: int) -> tuple[int, ...]:
        """Sizes of the diagonal blocks of S that have no covariance between them."""
        return (k,)

    def to_core(self, k: int) -> FamilyInput:
        """Name the family as the search in the compiled core knows it, for a term with k columns."""
        return self.name, k

    def to_search(self, theta: FloatVector, k: int) -> FloatVector:
        """Coordinates of the search, unbounded, from theta (n_theta,)."""
        return np.asarray(theta, dtype=float).copy()

    def from_search(self, eta: FloatVector, k: int) -> Coordinates:
        """Theta from the coordinates of the search, with its derivatives."""
        eta = np.asarray(eta, dtype=float)
        return Coordinates(eta.copy(), np.ones_like(eta), np.zeros_like(eta))

    def further_starts(self, k: int) -> list[FloatVector]:
        """Other places to begin the search, in the scale of `start`; where S is a cone the engine has its own."""
        return []

    def natural(self, theta: FloatVector, k: int) -> Natural:
        """Parameters that people read, and that Kenward and Roger's method takes; elements of S where S is free."""
        T = self.factor(theta, k)
        rows, columns = self.elements(k)
        n = len(rows)
        value: FloatVector = (T @ T.T)[rows, columns]
        return Natural(value, self.jacobian(theta, k), np.zeros((n, n, k, k)), np.ones(n, dtype=bool))

    def natural_names(self, columns: Sequence[str]) -> list[str]:
        """Names of the natural parameters, behind the group."""
        rows, others = self.elements(len(columns))
        pairs = zip(rows, others, strict=True)
        return [columns[i] if i == j else f"{columns[j]}.{columns[i]}" for i, j in pairs]

    def jacobian(self, theta: FloatVector, k: int) -> FloatMatrix:
        """Differentiate the elements of S that are not zero by theta (n_elements, n_theta)."""
        dS = self.derivatives(theta, k)
        rows, columns = self.elements(k)
        free: FloatMatrix = dS[:, rows, columns].T
        return free
