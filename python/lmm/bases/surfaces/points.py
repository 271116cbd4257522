"""Points in the plane, the line or space: distinct ones, a sample of many, distances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Real

import numpy as np

from lmm.bases.basis import Covariate, Settings, numbers_of
from lmm.errors import ArgumentError, DataError, brief
from lmm.typing import FloatMatrix, IntVector

__all__ = [
    "MOST_CENTRES",
    "between",
    "centres_of",
    "check_scale",
    "check_size",
    "distances",
    "distinct",
    "points_of",
    "term",
]

MOST_CENTRES = 2000
"""Points that a basis is built on. All pairs of them are looked at; of more points a sample is taken."""

_MOST_KNOTS = 5000
_MOST_DIGITS = 140  # of a power of a distance, before or behind the point; its square is a number yet
_BLOCK = 1 << 16  # distances at a time: half a megabyte stays in the cache


def term(names: Sequence[str], basis: str) -> str:
    """Name a smooth term as a user writes it.

    Examples
    --------
    >>> term(("lon", "lat"), "gp")
    's(lon, lat, bs="gp")'
    """
    return f's({", ".join(names)}, bs="{basis}")'


def points_of(covariates: Sequence[Covariate], basis: str) -> FloatMatrix:
    """Numbers of all covariates side by side; shape (n, d).

    Raises
    ------
    DataError
        If a covariate is a factor, or has missing or infinite values.
    """
    return np.column_stack([numbers_of(covariate, basis) for covariate in covariates])


def distinct(points: FloatMatrix) -> tuple[FloatMatrix, IntVector]:
    """Rows without repetition, sorted, and where each row went.

    Parameters
    ----------
    points : shape (n, d)

    Returns
    -------
    rows : shape (u, d)
    inverse : shape (n,)

    Examples
    --------
    >>> rows, inverse = distinct(np.array([[2.0, 1.0], [1.0, 3.0], [2.0, 1.0]]))
    >>> rows.tolist(), inverse.tolist()
    ([[1.0, 3.0], [2.0, 1.0]], [1, 0, 1])
    """
    order = np.lexsort(points.T[::-1])
    arranged = points[order]
    starts = np.ones(len(points), dtype=bool)
    starts[1:] = (arranged[1:] != arranged[:-1]).any(axis=1)
    inverse = np.empty(len(points), dtype=np.int64)
    inverse[order] = np.cumsum(starts) - 1
    return arranged[starts], inverse


def distances(these: FloatMatrix, those: FloatMatrix) -> FloatMatrix:
    """Euclidean distances; shape (n, u) of n and u points."""
    if these.shape[1] == 1:
        return np.abs(these - those.T)
    # Differences, not the expanded square: points close to each other keep their digits.
    squares = np.zeros((len(these), len(those)))
    for j in range(these.shape[1]):
        squares += np.square(these[:, j, None] - those[None, :, j])
    return np.sqrt(squares)


def between(
    points: FloatMatrix, n_centres: int, evaluate: Callable[[FloatMatrix], FloatMatrix]
) -> FloatMatrix:
    """Evaluate a function of points and all centres by blocks of points, and stack what it returns."""
    step = max(_BLOCK // n_centres, 1)
    blocks = (evaluate(points[i : i + step]) for i in range(0, max(len(points), 1), step))
    first = next(blocks)
    found = np.empty((len(points), first.shape[1]))
    found[: len(first)] = first
    at = len(first)
    for block in blocks:
        found[at : at + len(block)] = block
        at += len(block)
    return found


def centres_of(points: FloatMatrix, names: Sequence[str], settings: Settings, basis: str) -> FloatMatrix:
    """Points that a basis is built on: knots of the user, else the distinct points, of many a sample.

    The sample depends on the distinct points only, not on the order of the rows.

    Raises
    ------
    ArgumentError
        If the knots do not fit the covariates.
    DataError
        If a covariate is constant.
    """
    for name, low, high in zip(names, points.min(axis=0), points.max(axis=0), strict=True):
        if low == high:
            raise DataError(
                f"{name} is {low:g} in all rows, so that {term(names, basis)} has nothing to follow."
                f" Leave {name} out of the smooth."
            )
    given = _knots(names, settings, basis)
    if given is not None:
        return given
    rows, _ = distinct(points)
    most = _most_centres(settings, term(names, basis))
    if len(rows) <= most:
        return rows
    # The stream of RandomState is fixed for all versions of NumPy.
    chosen = np.random.RandomState(1).permutation(len(rows))[:most]
    return np.asarray(rows[np.sort(chosen)])


def _most_centres(settings: Settings, called: str) -> int:
    """Read ``xt=list(max.knots=...)``."""
    xt = settings.extra.get("xt")
    if xt is None:
        return MOST_CENTRES
    given = dict(xt) if isinstance(xt, Mapping) else {"": xt}
    most = given.pop("max.knots", given.pop("max_knots", MOST_CENTRES))
    is_whole = isinstance(most, Real) and not isinstance(most, bool) and float(most).is_integer()
    if given or not is_whole or not 1 <= most <= _MOST_KNOTS:
        raise ArgumentError(
            f"xt= of {called} can hold max.knots, a whole number of at most {_MOST_KNOTS:,}, and nothing else; it is"
            f" {brief(xt)}."
        )
    return int(most)


def _knots(names: Sequence[str], settings: Settings, basis: str) -> FloatMatrix | None:
    if settings.knots is None or all(each is None for each in settings.knots):
        return None
    if len(names) == 1:
        one = settings.knots_of(0)
        return None if one is None else one[:, None]
    held = [None if each is None else np.asarray(each, dtype=float).ravel() for each in settings.knots]
    columns = [each for each in held if each is not None]
    if len(columns) != len(names) or len({each.size for each in columns}) != 1:
        seen = ", ".join("none" if each is None else str(each.size) for each in held)
        raise ArgumentError(
            f"knots= of {term(names, basis)} are points, so each of {', '.join(names)} needs as many numbers as the"
            f" others, not {seen}."
        )
    knots = np.column_stack(columns)
    if not np.isfinite(knots).all():
        raise ArgumentError("knots= has missing or infinite values. Give finite numbers.")
    if len(knots) > _MOST_KNOTS:
        raise ArgumentError(f"knots= has {len(knots):,} points; {_MOST_KNOTS:,} are possible. Give fewer.")
    if len(distinct(knots)[0]) < len(knots):
        raise ArgumentError(f"knots= of {term(names, basis)} holds a point twice. Give each point once.")
    return knots


def check_scale(points: FloatMatrix, exponent: int, names: Sequence[str], basis: str) -> None:
    """Refuse distances whose power is not a number of the computer.

    Raises
    ------
    DataError
        If they are too large or too small.
    """
    span = float((points.max(axis=0) - points.min(axis=0)).max())
    if not np.isfinite(span) or exponent * abs(np.log10(span)) > _MOST_DIGITS:
        raise DataError(
            f"{' and '.join(names)} span {span:.1e}, and {term(names, basis)} takes powers of that. Divide by the range"
            " of the data."
        )


def check_size(k: object, names: Sequence[str], basis: str, default: int, least: int, most: int) -> int:
    """Read ``k=`` of a basis on points.

    Parameters
    ----------
    k
        As in the settings.
    names, basis
        The term.
    default
        Where ``k`` is None.
    least
        One more than the columns that are not penalised.
    most
        Number of points.

    Raises
    ------
    ArgumentError
        If it is not one number, or too small.
    DataError
        If there are fewer points than columns.

    Examples
    --------
    >>> check_size(None, ["x"], "tp", default=10, least=3, most=94)
    10
    >>> check_size(12, ["x"], "tp", default=10, least=3, most=8)
    Traceback (most recent call last):
    lmm.errors.DataError: s(x, bs="tp") asks for k=12 columns, and x has 8 distinct values. Write k=8 or less.
    """
    if isinstance(k, tuple) and len(k) == 1:
        k = k[0]
    if isinstance(k, tuple):
        raise ArgumentError(f"{term(names, basis)} takes one number as k, not {brief(k)}.")
    wanted = default if k is None else int(k)  # type: ignore[call-overload]
    if wanted < least:
        raise ArgumentError(f"{term(names, basis)} needs k of {least} or more, not {wanted}.")
    if wanted > most:
        held = "distinct values" if len(names) == 1 else "distinct points"
        has = f"{names[0]} has" if len(names) == 1 else f"{' and '.join(names)} have"
        advice = (
            f"Write k={most} or less." if most >= least else f"It needs {least} or more: use straight lines."
        )
        of = "asks for" if k is not None else "has by default"
        raise DataError(f"{term(names, basis)} {of} k={wanted} columns, and {has} {most} {held}. {advice}")
    return wanted
