"""Coefficients of the mean of an additive model: of the fixed part, then of each curve, with their covariances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from lmm.arguments import a_seed, one_of, takes, whole_number
from lmm.inference.per_fit import per_fit
from lmm.inference.smooth_terms.corrected import corrected_covariance
from lmm.inference.smooth_terms.system import columns_at, curves_of, place_of, smooth_system
from lmm.model import a_fit
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.design import Design
    from lmm.model import Fit

__all__ = [
    "CURVE_COVARIANCES",
    "CurveCovariance",
    "MeanCoefficients",
    "coefficient_draws",
    "design_matrix",
    "mean_coefficients",
    "mean_covariance",
    "parametric_columns",
]

CurveCovariance: TypeAlias = Literal["bayes", "frequentist", "corrected"]
"""Of coefficients of smooth terms: that of Wahba and Silverman, that for curves that are fixed, the first with the
uncertainty of smoothing parameters."""

CURVE_COVARIANCES: tuple[CurveCovariance, ...] = ("bayes", "frequentist", "corrected")


@dataclass(frozen=True, eq=False)
class MeanCoefficients:
    """Coefficients of the mean.

    Attributes
    ----------
    names
        ``"Intercept"``, ``"s(x).1"``.
    places
        Where each curve is.
    map : shape (m, P)
        From the coefficients c of `smooth_system`.
    estimate : shape (m,)
    """

    names: tuple[str, ...]
    places: dict[str, slice]
    map: FloatMatrix
    estimate: FloatVector


@per_fit
def mean_coefficients(fit: Fit) -> MeanCoefficients:
    """Line the coefficients of a fit up, once."""
    system = smooth_system(fit)
    kept = fit.internals.design.parametric_kept
    names = [fit.internals.design.names[j] for j in kept]
    maps, places = [np.eye(len(kept), len(system.D))], {}
    for curve in curves_of(fit):
        label, p = curve.smooth.label, curve.n_coefficients
        places[label] = slice(len(names), len(names) + p)
        names += [f"{label}.{i + 1}" for i in range(p)]
        maps.append(place_of(fit, curve).map)
    whole = np.vstack(maps)
    return MeanCoefficients(tuple(names), places, whole, whole @ system.coefficients)


@per_fit
def mean_covariance(fit: Fit, kind: CurveCovariance = "bayes") -> FloatMatrix:
    """Covariance (m, m) of the coefficients of the mean."""
    system, M = smooth_system(fit), mean_coefficients(fit).map
    if kind == "frequentist":
        return fit.sigma**2 * (M @ system.frequentist @ M.T)
    bayes: FloatMatrix = fit.sigma**2 * (M @ system.K @ M.T)
    if kind == "bayes":
        return bayes
    found = mean_coefficients(fit)
    return corrected_covariance(fit, design_matrix(fit), found.estimate, bayes, found.places)


@takes(fit=a_fit)
def design_matrix(fit: Fit, new: Any = None) -> FloatMatrix:
    """Build the matrix (n, m) whose product with coefficients is the mean: R's ``predict(type = "lpmatrix")``.

    Parameters
    ----------
    fit
        A fit.
    new
        A table with the columns of the fixed part and of smooth terms; None for the rows of the fit.

    Returns
    -------
    shape (n, m)
        Columns of the fixed part that are not aliased, then those of each curve. Rows with a missing value are missing.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ s(Days, bs='cr', k=5) + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.design_matrix(fit, {"Days": [0, 1, 2]}).shape
    (3, 5)
    """
    design = fit.internals.design if new is None else _built(fit, new)
    columns = [_parametric(fit, design)]
    columns += [columns_at(fit, curve, design.model_frame) for curve in curves_of(fit)]
    matrix = np.hstack(columns)
    if new is None or design.n_obs == design.n_rows:
        return matrix
    whole = np.full((design.n_rows, matrix.shape[1]), np.nan)
    whole[design.rows] = matrix
    return whole


def parametric_columns(fit: Fit, new: Any) -> FloatMatrix:
    """Columns (n, p) of the fixed part that are not aliased, without smooth terms; incomplete rows left out."""
    return _parametric(fit, _built(fit, new))


def _parametric(fit: Fit, design: Design) -> FloatMatrix:
    columns: FloatMatrix = design.X[:, fit.internals.design.parametric_kept]
    return columns


def _built(fit: Fit, new: Any) -> Design:
    zeros = None
    if fit.internals.spec.needs_offset:
        from lmm.data import open_table

        zeros = np.zeros(open_table(new).read([]).n_rows)
    design: Design = fit.internals.spec.build(new, random=False, offset=zeros)
    return design


@takes(
    fit=a_fit,
    n=whole_number(1),
    covariance=one_of(*CURVE_COVARIANCES),
    seed=a_seed,
)
def coefficient_draws(
    fit: Fit, n: int = 1000, *, covariance: CurveCovariance = "bayes", seed: Any = None
) -> FloatMatrix:
    """Draw coefficients of the mean from their posterior, a normal distribution.

    Parameters
    ----------
    fit
        A fit.
    n
        How many.
    covariance
        ``"bayes"``; ``"corrected"`` with the uncertainty of smoothing parameters; ``"frequentist"`` for curves that are
        fixed.
    seed
        For `numpy.random.default_rng`.

    Returns
    -------
    shape (n, m)
        In the order of the columns of `design_matrix`.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ s(Days, bs='cr', k=5) + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    >>> curves = lmm.coefficient_draws(fit, 500, seed=1) @ lmm.design_matrix(fit, {"Days": [0, 5]}).T
    >>> curves.shape
    (500, 2)
    """
    found = mean_coefficients(fit)
    values, vectors = np.linalg.eigh(mean_covariance(fit, covariance))
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    normal = np.random.default_rng(seed).standard_normal((n, len(values)))
    draws: FloatMatrix = found.estimate + normal @ root.T
    return draws
