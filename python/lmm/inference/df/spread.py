"""Satterthwaite's ingredients from the average information: one factorization, however many the random effects.

Parameters are those of `Derivatives`: the distinct elements of each S, then the variance of the errors, all relative
to σ². V is linear in them, hence with s their values Σ s_i V_i = V. What concerns the last follows from the others:
with R = V⁻¹(y - Xβ̂)/σ, q_ij = R'V_iPV_jR and c_i = R'V_iR = Σ_j q_ij s_j.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.inference.algebra.elements import parameter_basis
from lmm.inference.algebra.information import ParameterCovariance, distinct_elements, pseudo_inverse
from lmm.inference.contrast.combinations import Combine, quadratic
from lmm.inference.per_fit import per_fit
from lmm.typing import FloatArray, FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.engine import Spread
    from lmm.model import Fit

__all__ = ["Movement", "fewest_df", "is_inside", "movement", "row_movement"]


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """How the covariance of beta moves with m parameters, and how these are spread.

    Attributes
    ----------
    root : shape (p, p)
        M with MM' = (X'V⁻¹X)⁻¹.
    P : shape (m, p, p)
        -M'X'V⁻¹V_iV⁻¹XM.
    covariance
        Of the estimated parameters, the inverse of their average information.
    """

    root: FloatMatrix
    P: FloatArray
    covariance: ParameterCovariance


def is_inside(fit: Fit) -> bool:
    """Whether the fit is an optimum inside the space of its parameters, where nothing holds them."""
    searched = fit.method not in ("moments", "gcv") and bool(fit.internals.design.random)
    return searched and fit.converged and not fit.singular and not bool(fit.internals.optimum.held.any())


@per_fit
def movement(fit: Fit) -> Movement:
    """Compute the movement of a fit that `is_inside`, once."""
    found = fit.internals.criterion_function.cross.spread(fit.T, fit.internals.criterion_function.reml)
    factors = [U @ T for U, T in zip(found.units, fit.T, strict=True)]
    s = distinct_elements(fit, [T @ T.T for T in factors])
    m = fit.n_obs - (fit.n_fixed if fit.internals.criterion_function.reml else 0)
    return Movement(found.root, _slopes(fit, found, s), _covariance(fit, found, s, m))


def row_movement(fit: Fit, contrast: FloatMatrix, combine: Combine = None) -> tuple[FloatVector, FloatMatrix]:
    """Variance over σ² of each row (r,), and its derivatives by the parameters (r, m)."""
    at = movement(fit)
    C = contrast @ at.root
    moves = [-quadratic(C, P, combine) for P in at.P]
    return quadratic(C, np.eye(C.shape[1]), combine), np.stack(moves, axis=1)


def fewest_df(fit: Fit) -> float:
    """Bound the degrees of freedom of all contrasts, and of all joint tests, from below.

    Notes
    -----
    With the covariance of the parameters W = Σ_k b_k b_k' and |c| = 1 where X'V⁻¹X = I, the degrees of freedom of c'β̂
    are 2 / Σ_k (Σ_i b_ki c'P_ic)², and each bracket is at most the largest absolute eigenvalue of Σ_i b_ki P_i. Those
    of a joint test are not below all of its rows'.
    """
    at = movement(fit)
    W = at.covariance.W
    sizes = np.sqrt(np.diag(W))
    sizes[sizes == 0.0] = 1.0
    values, vectors = np.linalg.eigh(W / sizes / sizes[:, None])
    directions = (vectors * np.sqrt(np.clip(values, 0.0, None))).T * sizes
    moves = np.einsum("ki,iab->kab", directions, at.P)
    largest = np.abs(np.linalg.eigvalsh(moves)).max(axis=1, initial=0.0)
    total = float(np.square(largest).sum())
    return 2.0 / total if total > 0.0 else np.inf


def _slopes(fit: Fit, found: Spread, s: FloatVector) -> FloatArray:
    p = fit.n_fixed
    P = []
    for part, rows in zip(fit.internals.design.random, found.fixed, strict=True):
        n_levels, k, _ = rows.shape
        flat = rows.reshape(n_levels, k * p)
        products = (flat.T @ flat).reshape(k, p, k, p)
        P += [-np.einsum("rs,rasb->ab", E, products) for E in parameter_basis(part)]
    slopes = np.array(P).reshape(-1, p, p)
    last = -np.eye(p) - np.einsum("i,iab->ab", s, slopes)
    return np.concatenate([slopes, last[None]])


def _covariance(fit: Fit, found: Spread, s: FloatVector, m: int) -> ParameterCovariance:
    parts = zip(fit.internals.design.random, found.squares, strict=True)
    c = np.array([np.sum(E * square) for part, square in parts for E in parameter_basis(part)])
    # σ was profiled out of the average information.
    q = found.average + np.outer(c, c) / m
    mixed = c - q @ s
    last = m - s @ c - s @ mixed
    whole = np.block([[q, mixed[:, None]], [mixed, np.array([[last]])]])
    return pseudo_inverse(whole / 2.0, None)
