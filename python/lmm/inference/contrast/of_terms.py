"""Hypotheses of types I, II and III about the terms of a fixed part, as contrasts.

All is done in coordinates in which X is orthonormal: W^½ X = QR, and a hypothesis is a'Rβ = 0. A column x of the
overparameterized model has the coordinates Q'W^½x, so that the estimable function a'Rβ has on that column the
coefficient a'Q'W^½x. With the terms split into those that contain the tested term E (C), and the others (A):

- type I: E given the terms before it.
- type II: E given A. What SAS derives from the normal equations; with ``metric`` given, in the
  metric of that covariance of β̂ instead of (X'WX)⁻¹ (car).
- type III: functions whose coefficients on A are zero, orthogonal to those with zeros on A and E both. The rule
  of SAS for any design; where no cell is empty it compares means with equal weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.design import FullTerm, full_terms
from lmm.errors import LmmError, UnsupportedError
from lmm.inference.covariance_root import covariance_root, nearly_dependent
from lmm.inference.per_fit import per_fit
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["TermContrast", "type_1", "type_2", "type_3"]

_SMALLEST = 1e-10  # part of a column's length that must be its own, as for the columns of X
_ROUNDING = 1e-13
_NEARLY_DEPENDENT = 1e-8  # smallest eigenvalue of the cross-products of columns of length one
_DISTINCT = 1e-7  # length of coefficients on columns of length one
_NO_DIGITS = 1e-7  # singular value of columns of length one below which their span is not known to 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class TermContrast:
    """What is tested of one term.

    Attributes
    ----------
    name
        The term.
    contrast : shape (q, n_fixed)
        Independent rows, on the columns of X that are not aliased.
    """

    name: str
    contrast: FloatMatrix


@dataclass(frozen=True, slots=True, eq=False)
class _Coordinates:
    """The overparameterized model in the coordinates of an orthonormal X.

    Attributes
    ----------
    R : shape (p, p)
        From contrasts a in these coordinates to contrasts a'R on beta.
    terms
        All terms, the intercept included.
    columns
        Coordinates (p, m) of the columns of each term.
    """

    R: FloatMatrix
    terms: tuple[FullTerm, ...]
    columns: tuple[FloatMatrix, ...]

    def ordered(self, i: int) -> FloatMatrix:
        """Columns of one term, those of first levels last: the others are those of treatment contrasts."""
        last = self.terms[i].first
        return np.hstack([self.columns[i][:, ~last], self.columns[i][:, last]])

    def joined(self, wanted: Sequence[bool]) -> FloatMatrix:
        """Columns of the terms that are wanted, side by side (p, m)."""
        chosen = [columns for columns, want in zip(self.columns, wanted, strict=True) if want]
        return np.hstack([np.zeros((len(self.R), 0)), *chosen])


def type_1(fit: Fit) -> list[TermContrast]:
    """Test each term given those before it in the formula.

    Raises
    ------
    UnsupportedError
        As `type_2`.
    """
    at = _coordinates(fit)
    found = []
    for i, term in enumerate(at.terms):
        if term.factors or term.covariates:
            before = _span(at.joined([j < i for j in range(len(at.terms))]))
            found.append(TermContrast(term.name, _stepwise(at.ordered(i), before).T @ at.R))
    return found


def type_2(
    fit: Fit, *, any_covariates: bool = False, metric: FloatMatrix | None = None
) -> list[TermContrast]:
    """Test each term given all terms that do not contain it.

    Parameters
    ----------
    any_covariates
        A term contains another also if it has further covariates.
    metric : shape (n_fixed, n_fixed)
        Covariance of beta that decides what "given" means; by default that of independent errors.

    Raises
    ------
    UnsupportedError
        If the columns of X do not span the levels of its factors.
    """
    at = _coordinates(fit)
    if metric is not None:
        at = _in_metric(at, metric)
    found = []
    for i, term in enumerate(at.terms):
        if term.factors or term.covariates:
            containing = [term.within(other, any_covariates=any_covariates) for other in at.terms]
            given = _span(at.joined([j != i and not contains for j, contains in enumerate(containing)]))
            if any(containing):
                a = _stepwise(at.ordered(i), given)
            else:
                a = _by_coefficient(_added(at.columns[i], given), at.ordered(i))
            found.append(TermContrast(term.name, a.T @ at.R))
    return found


def type_3(fit: Fit) -> list[TermContrast]:
    """Test each term by functions that do not depend on the counts of its cells.

    Raises
    ------
    UnsupportedError
        As `type_2`.
    """
    at = _coordinates(fit)
    found = []
    for i, term in enumerate(at.terms):
        if term.factors or term.covariates:
            containing = [term.within(other) for other in at.terms]
            given = _span(at.joined([j != i and not contains for j, contains in enumerate(containing)]))
            own = _added(at.columns[i], given)
            a = _orthogonal_to_containing(own, given, at.joined(containing))
            found.append(TermContrast(term.name, _by_coefficient(a, at.ordered(i)).T @ at.R))
    return found


# Satterthwaite's degrees of freedom of several rows depend on the rows that stand for a hypothesis. Those of lmerTest
# with its default contrasts are taken, whatever the contrasts of the fit.


def _stepwise(columns: FloatMatrix, given: _Span) -> FloatMatrix:
    """Span (p, q) of what the columns add: each given those before it, scaled to coefficient one."""
    limit = given.rounding
    lengths = np.linalg.norm(columns, axis=0)
    basis = given.basis
    found = []
    for column, length in zip(columns.T, lengths, strict=True):
        left = column
        for _ in range(2):
            left = left - basis @ (basis.T @ left)
        size = np.linalg.norm(left)
        if size > limit * length:
            basis = np.column_stack([basis, left / size])
            found.append(left / size**2)
    return np.array(found).reshape(-1, len(columns)).T


def _by_coefficient(a: FloatMatrix, columns: FloatMatrix) -> FloatMatrix:
    """Combine hypotheses (p, q): each has the coefficient one on a column of its own, zero on those of the others."""
    coefficients = columns.T @ a  # (m, q)
    lengths = np.linalg.norm(columns, axis=0)
    chosen = _first_independent(coefficients / np.where(lengths > 0.0, lengths, 1.0)[:, None])
    if len(chosen) < a.shape[1]:
        return a
    return np.asarray(np.linalg.solve(coefficients[chosen].T, a.T).T, dtype=np.float64)


def _first_independent(rows: FloatMatrix) -> list[int]:
    """Find the first rows that are not combinations of earlier ones."""
    basis = np.zeros((0, rows.shape[1]))
    chosen: list[int] = []
    for i, row in enumerate(rows):
        left = row - basis.T @ (basis @ row)
        size = np.linalg.norm(left)
        if len(chosen) < rows.shape[1] and size > _DISTINCT:
            basis = np.vstack([basis, left / size])
            chosen.append(i)
    return chosen


def _orthogonal_to_containing(own: FloatMatrix, given: _Span, containing: FloatMatrix) -> FloatMatrix:
    """Add to each column of ``own`` what makes its coefficients orthogonal to those of the containing terms alone.

    These functions of containing terms are the complement of what all other terms span.
    """
    if not containing.size or not own.shape[1]:
        return own
    rest = _complement(np.hstack([given.basis, own]))
    if not rest.shape[1]:
        return own
    share = np.linalg.lstsq(containing.T @ rest, containing.T @ own, rcond=None)[0]
    combined: FloatMatrix = own - rest @ share
    return combined


@dataclass(frozen=True, slots=True, eq=False)
class _Span:
    """Orthonormal basis (p, r) of columns, and their smallest singular value that counted."""

    basis: FloatMatrix
    smallest: float

    @property
    def rounding(self) -> float:
        """Part of a column that counts as outside; nearly dependent columns have a span that is known less well."""
        return max(_SMALLEST, _ROUNDING / self.smallest)


def _span(columns: FloatMatrix) -> _Span:
    U, sizes, _ = np.linalg.svd(_unit(columns), full_matrices=False)
    used = sizes > _SMALLEST * sizes.max(initial=0.0)
    return _Span(U[:, used], float(sizes[used].min(initial=1.0)))


def _added(columns: FloatMatrix, given: _Span) -> FloatMatrix:
    """Orthonormal basis (p, q) of what the columns add to a span."""
    left = _unit(columns)
    # One pass loses orthogonality when little is left; the second restores it.
    for _ in range(2):
        left = left - given.basis @ (given.basis.T @ left)
    U, sizes, _ = np.linalg.svd(left, full_matrices=False)
    return U[:, sizes > given.rounding]


def _complement(basis: FloatMatrix) -> FloatMatrix:
    """Orthonormal basis of all that is orthogonal to orthonormal columns."""
    p, r = basis.shape
    return np.linalg.qr(basis, mode="complete")[0][:, r:] if r else np.eye(p)


def _unit(columns: FloatMatrix) -> FloatMatrix:
    """Columns of length one, those of zeros left out."""
    lengths = np.linalg.norm(columns, axis=0)
    found: FloatMatrix = columns[:, lengths > 0.0] / lengths[lengths > 0.0]
    return found


def _scaled_columns(fit: Fit) -> tuple[FloatMatrix, FloatVector]:
    """W^½ X with columns of length one (n, p), and their lengths (p,)."""
    weighted = fit.internals.design.errors.whiten(fit.X)
    lengths: FloatVector = np.linalg.norm(weighted, axis=0)
    return weighted / lengths, lengths


@per_fit
def _coordinates(fit: Fit) -> _Coordinates:
    scaled, lengths = _scaled_columns(fit)
    Q, R = _orthonormal(scaled)
    terms = (*_of_smooths(fit), *full_terms(fit.internals.spec.fixed, fit.internals.design.model_frame))
    columns = []
    for term in terms:
        matrix = fit.internals.design.errors.whiten(term.matrix)
        found = np.asarray((matrix.T @ Q).T)
        squares = np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel()
        if (squares - np.square(found).sum(axis=0) > 1e-8 * squares).any():
            raise _not_spanned(term.name, R)
        columns.append(found)
    if _span(np.hstack([np.zeros((len(R), 0)), *columns])).basis.shape[1] < len(R):
        raise _not_spanned("the terms", R)
    return _Coordinates(R * lengths, terms, tuple(columns))


def _of_smooths(fit: Fit) -> tuple[FullTerm, ...]:
    """Columns of X of smooth terms: a term that is tested nowhere, and given in all tests of others."""
    from scipy.sparse import csr_array

    curves = fit.internals.design.X[:, fit.internals.design.n_parametric :]
    if not curves.shape[1]:
        return ()
    none = frozenset[str]()
    return (FullTerm("smooth terms", none, none, csr_array(curves), np.zeros(curves.shape[1], dtype=bool)),)


def _orthonormal(columns: FloatMatrix) -> tuple[FloatMatrix, FloatMatrix]:
    """Q and R of columns of length one; by Cholesky, done twice, where that loses nothing: it is ten times as fast."""
    gram = columns.T @ columns
    if not len(gram) or np.linalg.eigvalsh(gram)[0] < _NEARLY_DEPENDENT:
        Q, R = np.linalg.qr(columns)
        return Q, R
    first = np.linalg.cholesky(gram).T
    Q = columns @ np.linalg.inv(first)
    second = np.linalg.cholesky(Q.T @ Q).T
    return Q @ np.linalg.inv(second), second @ first


def _not_spanned(what: str, R: FloatMatrix) -> LmmError:
    if np.linalg.svd(R, compute_uv=False).min(initial=1.0) < _NO_DIGITS:
        return nearly_dependent()
    return UnsupportedError(
        f"The columns of X and the levels of {what} do not span the same space: some factor is coded by contrasts "
        "with fewer columns than its levels less one. Give it complete contrasts, or make columns of your own of the "
        "contrasts that you mean."
    )


def _in_metric(at: _Coordinates, covariance: FloatMatrix) -> _Coordinates:
    """Coordinates in which the covariance of beta is the identity."""
    moved = at.R @ covariance @ at.R.T
    turn = np.linalg.inv(covariance_root(moved))
    return _Coordinates(turn @ at.R, at.terms, tuple(turn @ columns for columns in at.columns))
