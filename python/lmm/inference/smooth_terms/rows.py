"""Linear functions of fixed effects and of curves: what marginal means are where there are smooth terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lmm.inference.algebra.hat_trace import total_edf
from lmm.inference.smooth_terms.system import smooth_system
from lmm.typing import BoolVector, FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.design import Design
    from lmm.model import Fit

__all__ = ["CurvedRows", "n_curve_effects", "split_rows", "with_curves"]

_NOTHING = 1e-9
"""Coefficient of an effect of a curve that is rounding, relative to those that it was made of."""


class CurvedRows(NamedTuple):
    """Rows of a contrast that use random effects of smooth terms.

    Attributes
    ----------
    joint : shape (r, P)
        On the coefficients c of `smooth_system`.
    curves : shape (r, q)
        On the effects of curves.
    """

    joint: FloatMatrix
    curves: FloatMatrix

    def estimates(self, fit: Fit) -> FloatVector:
        """Values (r,) of the functions."""
        return np.asarray(self.joint @ smooth_system(fit).coefficients)

    def covariance(self, fit: Fit) -> FloatMatrix:
        """Bayesian covariance (P, P) of the coefficients of ``joint``."""
        return fit.sigma**2 * smooth_system(fit).K

    def error_df(self, fit: Fit) -> float:
        """Degrees of freedom of the residuals."""
        return fit.n_obs - total_edf(fit)

    def used(self, combine: Any = None) -> BoolVector:
        """Mark rows, or combinations of rows, in which the curves do not cancel."""
        if combine is None:
            return np.asarray((self.curves != 0.0).any(axis=1))
        size = abs(combine) @ np.abs(self.curves)
        return np.asarray((np.abs(combine @ self.curves) > _NOTHING * size.max(initial=0.0)).any(axis=1))


def with_curves(design: Design) -> FloatMatrix:
    """Columns of X, aliased ones included, with those of the random effects of smooth terms behind them."""
    blocks = [part.block.to_dense() for part in design.random if part.is_smooth]
    return np.hstack([design.X, *blocks])


def n_curve_effects(fit: Fit) -> int:
    """Count the random effects of smooth terms."""
    return sum(part.block.n_effects for part in fit.internals.design.random if part.is_smooth)


def split_rows(fit: Fit, rows: FloatMatrix) -> tuple[FloatMatrix, CurvedRows | None]:
    """Split a contrast (r, n_all + q) into that on X and that on all; of others there is only the first."""
    n_all, q = len(fit.internals.design.names), n_curve_effects(fit)
    if not q or rows.shape[1] != n_all + q:
        return rows, None
    size = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    curves = np.where(np.abs(rows[:, n_all:]) > _NOTHING * size, rows[:, n_all:], 0.0)
    pairs = zip(fit.internals.design.random, fit.T, strict=True)
    scaled, first = [rows[:, fit.internals.design.kept]], 0
    for part, T in ((part, T) for part, T in pairs if part.is_smooth):
        own = curves[:, first : first + part.block.n_effects]
        scaled.append((own.reshape(len(rows), part.block.n_levels, -1) @ T).reshape(len(rows), -1))
        first += part.block.n_effects
    return rows[:, :n_all], CurvedRows(np.hstack(scaled), curves)
