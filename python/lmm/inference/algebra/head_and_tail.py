"""The random effects in coordinates in which their relative covariance S is diagonal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from lmm.design import RandomPart
from lmm.engine import CrossProducts, GroupBlock
from lmm.typing import FloatArray, FloatMatrix, FloatVector, IntVector

__all__ = ["Effects"]

SMALL_TAIL = 64
"""Effects of a tail that is taken as one part, whether its levels hang together or not."""


@dataclass(frozen=True, slots=True, eq=False)
class _Term:
    """One random term: how its columns of Z are turned, and where they stand.

    Attributes
    ----------
    own
        Its columns among those of all terms.
    n_levels, n_columns
    is_correlated
        Whether its S may have elements off the diagonal.
    M, inverse : shape (k, k)
        The turned columns are Z̃ (I ⊗ M), Z̃ those of the engine.
    tau : shape (k,)
        Roots of the diagonal of M⁻¹SM⁻ᵀ, S that of Z̃.
    """

    own: slice
    n_levels: int
    n_columns: int
    is_correlated: bool
    M: FloatMatrix
    inverse: FloatMatrix
    tau: FloatVector

    @classmethod
    def of(cls, part: RandomPart, T: FloatMatrix, squares: FloatMatrix, first: int) -> _Term:
        """From T in the engine's units, and the diagonal (l, k) of Z̃'Z̃."""
        n_levels, k = squares.shape
        scale = np.sqrt(squares.mean(axis=0))
        scale[scale == 0.0] = 1.0
        is_correlated = part.structure.is_correlated
        if is_correlated:
            # With S = TT' and columns of like size, U diag(tau²) U' = D S D: no square is taken.
            U, tau, _ = np.linalg.svd(scale[:, None] * T)
        else:
            U, tau = np.eye(k), np.abs(scale * np.diag(T))
        own = slice(first, first + n_levels * k)
        return cls(own, n_levels, k, is_correlated, U / scale[:, None], U.T * scale, tau)

    def turned(self, rows: FloatMatrix) -> FloatMatrix:
        """(I ⊗ M)' x (l k, m), from x = Z̃'v (l k, m)."""
        by_level = rows.reshape(self.n_levels, self.n_columns, rows.shape[1])
        turned: FloatMatrix = (self.M.T @ by_level).reshape(rows.shape)
        return turned


class Effects:
    """Cross-products of the random effects: a head, eliminated by level, and a tail.

    The head is the grouping factor with the most effects; order everywhere: head, then the other
    terms as in the formula. All of it comes from the cross-products of the engine, nothing from rows.

    Parameters
    ----------
    parts
        The random terms.
    factors
        T (k, k) of each.
    cross
        The cross-products of the model.

    Attributes
    ----------
    products
        What the engine has summed.
    order
        Terms, the head first.
    slots
        Where each term stands in that order; slot 0 is that of a head.
    bases : (k, k) for each term
        B with W^½Z (I ⊗ B) the turned columns, for which S is diagonal.
    inverses : (k, k) for each term
        M⁻¹ with Z̃ (I ⊗ M) the turned columns: the engine's S becomes M⁻¹SM⁻ᵀ.
    tau : (k,) for each term
        Roots of that diagonal.
    """

    def __init__(
        self, parts: Sequence[RandomPart], factors: Sequence[FloatMatrix], cross: CrossProducts
    ) -> None:
        self._cross = cross
        self.products = at = cross.products()
        squares, first = at.ZZ.diagonal(), 0
        self._terms: list[_Term] = []
        for part, T, unit in zip(parts, factors, at.units, strict=True):
            own = squares[first : first + part.block.n_effects].reshape(-1, part.block.n_columns)
            self._terms.append(_Term.of(part, unit @ T, own, first))
            first += part.block.n_effects
        head, tail = head_and_tail(parts)
        self.order = tail if head is None else [head, *tail]
        self._head = None if head is None else self._terms[head]
        self._tail = [self._terms[i] for i in tail]
        self.slots = {i: slot for slot, i in enumerate(self.order, start=int(head is None))}
        self.bases = [inverse @ term.M for inverse, term in zip(at.inverses, self._terms, strict=True)]
        self.inverses = [term.inverse for term in self._terms]
        self.tau = [term.tau for term in self._terms]

    @property
    def n_slots(self) -> int:
        """Number of terms, the head counted even where there is none."""
        return 1 + len(self._tail)

    # Head

    @cached_property
    def head_tau(self) -> FloatVector:
        """Roots of S of the head (k,)."""
        return np.zeros(1) if self._head is None else self._head.tau

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of columns of the head that derivatives of its covariance use: all, or each with itself."""
        k = len(self.head_tau)
        if self._head is not None and not self._head.is_correlated:
            return [(r, r) for r in range(k)]
        return [(r, s) for r in range(k) for s in range(k)]

    @cached_property
    def _turned(self) -> Any:
        """Z'WZ of the turned columns (q, q), sparse, in the order of the formula."""
        from scipy.sparse import block_diag, csr_array, identity, kron

        A = self.products.ZZ
        if all(term.n_columns == 1 for term in self._terms):
            scale = np.concatenate(
                [*(np.full(term.n_levels, term.M[0, 0]) for term in self._terms), np.zeros(0)]
            )
            rows = np.repeat(scale, np.diff(A.indptr))
            return csr_array((A.data * rows * scale[A.indices], A.indices, A.indptr), shape=A.shape)
        M = block_diag([kron(identity(term.n_levels), term.M) for term in self._terms], format="csr")
        return csr_array(M.T @ A @ M)

    @cached_property
    def _tail_columns(self) -> IntVector:
        """Columns of the tail among those of all terms."""
        own = [np.arange(term.own.start, term.own.stop) for term in self._tail]
        return np.concatenate([*own, np.zeros(0, dtype=np.int64)])

    @cached_property
    def head_gram(self) -> FloatArray:
        """Z'WZ of the head by level (l, k, k)."""
        if self._head is None:
            return np.zeros((0, 1, 1))
        k, n_levels, own = self._head.n_columns, self._head.n_levels, self._head.own
        gram = self._turned[own][:, own].tocoo()
        blocks = np.zeros((n_levels, k, k))
        blocks[gram.row // k, gram.row % k, gram.col % k] = gram.data
        return blocks

    # Tail

    @property
    def tail_columns(self) -> list[int]:
        """Columns k of each term of the tail."""
        return [term.n_columns for term in self._tail]

    @cached_property
    def tail_tau(self) -> FloatVector:
        """Roots of S of the tail (q_tail,)."""
        return np.concatenate([*(np.tile(term.tau, term.n_levels) for term in self._tail), np.zeros(0)])

    @cached_property
    def tail_gram(self) -> Any:
        """Z'WZ of the tail, sparse."""
        return self._turned[self._tail_columns][:, self._tail_columns].tocsr()

    @cached_property
    def cross(self) -> Any:
        """Z'WZ of head and tail (q_head, q_tail), sparse."""
        from scipy.sparse import csr_array

        if self._head is None:
            return csr_array((0, self.tail_tau.size))
        return self._turned[self._head.own][:, self._tail_columns].tocsr()

    def with_fixed(self, C: FloatMatrix) -> FloatMatrix:
        """Z'WXC (q, m), for coefficients C (p, m)."""
        return self._ordered(self.products.with_fixed(C))

    def with_residuals(self, beta: FloatVector) -> FloatMatrix:
        """Z'W(y - Xβ) (q, 1)."""
        return self._ordered(self.products.with_residuals(beta)[:, None])

    def _ordered(self, rows: FloatMatrix) -> FloatMatrix:
        """Turn rows (q, m) of the engine, and put the head first."""
        terms = [self._terms[i] for i in self.order]
        return np.vstack([np.zeros((0, rows.shape[1])), *(term.turned(rows[term.own]) for term in terms)])

    def by_level(self, V: FloatMatrix) -> list[FloatArray]:
        """Cut rows (q, m) into (l, k, m) per slot."""
        q1 = self.head_gram.shape[0] * len(self.head_tau)
        cuts = [V[:q1].reshape(-1, len(self.head_tau), V.shape[1])]
        for term in self._tail:
            q = term.n_levels * term.n_columns
            cuts.append(V[q1 : q1 + q].reshape(term.n_levels, term.n_columns, -1))
            q1 += q
        return cuts

    # Connected parts of the tail

    @cached_property
    def _parts(self) -> list[tuple[IntVector, tuple[slice, ...]]]:
        shape = [(term.n_levels, term.n_columns) for term in self._tail]
        if 0 < self.tail_tau.size <= SMALL_TAIL:
            # Which rows tie which levels costs more to find out than one small matrix.
            ends = np.cumsum([0, *(n_levels * k for n_levels, k in shape)])
            return [(np.arange(ends[-1])[None], tuple(slice(a, b) for a, b in pairwise(ends)))]
        tail = self.order if self._head is None else self.order[1:]
        return list(_alike(_labels(self._cross, [term.n_levels for term in self._terms], tail), shape))

    def tail_parts(self) -> list[tuple[IntVector, tuple[slice, ...]]]:
        """Columns (c, t) of the connected parts of the tail, those alike together, with their terms' spans."""
        return self._parts

    @cached_property
    def position(self) -> IntVector:
        """Place of each column of the tail within its part."""
        place = np.zeros(self.tail_tau.size, dtype=np.int64)
        for index, _ in self._parts:
            place[index] = np.arange(index.shape[1])
        return place


def head_and_tail(parts: Sequence[RandomPart]) -> tuple[int | None, list[int]]:
    """Choose the head, the grouping factor with the most effects, and give the others as they stand."""
    leading = [i for i, part in enumerate(parts) if _may_lead(part)]
    head = max(leading, key=lambda i: parts[i].block.n_effects, default=None)
    return head, [i for i in range(len(parts)) if i != head]


def n_column_pairs(part: RandomPart) -> int:
    """Count the pairs of columns of a head that derivatives of its covariance use."""
    k = part.block.n_columns
    return k**2 if part.structure.is_correlated else k


def _may_lead(part: RandomPart) -> bool:
    """Whether Z'WZ of the term is block diagonal over its levels."""
    return isinstance(part.block, GroupBlock) and part.block.root is None


def largest_part(cross: CrossProducts, parts: Sequence[RandomPart]) -> int:
    """Count the effects of the largest connected part of the tail."""
    _, tail = head_and_tail(parts)
    if not tail:
        return 0
    labels = _labels(cross, [part.block.n_levels for part in parts], tail)
    blocks = [parts[i].block for i in tail]
    sizes = np.repeat([block.n_columns for block in blocks], [block.n_levels for block in blocks])
    return int(np.bincount(labels, weights=sizes).max())


def _labels(cross: CrossProducts, sizes: Sequence[int], terms: Sequence[int]) -> IntVector:
    """Label the levels of some terms by the connected part among all terms (of sizes l) that they belong to."""
    ends = np.cumsum([0, *sizes])
    labels = cross.connected()
    return np.concatenate([*(labels[ends[i] : ends[i + 1]] for i in terms), np.zeros(0, dtype=np.int64)])


def _alike(
    labels: IntVector, shape: Sequence[tuple[int, int]]
) -> Iterator[tuple[IntVector, tuple[slice, ...]]]:
    """Group parts by their number of levels of each term (l, k in ``shape``)."""
    if not len(labels):
        return
    term = np.repeat(np.arange(len(shape)), [n_levels for n_levels, _ in shape])
    _, part = np.unique(labels, return_inverse=True)
    counts = np.zeros((part.max() + 1, len(shape)), dtype=np.int64)
    np.add.at(counts, (part, term), 1)
    # Levels stand by term already: a stable sort by part keeps that.
    order = np.argsort(part, kind="stable")
    begin = np.cumsum([0, *counts.sum(axis=1)])[:-1]
    first_level = np.cumsum([0, *(n_levels for n_levels, _ in shape)])
    first_column = np.cumsum([0, *(n_levels * k for n_levels, k in shape)])
    signatures, which = np.unique(counts, axis=0, return_inverse=True)
    for number, signature in enumerate(signatures):
        members = np.flatnonzero(which.ravel() == number)
        edges = np.cumsum([0, *signature])
        columns = []
        for b, (_, k) in enumerate(shape):
            places = begin[members][:, None] + np.arange(edges[b], edges[b + 1])
            level = order[places] - first_level[b]  # (c, l_b)
            column = first_column[b] + level[:, :, None] * k + np.arange(k)
            columns.append(column.reshape(len(members), -1))
        index = np.hstack(columns)
        ends = np.cumsum([0, *(n * k for n, (_, k) in zip(signature, shape, strict=True))])
        yield index, tuple(slice(a, b) for a, b in pairwise(ends))
