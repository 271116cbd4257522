"""Coefficients of smooth terms with their joint covariance, the other random effects integrated out.

With C = [X, ZΛ] of the smooth terms, D = diag(0, I) and M the precision of y that the other random effects leave,
the coefficients have the covariance σ² K, K = (C'MC + D)⁻¹: the Bayesian covariance of Wahba and Silverman [1]_ [2]_.

References
----------
.. [1] Wahba (1983), Bayesian "confidence intervals" for the cross-validated smoothing spline, J. R. Statist. Soc. B 45.
.. [2] Wood (2017), Generalized additive models, 2nd ed., section 6.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lmm.design import RandomPart
from lmm.design.smooth_places import Curve
from lmm.inference.per_fit import per_fit
from lmm.model.matrices import random_matrix, relative_factor
from lmm.typing import FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.data import Columns
    from lmm.model import Fit

__all__ = [
    "CurvePlace",
    "SmoothSystem",
    "columns_at",
    "curves_of",
    "place_of",
    "smooth_system",
]


@dataclass(frozen=True, eq=False)
class SmoothSystem:
    """Joint covariance of the coefficients c = [β, u] of a fit, u those of smooth terms; all relative to σ².

    Attributes
    ----------
    K : shape (P, P)
        Covariance of c.
    D : shape (P,)
        Diagonal of the penalty: 0 for β, 1 for u.
    own : shape (P, P)
        C'WC.
    through : shape (P, P)
        H H' with H = C'WZΛ of the other random effects.
    turned : shape (P, P)
        N = Q'Q, Q the regression of the other random effects on c: Var(b, c) = -QK.
    coefficients : shape (P,)
        c itself.
    n_fixed
        Number of β, those not aliased.
    """

    K: FloatMatrix
    D: FloatVector
    own: FloatMatrix
    through: FloatMatrix
    turned: FloatMatrix
    coefficients: FloatVector
    n_fixed: int

    @cached_property
    def shrunk(self) -> FloatMatrix:
        """K D K (P, P)."""
        found: FloatMatrix = (self.K * self.D) @ self.K
        return found

    @cached_property
    def frequentist(self) -> FloatMatrix:
        """K - K D K (P, P), the covariance for smooth terms that are fixed."""
        return self.K - self.shrunk

    @cached_property
    def influence(self) -> FloatVector:
        """Diagonal (P,) of F = I - K D, whose sums are effective degrees of freedom."""
        return 1.0 - np.diag(self.K) * self.D

    @cached_property
    def influence_twice(self) -> FloatVector:
        """Diagonal (P,) of 2F - FF, the other random effects taking part in F."""
        squares = self.shrunk + self.K @ self.turned @ self.K
        return 1.0 - np.diag(squares) * self.D


@per_fit
def smooth_system(fit: Fit, also: int | None = None) -> SmoothSystem:
    """Set up the joint covariance of the coefficients of a fit, once.

    Parameters
    ----------
    also
        Position of a random term that counts with the smooth terms; its effects are the last of c.
    """
    pairs = list(zip(fit.internals.design.random, fit.T, strict=True))
    chosen = [i for i, (part, _) in enumerate(pairs) if part.is_smooth]
    chosen += [] if also is None else [also]
    smooths = [pairs[i] for i in chosen]
    others = [pair for i, pair in enumerate(pairs) if i not in chosen]
    root_w = np.sqrt(fit.internals.design.errors.precisions)
    X, R = np.linalg.qr(root_w[:, None] * fit.X)
    U = root_w[:, None] * _scaled(smooths, fit.n_obs)
    C = np.hstack([X, U])
    p = X.shape[1]
    D = np.concatenate([np.zeros(p), np.ones(U.shape[1])])
    own = C.T @ C
    H, Q = _regression(others, root_w, C)
    K = _inverse(own + np.diag(D) - H @ Q)
    # Back from the orthonormal columns of X to its own.
    J = np.eye(len(D))
    J[:p, :p] = np.linalg.inv(R)
    back = np.eye(len(D))
    back[:p, :p] = R
    u = [fit.internals.evaluation.u[i] for i in chosen]
    return SmoothSystem(
        K=J @ K @ J.T,
        D=D,
        own=back.T @ own @ back,
        through=back.T @ (H @ H.T) @ back,
        turned=back.T @ (Q.T @ Q) @ back,
        coefficients=np.concatenate([fit.beta, *(values.ravel() for values in u)]),
        n_fixed=p,
    )


def _scaled(pairs: list[tuple[RandomPart, FloatMatrix]], n_obs: int) -> FloatMatrix:
    """ZΛ (n, q) of smooth parts, dense."""
    blocks = [
        (part.block.to_dense().reshape(n_obs, part.block.n_levels, -1) @ T).reshape(n_obs, -1)
        for part, T in pairs
    ]
    return np.hstack([np.zeros((n_obs, 0)), *blocks])


def _regression(
    pairs: list[tuple[RandomPart, FloatMatrix]], root_w: FloatVector, C: FloatMatrix
) -> tuple[FloatMatrix, FloatMatrix]:
    """H = C'WZΛ (P, q) of the other random effects, and Q = (Λ'Z'WZΛ + I)⁻¹H' (q, P)."""
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    if not pairs:
        return np.zeros((C.shape[1], 0)), np.zeros((0, C.shape[1]))
    parts = [part for part, _ in pairs]
    Z = random_matrix(parts, len(root_w)) @ relative_factor(parts, [T for _, T in pairs])
    Z = Z.multiply(root_w[:, None]).tocsc()
    H = np.asarray((Z.T @ C).T)
    A: Any = csc_array(Z.T @ Z + eye_array(Z.shape[1]))
    return H, splu(A).solve(np.ascontiguousarray(H.T))


def _inverse(A: FloatMatrix) -> FloatMatrix:
    from scipy.linalg import cho_factor, cho_solve

    size = np.sqrt(np.diag(A))
    inverse: FloatMatrix = cho_solve(cho_factor(A / size / size[:, None]), np.eye(len(A)))
    return inverse / size / size[:, None]


def curves_of(fit: Fit) -> list[Curve]:
    """All curves of a fit, in the order of its formula."""
    return [curve for term in fit.internals.spec.smooths.terms for curve in term.curves]


class CurvePlace(NamedTuple):
    """A curve among the coefficients c of a fit.

    Attributes
    ----------
    map : shape (p, P)
        From c to the coefficients of the curve.
    members : shape (m,)
        Which elements of c are the curve's.
    """

    map: FloatMatrix
    members: IntVector


def place_of(fit: Fit, curve: Curve) -> CurvePlace:
    """Find a curve among the coefficients of `smooth_system`."""
    design = fit.internals.design
    positions = {int(j): i for i, j in enumerate(design.kept)}
    parts = [(part, T) for part, T in zip(design.random, fit.T, strict=True) if part.is_smooth]
    sizes = [part.block.n_effects for part, _ in parts]
    starts = np.cumsum([fit.n_fixed, *sizes])
    total = np.zeros((curve.n_coefficients, int(starts[-1])))
    members: list[int] = []
    first = design.n_parametric + curve.columns.start
    for j in range(curve.form.fixed.shape[1]):
        # A column that is a combination of others has no coefficient.
        if first + j in positions:
            total[:, positions[first + j]] = curve.form.fixed[:, j]
            members.append(positions[first + j])
    for to_curve, place in zip(curve.maps, curve.pieces, strict=True):
        part, T = parts[place.part]
        whole = np.kron(np.eye(part.block.n_levels), T)[place.effects, place.effects]
        own = np.arange(*place.effects.indices(part.block.n_effects)) + starts[place.part]
        total[:, own] = to_curve @ whole
        members += own.tolist()
    return CurvePlace(total, np.array(members, dtype=np.int64))


def columns_at(fit: Fit, curve: Curve, columns: Columns) -> FloatMatrix:
    """Columns (n, p) of a curve for rows of other data, in the kinds of those of the fit."""
    evaluator = fit.internals.spec.evaluator(columns)
    term = next(term for term in fit.internals.spec.smooths.terms if curve in term.curves)
    covariates, by = term.values(evaluator)
    return curve.matrix(covariates, by)
