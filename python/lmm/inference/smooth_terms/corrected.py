"""The covariance of coefficients with the uncertainty of smoothing parameters [1]_.

References
----------
.. [1] Wood, Pya & Säfken (2016), Smoothing parameter and model selection for general smooth models, J. Amer. Statist.
   Assoc. 111, 1548-1563.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.errors import UnsupportedError
from lmm.inference.smooth_terms.system import columns_at, curves_of
from lmm.inference.smooth_terms.tables import penalty_rows
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["corrected_covariance"]

_INFINITE = (
    1e8  # smoothing parameter, over that at which the penalty weighs as much as the data, that is infinite
)
_PRIOR = 0.1  # precision of the logarithm of a smoothing parameter that keeps its variance finite


def corrected_covariance(
    fit: Fit, b: FloatVector, bayes: FloatMatrix, places: dict[str, slice]
) -> FloatMatrix:
    """Add to the Bayesian covariance (m, m) of coefficients b (m,) what the smoothing parameters contribute.

    Raises
    ------
    UnsupportedError
        If there are random terms besides smooth ones.
    """
    if fit.internals.design.groups:
        raise UnsupportedError(
            'covariance="corrected" is for models whose only random part are smooth terms. Use covariance="bayes".'
        )
    X = np.hstack(
        [fit.X[:, : len(fit.internals.design.parametric_kept)]]
        + [columns_at(fit, curve, fit.internals.design.model_frame) for curve in curves_of(fit)]
    )
    WX = fit.internals.design.errors.precisions[:, None] * X
    penalties = _penalties(fit, X, places)
    if not penalties:
        return bayes
    total = np.sum(penalties, axis=0)
    A = X.T @ WX + total
    R = np.linalg.cholesky(A).T
    inverse = np.linalg.inv(R)
    covariance = inverse @ inverse.T  # A⁻¹
    moves = -np.column_stack([covariance @ (S @ b) for S in penalties])  # d b / d log lambda
    H = _hessian(fit, penalties, total, covariance, A, b)
    values, vectors = np.linalg.eigh(H)
    positive = values > 0.0
    m = len(penalties)
    V = (vectors[:, positive] / values[positive]) @ vectors[:, positive].T
    shrunk = np.linalg.inv((vectors * np.maximum(values, 0.0)) @ vectors.T + _PRIOR * np.eye(m + 1))
    turns = [-inverse @ _upper(inverse.T @ S @ inverse) for S in penalties]  # d R⁻¹ / d log lambda
    second = sum(shrunk[i, j] * turns[i] @ turns[j].T for i in range(m) for j in range(m))
    found: FloatMatrix = bayes + moves @ V[:m, :m] @ moves.T + fit.sigma**2 * np.asarray(second)
    return (found + found.T) / 2.0


def _upper(M: FloatMatrix) -> FloatMatrix:
    """Upper triangle with half of the diagonal: dR = Φ(R⁻ᵀ dA R⁻¹) R."""
    found: FloatMatrix = np.triu(M)
    found[np.diag_indices_from(found)] *= 0.5
    return found


def _penalties(fit: Fit, X: FloatMatrix, places: dict[str, slice]) -> list[FloatMatrix]:
    """Compute lambda_j S_j (m, m) of all penalties in the coefficients of the mean."""
    found = []
    for curve in curves_of(fit):
        place = places[curve.smooth.label]
        weight = float(np.square(X[:, place]).sum())
        for row in penalty_rows(fit, curve):
            S = curve.smooth.penalties[row["number"]]
            whole = np.zeros((X.shape[1], X.shape[1]))
            sp = min(row["sp"], _INFINITE * weight / float(np.trace(S)))
            whole[place, place] = sp * S
            found.append(whole)
    return found


def _hessian(
    fit: Fit,
    penalties: list[FloatMatrix],
    total: FloatMatrix,
    covariance: FloatMatrix,
    A: FloatMatrix,
    b: FloatVector,
) -> FloatMatrix:
    """Differentiate half the criterion twice by log lambda and log σ², (m + 1, m + 1)."""
    phi, m = fit.sigma**2, len(penalties)
    values, vectors = np.linalg.eigh(total)
    U = vectors[:, values > values[-1] * np.finfo(float).eps ** 0.66]
    pinv = U @ np.linalg.inv(U.T @ total @ U) @ U.T
    # By maximum likelihood the determinant is that of the penalized directions.
    within = covariance if fit.internals.criterion_function.reml else U @ np.linalg.inv(U.T @ A @ U) @ U.T
    H = np.zeros((m + 1, m + 1))
    size = [float(b @ S @ b) / phi for S in penalties]
    for i, S in enumerate(penalties):
        first = size[i] / 2 + (np.trace(within @ S) - np.trace(pinv @ S)) / 2
        H[i, m] = H[m, i] = -size[i] / 2
        for j, other in enumerate(penalties):
            curved = float(b @ S @ covariance @ other @ b) / phi
            H[i, j] = (
                -curved + (np.trace(pinv @ S @ pinv @ other) - np.trace(within @ S @ within @ other)) / 2
            )
        H[i, i] += first
    e = fit.internals.design.errors.whiten(fit.y - fit.fitted)
    rss = float((e**2).sum())
    H[m, m] = (rss / phi + sum(size)) / 2
    return H
