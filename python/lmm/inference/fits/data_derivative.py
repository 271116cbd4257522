"""Effective degrees of freedom that count the estimation of variances: the trace of ∂ŷ/∂y [1]_.

With v = Py and V_j = ∂V/∂θ_j, all relative to σ², ŷ = y - W⁻¹v moves with the response directly and through θ̂(y):

    tr ∂ŷ/∂y = tr H + (m/r²) Σ_jk C_jk (W⁻¹a_j)'(a_k - (v'V_kv / r²) v),    a_j = PV_jv

where C is twice the inverse of the Hessian of the criterion in θ, r² = y'Py and m = n - p, or n by maximum likelihood.
W⁻¹a_j is what a fit at the same θ leaves of the vector V_jv.

References
----------
.. [1] Greven & Kneib (2010), On the behaviour of marginal and conditional AIC in linear mixed models, Biometrika 97.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.errors import UnsupportedError
from lmm.inference.algebra.derivatives import are_feasible
from lmm.inference.algebra.hat_trace import total_edf
from lmm.inference.algebra.information import theta_covariance
from lmm.inference.per_fit import per_fit

if TYPE_CHECKING:
    from lmm.engine.products import Products
    from lmm.model import Fit
    from lmm.typing import FloatMatrix, FloatVector

__all__ = ["data_derivative"]


@per_fit
def data_derivative(fit: Fit) -> float:
    """Compute tr ∂ŷ/∂y; parameters that are held or zero do not move.

    Raises
    ------
    UnsupportedError
        If the Hessian of the criterion is too large to compute here.
    """
    edf = total_edf(fit)
    if not fit.internals.design.random or fit.internals.optimum.held.all():
        return edf
    if not are_feasible(fit):
        raise UnsupportedError(
            "The derivative of the fitted values by the data needs the Hessian of the criterion, which is too large to "
            'compute here: too many random effects hang together. Use kind="marginal".'
        )
    n_theta = len(fit.theta)
    C = theta_covariance(fit, "observed").W[:n_theta, :n_theta]
    at = fit.internals.criterion_function.cross.products()
    t = _residuals_by_effect(fit, at)
    moves = _moves(fit, at, t)  # (q, n_theta): V_j v = W^-½ Z̃ moves_j
    left_x, left_z = _left(fit, at, moves)
    ZX = at.ZX.T @ left_z
    products = left_x.T @ at.XX @ left_x + left_z.T @ (at.ZZ @ left_z) + left_x.T @ ZX + ZX.T @ left_x
    along = left_z.T @ t  # v'W⁻¹a_j; v is orthogonal to X
    r2 = fit.internals.evaluation.r2
    size = moves.T @ t  # v'V_jv
    return edf + float(np.sum(C * (products - np.outer(along, size) / r2))) / fit.sigma**2


def _residuals_by_effect(fit: Fit, at: Products) -> FloatVector:
    """Z̃'W^½(y - ŷ) (q,)."""
    values = zip(fit.internals.evaluation.b, at.units, strict=True)
    b = np.concatenate([(effects @ U.T).ravel() for effects, U in values])
    return np.asarray(at.with_residuals(fit.beta) - at.ZZ @ b)


def _moves(fit: Fit, at: Products, t: FloatVector) -> FloatMatrix:
    """(I ⊗ ∂S/∂θ_j) t in the engine's units, one column for each theta."""
    layout, first = fit.internals.criterion_function.layout, 0
    found = np.zeros((len(t), layout.n_theta))
    derivatives = layout.derivatives(fit.theta)
    for part, U, (place, dS) in zip(fit.internals.design.random, at.units, derivatives, strict=True):
        own = slice(first, first + part.block.n_effects)
        by_level = t[own].reshape(part.block.n_levels, -1) @ U  # (l, k)
        for j, D in zip(range(place.start, place.stop), dS, strict=True):
            found[own, j] = (by_level @ D @ U.T).ravel()
        first = own.stop
    return found


def _left(fit: Fit, at: Products, moves: FloatMatrix) -> tuple[FloatMatrix, FloatMatrix]:
    """Find what fits at the same theta leave of responses Z̃ c: coefficients of X̃ (p, m) and of Z̃ (q, m)."""
    from scipy.sparse import block_diag, csc_array, csr_array, eye_array, identity, kron
    from scipy.sparse.linalg import splu

    factors = [
        kron(identity(part.block.n_levels), csr_array(U @ T))
        for part, U, T in zip(fit.internals.design.random, at.units, fit.T, strict=True)
    ]
    F: Any = csr_array(block_diag(factors, format="csr"))
    solver = splu(csc_array(F.T @ at.ZZ @ F + eye_array(F.shape[1])))
    H = F.T @ at.ZX  # (q, p)
    of_z, of_x = F.T @ (at.ZZ @ moves), at.ZX.T @ moves
    through = solver.solve(np.ascontiguousarray(H))
    beta = np.linalg.solve(at.XX - H.T @ through, of_x - through.T @ of_z)
    u = solver.solve(np.ascontiguousarray(of_z)) - through @ beta
    return -beta, moves - F @ u
