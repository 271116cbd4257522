"""B = Z'V⁻¹Z as a structure: products with it and traces of it, without a matrix of all effects.

The random term with the most effects (the head) is eliminated level by level; what is left of the
others (the tail) falls into connected parts, which are dense. One grouping factor has no tail, a
nested chain one part per outermost level, crossed factors one part. Relative to σ².
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from lmm.inference.effects import Effects
from lmm.inference.elimination import Eliminated, eliminate
from lmm.typing import FloatArray, FloatMatrix, IntVector

__all__ = ["GramInverse"]

_MOST_STACKED = 4_000_000  # numbers in one stack of parts


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Connected parts of the tail that look alike: the same number of levels of each term.

    Attributes
    ----------
    index : shape (c, t)
        Their columns of the tail, term by term, level by level.
    spans
        Per tail term, where its columns are in a part.
    of
        B, N and H of the tail after the head was eliminated, (c, t, t).
    """

    index: IntVector
    spans: tuple[slice, ...]
    of: Eliminated

    def dense(self, matrix: Any, position: IntVector) -> FloatArray:
        """Take the blocks (c, t, t) of these parts from a sparse matrix (tail, tail)."""
        c, t = self.index.shape
        rows = matrix[self.index.ravel()]
        row = np.repeat(np.arange(c * t), np.diff(rows.indptr))
        found = np.zeros((c, t, t))
        found[row // t, row % t, position[rows.indices]] = rows.data
        return found


class GramInverse:
    """B = Z'V⁻¹Z in the coordinates of `Effects`, where S is diagonal.

    In blocks of head and tail, with E = (I + A₁₁S₁)⁻¹A₁₂::

        B = [B₁ - E H E'   E N]
            [N'E'          B₂ ]

    Parameters
    ----------
    effects
        The random effects with their cross-products.
    """

    def __init__(self, effects: Effects) -> None:
        self.effects = effects
        self.head = eliminate(effects.head_gram, effects.head_tau)
        self.E = self._scaled_cross()
        self.parts = list(self._eliminated_parts())

    def _scaled_cross(self) -> Any:
        """E (q_head, q_tail), sparse."""
        from scipy.sparse import csr_array

        n_levels, k = self.effects.head_gram.shape[:2]
        A12 = self.effects.cross
        if k == 1:
            return csr_array(A12.multiply(self.head.N.reshape(-1, 1)))
        from scipy.sparse import bsr_array

        starts = np.arange(n_levels + 1)
        N = bsr_array((self.head.N.transpose(0, 2, 1), starts[:-1], starts), shape=(n_levels * k,) * 2)
        return csr_array(N.tocsr() @ A12)

    def _eliminated_parts(self) -> Iterator[_Parts]:
        effects = self.effects
        if not effects.tail_tau.size:
            return
        # A₂₂ − A₂₁ S₁ (I + A₁₁S₁)⁻¹ A₁₂, with the head's variances
        S = np.tile(effects.head_tau**2, len(effects.head_gram))
        remaining = (effects.tail_gram - effects.cross.T @ self.E.multiply(S[:, None])).tocsr()
        for index, spans in effects.tail_parts():
            tau = effects.tail_tau[index[0]]
            t = index.shape[1]
            size = max(1, _MOST_STACKED // t**2)
            for begin in range(0, len(index), size):
                chunk = index[begin : begin + size]
                blank = _Parts(chunk, spans, self.head)
                A = blank.dense(remaining, effects.position)
                yield _Parts(chunk, spans, eliminate((A + A.transpose(0, 2, 1)) / 2.0, tau))

    # Products

    def solve(self, cross: FloatMatrix) -> FloatMatrix:
        """Z'V⁻¹x (q, m), from Z'Wx (q, m)."""
        head, tail = self._split(cross)
        S1 = self.effects.head_tau[:, None] ** 2
        left = tail - self.E.T @ _flat(S1 * head)
        z = self._by_part(left, "H", transpose=False)
        solved = np.swapaxes(self.head.N, 1, 2) @ head - self._levels(self.E @ z)
        return np.vstack([_flat(solved), self._by_part(left, "N", transpose=True)])

    def apply(self, V: FloatMatrix) -> FloatMatrix:
        """B V (q, m)."""
        head, tail = self._split(V)
        seen = self.E.T @ _flat(head)
        z = self._by_part(tail, "N", transpose=False) - self._by_part(seen, "H", transpose=False)
        first = self.head.B @ head + self._levels(self.E @ z)
        second = self._by_part(seen, "N", transpose=True) + self._by_part(tail, "B", transpose=False)
        return np.vstack([_flat(first), second])

    def _split(self, V: FloatMatrix) -> tuple[FloatArray, FloatMatrix]:
        q1 = len(self.effects.head_gram) * len(self.effects.head_tau)
        return self._levels(V[:q1]), V[q1:]

    def _levels(self, V: FloatMatrix) -> FloatArray:
        return np.asarray(V).reshape(len(self.effects.head_gram), len(self.effects.head_tau), V.shape[1])

    def _by_part(self, V: FloatMatrix, which: str, *, transpose: bool) -> FloatMatrix:
        """Multiply the rows (tail, m) of each part by its matrix."""
        product = np.zeros_like(V)
        for parts in self.parts:
            matrix = getattr(parts.of, which)
            matrix = np.swapaxes(matrix, 1, 2) if transpose else matrix
            product[parts.index] = matrix @ V[parts.index]
        return product

    # Traces

    @cached_property
    def sums(self) -> list[FloatMatrix]:
        """Sum over the levels of the diagonal blocks of B, (k, k) per term."""
        k, found = len(self.effects.head_tau), [self.head.B.sum(axis=0)]
        found += [np.zeros((n, n)) for n in self.effects.tail_columns]
        for r, s in np.ndindex(k, k):
            found[0][r, s] -= self._against_H(self._grams[r, s])
        for parts in self.parts:
            for term, span in enumerate(parts.spans, start=1):
                own = _levels_of(parts.of.B[:, span, span], len(found[term]))
                found[term] += np.einsum("cjrjs->rs", own)
        return found

    @cached_property
    def traces(self) -> list[list[FloatArray]]:
        """Per pair of terms a, b the array (k_a, k_a, k_b, k_b) of Σ B[λr, μt] B[λs, μu].

        Summed over all levels λ of a and μ of b; the axes are r, s, t, u. For symmetric E and F,
        ``tr((I ⊗ E) B (I ⊗ F) B)`` is its contraction with E over r, s and F over t, u.
        """
        columns = [len(self.effects.head_tau), *self.effects.tail_columns]
        found = [[np.zeros((a, a, b, b)) for b in columns] for a in columns]
        found[0][0] += self._head_traces()
        self._add_head_with_tail(found)
        for parts in self.parts:
            for a, left in enumerate(parts.spans, start=1):
                for b, right in enumerate(parts.spans, start=1):
                    found[a][b] += _pair_traces(parts.of.B[:, left, right], columns[a], columns[b])
        return found

    def _head_traces(self) -> FloatArray:
        """Of B₁ − EHE' with itself."""
        k, n_levels = len(self.effects.head_tau), len(self.effects.head_gram)
        flat = self.head.B.reshape(n_levels, k * k)
        total = (flat.T @ flat).reshape(k, k, k, k).transpose(0, 2, 1, 3).copy()  # rt,su -> r,s,t,u
        if not self.parts:
            return total
        mixed = np.empty((k, k, k, k))  # Σ_λ B₁[λ]_rt (EHE')[λs, λu], symmetric in r, t and in s, u
        for r, t in _pairs(k):
            weighted = self.head.B[:, r, t, None]
            for s, u in _pairs(k):
                gram = self.E[s::k].T @ self.E[u::k].multiply(weighted)
                found = self._against_H(gram.tocsr())
                mixed[r, s, t, u] = mixed[t, s, r, u] = mixed[r, u, t, s] = mixed[t, u, r, s] = found
        total -= mixed + mixed.transpose(1, 0, 3, 2)
        for parts in self.parts:
            # (EHE')[λr, μt] (EHE')[λs, μu] sums to tr(G_sr H G_tu H), G_rs = E_r'E_s
            GH = {rs: self._dense(parts, gram) @ parts.of.H for rs, gram in self._grams.items()}
            for r, s, t, u in np.ndindex(k, k, k, k):
                total[r, s, t, u] += float(np.einsum("cij,cji->", GH[s, r], GH[t, u]))
        return total

    def _add_head_with_tail(self, found: list[list[FloatArray]]) -> None:
        for parts in self.parts:
            N = parts.of.N
            for r, s in _pairs(len(self.effects.head_tau)):
                GN = self._dense(parts, self._grams[r, s]) @ N
                for term, span in enumerate(parts.spans, start=1):
                    k = self.effects.tail_columns[term - 1]
                    # Diagonal blocks of N'G_rsN, summed over the levels; those of G_sr are their transposes.
                    left, right = _by_column(N[:, :, span], k), _by_column(GN[:, :, span], k)
                    own = np.einsum("cijt,ciju->tu", left, right, optimize=True)
                    found[0][term][r, s] += own
                    if r != s:
                        found[0][term][s, r] += own.T
        for term in range(1, len(found)):
            found[term][0] += found[0][term].transpose(2, 3, 0, 1)

    @cached_property
    def _grams(self) -> dict[tuple[int, int], Any]:
        """E_r'E_s (q_tail, q_tail), sparse, with E_r the rows of column r of the head."""
        k = len(self.effects.head_tau)
        return {(r, s): (self.E[r::k].T @ self.E[s::k]).tocsr() for r, s in np.ndindex(k, k)}

    def _against_H(self, gram: Any) -> float:
        """tr(H'G) over all parts."""
        return sum(float((parts.of.H * self._dense(parts, gram)).sum()) for parts in self.parts)

    def _dense(self, parts: _Parts, gram: Any) -> FloatArray:
        return parts.dense(gram, self.effects.position)


def _flat(V: FloatArray) -> FloatMatrix:
    return V.reshape(V.shape[0] * V.shape[1], V.shape[2])


def _pairs(k: int) -> Iterator[tuple[int, int]]:
    """Pairs of columns, each once."""
    return combinations_with_replacement(range(k), 2)


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
