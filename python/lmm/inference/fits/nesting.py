"""Whether one model is a special case of another."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.design import Design, RandomPart
    from lmm.model import Fit

__all__ = ["is_nested", "same_fixed"]

_CLOSE = 1e-8


def is_nested(small: Fit, large: Fit) -> bool:
    """Whether every mean and every covariance of y that the small model allows, the large one allows too.

    Both have the same rows and response.
    """
    return (
        _equal(small.weights, large.weights)
        and _equal(small.offset, large.offset)
        and _spans(large.internals.design, small.internals.design)
        and _covariances_are_nested(small, large)
    )


def same_fixed(one: Fit, other: Fit) -> bool:
    """Whether two fits have the same X, which makes their REML criteria comparable."""
    X, Y = one.X, other.X
    return X.shape == Y.shape and bool(np.allclose(X, Y, rtol=1e-12, atol=0.0))


def _same_random(one: Fit, other: Fit) -> bool:
    """Whether two fits have the same random terms, in any order."""
    parts, others = one.internals.design.random, other.internals.design.random
    return len(parts) == len(others) and all(any(_same(part, other) for other in others) for part in parts)


def _equal(one: FloatVector | None, other: FloatVector | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.array_equal(one, other))


def _spans(large: Design, small: Design) -> bool:
    """Whether the columns of one X are combinations of those of another."""
    X, Y = large.X[:, large.kept], small.X[:, small.kept]
    if Y.shape[1] > X.shape[1]:
        return False
    Y = Y / np.linalg.norm(Y, axis=0)
    Q = np.linalg.qr(X / np.linalg.norm(X, axis=0))[0]
    return bool(np.abs(Y - Q @ (Q.T @ Y)).max(initial=0.0) < _CLOSE)


def _covariances_are_nested(small: Fit, large: Fit) -> bool:
    if small.internals.optimum.held.any() or large.internals.optimum.held.any():
        # Parameters that were given belong to the model.
        return (
            _same_random(small, large)
            and np.array_equal(small.internals.optimum.held, large.internals.optimum.held)
            and np.array_equal(
                small.theta[small.internals.optimum.held], large.theta[large.internals.optimum.held]
            )
        )
    parts = large.internals.design.random
    missing = [
        part for part in small.internals.design.random if not any(_same(part, other) for other in parts)
    ]
    # Only what is free can give way to what is missing.
    return not missing or _Family(tuple(part for part in parts if part.structure.is_linear)).holds(missing)


def _same(one: RandomPart, other: RandomPart) -> bool:
    if one is other or one.block is other.block:
        return True
    if one.structure != other.structure or len(one.columns) != len(other.columns):
        return False
    Z, Y = one.block.effective().to_sparse(), other.block.effective().to_sparse()
    if Z.shape != Y.shape:
        return False
    difference = abs(Z - Y)
    return bool(difference.nnz == 0 or difference.max() <= _CLOSE * abs(Z).max())


class _Family:
    """The covariances ``sum Z S Z'`` that some random terms allow."""

    def __init__(self, parts: tuple[RandomPart, ...]) -> None:
        self.parts = parts

    def holds(self, smaller: list[RandomPart]) -> bool:
        """Whether it has all covariances of other terms.

        Solves ``Z E Z' = sum Z_j S_j Z_j'`` by least squares in the space of n by n matrices, from cross-products of
        columns, for covariances E of one direction; the S_j must solve it, and be covariances.
        """
        own = [(i, r, s) for i, part in enumerate(self.parts) for r, s in _elements(part)]
        columns = [_columns(part) for part in self.parts]
        gram = np.array([[_inner(columns[i], r, s, columns[j], t, u) for j, t, u in own] for i, r, s in own])
        gram = gram.reshape(len(own), len(own))
        for part in smaller:
            Z = _columns(part)
            for direction in _directions(part):
                # Z (I ⊗ vv') Z' is that of one column
                z = [sum(weight * column for weight, column in zip(direction, Z, strict=True))]
                right = np.array([_inner(columns[i], r, s, z, 0, 0) for i, r, s in own])
                size = _inner(z, 0, 0, z, 0, 0)
                if not self._is_covariance(gram, right, size, own):
                    return False
        return True

    def _is_covariance(
        self, gram: FloatMatrix, right: FloatVector, size: float, own: list[tuple[int, int, int]]
    ) -> bool:
        scale = np.sqrt(np.where(np.diag(gram) > 0.0, np.diag(gram), 1.0))
        solution = np.linalg.lstsq(gram / scale / scale[:, None], right / scale, rcond=1e-12)[0] / scale
        if size - right @ solution > _CLOSE * size:
            return False
        for i, part in enumerate(self.parts):
            S = np.zeros((len(part.columns),) * 2)
            for (j, r, s), value in zip(own, solution, strict=True):
                if i == j:
                    S[r, s] = S[s, r] = value
            values = np.linalg.eigvalsh(S)
            if values[0] < -_CLOSE * max(1.0, values[-1]):
                return False
        return True


def _elements(part: RandomPart) -> list[tuple[int, int]]:
    """Distinct elements of S that are free."""
    k = len(part.columns)
    diagonal = [(r, r) for r in range(k)]
    return diagonal if not part.structure.is_correlated else diagonal + list(combinations(range(k), 2))


def _directions(part: RandomPart) -> list[FloatVector]:
    """Directions v whose vv' make up the covariances of a term."""
    k = len(part.columns)
    unit = np.eye(k)
    pairs = [] if not part.structure.is_correlated else list(combinations(range(k), 2))
    return [*unit, *(unit[r] + unit[s] for r, s in pairs), *(unit[r] - unit[s] for r, s in pairs)]


def _columns(part: RandomPart) -> list[Any]:
    """Columns of Z by effect: k sparse matrices (n, n_levels)."""
    Z, k = part.block.effective().to_sparse().tocsc(), len(part.columns)
    return [Z[:, j::k] for j in range(k)]


def _inner(one: list[Any], r: int, s: int, other: list[Any], t: int, u: int) -> float:
    """Inner product of ``Z_r Z_s' + Z_s Z_r'`` and ``Z_t Z_u' + Z_u Z_t'``, halved where r is s or t is u."""
    total = _trace(one[r], one[s], other[t], other[u]) + _trace(one[r], one[s], other[u], other[t])
    return total * (1.0 if r == s else 2.0) * (1.0 if t == u else 2.0) / 2.0


def _trace(Z_r: Any, Z_s: Any, Z_t: Any, Z_u: Any) -> float:
    """tr(Z_r Z_s' Z_t Z_u')."""
    return float((Z_s.T @ Z_t).multiply(Z_r.T @ Z_u).sum())
