"""B = Z'V⁻¹Z as a structure: products with it, without a matrix of all effects.

The random term with the most effects (the head) is eliminated level by level; what is left of the
others (the tail) falls into connected parts, which are dense. One grouping factor has no tail, a
nested chain one part per outermost level, crossed factors one part. Relative to σ².
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmm.inference.algebra.elimination import Eliminated, eliminate
from lmm.inference.algebra.head_and_tail import Effects
from lmm.typing import FloatArray, FloatMatrix, IntVector

__all__ = ["GramInverse", "Parts"]

_MOST_STACKED = 4_000_000  # numbers in one stack of parts


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
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

    def few(self, numbers: int) -> Iterator[Parts]:
        """Split the parts into stacks of about so many numbers at most."""
        c, t = self.index.shape
        size = max(1, numbers // t**2)
        for begin in range(0, c, size):
            taken = slice(begin, begin + size)
            yield Parts(self.index[taken], self.spans, Eliminated(*(matrix[taken] for matrix in self.of)))

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

    def _eliminated_parts(self) -> Iterator[Parts]:
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
                blank = Parts(chunk, spans, self.head)
                A = blank.dense(remaining, effects.position)
                yield Parts(chunk, spans, eliminate((A + A.transpose(0, 2, 1)) / 2.0, tau))

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


def _flat(V: FloatArray) -> FloatMatrix:
    return V.reshape(V.shape[0] * V.shape[1], V.shape[2])
