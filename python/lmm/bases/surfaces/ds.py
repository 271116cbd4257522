"""Duchon splines: thin plates with fewer polynomials, in any number of variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

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

__all__ = ["Duchon", "learn"]

_MORE = (10, 30, 100)  # columns by default beyond the polynomials, in one, two, and three or more variables


@dataclass(frozen=True, eq=False, kw_only=True)
class Duchon(Radial):
    """Duchon spline: its penalty weighs the Fourier transform of derivatives of order m by a power 2s of frequency."""

    name: ClassVar[str] = "ds"


def learn(covariates: Sequence[Covariate], settings: Settings, line: LinePairs | None = None) -> Basis:
    """Learn a Duchon spline.

    Parameters
    ----------
    covariates
        Numbers, d of them.
    settings
        ``k``; ``m``: order of derivatives, and s, a multiple of 1/2 between -d/2 and d/2 with m + s > d/2; the default
        is (2, 0). ``knots`` as points.

    Raises
    ------
    ArgumentError
        If settings do not fit.
    DataError
        If there are too few points.

    Examples
    --------
    >>> lon, lat = np.random.default_rng(1).uniform(size=(2, 60))
    >>> basis = learn([Covariate("lon", lon), Covariate("lat", lat)], Settings(k=20, m=(1, 0.5)))
    >>> basis.k, len(basis.powers)
    (20, 1)
    """
    names = tuple(covariate.name for covariate in covariates)
    d = len(names)
    points = points_of(covariates, "ds")
    order, twice_s = _orders(settings.m, names)
    powers = powers_below(order, d)
    centres = centres_of(points, names, settings, "ds")
    k = check_size(
        settings.k,
        names,
        "ds",
        default=len(powers) + _MORE[min(d, 3) - 1],
        least=len(powers) + 1,
        most=min(len(distinct(points)[0]), len(centres)),
    )
    shift = points.mean(axis=0)
    exponent = 2 * order + twice_s - d
    kernel = Power(exponent, -1.0 if exponent // 2 % 2 == 0 else 1.0)
    check_scale(centres, exponent, names, "ds")
    null = monomials(centres - shift, powers)
    check_null_space(null, names, "ds")
    weights, inner, curved = leading_columns(kernel, centres, null, k, is_reversed=False, line=line)
    penalty = np.zeros((k, k))
    penalty[: len(inner), : len(inner)] = inner
    return Duchon(
        covariates=names,
        k=k,
        penalties=(penalty,),
        null_space=np.eye(k)[:, len(inner) :],
        centres=centres,
        weights=weights,
        factors=np.ones(k),
        offsets=np.zeros(k),
        at_centres=np.column_stack([curved, null]),
        kernel=kernel,
        shift=shift,
        powers=powers,
    )


def _orders(m: object, names: Sequence[str]) -> tuple[int, int]:
    """Order of derivatives, and 2s."""
    d = len(names)
    given = numbers_in(m, 2, names, "ds")
    order = whole(given[0], 1, names, "ds") if given else 2
    twice_s = 2.0 * given[1] if len(given) > 1 else 0.0
    if twice_s != int(twice_s) or not -d < twice_s < d:
        raise ArgumentError(
            f"The second number of m= of {term(names, 'ds')} must be a multiple of 0.5 between"
            f" {-d / 2:g} and {d / 2:g}, both excluded, not {twice_s / 2:g}."
        )
    if 2 * order + twice_s <= d:
        raise ArgumentError(
            f"The numbers of m= of {term(names, 'ds')} must add up to more than {d / 2:g}, half the number of"
            f" variables, not {order + twice_s / 2:g}: else its functions are not continuous."
            f" m=({order}, {(d + 1) / 2 - order:g}) fits."
        )
    return order, int(twice_s)
