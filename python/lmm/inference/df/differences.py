"""Satterthwaite's ingredients by central differences, for models whose derivatives of V are too large or cost more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.inference.algebra.head_and_tail import largest_part
from lmm.inference.algebra.information import ParameterCovariance, pseudo_inverse
from lmm.inference.contrast.combinations import Combine, quadratic
from lmm.inference.per_fit import per_fit
from lmm.typing import FloatArray, FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Differences", "are_cheap", "differences", "row_differences"]

STEP = 1e-4
"""Of theta, relative to its size above one: differences are good to its square."""


LARGE_PART = 500
"""Effects of a connected part of the tail from which its inverse costs more than some evaluations of the criterion."""

MOST_THETA = 6
"""Of more theta, at two evaluations each, differences are no longer cheaper."""


@per_fit
def are_cheap(fit: Fit) -> bool:
    """Whether differences cost less than analytic derivatives, and are as good: inside, at an optimum."""
    return (
        fit.method not in ("moments", "gcv")
        and len(fit.theta) <= MOST_THETA
        and fit.converged
        and not fit.singular
        and not fit.internals.optimum.held.any()
        and largest_part(fit.internals.criterion_function.cross, fit.internals.design.random) > LARGE_PART
    )


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """How the criterion and the covariance of beta move with the free theta and with ς = σ/σ̂.

    Attributes
    ----------
    covariance
        Of the estimates of (theta, ς), (m, m).
    slopes : shape (m - 1, p, p)
        Derivatives of (X'V⁻¹X)⁻¹ by theta.
    """

    covariance: ParameterCovariance
    slopes: FloatArray


@per_fit
def differences(fit: Fit) -> Differences:
    """Evaluate the criterion at two places for each free theta.

    Notes
    -----
    The criterion with σ as a parameter is D(theta, ς) = log-determinants + m log ς² + r²(theta) / (σ̂ς)², with m
    observations (less n_fixed for REML). The gradient of the engine has σ profiled out, so that its differences
    are D_θθ - D_θς D_ςθ / D_ςς, with D_ςς = 4m and D_θς = -2 (r²)_θ / σ̂².
    """
    criterion, theta = fit.internals.criterion_function, fit.theta
    free = np.flatnonzero(~fit.internals.optimum.held)
    m = fit.n_obs - (fit.n_fixed if fit.internals.criterion_function.reml else 0)
    hessian = np.zeros((len(free) + 1, len(free) + 1))
    slopes = np.zeros((len(free), fit.n_fixed, fit.n_fixed))
    mixed = np.zeros(len(free))
    for i, j in enumerate(free):
        step = np.zeros(len(theta))
        step[j] = STEP * max(1.0, abs(theta[j]))
        above, below = criterion.evaluate(theta + step), criterion.evaluate(theta - step)
        width = 2.0 * step[j]
        gradients = [criterion.layout.gradient(theta + s, at.M) for s, at in ((step, above), (-step, below))]
        hessian[i, :-1] = (gradients[0] - gradients[1])[free] / width
        mixed[i] = -2.0 * (above.r2 - below.r2) / width / fit.sigma**2
        slopes[i] = (above.unscaled_vcov - below.unscaled_vcov) / width
    hessian[:-1, :-1] += np.outer(mixed, mixed) / (4.0 * m)
    hessian[:-1, -1] = hessian[-1, :-1] = mixed
    hessian[-1, -1] = 4.0 * m
    half = (hessian + hessian.T) / 4.0
    return Differences(pseudo_inverse(half, np.diag(half)), slopes)


def row_differences(
    fit: Fit, contrast: FloatMatrix, combine: Combine = None
) -> tuple[FloatVector, FloatMatrix]:
    """Variance over σ² of each row (r,), and its derivatives by the free theta and ς (r, m)."""
    v = quadratic(contrast, fit.internals.evaluation.unscaled_vcov, combine)
    by_theta = [quadratic(contrast, slope, combine) for slope in differences(fit).slopes]
    return v, np.column_stack([*by_theta, 2.0 * v])
