"""What deleting rows does to the estimates at fixed theta, without fitting again.

Let J be the rows, U = [X_J Z_J], C the relative joint covariance of the errors of β̂ and b̂, w and e the
weights and conditional residuals of J, and d as in `mixed_equations`. With K = I - w^½ U C U' w^½::

    β̂ - β̂_(J) = Φ d'w^½ K⁻¹ w^½e        r²_(J) = r² - (w^½e)'K⁻¹ w^½e
    |Φ_(J)| / |Φ| = |I - w^½ Z_J H Z_J' w^½| / |K|

For one row K = 1 - h, h its leverage: as in a linear model, where the formulas are those of Belsley, Kuh and
Welsch (Regression Diagnostics, 1980). K is singular where the fixed effects cannot be estimated without J.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lmm.arguments import takes
from lmm.errors import LmmError
from lmm.estimation import Criterion
from lmm.inference.algebra.mixed_equations import SetErrors, mixed_equations
from lmm.inference.covariance_root import covariance_root
from lmm.inference.per_fit import per_fit
from lmm.model import a_fit
from lmm.typing import FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Deletions", "delete_rows", "delete_sets", "leverage"]

MOST_DIRECT = 1_000
"""Of more rows K is no longer small; the equations are then solved again without them."""

SINGULAR = 1e-9
"""Pivots of K, whose diagonal lies between 0 and 1, that count as zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Deletions:
    """Estimates without each of m sets of rows, theta as in the fit; missing where X has less rank without them.

    Attributes
    ----------
    change : shape (m, p)
        β̂ minus the estimate without the rows.
    sigma : shape (m,)
        Residual standard deviation without the rows.
    covratio : shape (m,)
        Determinant of the covariance of beta without the rows, over that with them.
    leverage : shape (m,)
        Sum over the rows.
    """

    change: FloatMatrix
    sigma: FloatVector
    covratio: FloatVector
    leverage: FloatVector


@takes(fit=a_fit)
@per_fit
def leverage(fit: Fit) -> FloatVector:
    """Compute the diagonal (n,) of the hat matrix: how much each fitted value follows its own response.

    Given theta, fitted values (with random effects) are a linear function of the responses; this is
    ∂fitted_i/∂y_i, as ``hatvalues`` of lme4. The sum is the effective number of parameters.

    Parameters
    ----------
    fit
        A fit.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> lmm.leverage(fit)[:2].round(4)
    array([0.1638, 0.1638])
    """
    h = mixed_equations(fit).variance(fit.X, _rows_of(fit))
    return h * fit.internals.design.errors.precisions


def delete_rows(fit: Fit) -> Deletions:
    """Delete each row by itself."""
    equations, Z = mixed_equations(fit), _rows_of(fit)
    d, h = equations.deviation(fit.X, Z), leverage(fit)
    weights, e = fit.internals.design.errors.precisions, fit.y - fit.fitted
    root = covariance_root(fit.internals.evaluation.unscaled_vcov)
    rest = np.where(1.0 - h > SINGULAR, 1.0 - h, np.nan)
    change = (d @ root @ root.T) * (weights * e / rest)[:, None]
    sigma = _sigma(fit, weights * e**2 / rest, np.ones(fit.n_obs, dtype=np.int64))
    own = weights * np.square(d @ root).sum(axis=1)  # the part of h that the fixed effects have
    return Deletions(change, sigma, _covratio(fit, sigma, np.log((rest + own) / rest)), h)


def delete_sets(fit: Fit, sets: Sequence[IntVector]) -> Deletions:
    """Delete each set of rows."""
    direct = [rows for rows in sets if len(rows) <= MOST_DIRECT]
    errors = mixed_equations(fit).covariances(fit.X, _rows_of(fit), direct)
    residual, weights, root = (
        fit.y - fit.fitted,
        fit.internals.design.errors.precisions,
        covariance_root(fit.internals.evaluation.unscaled_vcov),
    )
    found = []
    for rows in sets:
        if len(rows) > MOST_DIRECT:
            found.append(_again(fit, rows))
            continue
        found.append(_direct(next(errors), residual[rows], np.sqrt(weights[rows]), root))
    fall = np.array([one.fall for one in found])
    sigma = _sigma(fit, fall, np.array([len(rows) for rows in sets]))
    log_ratio = np.array([one.log_ratio for one in found])
    change = np.array([one.change for one in found]).reshape(len(sets), fit.n_fixed)
    h = np.array([one.leverage for one in found])
    return Deletions(change, sigma, _covratio(fit, sigma, log_ratio), h)


