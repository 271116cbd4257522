"""Eigenvalues that the exact test of one variance needs, from the cross-products of a fit.

Other random effects stay in the model with the variances that they have without the tested one: rows are multiplied by
the root of their precision, and there is one variance again. Greven et al. [1]_ hold these effects at their predictions
instead; what the tested effects share with them is then counted as if it were known.

References
----------
.. [1] Greven, Crainiceanu, Küchenhoff & Peters (2008), Restricted likelihood ratio testing for zero variance components
   in linear mixed models, J. Comput. Graph. Statist. 17, 870-891.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.inference.random_terms.simulated_ratio import Spectrum
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.design import RandomPart
    from lmm.model import Fit

__all__ = ["null_spectrum"]

_MOST_NUMBERS = 20_000_000
"""Columns of the tested effects are solved for in pieces of so many numbers."""


def null_spectrum(
    fit: Fit, small: Fit, tested: Sequence[FloatMatrix], held: Sequence[FloatMatrix]
) -> Spectrum:
    """Compute the eigenvalues of one variance in a fit.

    Parameters
    ----------
    fit
        The larger fit.
    small
        The one without the variance, and perhaps without some fixed effects.
    tested : (k, k) for each term of the larger fit
        T at a tested variance of one, all others zero.
    held : (k, k) for each term of the larger fit
        T of the smaller fit, zero for what is left out there.
    """
    at = fit.internals.criterion_function.cross.products()
    parts, p = fit.internals.design.random, fit.n_fixed
    own = [unit @ T for unit, T in zip(at.units, tested, strict=True)]
    K = _over_levels(parts, own)
    others = _over_levels(parts, [unit @ T for unit, T in zip(at.units, held, strict=True)])
    ZK = (at.ZZ @ K).toarray()  # (q, t)
    C = np.hstack([at.ZX, ZK])
    gram = np.block([[at.XX, at.ZX.T @ K], [K.T @ at.ZX, K.T @ ZK]])
    A = gram - _through(at.ZZ, others, C)  # (p + t, p + t): [X̃ K]'V⁻¹[X̃ K]
    within = A[p:, p:]
    mu = _eigenvalues(within - A[p:, :p] @ np.linalg.solve(A[:p, :p], A[:p, p:]))
    n_free = fit.n_obs - p
    if fit.internals.criterion_function.reml:
        return Spectrum(mu, mu, n_free, n_free)
    return Spectrum(mu, _eigenvalues(within), n_free, fit.n_obs, p - small.n_fixed)


def _eigenvalues(M: FloatMatrix) -> FloatVector:
    return np.asarray(np.linalg.eigvalsh(M), dtype=np.float64)


def _over_levels(parts: Sequence[RandomPart], factors: Sequence[FloatMatrix]) -> Any:
    """I ⊗ T of all terms (q, m), sparse, columns of zeros left out."""
    from scipy.sparse import block_diag, csr_array, identity, kron

    if not parts:
        return csr_array((0, 0))
    blocks = [
        kron(identity(part.block.n_levels), csr_array(T[:, T.any(axis=0)]))
        for part, T in zip(parts, factors, strict=True)
    ]
    return csr_array(block_diag(blocks, format="csr"))


def _through(ZZ: Any, others: Any, C: FloatMatrix) -> FloatMatrix:
    """C'F (F'Z̃'Z̃F + I)⁻¹ F'C (m, m), F (q, r) the roots of the covariances of the other effects."""
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    H = others.T @ C  # (r, m)
    total = np.zeros((C.shape[1], C.shape[1]))
    if not H.shape[0]:
        return total
    solver = splu(csc_array(others.T @ ZZ @ others + eye_array(H.shape[0])))
    piece = max(1, _MOST_NUMBERS // H.shape[0])
    for begin in range(0, H.shape[1], piece):
        own = slice(begin, begin + piece)
        total[:, own] = H.T @ solver.solve(np.ascontiguousarray(H[:, own]))
    return (total + total.T) / 2.0
