"""The matrices of the model as sparse arrays, in the order of the random effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lmm.design import RandomPart
from lmm.typing import FloatMatrix, FloatVector


def random_matrix(parts: Sequence[RandomPart], n_obs: int) -> Any:
    """Z (n, q) as a sparse array: terms in order, in each the columns of its first level first."""
    from scipy.sparse import csr_array, hstack

    if not parts:
        return csr_array((n_obs, 0))
    return hstack([part.block.to_sparse() for part in parts], format="csr")


def relative_factor(parts: Sequence[RandomPart], factors: Sequence[FloatMatrix]) -> Any:
    """Lambda (q, q) as a sparse array, with ``b = Lambda @ u``.

    Each term contributes the Kronecker product of the root of its known covariance (the
    identity without one) and its T.
    """
    from scipy.sparse import block_diag, csr_array, identity, kron

    if not parts:
        return csr_array((0, 0))
    blocks = []
    for part, T in zip(parts, factors, strict=True):
        root = part.block.root
        over_levels = identity(part.block.n_levels) if root is None else csr_array(root)
        blocks.append(kron(over_levels, csr_array(T)))
    return csr_array(block_diag(blocks, format="csr"))


def random_part(parts: Sequence[RandomPart], effects: Sequence[FloatMatrix], n: int) -> FloatVector:
    """Z b (n,), from the effects by level (l, k) of each term."""
    total = np.zeros(n)
    for part, b in zip(parts, effects, strict=True):
        total += part.block.apply(b.ravel())
    return total