class _One(NamedTuple):
    """One set of rows.

    Attributes
    ----------
    change : shape (p,)
        Of beta.
    fall
        Of r².
    log_ratio
        Of |Φ|.
    leverage
        Sum over the rows.
    """

    change: FloatVector
    fall: float
    log_ratio: float
    leverage: float


def _direct(errors: SetErrors, residual: FloatVector, w: FloatVector, root: FloatMatrix) -> _One:
    """Delete a set by the formulas above, with the roots of the weights."""
    from scipy.linalg.lapack import dtrtrs

    p, d = len(root), errors.d * w[:, None]
    hat = w[:, None] * errors.covariance * w
    h = float(np.trace(hat))
    L = _factor(np.eye(len(w)) - (hat + hat.T) / 2.0)
    if L is None:
        return _One(np.full(p, np.nan), np.nan, np.nan, h)
    half, _ = dtrtrs(L, np.column_stack([w * residual, d @ root]), lower=1)
    first, known = half[:, 0], half[:, 1:]
    # |K + known known'| / |K| by the small one of the two products
    inner = np.eye(p) + known.T @ known
    log_ratio = float(np.linalg.slogdet(inner)[1])
    return _One(root @ (known.T @ first), float(first @ first), log_ratio, h)


def _factor(K: FloatMatrix) -> FloatMatrix | None:
    """Cholesky factor, None where K is singular."""
    try:
        L: FloatMatrix = np.asarray(np.linalg.cholesky(K), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return L if np.diag(L).min() ** 2 > SINGULAR else None


def _again(fit: Fit, rows: IntVector) -> _One:
    """Do the same by solving the equations without the rows."""
    rest = np.setdiff1d(np.arange(fit.n_obs), rows)
    design, own = fit.internals.design, fit.internals.criterion_function
    y = fit.y if fit.offset is None else fit.y - fit.offset
    weights = None if fit.weights is None else fit.weights[rest]
    blocks = [part.block.take(rest) for part in design.random]
    h = float(leverage(fit)[rows].sum())
    try:
        without = Criterion.of(y[rest], fit.X[rest], blocks, weights, own.layout, own.method)
        at = without.evaluate(fit.theta, gradient=False)
    except LmmError:
        return _One(np.full(fit.n_fixed, np.nan), np.nan, np.nan, h)
    ratio = (
        np.linalg.slogdet(at.unscaled_vcov)[1] - np.linalg.slogdet(fit.internals.evaluation.unscaled_vcov)[1]
    )
    return _One(fit.beta - at.beta, fit.internals.evaluation.r2 - at.r2, float(ratio), h)


def _sigma(fit: Fit, fall: FloatVector, n_rows: IntVector) -> FloatVector:
    """Residual standard deviation after rows are deleted, relative to that of the fit; missing if no rows are left.

    It is √(r²/m) for ML and REML, and scales in the same way for moments and for cross-validation.
    """
    m = fit.n_obs - (fit.n_fixed if fit.internals.criterion_function.reml else 0)
    left = np.clip(1.0 - fall / fit.internals.evaluation.r2, 0.0, None)
    rest = m - n_rows
    mean = np.divide(left * m, rest, out=np.full(len(left), np.nan), where=rest > 0)
    sigma: FloatVector = fit.sigma * np.sqrt(mean)
    return sigma


def _covratio(fit: Fit, sigma: FloatVector, log_ratio: FloatVector) -> FloatVector:
    ratio: FloatVector = np.exp(log_ratio) * (sigma / fit.sigma) ** (2 * fit.n_fixed)
    return ratio


def _rows_of(fit: Fit) -> Any:
    matrices = [part.block.to_sparse() for part in fit.internals.design.random]
    return mixed_equations(fit).rows(matrices, fit.n_obs)
