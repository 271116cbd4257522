"""Residuals: what they are taken from, and on which scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.model.matrices import relative_factor
from lmm.model.moments import refuse_negative
from lmm.typing import FloatVector, ResidualKind

if TYPE_CHECKING:
    from lmm.model.result import Fit

__all__ = ["marginal_sd", "residuals_of"]


def residuals_of(fit: Fit, kind: ResidualKind) -> FloatVector:
    """Compute the residuals (n,) of a kind; `lmm.residuals` has the studentized ones too.

    Raises
    ------
    LmmError
        If there is no such kind.
    """
    if kind == "marginal":
        return _marginal(fit)
    if kind == "quantile":
        from scipy.special import ndtr

        refuse_negative(fit.internals.optimum, "Quantile residuals")
        below: FloatVector = ndtr(_marginal(fit) / marginal_sd(fit))
        return below
    raw = fit.y - fit.fitted
    if kind in ("response", "conditional"):
        return raw
    pearson: FloatVector = fit.internals.design.errors.whiten(raw)
    return pearson if kind == "pearson" else pearson / fit.sigma


def marginal_sd(fit: Fit) -> FloatVector:
    """Compute the standard deviation (n,) of each response, random effects included: the root of diag(V)."""
    relative = fit.internals.design.errors.variances
    for part, T in zip(fit.internals.design.random, fit.T, strict=True):
        scaled = part.block.to_sparse() @ relative_factor([part], [T])
        relative = relative + np.asarray(scaled.multiply(scaled).sum(axis=1)).ravel()
    return np.asarray(fit.sigma * np.sqrt(relative))


def _marginal(fit: Fit) -> FloatVector:
    mean = fit.X @ fit.beta
    residual: FloatVector = fit.y - (mean if fit.offset is None else mean + fit.offset)
    return residual
