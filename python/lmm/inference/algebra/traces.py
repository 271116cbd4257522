"""Traces of B = Z'V⁻¹Z and of products of two, which the information about covariances is made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from lmm.inference.algebra.gram import GramInverse
from lmm.typing import FloatArray, FloatMatrix, IntVector

__all__ = ["Traces"]

_MOST_AT_ONCE = 8_000_000  # numbers in one array
_FEW = 64  # effects of a part up to which parts are taken together


class Traces:
    """Traces of B and of products of two, term by term, the head first.

    Parameters
    ----------
    B
        Z'V⁻¹Z.
    """

    def __init__(self, B: GramInverse) -> None:
        self._B = B
        self._position = B.effects.position
        self._pairs = B.effects.pairs
        self._k = len(B.effects.head_tau)
        self._tail_columns = B.effects.tail_columns

    @property
    def single(self) -> list[FloatMatrix]:
        """Diagonal blocks of B summed over the levels, (k, k) per term."""
        found = [self._B.head.B.sum(axis=0) - self._coupling.sum(axis=0)]
        found += [np.zeros((k, k)) for k in self._tail_columns]
        for parts in self._B.parts:
            for term, span in enumerate(parts.spans, start=1):
                own = _levels_of(parts.of.B[:, span, span], self._tail_columns[term - 1])
                found[term] += np.einsum("cjrjs->rs", own)
        return found

    @property
    def double(self) -> list[list[FloatArray]]:
        """Products of two blocks of B, per pair of terms a, b (k_a, k_a, k_b, k_b).

        The element r, s, t, u is Σ B[λr, μt] B[λs, μu] over all levels λ of a and μ of b. For symmetric E and F,
        ``tr((I ⊗ E) B (I ⊗ F) B)`` is its contraction with E over r, s and F over t, u. Where the covariance of the
        head is diagonal, elements with different r and s, which no derivative uses, are not complete.
        """
        columns = [self._k, *self._tail_columns]
        found = [[np.zeros((a, a, b, b)) for b in columns] for a in columns]
        found[0][0] += self._of_head()
        for term in range(1, len(columns)):
            found[0][term] += self._of_head_with_tail(term)
            found[term][0] += found[0][term].transpose(2, 3, 0, 1)
        for parts in self._B.parts:
            for a, left in enumerate(parts.spans, start=1):
                for b, right in enumerate(parts.spans, start=1):
                    found[a][b] += _pair_traces(parts.of.B[:, left, right], columns[a], columns[b])
        return found

    def _of_head(self) -> FloatArray:
        """Products of two of B₁ - EHE'."""
        k = self._k
        own, lost = (blocks.reshape(len(blocks), k * k) for blocks in (self._B.head.B, self._coupling))
        total = _from_pairs(own.T @ own, k)
        if not self._B.parts:
            return total
        mixed = _from_pairs(own.T @ lost, k)
        total -= mixed + mixed.transpose(1, 0, 3, 2)
        first, second = np.array(self._pairs).T
        for parts in self._B.parts:
            for few in parts.few(_MOST_AT_ONCE // len(self._pairs)):
                # (EHE')[λr, μt] (EHE')[λs, μu] sums to tr(G_sr H G_tu H), G_rs = E_r'E_s
                GH = np.stack([few.dense(self._grams[rs], self._position) @ few.of.H for rs in self._pairs])
                products = _flat(GH) @ _flat(GH.swapaxes(2, 3)).T
                total[second[:, None], first[:, None], first, second] += products
        return total

    def _of_head_with_tail(self, term: int) -> FloatArray:
        """Products of two of EN, for one term of the tail."""
        k = self._tail_columns[term - 1]
        found = np.zeros((self._k, self._k, k, k))
        for parts in self._B.parts:
            span = parts.spans[term - 1]
            for few in parts.few(_MOST_AT_ONCE):
                N = few.of.N[:, :, span]
                for r, s in self._pairs:
                    if r > s:
                        continue
                    # Diagonal blocks of N'G_rsN, summed over the levels; those of G_sr are their transposes.
                    GN = few.dense(self._grams[r, s], self._position) @ N
                    own = np.einsum("cijt,ciju->tu", _by_column(N, k), _by_column(GN, k), optimize=True)
                    found[r, s] += own
                    if r != s:
                        found[s, r] += own.T
        return found

    @cached_property
    def _coupling(self) -> FloatArray:
        """What the tail takes from the diagonal blocks of the head: those of EHE', (l, k, k)."""
        k = self._k
        found = np.zeros_like(self._B.head.B)
        E = self._B.E.tocsc()
        for parts in self._B.parts:
            if parts.index.shape[1] <= _FEW:
                found += _of_small_parts(E[:, parts.index.ravel()].tocsr(), parts.of.H, k)
                continue
            for columns, H in zip(parts.index, parts.of.H, strict=True):
                for levels, rows in _rows_at_once(E[:, columns].tocsr(), k):
                    own = rows.toarray().reshape(len(levels), k, -1)
                    found[levels] += (rows @ H).reshape(own.shape) @ own.transpose(0, 2, 1)
        return found

    @cached_property
    def _grams(self) -> dict[tuple[int, int], Any]:
        """E_r'E_s (q_tail, q_tail), sparse, with E_r the rows of column r of the head."""
        rows = [self._B.E[r :: self._k] for r in range(self._k)]
        return {(r, s): (rows[r].T @ rows[s]).tocsr() for r, s in self._pairs}


def _flat(arrays: FloatArray) -> FloatMatrix:
    return arrays.reshape(len(arrays), -1)


def _of_small_parts(E: Any, H: FloatArray, k: int) -> FloatArray:
    """Diagonal blocks (l, k, k) of EHE' with H block diagonal, sparse."""
    from scipy.sparse import bsr_array

    c, t = H.shape[:2]
    blocks = bsr_array((H, np.arange(c), np.arange(c + 1)), shape=(c * t, c * t))
    EH = E @ blocks.tocsr()
    found = np.zeros((E.shape[0] // k, k, k))
    for r, s in combinations_with_replacement(range(k), 2):
        found[:, r, s] = found[:, s, r] = np.asarray(EH[r::k].multiply(E[s::k]).sum(axis=1)).ravel()
    return found


def _rows_at_once(E: Any, k: int) -> Iterator[tuple[IntVector, Any]]:
    """Levels of the head that have a row in E, some at a time, with their rows (n_levels k, t)."""
    levels = np.unique(np.flatnonzero(np.diff(E.indptr)) // k)
    size = max(1, _MOST_AT_ONCE // (k * E.shape[1]))
    for begin in range(0, len(levels), size):
        taken = levels[begin : begin + size]
        yield taken, E[(taken[:, None] * k + np.arange(k)).ravel()]


def _from_pairs(products: FloatMatrix, k: int) -> FloatArray:
    """Order the elements (r t, s u) as r, s, t, u."""
    return products.reshape(k, k, k, k).transpose(0, 2, 1, 3).copy()


def _by_column(M: FloatArray, k: int) -> FloatArray:
    """View the columns (c, t, l k) of one term as (c, t, l, k)."""
    return M.reshape(*M.shape[:2], M.shape[2] // k, k)


def _levels_of(B: FloatArray, k: int) -> FloatArray:
    """View blocks (c, l k, l k) of one term as (c, l, k, l, k)."""
    c, t = B.shape[:2]
    return B.reshape(c, t // k, k, t // k, k)


def _pair_traces(B: FloatArray, k_a: int, k_b: int) -> FloatArray:
    """Σ B[λr, μt] B[λs, μu] (k_a, k_a, k_b, k_b), of blocks (c, l_a k_a, l_b k_b)."""
    c, rows, columns = B.shape
    split = B.reshape(c, rows // k_a, k_a, columns // k_b, k_b)
    flat = split.transpose(2, 4, 0, 1, 3).reshape(k_a * k_b, -1)  # (r t, all pairs of levels)
    return (flat @ flat.T).reshape(k_a, k_b, k_a, k_b).transpose(0, 2, 1, 3)
