"""Bases of functions around points, with a few functions that are not penalised."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from lmm.bases.basis import Basis, Carrier, Covariate, Extrapolation
from lmm.bases.order import check_order
from lmm.bases.surfaces.kernels import Kernel, Power
from lmm.bases.surfaces.leading import LinePairs, leading_pairs, pairs_on_a_line
from lmm.bases.surfaces.pieces import piecewise_carrier, power_slopes
from lmm.bases.surfaces.points import between, distances, distinct, points_of, term
from lmm.bases.surfaces.polynomials import monomial_slopes, monomials
from lmm.errors import DataError, UnsupportedError
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["OnPoints", "Radial", "check_null_space", "leading_columns", "truncated"]

_MOST_KEPT = 5_000_000  # numbers of the rows that were asked for last: 40 MB
_MANY = 4  # times as many distinct rows as centres: local rows are cheaper there


@dataclass(frozen=True, eq=False, kw_only=True)
class OnPoints(Basis):
    """Functions of the distances from points to centres, and a few more behind them.

    Columns are [K(x, centres) weights, null functions] · factors - offsets.

    Attributes
    ----------
    centres
        Shape (u, d).
    weights
        Shape (u, k - M).
    factors, offsets
        Shape (k,).
    at_centres
        Columns at the centres, shape (u, k): most rows that are fitted are centres.
    recent
        Rows that were asked for last, with their columns: a fit asks for its own rows several times.
    """

    extrapolates: ClassVar[Extrapolation] = "radial"

    centres: FloatMatrix
    weights: FloatMatrix
    factors: FloatVector
    offsets: FloatVector
    at_centres: FloatMatrix
    recent: dict[str, tuple[FloatMatrix, FloatMatrix]] = field(default_factory=dict, repr=False)

    @abstractmethod
    def kernel_at(self, points: FloatMatrix) -> FloatMatrix:
        """K(points, centres); shape (n, u)."""

    @abstractmethod
    def kernel_slopes(self, points: FloatMatrix, order: int, along: int) -> FloatMatrix:
        """Differentiate K by the coordinate ``along`` of the points; shape (n, u)."""

    @abstractmethod
    def null_at(self, points: FloatMatrix) -> FloatMatrix:
        """Functions that are not penalised; shape (n, M)."""

    @abstractmethod
    def null_slopes(self, points: FloatMatrix, order: int, along: int) -> FloatMatrix:
        """Differentiate these; shape (n, M)."""

    @property
    @abstractmethod
    def smoothness(self) -> int:
        """Largest order of derivatives that exist everywhere, jumps counted in."""

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        """Each row points to a distinct point where rows repeat, else it holds its columns."""
        from scipy import sparse

        points = points_of(covariates, self.name)
        rows, inverse = distinct(points)
        if len(rows) > _MANY * len(self.centres):
            pieces = self.pieces(points)
            if pieces is not None:
                return pieces
        values = self._values(rows)
        n = len(inverse)
        if 2 * len(rows) > n:
            return Carrier(values[inverse], np.eye(self.k))
        pointers = sparse.csr_matrix((np.ones(n), inverse, np.arange(n + 1)), shape=(n, len(rows)))
        return Carrier(pointers, values)

    def pieces(self, points: FloatMatrix) -> Carrier | None:  # noqa: ARG002 - for those who can
        """Carrier with local rows, where the functions are simple between centres; else None."""
        return None

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        """See `Basis.derivative`; where a function has a corner, the mean of its two slopes."""
        check_order(order, along, self)
        if order > self.smoothness:
            raise UnsupportedError(
                f"{term(self.covariates, self.name)} has no derivative of order {order}: its functions are not smooth"
                f" enough at the data. Ask for order {order - 1}, or fit a smoother basis by m=."
                if order > 1
                else f"{term(self.covariates, self.name)} has no derivatives: its functions have cusps at the data."
                " Fit a smoother basis by m=."
            )
        rows, inverse = distinct(points_of(covariates, self.name))
        slopes = between(
            rows,
            len(self.centres),
            lambda block: np.column_stack(
                [
                    self.kernel_slopes(block, order, along) @ self.weights,
                    self.null_slopes(block, order, along),
                ]
            ),
        )
        return np.asarray((slopes * self.factors)[inverse])

    def _values(self, rows: FloatMatrix) -> FloatMatrix:
        """Columns at distinct points; those of the last call and of centres are looked up."""
        held = self.recent.get("rows")
        if held is not None and np.array_equal(held[0], rows):
            return held[1]
        both, place = distinct(np.vstack([self.centres, rows]))
        known = np.full(len(both), -1)
        known[place[: len(self.centres)]] = np.arange(len(self.centres))
        at = known[place[len(self.centres) :]]
        values = np.empty((len(rows), self.k))
        values[at >= 0] = self.at_centres[at[at >= 0]]
        if (at < 0).any():
            values[at < 0] = between(rows[at < 0], len(self.centres), self.raw) * self.factors - self.offsets
            if values.size <= _MOST_KEPT:
                values.setflags(write=False)
                self.recent["rows"] = (rows, values)
        return values

    def raw(self, points: FloatMatrix) -> FloatMatrix:
        """Columns before factors and offsets; shape (n, k)."""
        return np.column_stack([self.kernel_at(points) @ self.weights, self.null_at(points)])


@dataclass(frozen=True, eq=False, kw_only=True)
class Radial(OnPoints):
    """Functions of Euclidean distance, and monomials.

    Attributes
    ----------
    kernel
        Function of distance.
    shift
        Means of the data, shape (d,), which monomials are centred at.
    powers
        Exponents of the monomials, shape (M, d).
    """

    kernel: Kernel
    shift: FloatVector
    powers: npt.NDArray[np.int64]

    @property
    def smoothness(self) -> int:
        """See `OnPoints`."""
        return self.kernel.smoothness

    def kernel_at(self, points: FloatMatrix) -> FloatMatrix:
        """See `OnPoints`."""
        return self.kernel.values(distances(points, self.centres))

    def kernel_slopes(self, points: FloatMatrix, order: int, along: int) -> FloatMatrix:
        """See `OnPoints`."""
        r = distances(points, self.centres)
        steps = points[:, along, None] - self.centres[None, :, along]
        if order == 1:
            return np.asarray(self.kernel.slopes(r) * steps)
        return np.asarray(self.kernel.bends(r) * steps**2 + self.kernel.slopes(r))

    def null_at(self, points: FloatMatrix) -> FloatMatrix:
        """See `OnPoints`."""
        return monomials(points - self.shift, self.powers)

    def null_slopes(self, points: FloatMatrix, order: int, along: int) -> FloatMatrix:
        """See `OnPoints`."""
        return monomial_slopes(points - self.shift, self.powers, order, along)

    def pieces(self, points: FloatMatrix) -> Carrier | None:
        """See `OnPoints`: thin plates of one variable are polynomials between centres."""
        if not isinstance(self.kernel, Power) or points.shape[1] > 1:
            return None
        m, centres = (self.kernel.exponent + 1) // 2, np.sort(self.centres[:, 0])
        even = [self._slopes_of_powers(centres, 2 * q) for q in range(m)]
        ends = [self._slopes_of_powers(centres[[0, -1]], order) for order in range(m)]
        return piecewise_carrier(points[:, 0], centres, even, ends)

    def _slopes_of_powers(self, x: FloatVector, order: int) -> FloatMatrix:
        """Columns at points (order 0) or their derivatives of an order below the exponent; shape (n, k)."""
        assert isinstance(self.kernel, Power)
        p, centres = self.kernel.exponent, self.centres[:, 0]
        curved = between(
            x[:, None],
            len(centres),
            lambda block: power_slopes(block[:, 0], centres, p, order) @ self.weights,
        )
        null = monomial_slopes(x[:, None] - self.shift, self.powers, order, 0)
        found = np.column_stack([self.kernel.factor * curved, null]) * self.factors
        return np.asarray(found - self.offsets if order == 0 else found)


def leading_columns(
    kernel: Kernel,
    centres: FloatMatrix,
    null: FloatMatrix,
    k: int,
    *,
    is_reversed: bool,
    line: LinePairs | None,
) -> tuple[FloatMatrix, FloatMatrix, FloatMatrix]:
    """Compute weights and penalty as `truncated` does, and the columns at the centres (u, k - M)."""
    pairs = pairs_on_a_line(line, kernel, centres, k)
    if pairs is None:
        near = between(centres, len(centres), lambda rows: kernel.values(distances(rows, centres)))
        weights, inner = truncated(near, null, k, is_reversed)
        return weights, inner, near @ weights
    values, vectors = pairs
    q = _complement(vectors.T @ null, is_reversed)
    return vectors @ q, _symmetric(q.T @ (values[:, None] * q)), vectors @ (values[:, None] * q)


def truncated(
    kernel: FloatMatrix, null: FloatMatrix, k: int, is_reversed: bool
) -> tuple[FloatMatrix, FloatMatrix]:
    """Weights of the k leading eigenvectors that no null function can tell from zero, and their penalty.

    Parameters
    ----------
    kernel
        K(centres, centres), shape (u, u).
    null
        Null functions at the centres, shape (u, M).
    k
        With the M null functions; all eigenvectors where it equals u.
    is_reversed
        Whether Householder reflections run from the last row to the first. The fit does not depend on it; scale
        factors of penalties do.

    Returns
    -------
    weights : shape (u, k - M)
    penalty : shape (k - M, k - M)
    """
    u = len(kernel)
    if k == u:
        q = _complement(null, is_reversed)
        return q, _symmetric(q.T @ kernel @ q)
    values, vectors = leading_pairs(kernel, k)
    q = _complement(vectors.T @ null, is_reversed)
    return vectors @ q, _symmetric(q.T @ (values[:, None] * q))


def _complement(null: FloatMatrix, is_reversed: bool) -> FloatMatrix:
    """Orthonormal basis of what is orthogonal to the columns; shape (k, k - M)."""
    if is_reversed:
        return np.asarray(np.linalg.qr(null[::-1], mode="complete")[0][::-1, : null.shape[1] - 1 : -1])
    return np.asarray(np.linalg.qr(null, mode="complete")[0][:, null.shape[1] :])


def _symmetric(matrix: FloatMatrix) -> FloatMatrix:
    return np.asarray((matrix + matrix.T) / 2.0)


def check_null_space(null: FloatMatrix, names: Sequence[str], basis: str) -> None:
    """Refuse points that lie on a line, or where else polynomials cannot be told apart.

    Raises
    ------
    DataError
        If the functions are linearly dependent at the points.
    """
    scaled = null / np.linalg.norm(null, axis=0)
    if np.linalg.svd(scaled, compute_uv=False)[-1] < 1e-10:
        raise DataError(
            f"The points of {term(names, basis)} lie on a line or another such curve, so that a surface is not"
            f" determined. Use fewer of {', '.join(names)}."
        )
