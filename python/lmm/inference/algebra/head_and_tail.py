"""The random effects in coordinates in which their relative covariance S is diagonal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from lmm.design import RandomPart
from lmm.engine import Block, GroupBlock
from lmm.typing import FloatArray, FloatMatrix, FloatVector, IntVector, Pattern

__all__ = ["Effects"]

SMALL_TAIL = 64
"""Effects of a tail that is taken as one part, whether its levels hang together or not."""


@dataclass(frozen=True, slots=True, eq=False)
class _Term:
    """One random term: its columns of Z, turned, and where it stands.

    Attributes
    ----------
    Z
        Sparse (n, l k), level by level.
    n_levels, n_columns
    structure
        ``"us"`` or ``"diag"``.
    basis : shape (k, k)
        M with Z_turned = Z (I ⊗ M).
    tau : shape (k,)
        Roots of the diagonal of M⁻¹SM⁻ᵀ.
    """

    Z: Any
    n_levels: int
    n_columns: int
    structure: Pattern
    basis: FloatMatrix
    tau: FloatVector

    @classmethod
    def of(cls, part: RandomPart, T: FloatMatrix, weights: FloatVector) -> _Term:
        from scipy.sparse import identity, kron

        block = part.block.effective()
        Z, k, n_levels = block.to_sparse().tocsr(), block.n_columns, block.n_levels
        squares = np.asarray(Z.multiply(Z).T @ weights).reshape(n_levels, k)
        scale = np.sqrt(squares.mean(axis=0))
        scale[scale == 0.0] = 1.0
        if block.structure == "diag":
            U, tau = np.eye(k), np.abs(scale * np.diag(T))
        else:
            # With S = TT' and columns of like size, U diag(tau²) U' = D S D: no square is taken.
            U, tau, _ = np.linalg.svd(scale[:, None] * T)
        basis = U / scale[:, None]
        turned = Z @ kron(identity(n_levels), basis, format="csr")
        return cls(turned.tocsr(), n_levels, k, block.structure, basis, tau)


class Effects:
    """Cross-products of the random effects: a head, eliminated by level, and a tail.

    The head is the grouping factor with the most effects; order everywhere: head, then the other
    terms as in the formula.

    Parameters
    ----------
    parts
        The random terms.
    factors
        T (k, k) of each.
    weights : shape (n,)
        Prior weights.
    """

    def __init__(
        self, parts: Sequence[RandomPart], factors: Sequence[FloatMatrix], weights: FloatVector
    ) -> None:
        self._weights = weights
        self._are_ones = bool((weights == 1.0).all())
        terms = [_Term.of(part, T, weights) for part, T in zip(parts, factors, strict=True)]
        first, tail = head_and_tail(parts)
        self.order = tail if first is None else [first, *tail]
        self._head = None if first is None else terms[first]
        self._tail = [terms[i] for i in tail]
        self.slots = {i: slot for slot, i in enumerate(self.order, start=int(first is None))}
        self.bases = [term.basis for term in terms]
        self.tau = [term.tau for term in terms]

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
        if self._head is not None and self._head.structure == "diag":
            return [(r, r) for r in range(k)]
        return [(r, s) for r in range(k) for s in range(k)]

    @cached_property
    def head_gram(self) -> FloatArray:
        """Z'WZ of the head by level (l, k, k)."""
        if self._head is None:
            return np.zeros((0, 1, 1))
        k, n_levels = self._head.n_columns, self._head.n_levels
        gram = (self._head.Z.T @ self._weighted(self._head.Z)).tocoo()
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
    def _tail_Z(self) -> Any:
        from scipy.sparse import csr_array, hstack

        if not self._tail:
            return csr_array((len(self._weights), 0))
        return hstack([term.Z for term in self._tail], format="csr")

    @cached_property
    def tail_gram(self) -> Any:
        """Z'WZ of the tail, sparse."""
        return (self._tail_Z.T @ self._weighted(self._tail_Z)).tocsr()

    @cached_property
    def cross(self) -> Any:
        """Z'WZ of head and tail (q_head, q_tail), sparse."""
        from scipy.sparse import csr_array

        if self._head is None:
            return csr_array((0, self.tail_tau.size))
        return (self._head.Z.T @ self._weighted(self._tail_Z)).tocsr()

    def cross_with(self, columns: FloatMatrix) -> FloatMatrix:
        """Z'Wx (q, m) for the columns x (n, m)."""
        weighted = columns if self._are_ones else self._weights[:, None] * columns
        head = np.zeros((0, columns.shape[1])) if self._head is None else self._head.Z.T @ weighted
        return np.vstack([head, self._tail_Z.T @ weighted])

    def by_level(self, V: FloatMatrix) -> list[FloatArray]:
        """Cut rows (q, m) into (l, k, m) per slot."""
        q1 = self.head_gram.shape[0] * len(self.head_tau)
        cuts = [V[:q1].reshape(-1, len(self.head_tau), V.shape[1])]
        for term in self._tail:
            q = term.n_levels * term.n_columns
            cuts.append(V[q1 : q1 + q].reshape(term.n_levels, term.n_columns, -1))
            q1 += q
        return cuts

    def _weighted(self, Z: Any) -> Any:
        return Z if self._are_ones else Z.multiply(self._weights[:, None]).tocsr()

    # Connected parts of the tail

    @cached_property
    def _parts(self) -> list[tuple[IntVector, tuple[slice, ...]]]:
        shape = [(term.n_levels, term.n_columns) for term in self._tail]
        if 0 < self.tail_tau.size <= SMALL_TAIL:
            # Which rows tie which levels costs more to find out than one small matrix.
            ends = np.cumsum([0, *(n_levels * k for n_levels, k in shape)])
            return [(np.arange(ends[-1])[None], tuple(slice(a, b) for a, b in pairwise(ends)))]
        terms = [self._head, *self._tail] if self._head else self._tail
        labels = connected_levels([(term.Z, term.n_levels, term.n_columns) for term in terms])
        if self._head:
            labels = labels[self._head.n_levels :]
        return list(_alike(labels, shape))

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


