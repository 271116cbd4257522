"""Mixtures of χ²: what the likelihood ratio of variances follows, which cannot be negative.

When a parameter lies on the boundary under the hypothesis, the likelihood ratio is asymptotically the squared length
of a normal vector's projection on a cone, whose distribution is a mixture of χ² with different degrees of freedom
(Self and Liang, JASA 82, 1987; Stram and Lee, Biometrics 50, 1994; Shapiro, Biometrika 72, 1985).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmm.typing import FloatMatrix, FloatVector

__all__ = ["ChiBar", "chisq_p_value", "half_and_half", "positive_semidefinite", "quadrant"]


@dataclass(frozen=True, slots=True)
class ChiBar:
    """A mixture of χ².

    Attributes
    ----------
    df
        Degrees of freedom of its parts; χ² with none is zero.
    weights
        Their probabilities.

    Examples
    --------
    >>> round(ChiBar((0, 1), (0.5, 0.5)).p_value(2.705543), 4)
    0.05
    """

    df: tuple[int, ...]
    weights: tuple[float, ...]

    def p_value(self, statistic: float) -> float:
        """Probability of a value as large or larger; that of zero is 1."""
        if not statistic > 0.0:
            return 1.0
        tails = [chisq_p_value(statistic, df) for df in self.df]
        return float(np.dot(self.weights, tails))

    def __str__(self) -> str:
        parts = zip(self.weights, self.df, strict=True)
        return " + ".join(f"{weight:.3g} χ²({df})" for weight, df in parts)


def chisq_p_value(statistic: float, df: float) -> float:
    """Upper tail of χ²; without degrees of freedom that of the constant zero.

    Examples
    --------
    >>> round(chisq_p_value(3.841459, 1), 4), chisq_p_value(0.1, 0)
    (0.05, 0.0)
    """
    from scipy.special import chdtrc

    if np.isnan(statistic) or np.isnan(df):
        return np.nan
    if df == 0:
        return float(statistic <= 0.0)
    return float(chdtrc(df, max(statistic, 0.0)))


def half_and_half(n_free: int) -> ChiBar:
    """One variance and ``n_free`` covariances: both parts have the weight ½ (Stram and Lee, case 2).

    For more than one direction on the boundary this is an upper bound of the tail, whatever the cone, if
    ``n_free`` counts all parameters but one: even and odd parts have weight ½ each.
    """
    return ChiBar((n_free, n_free + 1), (0.5, 0.5))


def quadrant(covariance: FloatMatrix) -> ChiBar:
    """Two variances without a covariance between them.

    Parameters
    ----------
    covariance : shape (2, 2)
        Of their unrestricted estimates.

    Examples
    --------
    >>> quadrant(np.eye(2)).weights
    (0.25, 0.5, 0.25)
    """
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    # The angle of the cone in the metric of the information is that between its edges.
    inside = (np.pi - np.arccos(np.clip(correlation, -1.0, 1.0))) / (2.0 * np.pi)
    # With a positive correlation of the estimates the first quadrant is the more likely one.
    return ChiBar((0, 1, 2), (float(0.5 - inside), 0.5, float(inside)))


def positive_semidefinite(covariance: FloatMatrix, n_free: int, n_points: int = 2000) -> ChiBar:
    """Two variances and their covariance, besides ``n_free`` parameters without a boundary.

    The directions on the edge of the cone are ``(c², cs, s²)`` for angles of c and s. In the coordinates in which the
    estimates are uncorrelated, the arc that they draw on the unit sphere is 4π times the weight of two
    degrees of freedom, that of the polar cone the weight of one; odd and even weights are ½ together.

    Parameters
    ----------
    covariance : shape (3, 3)
        Of the unrestricted estimates of the elements 11, 21 and 22.
    n_free
        Number of further parameters.
    n_points
        Points on the edge.

    Examples
    --------
    >>> chi_bar = positive_semidefinite(np.diag([1.0, 0.5, 1.0]), 0)
    >>> [round(weight, 4) for weight in chi_bar.weights]
    [0.1464, 0.3536, 0.3536, 0.1464]
    """
    angle = np.linspace(0.0, np.pi, n_points, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    edge = np.column_stack([c**2, c * s, s**2])
    tangent = np.column_stack([-2.0 * c * s, c**2 - s**2, 2.0 * c * s])
    lower = np.linalg.cholesky(covariance)
    white, moved = np.linalg.solve(lower, edge.T).T, np.linalg.solve(lower, tangent.T).T
    # Normals of the faces of the cone are the edge of its polar.
    normal = np.cross(white, moved)
    two, one = _arc(white) / (4.0 * np.pi), _arc(normal) / (4.0 * np.pi)
    return ChiBar(
        tuple(n_free + df for df in range(4)), (float(0.5 - two), float(one), float(two), float(0.5 - one))
    )


def _arc(points: FloatMatrix) -> float:
    """Length of the closed curve that directions (n, 3) draw on the unit sphere."""
    unit = points / np.linalg.norm(points, axis=1)[:, None]
    steps: FloatVector = np.linalg.norm(np.roll(unit, -1, axis=0) - unit, axis=1)
    return float(np.sum(2.0 * np.arcsin(np.clip(steps / 2.0, 0.0, 1.0))))
