"""One interface of all bases: columns at any data, penalties, derivatives, and how they go on outside of the data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np

from lmm.bases.local import LocalRows, SummedRows
from lmm.errors import ArgumentError, DataError, brief
from lmm.limits import MOST_COLUMNS_OF_A_CURVE, check_limit
from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = [
    "Basis",
    "Carrier",
    "Covariate",
    "Cubic",
    "Extrapolation",
    "Joint",
    "KroneckerPenalties",
    "Settings",
    "number_of_columns",
    "numbers_of",
    "penalty_scales",
]

_ROWS_AT_ONCE = 4096

Extrapolation: TypeAlias = Literal["linear", "cyclic", "radial", "levels", "product"]
"""How a basis goes on outside of the data: straight on, round and round, by its own formula, not at all (levels only),
or as its margins do."""


@dataclass(frozen=True, eq=False)
class Covariate:
    """One column of a smooth term: numbers, or codes of levels.

    Attributes
    ----------
    name
        As in the formula.
    values
        Numbers, shape (n,); None for a factor.
    codes
        Index into ``levels``, shape (n,); -1 stands for a level that the fit has not seen; None for numbers.
    levels
        Of a factor.
    """

    name: str
    values: FloatVector | None = None
    codes: IntVector | None = None
    levels: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of rows."""
        held = self.values if self.values is not None else self.codes
        return 0 if held is None else len(held)

    @property
    def is_factor(self) -> bool:
        """Whether it holds levels."""
        return self.values is None


