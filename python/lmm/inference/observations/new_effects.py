"""Random effects without data: new levels, and terms left out of the prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.inference.algebra.stacks import SparseRows, row_products
from lmm.model import Rows, Target, check_block
from lmm.typing import FloatArray, FloatMatrix

if TYPE_CHECKING:
    from lmm.design import RandomPart
    from lmm.model import Fit

__all__ = ["unknown_squares"]


def unknown_squares(
    fit: Fit,
    target: Target,
    rows: Rows,
    *,
    observation: bool,
) -> list[FloatArray | None]:
    """Sum z z' (n, k, k) over the unknown effects of each row, per random term; None where there are none.

    Parameters
    ----------
    rows
        The rows of the target, as the user named them; new levels of terms that take part have the variance of their
        effects with ``new_levels="sample"``.
    observation
        Whether a new observation is meant, to which terms that take no part and all new levels
        contribute.
    """
    found: list[FloatArray | None] = [None] * len(fit.internals.design.random)
    if rows.new_levels == "sample" or observation:
        for place, i in enumerate(target.chosen):
            unseen = target.unseen(fit, place)
            if unseen.any():
                block = target.design.random[place].block
                found[i] = _squares(block.to_sparse(), block.n_columns) * unseen[:, None, None]
    if observation:
        others = [i for i in range(len(found)) if i not in target.chosen]
        for i, values in _left_out(fit, target, rows, others).items():
            found[i] = values
    return found


def _left_out(fit: Fit, target: Target, rows: Rows, others: list[int]) -> dict[int, FloatArray]:
    """Σ z z' (n, k, k) of the terms that take no part."""
    parts = fit.internals.design.random
    if not target.is_new:
        return {
            i: _squares(_rooted(parts[i].block.to_sparse(), parts[i]), parts[i].block.n_columns)
            for i in others
        }
    bars = [i for i in others if parts[i].is_group]
    found = {}
    if bars:
        loadings, kept = fit.internals.spec.loadings(rows.new, [parts[i].spec for i in bars])
        for i, values in zip(bars, loadings, strict=True):
            found[i] = _outer(_aligned(values, kept, target))
    for i in (i for i in others if parts[i].kind == "block"):
        part = parts[i]
        check_block(part.group, part, rows.blocks or {})
        Z = (rows.blocks or {})[part.group].to_sparse().tocsr()[target.design.rows]
        found[i] = _squares(_rooted(Z, part), part.block.n_columns)
    return found


def _aligned(values: FloatMatrix, rows: Any, target: Target) -> FloatMatrix:
    """Take the rows of the target from values of other rows; missing where there are none."""
    placed = np.full((target.design.n_rows, values.shape[1]), np.nan)
    placed[rows] = values
    aligned: FloatMatrix = placed[target.design.rows]
    return aligned


def _rooted(Z: SparseRows, part: RandomPart) -> SparseRows:
    """Multiply rows (n, l k) of a user's block by the root of its known covariance."""
    from scipy.sparse import csr_array, identity, kron

    root = part.block.root
    if root is None:
        return Z
    return Z @ kron(csr_array(root), identity(part.block.n_columns), format="csr")


def _outer(values: FloatMatrix) -> FloatArray:
    products: FloatArray = values[:, :, None] * values[:, None, :]
    return products


def _squares(Z: SparseRows, k: int) -> FloatArray:
    """Σ z z' over the levels (n, k, k), of rows (n, l k)."""
    Z = Z.tocsr()
    columns = [Z[:, r::k] for r in range(k)]
    products = [[row_products(left, right) for right in columns] for left in columns]
    return np.moveaxis(np.array(products), 2, 0)
