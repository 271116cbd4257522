"""What `fs` and `sz` share: a basis of curves beside factors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from lmm.bases.basis import Basis, Covariate, Settings
from lmm.bases.levels.re import codes_in
from lmm.bases.local import LocalRows
from lmm.bases.order import check_order
from lmm.errors import ArgumentError, UnsupportedError, brief
from lmm.typing import FloatMatrix, IntVector

__all__ = [
    "LearnBasis",
    "codes_of",
    "in_blocks",
    "learn_curve",
    "levels_of",
    "numbers_among",
    "slopes_of_curve",
]

LearnBasis: TypeAlias = Callable[[str, Sequence[Covariate], Settings], Basis]
"""`lmm.bases.catalog.learn_basis`, handed in so that bases need not know the catalog."""

_DEFAULT = "tp"


def learn_curve(
    basis: str, covariates: Sequence[Covariate], settings: Settings, learn_basis: LearnBasis
) -> Basis:
    """Learn the basis of the curves from the numbers among the covariates.

    Parameters
    ----------
    basis
        ``"fs"`` or ``"sz"``.
    covariates
        Numbers and factors in any order.
    settings
        For the curve; ``xt`` in ``extra`` names its basis, as text or under ``bs``.
    learn_basis
        Called with a name, covariates and settings.

    Raises
    ------
    ArgumentError
        If there are no numbers or no factors among the covariates, or the curve has several penalties.
    """
    names = ", ".join(covariate.name for covariate in covariates)
    called = f's({names}, bs="{basis}")'
    numeric = numbers_among(covariates)
    if len(numeric) == len(covariates):
        raise ArgumentError(
            f"{called} makes a curve for each level of a factor, and {names} are numbers. Add a factor."
        )
    if not numeric:
        raise ArgumentError(
            f'{called} makes curves, and {names} hold levels only. Add a number, or write bs="re".'
        )
    xt = settings.extra.get("xt")
    options = dict(xt) if isinstance(xt, Mapping) else {}
    inner = options.pop("bs", _DEFAULT) if xt is None or isinstance(xt, Mapping) else xt
    if not isinstance(inner, str) or inner in {"fs", "sz", "re", "mrf"}:
        raise ArgumentError(
            f'xt= of {called} names the basis of the curves, such as xt="cr"; it is {brief(xt)}.'
        )
    kept = [i for i, covariate in enumerate(covariates) if not covariate.is_factor]
    knots = None
    if settings.knots is not None:
        knots = tuple(settings.knots[i] if i < len(settings.knots) else None for i in kept)
    extra = {name: value for name, value in settings.extra.items() if name not in {"xt", "id"}}
    curve = learn_basis(
        inner, numeric, replace(settings, knots=knots, extra={**extra, "xt": options} if options else extra)
    )
    if len(curve.penalties) != 1:
        raise ArgumentError(
            f'{called} needs curves with one penalty, and bs="{inner}" has {len(curve.penalties)} here. Take another'
            " basis by xt=, or m= with one order."
        )
    return curve


def numbers_among(covariates: Sequence[Covariate]) -> list[Covariate]:
    """Pick the covariates that are not factors, in order."""
    return [covariate for covariate in covariates if not covariate.is_factor]


def slopes_of_curve(
    basis: Basis,
    curve: Basis,
    levels: Sequence[tuple[str, ...] | None],
    covariates: Sequence[Covariate],
    order: int,
    along: int,
) -> FloatMatrix:
    """Differentiate the columns of the curve inside a basis of curves by levels; shape (n, p).

    Parameters
    ----------
    basis
        `fs` or `sz`.
    curve
        Basis of one of its curves, a function of the numbers alone.
    levels
        Of each covariate, None for numbers.
    covariates
        Where.
    order, along
        As in `Basis.derivative`.

    Raises
    ------
    UnsupportedError
        If the covariate that moves is a factor.
    """
    check_order(order, along, basis)
    if levels[along] is not None:
        raise UnsupportedError(f"{basis.covariates[along]} holds levels; there is no slope along them.")
    place = sum(names is None for names in levels[:along])
    return curve.derivative(numbers_among(covariates), order, place)


def codes_of(
    covariates: Sequence[Covariate], levels: Sequence[tuple[str, ...] | None]
) -> tuple[IntVector, int]:
    """Index of the combination of levels of each row, the last factor fastest, and the number of combinations.

    A row with a level that was not learned has index -1.

    Examples
    --------
    >>> f = Covariate("f", codes=np.array([0, 1, -1]), levels=("a", "b"))
    >>> g = Covariate("g", codes=np.array([2, 0, 1]), levels=("u", "v", "w"))
    >>> codes_of([f, g], [("a", "b"), ("u", "v", "w")])
    (array([ 2,  3, -1]), 6)
    """
    at, size = np.zeros(covariates[0].n, dtype=np.int64), 1
    known = np.ones(covariates[0].n, dtype=bool)
    for covariate, names in zip(covariates, levels, strict=True):
        if names is not None:
            codes = codes_in(covariate, names)
            known &= codes >= 0
            at = at * len(names) + np.maximum(codes, 0)
            size *= len(names)
    return np.where(known, at, -1), size


def levels_of(covariates: Sequence[Covariate]) -> tuple[tuple[str, ...] | None, ...]:
    """Levels of each factor, None for numbers."""
    return tuple(covariate.levels if covariate.is_factor else None for covariate in covariates)


def in_blocks(rows: Any, at: IntVector, size: int) -> Any:
    """Place each row of a matrix with L columns into its block of L columns; shape (n, size L), CSR.

    Rows whose block is -1 stay empty.
    """
    from scipy import sparse

    held = sparse.coo_matrix(rows.sparse() if isinstance(rows, LocalRows) else rows)
    block = at[held.row]
    kept = block >= 0
    return sparse.csr_matrix(
        (held.data[kept], (held.row[kept], block[kept] * rows.shape[1] + held.col[kept])),
        shape=(rows.shape[0], size * rows.shape[1]),
    )
