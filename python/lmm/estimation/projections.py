"""Lengths of projections on spaces that terms of a model span, from cross-products alone.

With Q an orthonormal basis of the fixed part and Z the columns of all variance components, every space here is
spanned by Q B and some of the components. What has to be known of a vector t is Q't and Z't, so that
nothing of size n × n, and after the first pass nothing of size n, is ever made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from lmm.design import Design
from lmm.design.rank import independent_columns
from lmm.errors import DesignError, UnsupportedError
from lmm.estimation.component import VarianceComponent
from lmm.typing import FloatMatrix, FloatVector

MOST_LEVELS = 5_000  # of all factors but the largest one: their cross-products are one dense matrix
_MOST_CELLS = 50_000_000
INTERCEPT = "Intercept"
_DEPENDENT = 1e-10  # squared distance of a unit column from the others


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Spanned by ``Q @ fixed`` and the columns of some components.

    Attributes
    ----------
    fixed : shape (p, r)
        Orthonormal columns.
    random
        Positions of the components.
    """

    fixed: FloatMatrix
    random: tuple[int, ...]


class Gain(NamedTuple):
    """What the larger of two nested spaces has beyond the smaller one.

    With P the difference of the two projections: its rank, ``y'Py``, and ``tr(Z_c'P Z_c)`` for each component.
    """

    df: int
    sum_sq: float
    traces: FloatVector


class _Image(NamedTuple):
    """What is known of the columns of a matrix (n, m): Q't (p, m), and Z_c't (l, m) for each component."""

    fixed: FloatMatrix
    random: Sequence[Any]


class Projections:
    """Cross-products of one design; prior weights are multiplied in.

    Parameters
    ----------
    design
        With its response.
    components
        Its variance components.

    Attributes
    ----------
    n_obs
        Number of rows n.
    n_fixed
        Rank p of the fixed part.
    sizes : shape (n_components,)
        ``tr(Z_c'Z_c)`` of each component.

    Raises
    ------
    UnsupportedError
        If the factors besides the largest one have too many levels.
    """

    def __init__(self, design: Design, components: Sequence[VarianceComponent]) -> None:
        self.n_obs, self.n_fixed = design.n_obs, design.rank
        y = weighted_response(design)
        whiten = design.errors.whiten
        X = whiten(design.X)
        self._Q = np.linalg.qr(X[:, design.kept])[0]  # (n, p)
        self._R = self._Q.T @ X  # (p, number of all columns)
        self._qy = self._Q.T @ y
        self._rest = y - self._Q @ self._qy  # (n,)
        Z = [whiten(c.Z).tocsc() for c in components]
        self._H = [np.asarray((z.T @ self._Q).T) for z in Z]  # (p, l) each
        self._gram = [[(a.T @ b).tocsr() for b in Z] for a in Z]
        self._zr = [z.T @ self._rest for z in Z]
        self.sizes: FloatVector = np.array([float(g[i].diagonal().sum()) for i, g in enumerate(self._gram)])
        self._absorbed = self._largest()
        self._factors: dict[Space, _Factor] = {}
        self._known: dict[Space, FloatVector] = {}
        self._check_size()

    @cached_property
    def everything(self) -> Space:
        """The space of the whole model."""
        return Space(np.eye(self.n_fixed), tuple(range(len(self._H))))

    def fixed_basis(self, columns: Sequence[int]) -> FloatMatrix:
        """Orthonormal basis (p, r), in terms of Q, of some columns of X, aliased ones included."""
        chosen = self._R[:, list(columns)]
        basis: FloatMatrix = np.linalg.qr(chosen[:, independent_columns(chosen)])[0]
        return basis

    def gain(self, smaller: Space, larger: Space) -> Gain:
        """Compare two nested spaces."""
        small, large = self._factor(smaller), self._factor(larger)
        # Both contain the fixed part of the smaller one: without it less is lost to rounding.
        q = self._qy - smaller.fixed @ (smaller.fixed.T @ self._qy)
        y = _Image(q[:, None], [(z + h.T @ q)[:, None] for z, h in zip(self._zr, self._H, strict=True)])
        traces = self._traces(larger) - self._traces(smaller)
        return Gain(large.rank - small.rank, max(large.squared(y) - small.squared(y), 0.0), traces)

    def residual(self) -> Gain:
        """Compare the whole model with all n dimensions."""
        model = self._factor(self.everything)
        y = _Image(np.zeros((self.n_fixed, 1)), [z[:, None] for z in self._zr])
        left = float(self._rest @ self._rest) - model.squared(y)
        return Gain(self.n_obs - model.rank, max(left, 0.0), np.zeros(len(self._H)))

    def share(self, basis: FloatMatrix, smaller: Space, larger: Space) -> float:
        """``tr(B'Q'PQB)`` for the difference P of the projections on two nested spaces, basis B (p, r)."""
        image = _Image(basis, [h.T @ basis for h in self._H])
        return self._factor(larger).squared(image) - self._factor(smaller).squared(image)

    def _traces(self, space: Space) -> FloatVector:
        """``tr(Z_c'P Z_c)`` of each component for the projection P on a space."""
        if space not in self._known:
            factor = self._factor(space)
            self._known[space] = self.sizes.copy()
            for c in set(range(len(self._H))).difference(space.random):
                columns = [row[c] for row in self._gram]
                self._known[space][c] = factor.squared(_Image(self._H[c], columns))
        return self._known[space]

    def _factor(self, space: Space) -> _Factor:
        if space not in self._factors:
            self._factors[space] = _Factor(space, self._H, self._gram, self._absorbed)
        return self._factors[space]

    def _largest(self) -> int | None:
        """Component with the most levels, if its columns are orthogonal: it can be eliminated level by level."""
        diagonal = [i for i, row in enumerate(self._gram) if _is_diagonal(row[i])]
        return max(diagonal, key=lambda i: self._H[i].shape[1], default=None)

    def _check_size(self) -> None:
        levels = [h.shape[1] for h in self._H]
        rest = sum(size for i, size in enumerate(levels) if i != self._absorbed)
        if rest > MOST_LEVELS or rest * sum(levels) > _MOST_CELLS:
            raise UnsupportedError(
                f"Sums of squares are computed with one dense matrix over the levels of all random terms but the "
                f"largest; here these are {rest} levels, and {MOST_LEVELS} are possible. "
                'Use method="reml", which has no such limit.'
            )


