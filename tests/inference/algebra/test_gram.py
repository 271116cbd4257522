"""Z'V⁻¹Z as a structure: products with it are those of the dense matrix."""

import numpy as np
import pytest

from lmm.inference.algebra.gram import GramInverse
from lmm.inference.algebra.head_and_tail import Effects
from tests.inference.models import RANDOM_PARTS, quietly, random_table


def turned(fit):
    """Effects, Z'WZ and S (q, q) of the turned columns, head first."""
    effects = Effects(fit.internals.design.random, fit.T, fit.internals.criterion_function.cross)
    q = sum(part.block.n_effects for part in fit.internals.design.random)
    columns = [fit.internals.design.random[i].block.to_sparse().toarray() for i in effects.order]
    w = np.ones(fit.n_obs) if fit.weights is None else fit.weights
    Z = np.hstack(
        [
            own @ np.kron(np.eye(own.shape[1] // len(effects.bases[i])), effects.bases[i])
            for own, i in zip(columns, effects.order, strict=True)
        ]
    )
    S = np.concatenate(
        [np.tile(effects.tau[i] ** 2, fit.internals.design.random[i].block.n_levels) for i in effects.order]
    )
    assert len(S) == q
    return effects, Z.T @ (w[:, None] * Z), np.diag(S)


@pytest.mark.parametrize("shape", RANDOM_PARTS)
def test_products_are_those_of_the_dense_matrix(shape):
    fit = quietly(f"y ~ x + {RANDOM_PARTS[shape]}", random_table(3), weights="w")
    effects, A, S = turned(fit)
    B = A @ np.linalg.inv(np.eye(len(A)) + S @ A)
    V = np.random.default_rng(1).normal(size=(len(A), 2))
    structure = GramInverse(effects)
    np.testing.assert_allclose(structure.apply(V), B @ V, rtol=1e-8, atol=1e-8 * np.abs(B).max())
    # solve(Z'Wx) = Z'V⁻¹x = (I + AS)⁻¹ Z'Wx
    right = np.linalg.solve(np.eye(len(A)) + A @ S, V)
    np.testing.assert_allclose(structure.solve(V), right, rtol=1e-8, atol=1e-8 * np.abs(right).max())