def n_column_pairs(block: Block) -> int:
    """Count the pairs of columns of a head that derivatives of its covariance use."""
    k = block.n_columns
    return k if block.structure == "diag" else k**2


def _may_lead(part: RandomPart) -> bool:
    """Whether Z'WZ of the term is block diagonal over its levels."""
    return isinstance(part.block, GroupBlock) and part.block.root is None


def largest_part(parts: Sequence[RandomPart]) -> int:
    """Count the effects of the largest connected part of the tail."""
    head, tail = head_and_tail(parts)
    if not tail:
        return 0
    blocks = [parts[i].block.effective() for i in ([] if head is None else [head]) + tail]
    labels = connected_levels([(block.to_sparse(), block.n_levels, block.n_columns) for block in blocks])
    sizes = np.concatenate([np.full(block.n_levels, block.n_columns) for block in blocks])
    first = 0 if head is None else blocks[0].n_levels
    return int(np.bincount(labels[first:], weights=sizes[first:]).max())


def connected_levels(terms: Sequence[tuple[Any, int, int]]) -> IntVector:
    """Label the levels of all terms (Z, n_levels, n_columns) by the connected part that they belong to.

    Two levels are connected when a row of the data has both.
    """
    from scipy.sparse import coo_array, csr_array, vstack
    from scipy.sparse.csgraph import connected_components

    rows, n_nodes = [], 0
    for Z, n_levels, k in terms:
        entries = Z.tocoo()
        ones = np.ones(entries.nnz, dtype=np.int8)
        rows.append(coo_array((ones, (entries.col // k, entries.row)), shape=(n_levels, Z.shape[0])))
        n_nodes += n_levels
    if not rows:
        return np.zeros(0, dtype=np.int64)
    # A bipartite graph of levels and rows of the data says the same as one of levels, with fewer edges.
    incidence = csr_array(vstack(rows))
    n_rows = incidence.shape[1]
    graph = csr_array(
        (
            incidence.data,
            incidence.indices + n_nodes,
            np.concatenate([incidence.indptr, np.full(n_rows, incidence.indptr[-1])]),
        ),
        shape=(n_nodes + n_rows,) * 2,
    )
    _, labels = connected_components(graph, directed=False)
    found: IntVector = labels[:n_nodes].astype(np.int64)
    return found


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