class _Factor:
    """The projection on one space, ready to measure vectors."""

    def __init__(
        self, space: Space, H: Sequence[FloatMatrix], gram: Sequence[Sequence[Any]], absorbed: int | None
    ) -> None:
        self.B = space.fixed
        self.absorbed = absorbed if absorbed in space.random else None
        self.dense = [c for c in space.random if c != self.absorbed]
        self.rank = 0
        A = _stacked(self.B.T @ self.B, [self.B.T @ H[c] for c in self.dense], self._blocks(gram))
        scale = np.sqrt(np.diag(A))
        if self.absorbed is not None:
            d = gram[self.absorbed][self.absorbed].diagonal()
            self.inverse = np.divide(1.0, d, out=np.zeros_like(d), where=d > 0.0)
            self.rank = int(np.count_nonzero(d))
            rows = [self.B.T @ H[self.absorbed], *(gram[c][self.absorbed].toarray() for c in self.dense)]
            self.E = np.vstack(rows)  # (s, l)
            A = A - (self.E * self.inverse) @ self.E.T
        self._decompose(A, np.where(scale > 0.0, scale, 1.0))

    def _blocks(self, gram: Sequence[Sequence[Any]]) -> FloatMatrix:
        if not self.dense:
            return np.zeros((0, 0))
        return np.block([[gram[a][b].toarray() for b in self.dense] for a in self.dense])

    def _decompose(self, A: FloatMatrix, scale: FloatVector) -> None:
        """Cholesky with pivots: as many rows as the space has dimensions beyond the absorbed ones."""
        from scipy.linalg.lapack import dpstrf

        self.scale = scale
        scaled = A / scale / scale[:, None]
        # LAPACK takes the first pivot whatever its size.
        if np.diag(scaled).max(initial=0.0) <= _DEPENDENT:
            self.L, self.order = np.zeros((0, 0)), np.zeros(0, dtype=np.int64)
            return
        factor, pivots, rank, _ = dpstrf(scaled, tol=_DEPENDENT, lower=1)
        self.L = np.tril(factor[:rank, :rank])
        self.order = (pivots - 1)[:rank]
        self.rank += int(rank)

    def squared(self, image: _Image) -> float:
        """Sum of the squared lengths of the projected columns."""
        from scipy.linalg import solve_triangular

        total = 0.0
        c = np.vstack([self.B.T @ image.fixed, *(_dense(image.random[i]) for i in self.dense)])  # (s, m)
        if self.absorbed is not None:
            z = image.random[self.absorbed]
            squares = z.power(2) if _sparse(z) else z**2
            total += float(self.inverse @ np.asarray(squares.sum(axis=1)).ravel())
            c = c - (self.E * self.inverse) @ z
        if len(self.order):
            half = solve_triangular(self.L, (c / self.scale[:, None])[self.order], lower=True)
            total += float(np.sum(half**2))
        return total


def weighted_response(design: Design) -> FloatVector:
    """Response minus offset (n,), times the roots of the weights; centred where the model has an intercept.

    Raises
    ------
    DesignError
        If there is none.
    """
    if design.y is None:
        raise DesignError("This design has no response; sums of squares need one.")
    y = design.y if design.offset is None else design.y - design.offset
    if any(term.name == INTERCEPT for term in design.terms):
        # Sums of squares do not change, and large means cost no digits.
        y = y - np.average(y, weights=design.weights)
    centred: FloatVector = design.errors.whiten(y)
    return centred


def _stacked(corner: FloatMatrix, side: Sequence[FloatMatrix], blocks: FloatMatrix) -> FloatMatrix:
    if not side:
        return corner
    beside = np.hstack(side)
    return np.block([[corner, beside], [beside.T, blocks]])


def _sparse(matrix: Any) -> bool:
    return hasattr(matrix, "tocsr")


def _dense(matrix: Any) -> FloatMatrix:
    dense: FloatMatrix = matrix.toarray() if _sparse(matrix) else matrix
    return dense


def _is_diagonal(gram: Any) -> bool:
    entries = gram.tocoo()
    return bool(np.all((entries.row == entries.col) | (entries.data == 0.0)))
