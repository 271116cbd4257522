"""Covariances of the random effects given the data."""

from __future__ import annotations

import numpy as np

from lmm.design import Design
from lmm.errors import UnsupportedError
from lmm.estimation import Criterion
from lmm.model.building import fixed_matrix
from lmm.model.matrices import random_matrix, relative_factor
from lmm.typing import FloatArray, FloatMatrix, FloatVector

MOST_DENSE = 10_000  # a dense matrix of this many random effects takes 0.8 GB


def conditional_covariances(
    design: Design, criterion: Criterion, theta: FloatVector, *, given_beta: bool
) -> list[FloatArray]:
    """Covariances over sigma**2 of the effects of each level, (l, k, k) per term.

    ``given_beta``: of b given the data and beta, as lme4 has them; else of b - b_hat, with the
    uncertainty of beta.

    Raises
    ------
    UnsupportedError
        With a known covariance over levels and too many random effects.
    """
    found = criterion.conditional(theta, given_beta=given_beta)
    if any(part.block.root is not None for part in design.random):
        dense = _DenseConditional(design, criterion.layout.factors(theta), given_beta)
        for i, part in enumerate(design.random):
            if part.block.root is not None:
                found[i] = dense.term(i)
    return found


class _DenseConditional:
    """Lambda (Lambda'Z'WZ Lambda + I)^-1 Lambda', for terms whose levels depend on each other.

    The engine knows the diagonal blocks of the independent effects behind the root only; those
    of the levels need the whole inverse.
    """

    def __init__(self, design: Design, factors: list[FloatMatrix], given_beta: bool) -> None:
        self.parts = design.random
        q = sum(part.block.n_effects for part in self.parts)
        if q > MOST_DENSE:
            raise UnsupportedError(
                f"Conditional covariances of levels with a known covariance are computed densely, "
                f"for {MOST_DENSE} random effects at most; this model has {q}."
            )
        self.Lambda = relative_factor(self.parts, factors)
        Z = random_matrix(self.parts, design.n_obs) @ self.Lambda
        X = fixed_matrix(design)
        ZL = design.errors.whiten(Z).toarray()
        Omega = ZL.T @ ZL + np.eye(q)
        if not given_beta:
            # Eliminating beta: Z'W^(1/2) (I - H) W^(1/2)Z with H the projection on X.
            Q = np.linalg.qr(design.errors.whiten(X))[0]
            QZ = Q.T @ ZL
            Omega -= QZ.T @ QZ
        self.L = np.linalg.cholesky(Omega)

    def term(self, index: int) -> FloatArray:
        """Diagonal blocks (l, k, k) of one term."""
        from scipy.linalg import solve_triangular

        sizes = [part.block.n_effects for part in self.parts]
        first = sum(sizes[:index])
        rows = self.Lambda[first : first + sizes[index]].toarray()  # (l k, q)
        half = solve_triangular(self.L, rows.T, lower=True)  # (q, l k)
        block = self.parts[index].block
        by_level = half.reshape(-1, block.n_levels, block.n_columns)
        blocks: FloatArray = np.einsum("qja,qjb->jab", by_level, by_level)
        return blocks
