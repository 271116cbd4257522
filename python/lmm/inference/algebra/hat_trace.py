"""Effective degrees of freedom of a whole fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.inference.per_fit import per_fit
from lmm.model.moments import refuse_negative
from lmm.typing import FloatMatrix

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["total_edf"]

_REACHED = 1e-10
"""Relative singular value of T above which its effects vary."""


@per_fit
def total_edf(fit: Fit) -> float:
    """Trace of the matrix that makes fitted values from responses: fixed, smooth and random effects together.

    A level whose effects have the relative covariance S, and C given the data, takes ``rank S - tr S⁻C`` of it.
    """
    refuse_negative(fit.internals.optimum, "Effective degrees of freedom")
    criterion = fit.internals.criterion_function
    total = float(fit.n_fixed)
    for T, C in zip(fit.T, criterion.conditional(fit.theta, given_beta=False), strict=True):
        inverse = _pseudo_inverse(T)
        left = np.einsum("ab,lbc,ac->", inverse, C, inverse)
        total += len(C) * int(np.count_nonzero(inverse.any(axis=1))) - float(left)
    return total


def _pseudo_inverse(T: FloatMatrix) -> FloatMatrix:
    """M with M T the identity on what T reaches, rows of zeros elsewhere (k, k)."""
    if not np.any(T - np.diag(np.diag(T))):
        own = np.diag(T)
        return np.diag(np.divide(1.0, own, out=np.zeros(len(own)), where=own != 0.0))
    U, sizes, _ = np.linalg.svd(T)
    used = sizes > _REACHED * sizes.max(initial=0.0)
    scaled = np.divide(1.0, sizes, out=np.zeros(len(sizes)), where=used)
    found: FloatMatrix = scaled[:, None] * U.T
    return found
