"""Thin plate regression splines of any number of variables, and those that shrink to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import factorial, gamma, pi
from typing import Any, ClassVar

import numpy as np

from lmm.bases.basis import Basis, Covariate, Settings
from lmm.bases.surfaces.kernels import Power
from lmm.bases.surfaces.leading import LinePairs
from lmm.bases.surfaces.orders import numbers_in, whole
from lmm.bases.surfaces.points import (
    centres_of,
    check_scale,
    check_size,
    distinct,
    points_of,
    term,
)
from lmm.bases.surfaces.polynomials import monomials, powers_below
from lmm.bases.surfaces.radial import Radial, check_null_space, leading_columns
from lmm.errors import ArgumentError
from lmm.typing import FloatMatrix

__all__ = ["ShrunkenThinPlate", "ThinPlate", "learn", "learn_shrunken"]

_MORE = (8, 27, 100)  # columns by default beyond the polynomials, in one, two, and three or more variables
_SHRINKAGE = 0.1  # of the smallest eigenvalue of the penalty


@dataclass(frozen=True, eq=False, kw_only=True)
class ThinPlate(Radial):
    """Thin plate regression spline: the k functions that follow the full thin plate spline best.

    Of an even number of variables the choice depends a little on the unit of distance, as it does in mgcv.

    Attributes
    ----------
    order
        m: the penalty is the integral of squared derivatives of this order.
    """

    name: ClassVar[str] = "tp"

    order: int


@dataclass(frozen=True, eq=False, kw_only=True)
class ShrunkenThinPlate(ThinPlate):
    """Thin plate regression spline whose polynomials are penalised a little, so that it can vanish."""

    name: ClassVar[str] = "ts"


def learn(covariates: Sequence[Covariate], settings: Settings, line: LinePairs | None = None) -> Basis:
    """Learn a thin plate regression spline.

    Parameters
    ----------
    covariates
        Numbers.
    settings
        ``k``; ``m`` (order of derivatives; ``(m, 0)`` drops the polynomials); ``knots`` as points.
    line
        Finds eigenpairs of points on a line faster than their matrix is built.

    Raises
    ------
    ArgumentError
        If settings do not fit.
    DataError
        If there are too few points.

    Examples
    --------
    >>> x = Covariate("x", np.linspace(0.0, 1.0, 50) ** 2)
    >>> basis = learn([x], Settings(k=7))
    >>> basis.k, np.linalg.matrix_rank(basis.penalties[0]).item()
    (7, 5)
    """
    return ThinPlate(**_parts("tp", covariates, settings, line))


def learn_shrunken(
    covariates: Sequence[Covariate], settings: Settings, line: LinePairs | None = None
) -> Basis:
    """Learn a thin plate regression spline with shrinkage.

    Raises
    ------
    ArgumentError
        If settings do not fit.
    DataError
        If there are too few points.

    Examples
    --------
    >>> x = Covariate("x", np.linspace(0.0, 1.0, 50) ** 2)
    >>> np.linalg.matrix_rank(learn_shrunken([x], Settings(k=7)).penalties[0]).item()
    7
    """
    parts = _parts("ts", covariates, settings, line)
    penalty, n_null = parts["penalties"][0].copy(), len(parts["powers"])
    curved = slice(0, len(penalty) - n_null)
    smallest = np.linalg.eigvalsh(penalty[curved, curved])[0]
    null = np.arange(len(penalty) - n_null, len(penalty))
    penalty[null, null] = _SHRINKAGE * smallest
    return ShrunkenThinPlate(**parts | {"penalties": (penalty,), "null_space": np.zeros((len(penalty), 0))})


def _parts(
    basis: str, covariates: Sequence[Covariate], settings: Settings, line: LinePairs | None
) -> dict[str, Any]:
    names = tuple(covariate.name for covariate in covariates)
    points = points_of(covariates, basis)
    order, has_null = _order(settings.m, names, basis)
    powers = powers_below(order, len(names))
    centres = centres_of(points, names, settings, basis)
    k = check_size(
        settings.k,
        names,
        basis,
        default=len(powers) + _MORE[min(len(names), 3) - 1],
        least=len(powers) + 1,
        most=min(len(distinct(points)[0]), len(centres)),
    )
    shift = points.mean(axis=0)
    kernel = _plate(order, len(names))
    check_scale(centres, kernel.exponent, names, basis)
    null = monomials(centres - shift, powers)
    check_null_space(null, names, basis)
    weights, inner, curved = leading_columns(kernel, centres, null, k, is_reversed=True, line=line)
    columns = np.column_stack([curved, null])
    penalty = np.zeros((k, k))
    penalty[: len(inner), : len(inner)] = inner
    held = ThinPlate(
        covariates=names,
        k=k,
        penalties=(penalty,),
        null_space=np.eye(k)[:, len(inner) :],
        centres=centres,
        weights=weights,
        factors=np.ones(k),
        offsets=np.zeros(k),
        at_centres=columns,
        kernel=kernel,
        shift=shift,
        powers=powers,
        order=order,
    )
    return _scaled(held, points, has_null)


def _scaled(held: ThinPlate, points: FloatMatrix, has_null: bool) -> dict[str, Any]:
    """Divide columns by their root mean squares over the data; drop the polynomials if asked to."""
    rows, inverse = distinct(points)
    shares = np.bincount(inverse) / len(points)
    columns = held.columns([Covariate(name, rows[:, j]) for j, name in enumerate(held.covariates)])
    factors = 1.0 / np.sqrt(shares @ columns**2)
    kept = held.k if has_null else held.weights.shape[1]
    factors = factors[:kept]
    offsets = np.zeros(kept) if has_null else factors * (shares @ columns[:, :kept])
    parts = {each.name: getattr(held, each.name) for each in fields(held)}
    recent = {"rows": (rows, columns[:, :kept] * factors - offsets)} if held.recent else {}
    return parts | {
        "recent": recent,
        "k": kept,
        "penalties": (held.penalties[0][:kept, :kept] * np.outer(factors, factors),),
        "null_space": np.eye(kept)[:, held.weights.shape[1] :],
        "factors": factors,
        "offsets": offsets,
        "at_centres": held.at_centres[:, :kept] * factors - offsets,
        "powers": held.powers if has_null else held.powers[:0],
        "is_centred": has_null,
    }


def _order(m: object, names: Sequence[str], basis: str) -> tuple[int, bool]:
    """Order of derivatives, and whether the polynomials stay."""
    d = len(names)
    given = numbers_in(m, 2, names, basis)
    if len(given) == 2 and given[1] != 0.0:
        raise ArgumentError(
            f"The second number of m= of {term(names, basis)} can only be 0, which drops the polynomials; it is"
            f" {given[1]:g}."
        )
    if len(given) == 2 and basis == "ts":
        raise ArgumentError(
            f'{term(names, basis)} penalises the polynomials, and m=(m, 0) drops them. Write bs="tp", or'
            f" m={given[0]:g}."
        )
    default = (d + 1) // 2 + 1
    order = whole(given[0], 0, names, basis) if given else default
    if given and 2 * order <= d:
        raise ArgumentError(
            f"{term(names, basis)} of {d} variable{'s' * (d > 1)} needs m above {d / 2:g}, not {order}: else its"
            f" functions are not continuous. The default is {default}."
        )
    return order, len(given) < 2


def _plate(m: int, d: int) -> Power:
    """Fundamental solution of the thin plate energy of order m in d variables."""
    if d % 2:
        factor = gamma(d / 2 - m) / (2 ** (2 * m) * pi ** (d / 2) * factorial(m - 1))
    else:
        sign = (-1) ** (m + 1 + d // 2)
        factor = sign / (2 ** (2 * m - 1) * pi ** (d / 2) * factorial(m - 1) * factorial(m - d // 2))
    return Power(2 * m - d, factor)
