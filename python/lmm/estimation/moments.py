"""The method of moments: the variance components that give the mean squares their expectations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmm.design import Design
from lmm.errors import DesignError
from lmm.estimation.quadratic_forms import Anova, QuadraticForm
from lmm.typing import BoolVector, FloatMatrix, FloatVector, IntVector, Negative

__all__ = ["Moments", "check_degrees", "solve_moments"]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean squares, what they estimate, and the components solved from them.

    With m random components, the residual is number m; all are in the order of theta.

    Attributes
    ----------
    names
        Names of the components, ``"Residual"`` last.
    df : shape (m + 1,)
        Degrees of freedom of the mean square of each.
    mean_sq : shape (m + 1,)
        Mean squares of type I: fixed terms first, then the components, coarse before fine.
    coefficients : shape (m + 1, m + 1)
        The expectation of mean square i is ``coefficients[i] @ components``.
    solution : shape (m + 1,)
        What solves ``coefficients @ solution = mean_sq``; may be negative.
    negative
        What happened to negative solutions: ``"zero"`` or ``"allow"``.

    Examples
    --------
    >>> import lmm
    >>> found = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"), method="moments").moments
    >>> found.names, found.solution.round(2), found.components.round(2)
    (('Batch', 'Residual'), array([-1.32, 14.95]), array([ 0.  , 14.95]))
    """

    names: tuple[str, ...]
    df: IntVector
    mean_sq: FloatVector
    coefficients: FloatMatrix
    solution: FloatVector
    negative: Negative

    @property
    def components(self) -> FloatVector:
        """Components in use (m + 1,): negative solutions are zero unless they are kept."""
        return self.solution if self.negative == "allow" else np.maximum(self.solution, 0.0)

    @property
    def is_negative(self) -> BoolVector:
        """Mark of the components whose solution is negative (m + 1,)."""
        return np.asarray(self.solution < 0.0)

    @property
    def keeps_negative(self) -> bool:
        """Whether a negative component is in use."""
        return self.negative == "allow" and bool(self.is_negative.any())

    @property
    def theta(self) -> FloatVector:
        """Roots of the components over the residual variance (m,); zero for negative ones."""
        theta: FloatVector = np.sqrt(np.maximum(self.solution[:-1], 0.0) / self.solution[-1])
        return theta

    @property
    def sigma(self) -> float:
        """Residual standard deviation."""
        return float(np.sqrt(self.solution[-1]))

    @property
    def weights(self) -> FloatMatrix:
        """Solution as combinations of mean squares: ``weights @ mean_sq`` (m + 1, m + 1)."""
        return np.asarray(np.linalg.inv(self.coefficients), dtype=np.float64)

    @property
    def covariance(self) -> FloatMatrix:
        """Covariance of the solution (m + 1, m + 1).

        As if the mean squares were independent multiples of χ², which they are in balanced data; their
        variance is ``2 E² / df`` with their expectation E at the components in use.
        """
        expected = self.coefficients @ self.components
        weights = self.weights
        found: FloatMatrix = (weights * (2.0 * expected**2 / self.df)) @ weights.T
        return found


def solve_moments(design: Design, negative: Negative = "zero") -> Moments:
    """Solve the equations of the mean squares of the random components and of the residual.

    Parameters
    ----------
    design
        With independent random effects only.
    negative
        ``"zero"`` or ``"allow"``.

    Raises
    ------
    DesignError
        If a component or the residual has no degrees of freedom.
    UnsupportedError
        If random effects are correlated, or the factors have too many levels.
    """
    anova = Anova(design)
    rows = {form.name: form for form in anova.forms(1) if form.kind != "fixed"}
    forms = [rows[name] for name in anova.names]
    for form in forms:
        check_degrees(form)
    coefficients = np.array([form.coefficients for form in forms])
    mean_sq = np.array([form.mean_sq for form in forms])
    return Moments(
        names=anova.names,
        df=np.array([form.df for form in forms]),
        mean_sq=mean_sq,
        coefficients=coefficients,
        solution=np.linalg.solve(coefficients, mean_sq),
        negative=negative,
    )


def check_degrees(form: QuadraticForm) -> None:
    """Refuse an error term without degrees of freedom.

    Raises
    ------
    DesignError
        Saying what is missing.
    """
    if form.df:
        return
    if form.kind == "residual":
        raise DesignError(
            "No residual degrees of freedom are left within the finest stratum: fixed terms and random terms together "
            "take all rows. Leave out the highest interaction, or the random term whose levels are single rows."
        )
    raise DesignError(
        f"The stratum {form.name} has no residual degrees of freedom: the fixed terms and the strata before it take "
        f"all differences between its levels, so that nothing estimates its variance. Either {form.name} has no "
        "replication, or it repeats another term: leave it out."
    )
