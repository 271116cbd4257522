"""Henderson's mixed-model equations at the estimates: what is known of x'β + z'b for any rows x and z.

The error x'β̂ + z'b̂ - x'β - z'b has variance σ²v. With H the covariance of b given y and β, K = Z'V⁻¹X and
Φ = (X'V⁻¹X)⁻¹, all free of σ² (C. R. Henderson, Biometrics 31, 1975, 423–447)::

    v = z'Hz + d'Φd,    d = x - K'Sz

Rows z are sparse, and there is no matrix of order n or q: effects are eliminated as in `GramInverse`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lmm.errors import UnsupportedError
from lmm.inference.algebra.derivatives import LARGEST_PART
from lmm.inference.algebra.elements import parameter_basis
from lmm.inference.algebra.gram import GramInverse
from lmm.inference.algebra.head_and_tail import Effects, largest_part
from lmm.inference.algebra.stacks import SparseRows, block_diagonal, products_within, row_products, scattered
from lmm.inference.covariance_root import covariance_root
from lmm.inference.per_fit import per_fit
from lmm.model import refuse_negative
from lmm.typing import FloatArray, FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["ErrorVariance", "MixedEquations", "SetErrors", "mixed_equations"]

_MOST_NUMBERS = 8_000_000  # of one chunk of rows
_MOST_DENSE = 200  # order up to which a matrix of falling parts is dense all the same
_LARGE_PART = 0.5  # of all columns in one part: the matrix is as good as dense


class ErrorVariance(NamedTuple):
    """Variances over σ², and how they move.

    Attributes
    ----------
    value : shape (m,)
    gradient : shape (m, n_parameters)
        By the distinct elements of each S for the engine's columns, then by the variance of the errors.
    """

    value: FloatVector
    gradient: FloatMatrix


class SetErrors(NamedTuple):
    """A set of rows.

    Attributes
    ----------
    d : shape (m, p)
    covariance : shape (m, m)
        Of the errors over σ².
    """

    d: FloatMatrix
    covariance: FloatMatrix


class _Pieces(NamedTuple):
    """Some rows, cut as the elimination needs them.

    Attributes
    ----------
    head
        z of the head (m, q_head), sparse.
    scaled
        Sz of the head (m, q_head), sparse.
    tail
        z of the tail (m, q_tail), sparse.
    left
        r = z - E'Sz, what the head leaves of the tail (m, q_tail), sparse.
    d : shape (m, p)
    """

    head: Any
    scaled: Any
    tail: Any
    left: Any
    d: FloatMatrix


class MixedEquations:
    """The equations of one fit; rows z come from `rows`, in the coordinates of `Effects`.

    Parameters
    ----------
    fit
        A fit.
    """

    def __init__(self, fit: Fit) -> None:
        self._parts = fit.internals.design.random
        self._effects = effects = Effects(self._parts, fit.T, fit.internals.criterion_function.cross)
        self._B = GramInverse(effects)
        self._K = self._B.solve(effects.with_fixed(np.eye(fit.n_fixed)))  # (q, p)
        self._S = np.append(np.tile(effects.head_tau**2, len(effects.head_gram)), effects.tail_tau**2)
        self._q_head = self._S.size - effects.tail_tau.size
        self._basis = [parameter_basis(part) for part in self._parts]
        factors = [U @ T for U, T in zip(effects.products.units, fit.T, strict=True)]
        self._elements = np.array(
            [(T @ T.T)[E > 0.0][0] for T, basis in zip(factors, self._basis, strict=True) for E in basis]
        )
        self._root = covariance_root(fit.internals.evaluation.unscaled_vcov)
        self._head = {which: block_diagonal(getattr(self._B.head, which)) for which in ("H", "N")}
        self._tail = {which: self._tail_matrix(which) for which in ("H", "N")}

    def rows(self, matrices: Sequence[Any | None], n_rows: int) -> Any:
        """Convert to rows z (n_rows, q) in these coordinates, from sparse rows of Z (n_rows, l k) for each random term.

        None takes no part.
        """
        from scipy.sparse import csr_array, hstack, identity, kron

        found = []
        for i in self._effects.order:
            own, matrix = self._parts[i].block, matrices[i]
            if matrix is None:
                found.append(csr_array((n_rows, own.n_effects)))
                continue
            over_levels = identity(own.n_levels) if own.root is None else csr_array(own.root)
            found.append(matrix @ kron(over_levels, self._effects.bases[i], format="csr"))
        return hstack(found, format="csr") if found else csr_array((n_rows, 0))

    def deviation(self, X: FloatMatrix, Z: Any) -> FloatMatrix:
        """Compute d = x - K'Sz (m, p)."""
        d: FloatMatrix = X - Z.multiply(self._S).tocsr() @ self._K
        return d

    def variance(self, X: FloatMatrix, Z: Any) -> FloatVector:
        """Compute v (m,) for rows X (m, p) and Z (m, q)."""
        found = np.empty(len(X))
        for chunk in self._chunks(len(X)):
            found[chunk] = self._value(self._pieces(X[chunk], Z[chunk]))
        return found

    def covariances(self, X: FloatMatrix, Z: Any, sets: Sequence[IntVector]) -> Iterator[SetErrors]:
        """Compute d and the covariances of the errors over σ² within sets of rows of X (n, p) and Z (n, q).

        Rows of many sets go through the equations together.
        """
        for some in self._chunks_of_sets([len(rows) for rows in sets]):
            rows = np.concatenate(sets[some])
            ends = np.cumsum([len(one) for one in sets[some]])
            pieces = self._pieces(X[rows], Z[rows])
            root = pieces.d @ self._root
            head = products_within(pieces.head @ self._head["H"], pieces.head, ends)
            tail = products_within(self._tail_products(pieces), pieces.left, ends)
            for end, one, other in zip(ends, head, tail, strict=True):
                own = slice(end - len(one), end)
                yield SetErrors(pieces.d[own], one + other + root[own] @ root[own].T)

    def moving(self, X: FloatMatrix, Z: Any) -> ErrorVariance:
        """Compute v and its gradient by the covariance parameters.

        With c = (I + AS)⁻¹z - KΦd, which is z - Z'w for the weights w of the best prediction w'y,
        ∂v/∂S_rs = c'(I ⊗ (E_rs + E_sr))c: the weights minimise v, so that their own change does not
        count. v is homogeneous of degree one in all parameters together, which gives the last.
        """
        found = ErrorVariance(np.empty(len(X)), np.empty((len(X), len(self._elements) + 1)))
        for chunk in self._chunks(len(X)):
            pieces = self._pieces(X[chunk], Z[chunk])
            found.value[chunk] = self._value(pieces)
            found.gradient[chunk, :-1] = self._gradient(pieces)
        found.gradient[:, -1] = found.value - found.gradient[:, :-1] @ self._elements
        return found

    def unknown(self, squares: Sequence[FloatArray | None], n_rows: int) -> ErrorVariance:
        """Compute z'Sz (m,) and its gradient, for effects without data.

        Parameters
        ----------
        squares
            Σ z z' over the levels, (m, k, k), for each random term; None takes no part.
        """
        columns = []
        for square, basis, inverse in zip(squares, self._basis, self._effects.products.inverses, strict=True):
            # In the engine's columns a row z is U⁻ᵀz.
            own = np.zeros((n_rows, *inverse.shape)) if square is None else inverse.T @ square @ inverse
            columns += [np.einsum("mrs,rs->m", own, E) for E in basis]
        gradient = np.column_stack([*columns, np.zeros(n_rows)])
        return ErrorVariance(gradient[:, :-1] @ self._elements, gradient)

    def _pieces(self, X: FloatMatrix, Z: Any) -> _Pieces:
        head, tail = Z[:, : self._q_head], Z[:, self._q_head :]
        scaled = head.multiply(self._S[: self._q_head]).tocsr()
        left = tail - scaled @ self._B.E
        return _Pieces(head, scaled, tail, left.tocsr(), self.deviation(X, Z))

    def _tail_products(self, pieces: _Pieces) -> SparseRows:
        """Multiply what the head leaves of the tail by H (m, q_tail)."""
        if self._EH is None:
            return pieces.left @ self._tail["H"]
        # Rows of one level of the head have E in common.
        return pieces.tail @ self._tail["H"] - pieces.scaled @ self._EH

    @cached_property
    def _EH(self) -> FloatMatrix | None:
        """E H (q_head, q_tail) of the tail's H; None where H is sparse or this were too large."""
        H = self._tail["H"]
        if not isinstance(H, np.ndarray) or self._q_head * len(H) > _MOST_NUMBERS:
            return None
        found: FloatMatrix = self._B.E @ H
        return found

    def _value(self, pieces: _Pieces) -> FloatVector:
        head = row_products(pieces.head @ self._head["H"], pieces.head)
        tail = row_products(self._tail_products(pieces), pieces.left)
        value: FloatVector = head + tail + np.square(pieces.d @ self._root).sum(axis=1)
        return value

    def _gradient(self, pieces: _Pieces) -> FloatMatrix:
        c2 = pieces.left @ self._tail["N"]
        S2 = self._S[self._q_head :]
        through = c2 * S2 if isinstance(c2, np.ndarray) else c2.multiply(S2).tocsr()
        own = pieces.head @ self._head["N"]  # c of the head is own - through E'
        weights = pieces.d @ self._root @ self._root.T  # Φd (m, p)
        columns = []
        for i, basis in enumerate(self._basis):
            span, k = self._span(i), len(self._parts[i].columns)
            if span.stop <= self._q_head:
                squares = _sums_of_squares(own, self._K[span], weights, k, through, self._B.E)
            else:
                squares = _sums_of_squares(c2[:, _shifted(span, self._q_head)], self._K[span], weights, k)
            inverse = self._effects.inverses[i]
            columns += [np.einsum("mrs,rs->m", squares, inverse @ E @ inverse.T) for E in basis]
        return np.column_stack(columns) if columns else np.zeros((len(weights), 0))

    def _span(self, term: int) -> slice:
        """Where the columns of a term stand in the order of the effects."""
        before = self._effects.order[: self._effects.order.index(term)]
        first = sum(self._parts[i].block.n_effects for i in before)
        return slice(first, first + self._parts[term].block.n_effects)

    def _tail_matrix(self, which: str) -> SparseRows:
        """H or N of the tail (q_tail, q_tail), sparse where it falls into many parts."""
        from scipy.sparse import csr_array

        size = self._effects.tail_tau.size
        total = csr_array((size, size))
        for parts in self._B.parts:
            total = total + scattered(getattr(parts.of, which), parts.index, size)
        largest = max([0, *(parts.index.shape[1] for parts in self._B.parts)])
        return total.toarray() if size <= _MOST_DENSE or largest > _LARGE_PART * size else total

    @property
    def _width(self) -> int:
        """Numbers that a row needs at a time."""
        return max(1, len(self._tail["H"])) if isinstance(self._tail["H"], np.ndarray) else 1

    def _chunks_of_sets(self, sizes: Sequence[int]) -> Iterator[slice]:
        begin, numbers = 0, 0
        for end, size in enumerate(sizes):
            own = size * (size + self._width)
            if end > begin and numbers + own > _MOST_NUMBERS:
                yield slice(begin, end)
                begin, numbers = end, 0
            numbers += own
        if len(sizes) > begin:
            yield slice(begin, len(sizes))

    def _chunks(self, n_rows: int) -> Iterator[slice]:
        size = max(1, _MOST_NUMBERS // self._width)
        yield from (slice(begin, min(begin + size, n_rows)) for begin in range(0, n_rows, size))


def _sums_of_squares(
    c: SparseRows, K: FloatMatrix, weights: FloatMatrix, k: int, through: SparseRows = None, E: Any = None
) -> FloatArray:
    """Σ over the levels (m, k, k) of the squares of c - through E' - K weights, by columns r and s.

    Rows c are (m, l k), K is (l k, p), E (l k, t): products with E come first, so that nothing dense has as many
    columns as there are levels.
    """
    found = np.empty((len(weights), k, k))
    for r in range(k):
        for s in range(r, k):
            c_r, c_s, K_r, K_s = c[:, r::k], c[:, s::k], K[r::k], K[s::k]
            mixed, total = c_r @ K_s + c_s @ K_r, row_products(c_r, c_s)
            if E is not None and E.shape[1]:
                E_r, E_s = E[r::k], E[s::k]
                mixed = mixed - through @ (E_r.T @ K_s + E_s.T @ K_r)
                gram = E_r.T @ E_s
                gram = gram.toarray() if isinstance(through, np.ndarray) else gram
                total = total + row_products(through @ gram - c_r @ E_s - c_s @ E_r, through)
            total = total - row_products(mixed, weights)
            found[:, r, s] = found[:, s, r] = total + row_products(weights @ (K_r.T @ K_s), weights)
    return found


def _shifted(span: slice, by: int) -> slice:
    return slice(span.start - by, span.stop - by)


@per_fit
def mixed_equations(fit: Fit) -> MixedEquations:
    """Set the equations of a fit up, once.

    Raises
    ------
    UnsupportedError
        If the tail of the random terms has a connected part that is too large to be dense, or the fit
        keeps a negative variance.
    """
    refuse_negative(fit.internals.optimum, "Variances of predictions")
    size = largest_part(fit.internals.criterion_function.cross, fit.internals.design.random)
    if size > LARGEST_PART:
        raise UnsupportedError(
            f"The variance of predictions needs a dense matrix of all random effects that hang together, the term "
            f"with the most of them left out: {size:,} here, {LARGEST_PART:,} at most."
        )
    return MixedEquations(fit)