@dataclass(frozen=True)
class Settings:
    """What a user wrote in ``s()`` about the basis.

    Attributes
    ----------
    k
        Number of columns; one per margin for tensor products; None for the default of the basis.
    m
        Orders, as the basis reads them.
    knots
        One array for each covariate, None where nothing was given; None altogether likewise.
    extra
        All else by name: ``neighbours``, ``polygons``, ``penalty``, ``xt``, ``full``, ``np``, ``d``, ``bs``.
    """

    k: int | tuple[int, ...] | None = None
    m: Any = None
    knots: tuple[FloatVector | None, ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def knots_of(self, i: int) -> FloatVector | None:
        """Knots of covariate number i as finite floats in increasing order, None if the user gave none.

        Raises
        ------
        ArgumentError
            If they are not finite numbers, or two are equal.
        """
        if self.knots is None or i >= len(self.knots) or self.knots[i] is None:
            return None
        try:
            knots = np.sort(np.asarray(self.knots[i], dtype=float).ravel())
        except (TypeError, ValueError):
            raise ArgumentError(f"knots= takes numbers, not {brief(self.knots[i])}.") from None
        if not np.isfinite(knots).all():
            raise ArgumentError("knots= has missing or infinite values. Give finite numbers.")
        if (np.diff(knots) == 0.0).any():
            raise ArgumentError(
                f"knots= holds {knots[:-1][np.diff(knots) == 0.0][0]:g} twice. Give each knot once."
            )
        return knots


class Carrier(NamedTuple):
    """Columns of a basis as a product, rows @ map, that keeps sparse rows sparse.

    Attributes
    ----------
    rows
        `LocalRows`, a SciPy CSR matrix, or an ndarray for dense bases; shape (n, L).
        `SummedRows` where a term is learnt from many.
    map
        Shape (L, k).
    """

    rows: Any
    map: FloatMatrix

    def dense(self) -> FloatMatrix:
        """Multiply out; shape (n, k)."""
        return np.asarray(self.rows @ self.map)


class Cubic(NamedTuple):
    """Columns that are cubics between knots and straight lines outside.

    Attributes
    ----------
    x
        Numbers, shape (n,).
    knots
        Shape (K,).
    map
        Values at the knots, then second derivatives, of each column; shape (2K, k).
    """

    x: FloatVector
    knots: FloatVector
    map: FloatMatrix


def column_means(carrier: Carrier) -> FloatVector:
    """Means of all columns over the rows; shape (k,)."""
    rows = carrier.rows
    if isinstance(rows, SummedRows):
        return np.asarray((rows.total / rows.n) @ carrier.map)
    share = np.full(rows.shape[0], 1.0 / rows.shape[0])
    means = rows.sums(share) if isinstance(rows, LocalRows) else rows.T @ share
    return np.asarray(means @ carrier.map)


class Joint(NamedTuple):
    """Coordinates in which all penalties are diagonal, known without an eigenproblem of the whole term.

    Attributes
    ----------
    turned
        From the coordinates to the coefficients of the basis, orthogonal to what no penalty touches; shape (k, r).
    scales
        Diagonals of the raw penalties in these coordinates, shape (r, m).
    """

    turned: FloatMatrix
    scales: FloatMatrix


class KroneckerPenalties(NamedTuple):
    """All penalties of a term as S_j = left_j ⊗ right.

    Attributes
    ----------
    left
        Each of shape (K, K).
    right
        Shape (p, p).
    """

    left: tuple[FloatMatrix, ...]
    right: FloatMatrix


@dataclass(frozen=True, eq=False, kw_only=True)
class Basis(ABC):
    """What a smooth term has learned from the data.

    Attributes
    ----------
    covariates
        Names, in the order in which the methods take the columns.
    k
        Number of raw columns.
    penalties
        Raw S_j, each of shape (k, k), symmetric and not negative definite.
    penalty_names
        One per penalty; ``("",)`` where there is one.
    null_space
        Spans what no penalty touches, shape (k, M); its columns need not be orthonormal. None: found from eigenvalues.
    is_centred
        Whether the term needs the constraint that its columns have mean zero.
    notes
        Sentences for the user on what was chosen for him.
    joint
        Coordinates that make all penalties diagonal; None where none are known.
    structure
        The penalties as Kronecker products; None where they are none.
    """

    name: ClassVar[str]
    extrapolates: ClassVar[Extrapolation]
    is_natural: ClassVar[bool] = False
    """Whether the parameters are values of the function, so that tensor products need no other coordinates."""
    has_sides: ClassVar[bool] = True
    """Whether columns that a lower term has too are taken out."""
    is_recentred: ClassVar[bool] = False
    """Whether the constraint leaves columns with a mean, so that the term is centred when it is reported."""

    covariates: tuple[str, ...]
    k: int
    penalties: tuple[FloatMatrix, ...]
    penalty_names: tuple[str, ...] = ("",)
    null_space: FloatMatrix | None = None
    is_centred: bool = True
    notes: tuple[str, ...] = ()
    joint: Joint | None = None
    structure: KroneckerPenalties | None = None

    @property
    def copies(self) -> tuple[str, ...]:
        """Levels that have a copy of all columns each, with the same penalties; empty where there is one set."""
        return ()

    def codes(self, covariates: Sequence[Covariate]) -> IntVector:
        """Index into `copies` of each row, -1 where the fit has not seen the level; 0 without copies; shape (n,)."""
        return np.zeros(covariates[0].n, dtype=np.int64)

    @abstractmethod
    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        """Rows and map whose product is the columns at the given data."""

    @abstractmethod
    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        """Differentiate all columns; shape (n, k).

        Parameters
        ----------
        covariates
            Where.
        order
            1 or 2.
        along
            Index of the covariate that moves.

        Raises
        ------
        UnsupportedError
            If the basis has no such derivative.
        """

    def columns(self, covariates: Sequence[Covariate]) -> FloatMatrix:
        """Columns at the given data; shape (n, k)."""
        return self.carrier(covariates).dense()

    def cubic(self, covariates: Sequence[Covariate]) -> Cubic | None:  # noqa: ARG002 - for those who can
        """Columns as cubics of one number, where they are such; else None."""
        return None

    def constraint(self, carrier: Carrier) -> FloatVector | None:
        """Row c of the constraint c'b = 0 that tells the term from the intercept, shape (k,); None without one.

        Parameters
        ----------
        carrier
            At the rows that are fitted.
        """
        return column_means(carrier) if self.is_centred else None

    def scales(self, carrier: Carrier) -> FloatVector:
        """Divisors c_j of the penalties, shape (m,).

        Parameters
        ----------
        carrier
            At the rows that are fitted.
        """
        return penalty_scales(self.penalties, carrier)


def penalty_scales(penalties: Sequence[FloatMatrix], carrier: Carrier) -> FloatVector:
    """c_j = ‖S_j‖₁ / ‖X‖∞² of raw columns and penalties, shape (m,).

    These are the largest column sum of S_j and the largest row sum of X, both of absolute values.
    """
    largest = _largest_sum(carrier)
    norms = np.array([np.abs(S).sum(axis=0).max() for S in penalties])
    scales = norms / (largest**2 if largest > 0.0 else 1.0)
    return np.where(scales > 0.0, scales, 1.0)


def _largest_sum(carrier: Carrier) -> float:
    """Largest sum of absolute values of a row of the columns."""
    rows, map_ = carrier
    if isinstance(rows, SummedRows):
        return rows.largest
    return max(
        float(np.abs(rows[at : at + _ROWS_AT_ONCE] @ map_).sum(axis=1).max())
        for at in range(0, rows.shape[0], _ROWS_AT_ONCE)
    )


def numbers_of(covariate: Covariate, basis: str) -> FloatVector:
    """Values of a numeric covariate.

    Raises
    ------
    DataError
        If it is a factor, or has missing or infinite values.

    Examples
    --------
    >>> numbers_of(Covariate("site", codes=np.array([0, 1]), levels=("a", "b")), "cr")
    Traceback (most recent call last):
    lmm.errors.DataError: s(site, bs="cr") needs numbers, and site holds levels ('a', 'b'). \
For effects of levels write s(site, bs="re"), for one curve per level s(x, by=site).
    """
    if covariate.values is None:
        shown = ", ".join(repr(level) for level in covariate.levels[:3])
        raise DataError(
            f"{called(covariate.name, basis)} needs numbers, and {covariate.name} holds levels ({shown}). For effects"
            f' of levels write s({covariate.name}, bs="re"), for one curve per level s(x, by={covariate.name}).'
        )
    values = np.asarray(covariate.values, dtype=float)
    wrong = int(values.size - np.isfinite(values).sum())
    if wrong:
        raise DataError(
            f"{covariate.name} has missing or infinite values in {wrong} of {values.size} rows, and"
            f" {called(covariate.name, basis)} needs finite numbers. Drop these rows first."
        )
    return values


def number_of_columns(settings: Settings, covariate: str, basis: str, default: int, least: int) -> int:
    """Read ``k=`` of a basis of one covariate.

    Raises
    ------
    ArgumentError
        If it is several numbers, fewer than the basis needs, or more than a computer can hold.

    Examples
    --------
    >>> number_of_columns(Settings(), "x", "cr", 10, 3)
    10
    >>> number_of_columns(Settings(k=2), "x", "cr", 10, 3)
    Traceback (most recent call last):
    lmm.errors.ArgumentError: s(x, bs="cr") needs k of 3 or more, not 2.
    """
    k = default if settings.k is None else settings.k
    if isinstance(k, tuple):
        if len(k) != 1:
            raise ArgumentError(f"{called(covariate, basis)} takes one number as k, not {brief(k)}.")
        k = k[0]
    if k < least:
        raise ArgumentError(f"{called(covariate, basis)} needs k of {least} or more, not {k}.")
    what = f"{called(covariate, basis)}: k ="
    check_limit(what, k, MOST_COLUMNS_OF_A_CURVE, "Choose a smaller k, such as 20.", ArgumentError)
    return int(k)


def called(covariate: str, basis: str) -> str:
    """Name a smooth term of one covariate as a user writes it.

    Examples
    --------
    >>> called("x", "cr")
    's(x, bs="cr")'
    """
    return f's({covariate}, bs="{basis}")'
