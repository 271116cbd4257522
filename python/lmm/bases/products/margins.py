"""Margins of a tensor product: which covariates and basis each has, and its coordinates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from lmm.bases.basis import Basis, Carrier, Covariate, Settings
from lmm.bases.spaces import null_from_eigenvalues, null_within, reflection
from lmm.errors import ArgumentError, brief
from lmm.typing import FloatMatrix

__all__ = ["LearnBasis", "Margin", "at_values", "learn_margins", "plain", "without_mean"]

LearnBasis: TypeAlias = Callable[[str, Sequence[Covariate], Settings], Basis]

_SINGULAR = float(np.finfo(float).eps) ** 0.66


@dataclass(frozen=True, eq=False)
class Margin:
    """One factor of a tensor product, in coordinates of its own.

    Attributes
    ----------
    basis
        As learned.
    first
        Index of its first covariate among those of the term.
    turned
        From its coefficients to those of the basis, shape (k, q).
    penalties
        Each of shape (q, q).
    null_space
        Shape (q, M).
    """

    basis: Basis
    first: int
    turned: FloatMatrix
    penalties: tuple[FloatMatrix, ...]
    null_space: FloatMatrix

    @property
    def q(self) -> int:
        """Number of columns."""
        return int(self.turned.shape[1])

    def own(self, covariates: Sequence[Covariate]) -> Sequence[Covariate]:
        """Pick its covariates among those of the term."""
        return covariates[self.first : self.first + len(self.basis.covariates)]

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        """Carrier of its columns; takes the covariates of the term."""
        rows, to_basis = self.basis.carrier(self.own(covariates))
        return Carrier(rows, to_basis @ self.turned)

    def columns(self, covariates: Sequence[Covariate], order: int, along: int) -> FloatMatrix:
        """Columns, or a derivative of them if the covariate that moves is its own."""
        if self.first <= along < self.first + len(self.basis.covariates):
            return self.basis.derivative(self.own(covariates), order, along - self.first) @ self.turned
        return self.carrier(covariates).dense()

    def penalty_names(self) -> tuple[str, ...]:
        """Its covariates, with the name of the penalty where it has several."""
        own = ",".join(self.basis.covariates)
        return tuple(f"{own}.{name}" if name else own for name in self.basis.penalty_names)

    def in_coordinates(self, inner: FloatMatrix, null_space: FloatMatrix) -> Margin:
        """Take coordinates b = inner @ new, shape (q, new q)."""
        penalties = tuple(_symmetric(inner.T @ S @ inner) for S in self.penalties)
        return Margin(self.basis, self.first, self.turned @ inner, penalties, null_space)


def _symmetric(S: FloatMatrix) -> FloatMatrix:
    return np.asarray((S + S.T) / 2.0)


def plain(basis: Basis, first: int) -> Margin:
    """Take a basis as a margin, in its own coordinates."""
    null = basis.null_space
    if null is None:
        null = null_from_eigenvalues(np.asarray(sum(S / np.linalg.norm(S) for S in basis.penalties)))
    return Margin(basis, first, np.eye(basis.k), basis.penalties, null)


def without_mean(margin: Margin, covariates: Sequence[Covariate]) -> Margin:
    """Keep functions of mean zero over the data, if the basis can hold a constant at all."""
    c = margin.basis.constraint(margin.basis.carrier(margin.own(covariates)))
    if c is None or not np.any(c):
        return margin
    Z = reflection(c)
    return margin.in_coordinates(Z, null_within(margin.null_space, Z))


def at_values(margin: Margin, covariates: Sequence[Covariate]) -> Margin:
    """Take values of the function at equally spaced points as coordinates.

    A basis whose parameters are values of the function already, or of more than one covariate, stays as it is, and so
    does one whose columns at these points are not independent.
    """
    own = margin.own(covariates)
    if margin.basis.is_natural or len(own) > 1 or own[0].values is None:
        return margin
    x = own[0].values
    points = [Covariate(own[0].name, values=np.linspace(x.min(), x.max(), margin.q))]
    B = margin.basis.columns(points) @ margin.turned
    U, lengths, Vt = np.linalg.svd(B)
    if lengths[-1] < lengths[0] * _SINGULAR:
        return margin
    return margin.in_coordinates((Vt.T / lengths) @ U.T, B @ margin.null_space)


class _Wish(NamedTuple):
    """What a user asks of one margin."""

    name: str
    covariates: Sequence[Covariate]
    settings: Settings


def learn_margins(
    covariates: Sequence[Covariate], settings: Settings, learn_basis: LearnBasis, called: str
) -> list[Margin]:
    """Learn the margins of a tensor product from data.

    Parameters
    ----------
    covariates
        Of the whole term.
    settings
        ``extra`` may hold ``bs`` (one name, or one for each margin), ``d`` (number of covariates of each margin) and
        ``xt`` (one mapping for all margins, or a list of one for each).
    learn_basis
        From a name, covariates and settings to a basis.
    called
        Name of the term for messages: ``"te(x, z)"``.

    Raises
    ------
    ArgumentError
        If the numbers of margins do not fit together.
    """
    margins, first = [], 0
    for wish in _wishes(covariates, settings, called):
        margins.append(plain(learn_basis(wish.name, wish.covariates, wish.settings), first))
        first += len(wish.covariates)
    return margins


def _wishes(covariates: Sequence[Covariate], settings: Settings, called: str) -> list[_Wish]:
    sizes = _sizes(settings.extra.get("d"), len(covariates), called)
    many = len(sizes)
    names = _each(settings.extra.get("bs"), many, "bs", called)
    columns = _each(settings.k, many, "k", called)
    orders = _each(settings.m, many, "m", called)
    more = _each(settings.extra.get("xt"), many, "xt", called)
    wishes, first = [], 0
    for size, name, k, m, xt in zip(sizes, names, columns, orders, more, strict=True):
        own = covariates[first : first + size]
        knots = None if settings.knots is None else settings.knots[first : first + size]
        extra = xt if isinstance(xt, Mapping) else {} if xt is None else {"xt": xt}
        # Levels have one column each, whatever k says.
        chosen = name or (("cr" if size == 1 else "tp") if not any(c.is_factor for c in own) else "re")
        default = None if chosen == "re" else 5**size
        wishes.append(_Wish(chosen, own, Settings(k if k is not None else default, m, knots, extra)))
        first += size
    return wishes


def _sizes(d: Any, n: int, called: str) -> tuple[int, ...]:
    """Numbers of covariates of the margins."""
    if d is None:
        return (1,) * n
    given = d if isinstance(d, Sequence) and not isinstance(d, str) else (d,)
    if any(not isinstance(size, int | np.integer) or size < 1 for size in given) or sum(given) != n:
        raise ArgumentError(
            f"{called} has {n} covariates, and d= says how many of them each margin takes: whole numbers that sum to"
            f" {n}, not {brief(d)}."
        )
    return tuple(int(size) for size in given)


def _each(value: Any, many: int, what: str, called: str) -> Sequence[Any]:
    """One value for each margin; a single one stands for all."""
    if not isinstance(value, list | tuple):
        return (value,) * many
    if many == 1 and what == "m" and len(value) > 1:
        return (value,)
    if len(value) != many:
        raise ArgumentError(
            f"{called} has {many} margins, and {what}= gives {len(value)}: {brief(value)}. Give one for all, or"
            " one for each margin."
        )
    return value
