"""Random problems for the engine: y, X, blocks, weights and factors T at which to look."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array

from lmm.engine import Block, GroupBlock, MatrixBlock

KINDS = (
    "crossed",
    "balanced",
    "inside",
    "around",
    "same",
    "sparse pairs",
    "matrix",
    "sparse matrix",
    "known",
)
EFFECTS = ("normal", "days", "indicators", "nearly aliased")
RANKS = ("full", "deficient", "zero", "one element")


@dataclass(frozen=True)
class TermPlan:
    """What a random term looks like."""

    kind: str = "crossed"
    k: int = 1
    structure: str = "us"
    effects: str = "normal"
    rank: str = "full"
    unused_level: bool = False


@dataclass(frozen=True)
class Problem:
    """Arguments of the engine."""

    y: np.ndarray
    X: np.ndarray
    blocks: list[Block]
    weights: np.ndarray | None
    T: list[np.ndarray]

    @property
    def arguments(self):
        return self.y, self.X, self.blocks, self.weights


def make_problem(seed, plans, *, n=40, p=2, weighted=False):
    """A problem with one term per plan; all numbers from the seed."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))]) if p else np.zeros((n, 0))
    blocks, codes = [], None
    for plan in plans:
        if plan.kind in {"matrix", "sparse matrix", "known"}:
            blocks.append(matrix_block(rng, n, plan))
            continue
        codes = group_codes(rng, n, plan.kind, codes)
        n_levels = int(codes.max()) + 1 + plan.unused_level
        values = None if plan.k == 1 and plan.effects == "normal" else effect_columns(rng, n, plan)
        blocks.append(GroupBlock(codes.astype(np.int32), values, n_levels, structure=plan.structure))
    T = [factor(rng, block, plan) for block, plan in zip(blocks, plans, strict=True)]
    y = 2.0 + rng.normal(size=n) + sum(block.apply(rng.normal(size=block.n_effects)) for block in blocks)
    weights = rng.uniform(0.2, 5.0, n) if weighted else None
    return Problem(y, X, blocks, weights, T)


def group_codes(rng, n, kind, earlier):
    """Codes 0.. without gaps; `earlier` are those of the term before."""
    if earlier is None or kind == "crossed":
        codes = rng.integers(0, rng.integers(2, max(3, n // 3)), n)
    elif kind == "same":
        codes = earlier
    elif kind == "balanced":
        codes = np.arange(n) % rng.integers(2, 6)
    elif kind == "inside":
        codes = earlier * 3 + rng.integers(0, 3, n)
    elif kind == "around":
        codes = earlier // 2
    else:  # few rows leave the chain of the term before
        codes = np.where(rng.random(n) < 0.8, earlier, rng.integers(0, earlier.max() + 2, n))
    return np.unique(codes, return_inverse=True)[1]


def effect_columns(rng, n, plan):
    """Columns (n, k) of a term: an intercept and what the plan says."""
    k = plan.k
    if plan.effects == "indicators":
        return np.eye(k)[rng.integers(0, k, n)]
    columns = rng.normal(size=(n, k))
    if plan.effects == "days":
        columns = rng.integers(0, 10, (n, k)).astype(float)
    if k > 1:
        columns[:, 0] = 1.0
    if plan.effects == "nearly aliased" and k > 1:
        columns[:, -1] = columns[:, 0] + 0.05 * columns[:, -1]
    return columns


def matrix_block(rng, n, plan):
    """A block given by its columns, for "known" with a covariance over the levels."""
    n_levels = int(rng.integers(2, 8))
    Z = rng.normal(size=(n, n_levels * plan.k))
    if plan.kind == "sparse matrix":
        Z = csc_array(Z * (rng.random(Z.shape) < 0.3))
    root = None
    if plan.kind == "known":
        root = np.tril(rng.normal(size=(n_levels, n_levels)) / 3, -1) + np.eye(n_levels)
    return MatrixBlock(Z, plan.k, structure=plan.structure, root=root)


def factor(rng, block, plan):
    """T (k, k) in the units of the columns, of full rank or on the boundary, signs free."""
    k = plan.k
    T = np.tril(rng.normal(size=(k, k)) / 2)
    T[np.diag_indices(k)] = rng.choice([-1.0, 1.0, 1.0], k) * np.exp(rng.normal(size=k) / 2)
    if plan.structure == "diag":
        T = np.diag(np.diag(T))
    if plan.rank == "deficient":
        T[:, rng.integers(0, k)] = 0.0
    elif plan.rank == "zero":
        T[:] = 0.0
    elif plan.rank == "one element":
        row = rng.integers(0, k)
        column = row if plan.structure == "diag" else rng.integers(0, row + 1)
        T = np.where(np.arange(k * k).reshape(k, k) == row * k + column, T, 0.0)
    Z = block.effective().to_dense().reshape(-1, k)
    return T / np.sqrt(np.maximum((Z**2).sum(axis=0) / block.n_rows, 0.01))[:, None]
