"""Conditional AIC: the likelihood given the random effects, with degrees of freedom that count the choice of variances.

Two corrections are in use. That of Wood, Pya and Säfken [1]_ adds the uncertainty of smoothing parameters to the
covariance of the coefficients; it is what mgcv prints. That of Greven and Kneib [2]_ is the trace of ∂ŷ/∂y; it is what
cAIC4 prints for models with random terms.

References
----------
.. [1] Wood, Pya & Säfken (2016), Smoothing parameter and model selection for general smooth models, J. Amer. Statist.
   Assoc. 111, 1548-1563.
.. [2] Greven & Kneib (2010), On the behaviour of marginal and conditional AIC in linear mixed models, Biometrika 97.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from lmm.errors import LmmError
from lmm.inference.algebra.hat_trace import total_edf
from lmm.inference.fits.data_derivative import data_derivative
from lmm.inference.smooth_terms.corrected import has_ridges, smoothing_uncertainty
from lmm.inference.smooth_terms.of_the_mean import design_matrix, mean_coefficients
from lmm.model.likelihood import refuse_validated

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["AicKind", "Conditional", "Correction", "check_correction", "conditional", "correction_for"]

AicKind: TypeAlias = Literal["marginal", "conditional"]
"""AIC of the likelihood of the data, or of that given the random effects."""

Correction: TypeAlias = Literal["auto", "wood", "greven-kneib"]
"""How degrees of freedom of a conditional AIC count the estimation of variances."""

_SOURCES = {"wood": "Wood, Pya and Säfken 2016", "greven-kneib": "Greven and Kneib 2010"}


class Conditional(NamedTuple):
    """Conditional AIC of one fit.

    Attributes
    ----------
    edf
        Effective degrees of freedom, variances taken as known.
    df
        The same with the correction, and one for σ.
    loglik
        Log-likelihood given the random effects.
    """

    edf: float
    df: float
    loglik: float

    @property
    def aic(self) -> float:
        """-2 log-likelihood plus twice the degrees of freedom."""
        return -2.0 * self.loglik + 2.0 * self.df


def correction_for(fits: Sequence[Fit], correction: Correction) -> Literal["wood", "greven-kneib"]:
    """Choose one correction for all fits: Wood's where smooth terms are the only random part of all of them."""
    if correction != "auto":
        return correction
    return "greven-kneib" if any(fit.internals.design.groups for fit in fits) else "wood"


def check_correction(kind: AicKind, correction: Correction, fits: Sequence[Fit]) -> None:
    """Refuse a correction where there is none, and fits without a likelihood.

    Raises
    ------
    LmmError
        With what to do.
    """
    if kind == "marginal" and correction != "auto":
        raise LmmError('correction= belongs to kind="conditional".')
    if kind == "conditional" and correction == "greven-kneib":
        for fit in fits:
            refuse_validated(fit, "derivatives of variances by the data", 'correction="wood" is as mgcv.')
    if kind == "conditional" and any(fit.method == "moments" for fit in fits):
        raise LmmError(
            'A fit by the method of moments has no likelihood to compare. Fit with method="ml" or "reml".'
        )


def conditional(fit: Fit, correction: Literal["wood", "greven-kneib"]) -> tuple[Conditional, str]:
    """Compute the conditional AIC of a fit, and say how.

    Raises
    ------
    UnsupportedError
        If the correction does not exist for this model.
    """
    note = f"Conditional AIC, degrees of freedom after {_SOURCES[correction]}, and one for σ."
    held = [part.source for part in fit.internals.design.groups if not has_ridges(part, len(part.columns))]
    if fit.method == "gcv":
        note = "Conditional AIC; cross-validation has no covariance of smoothing parameters, which count as known."
    elif correction == "wood" and held:
        note += f" Variances of {', '.join(held)} are taken as known."
    e = fit.internals.design.errors.whiten(fit.y - fit.fitted)
    rss, n = float(e @ e), fit.n_obs
    edf = total_edf(fit)
    if correction == "wood":
        variance, df = rss / n, _wood(fit, edf, rss)
    else:
        variance, df = fit.sigma**2, data_derivative(fit)
    logs = float(np.log(fit.internals.design.errors.precisions).sum())
    loglik = -0.5 * (n * np.log(2.0 * np.pi * variance) + rss / variance - logs)
    return Conditional(edf, df + 1.0, float(loglik)), note


def _wood(fit: Fit, edf: float, rss: float) -> float:
    """tr(V'X'WX)/σ² with the corrected covariance V', at most the trace of 2F - FF; without a likelihood tr F."""
    if fit.method == "gcv":
        return edf
    found = mean_coefficients(fit)
    more = smoothing_uncertainty(fit, design_matrix(fit), found.estimate, found.places)
    gram = more.columns.T @ (fit.internals.design.errors.precisions[:, None] * more.columns)
    V = more.covariance + more.shape + more.moves / (rss / (fit.n_obs - edf))
    F = more.covariance @ gram
    return min(float(np.sum(V * gram)), float(2.0 * np.trace(F) - np.sum(F * F.T)))
