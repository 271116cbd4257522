"""The covariance of coefficients with the uncertainty of smoothing parameters [1]_.

References
----------
.. [1] Wood, Pya & Säfken (2016), Smoothing parameter and model selection for general smooth models, J. Amer. Statist.
   Assoc. 111, 1548-1563.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lmm.errors import UnsupportedError
from lmm.inference.smooth_terms.system import curves_of
from lmm.inference.smooth_terms.tables import penalty_rows
from lmm.model.likelihood import refuse_validated
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.design import RandomPart
    from lmm.design.smooth_places import Curve
    from lmm.model import Fit

__all__ = ["SmoothingUncertainty", "corrected_covariance", "has_ridges", "smoothing_uncertainty"]

_INFINITE = (
    1e8  # smoothing parameter, over that at which the penalty weighs as much as the data, that is infinite
)
MOST_EFFECTS = 2_000
"""Random effects besides smooth terms: all are in one dense matrix."""
_PRIOR = 0.1  # precision of the logarithm of a smoothing parameter that keeps its variance finite


class SmoothingUncertainty(NamedTuple):
    """What the uncertainty of smoothing parameters adds, for coefficients of the mean, then of random effects.

    Attributes
    ----------
    columns : shape (n, m)
        Of all coefficients.
    covariance : shape (m, m)
        Bayesian, over σ²: A⁻¹.
    moves : shape (m, m)
        What is added since the estimates move with the smoothing parameters.
    shape : shape (m, m)
        What is added over σ² since the covariance moves with them.
    """

    columns: FloatMatrix
    covariance: FloatMatrix
    moves: FloatMatrix
    shape: FloatMatrix


def corrected_covariance(
    fit: Fit, X: FloatMatrix, b: FloatVector, bayes: FloatMatrix, places: dict[str, slice]
) -> FloatMatrix:
    """Add the part of the smoothing parameters to the Bayesian covariance (m, m) of coefficients b (m,) of X (n, m).

    Raises
    ------
    UnsupportedError
        If there are more random effects than a dense matrix can hold.
    """
    if not curves_of(fit):
        return bayes
    more = smoothing_uncertainty(fit, X, b, places)
    own = slice(0, len(b))
    found: FloatMatrix = bayes + (more.moves + fit.sigma**2 * more.shape)[own, own]
    return (found + found.T) / 2.0


def smoothing_uncertainty(
    fit: Fit, X: FloatMatrix, b: FloatVector, places: dict[str, slice]
) -> SmoothingUncertainty:
    """Compute what the uncertainty of smoothing parameters adds; those that are held add nothing.

    Random effects with independent columns are coefficients with a ridge penalty, whose variance is one more smoothing
    parameter; covariances with correlations are held at their estimates.

    Parameters
    ----------
    X : shape (n, m)
        Columns of the mean.
    b : shape (m,)
        Its coefficients.
    places
        Where those of each curve are.

    Raises
    ------
    UnsupportedError
        If there are more random effects than a dense matrix can hold, or no likelihood.
    """
    refuse_validated(
        fit, "corrected covariances", 'covariance="bayes" takes the smoothing parameters as known.'
    )
    n_mean = X.shape[1]
    everything = _penalties(fit, X, places)
    others = _random_effects(fit)
    X, b = np.hstack([X, others.columns]), np.concatenate([b, others.effects])
    q = len(others.effects)
    total = np.diag(np.pad(sum(others.ridges, others.held), (n_mean, 0)))
    total[:n_mean, :n_mean] += np.sum([*everything.values(), np.zeros((n_mean, n_mean))], axis=0)
    free = [S for place, S in everything.items() if not fit.internals.optimum.held[place]]
    penalties = [np.pad(S, ((0, q), (0, q))) for S in free]
    penalties += [np.diag(np.pad(ridge, (n_mean, 0))) for ridge in others.ridges]
    WX = fit.internals.design.errors.precisions[:, None] * X
    A = X.T @ WX + total
    R = np.linalg.cholesky(A).T
    inverse = np.linalg.inv(R)
    covariance = inverse @ inverse.T  # A⁻¹
    if not penalties:
        nothing = np.zeros_like(A)
        return SmoothingUncertainty(X, covariance, nothing, nothing)
    moves = -np.column_stack([covariance @ (S @ b) for S in penalties])  # d b / d log lambda
    U = np.pad(_penalized(fit, places, n_mean), ((0, q), (0, 0)))
    U = np.hstack([U, np.eye(n_mean + q)[:, n_mean:]])
    H = _hessian(fit, penalties, total, covariance, A, b, U)
    values, vectors = np.linalg.eigh(H)
    positive = values > 0.0
    m = len(penalties)
    V = (vectors[:, positive] / values[positive]) @ vectors[:, positive].T
    shrunk = np.linalg.inv((vectors * np.maximum(values, 0.0)) @ vectors.T + _PRIOR * np.eye(m + 1))
    turns = [-inverse @ _upper(inverse.T @ S @ inverse) for S in penalties]  # d R⁻¹ / d log lambda
    second = sum(shrunk[i, j] * turns[i] @ turns[j].T for i in range(m) for j in range(m))
    return SmoothingUncertainty(X, covariance, moves @ V[:m, :m] @ moves.T, np.asarray(second))


class _Others(NamedTuple):
    """Random effects besides smooth terms, as coefficients.

    Attributes
    ----------
    columns : shape (n, q)
    effects : shape (q,)
    ridges : shape (q,) each
        Diagonal of lambda S for each variance.
    held : shape (q,)
        Diagonal of the precision of effects whose covariance is held.
    """

    columns: FloatMatrix
    effects: FloatVector
    ridges: list[FloatVector]
    held: FloatVector


def has_ridges(part: RandomPart, k: int) -> bool:
    """Whether a random term of k columns has a variance for each, and nothing else."""
    return part.structure.is_linear and not (part.structure.is_correlated and k > 1)


def _random_effects(fit: Fit) -> _Others:
    places = fit.internals.criterion_function.layout.places
    everything = zip(fit.internals.design.random, fit.T, fit.internals.evaluation.u, places, strict=True)
    parts = [one for one in everything if not one[0].is_smooth and one[1].any()]
    if sum(part.block.n_effects for part, *_ in parts) > MOST_EFFECTS:
        raise UnsupportedError(
            f'covariance="corrected" takes {MOST_EFFECTS:,} random effects besides smooth terms at most. Use '
            'covariance="bayes".'
        )
    columns, effects, ridges, held = [np.zeros((fit.n_obs, 0))], [np.zeros(0)], [], [np.zeros(0)]
    for part, T, u, place in parts:
        reached = np.flatnonzero(T.any(axis=0))
        Z = part.block.effective().to_dense().reshape(fit.n_obs, part.block.n_levels, -1) @ T[:, reached]
        columns.append(Z.reshape(fit.n_obs, -1))
        effects.append(u[:, reached].ravel())
        is_held = bool(fit.internals.optimum.held[place].any())
        is_free = not is_held and has_ridges(part, len(T))
        size = part.block.n_levels * len(reached)
        held.append(np.full(size, 0.0 if is_free else 1.0))
        ridges += [
            (sum(map(len, effects)) - size, size, len(reached), j) for j in range(len(reached)) if is_free
        ]
    q = sum(map(len, effects))
    rows = []
    for first, size, k, j in ridges:
        ridge = np.zeros(q)
        ridge[first + j : first + size : k] = 1.0
        rows.append(ridge)
    return _Others(np.hstack(columns), np.concatenate(effects), rows, np.concatenate(held))


def _upper(M: FloatMatrix) -> FloatMatrix:
    """Upper triangle with half of the diagonal: dR = Φ(R⁻ᵀ dA R⁻¹) R."""
    found: FloatMatrix = np.triu(M)
    found[np.diag_indices_from(found)] *= 0.5
    return found


def _penalties(fit: Fit, X: FloatMatrix, places: dict[str, slice]) -> dict[int, FloatMatrix]:
    """Sum lambda_j S_j (m, m) of the penalties of each theta, in the coefficients of the mean."""
    found: dict[int, FloatMatrix] = {}
    for curve in curves_of(fit):
        place = places[curve.smooth.label]
        weight = float(np.square(X[:, place]).sum())
        for row in penalty_rows(fit, curve):
            S = _of_all_levels(curve, curve.smooth.penalties[row["number"]])
            whole = found.setdefault(row["place"], np.zeros((X.shape[1], X.shape[1])))
            sp = min(row["sp"], _INFINITE * weight / float(np.trace(S)))
            whole[place, place] += sp * S
    return found


def _of_all_levels(curve: Curve, S: FloatMatrix) -> FloatMatrix:
    """Penalty of all coefficients of a curve, which may be one for each level."""
    return np.asarray(np.kron(np.eye(len(curve.copies)), S)) if curve.copies else S


def _penalized(fit: Fit, places: dict[str, slice], size: int) -> FloatMatrix:
    """Orthonormal basis (m, r) of what penalties touch, curve by curve: their sizes may span many orders."""
    found = [np.zeros((size, 0))]
    for curve in curves_of(fit):
        if not curve.smooth.penalties:
            continue
        penalties = [_of_all_levels(curve, S) for S in curve.smooth.penalties]
        values, vectors = np.linalg.eigh(np.sum([S / np.linalg.norm(S) for S in penalties], axis=0))
        own = vectors[:, values > values[-1] * np.finfo(float).eps ** 0.66]
        whole = np.zeros((size, own.shape[1]))
        whole[places[curve.smooth.label]] = own
        found.append(whole)
    return np.hstack(found)


def _inverse(M: FloatMatrix) -> FloatMatrix:
    """Inverse of a positive definite matrix whose diagonal may span many orders."""
    scale = 1.0 / np.sqrt(np.diag(M))
    return np.asarray(scale[:, None] * np.linalg.inv(scale[:, None] * M * scale) * scale)


def _hessian(
    fit: Fit,
    penalties: list[FloatMatrix],
    total: FloatMatrix,
    covariance: FloatMatrix,
    A: FloatMatrix,
    b: FloatVector,
    U: FloatMatrix,
) -> FloatMatrix:
    """Differentiate half the criterion twice by log lambda and log σ², (m + 1, m + 1)."""
    phi, m = fit.sigma**2, len(penalties)
    pinv = U @ _inverse(U.T @ total @ U) @ U.T
    # By maximum likelihood the determinant is that of the penalized directions.
    within = covariance if fit.internals.criterion_function.reml else U @ _inverse(U.T @ A @ U) @ U.T
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
    H[m, m] = (rss + float(b @ total @ b)) / phi / 2
    return H
