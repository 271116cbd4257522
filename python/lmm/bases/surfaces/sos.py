"""Splines on the sphere, of latitude and longitude in degrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from lmm.bases.basis import Basis, Covariate, Settings
from lmm.bases.surfaces import sphere
from lmm.bases.surfaces.orders import numbers_in, whole
from lmm.bases.surfaces.points import between, centres_of, check_size, distinct, points_of, term
from lmm.bases.surfaces.radial import OnPoints, truncated
from lmm.errors import ArgumentError, DataError
from lmm.typing import FloatMatrix

__all__ = ["SphereSpline", "learn"]

_DEFAULT_K = 50


@dataclass(frozen=True, eq=False, kw_only=True)
class SphereSpline(OnPoints):
    """Spline on the sphere.

    Attributes
    ----------
    order
        Number of the kernel, see `lmm.bases.surfaces.sphere`.
    """

    name: ClassVar[str] = "sos"

    order: int

    @property
    def smoothness(self) -> int:
        """See `OnPoints`; second derivatives are not written down."""
        return 1

    def kernel_at(self, points: FloatMatrix) -> FloatMatrix:
        """See `OnPoints`."""
        return sphere.kernel(sphere.openings(points, self.centres), self.order)

    def kernel_slopes(self, points: FloatMatrix, order: int, along: int) -> FloatMatrix:
        """See `OnPoints`."""
        assert order == 1
        w = sphere.openings(points, self.centres)
        return sphere.kernel_slope(w, self.order) * sphere.opening_slopes(points, self.centres, along)

    def null_at(self, points: FloatMatrix) -> FloatMatrix:
        """See `OnPoints`."""
        return sphere.null_functions(points, self.order)

    def null_slopes(self, points: FloatMatrix, order: int, along: int) -> FloatMatrix:
        """See `OnPoints`."""
        assert order == 1
        return sphere.null_slopes(points, self.order, along)


def learn(covariates: Sequence[Covariate], settings: Settings) -> Basis:
    """Learn a spline on the sphere.

    Parameters
    ----------
    covariates
        Latitude and longitude, in degrees.
    settings
        ``k``; ``m``: 0 (default) a spline whose penalty is the squared Laplacian; 1 to 4 smoother and smoother
        splines of Wahba (1981); -1 a thin plate, -2 a Duchon spline in space taken on the sphere. ``knots`` as points.

    Raises
    ------
    ArgumentError
        If settings do not fit.
    DataError
        If latitudes lie beyond the poles, or there are too few points.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> lat = Covariate("lat", np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, 80))))
    >>> lon = Covariate("lon", rng.uniform(-180.0, 180.0, 80))
    >>> learn([lat, lon], Settings(k=20)).k
    20
    """
    names = tuple(covariate.name for covariate in covariates)
    if len(names) != 2:
        raise ArgumentError(
            f"{term(names, 'sos')} takes latitude and longitude, so two variables, not {len(names)}."
        )
    points = points_of(covariates, "sos")
    _check_latitude(points, names)
    order = _order(settings.m, names)
    centres = centres_of(points, names, settings, "sos")
    null = sphere.null_functions(centres, order)
    k = check_size(
        settings.k,
        names,
        "sos",
        default=_DEFAULT_K,
        least=null.shape[1] + 1,
        most=min(len(distinct(points)[0]), len(centres)),
    )
    near = between(centres, len(centres), lambda rows: sphere.kernel(sphere.openings(rows, centres), order))
    weights, inner = truncated(near, null, k, is_reversed=False)
    n_curved = k - null.shape[1]
    penalty = np.zeros((k, k))
    penalty[:n_curved, :n_curved] = inner
    columns = np.column_stack([near @ weights, null])
    held = SphereSpline(
        covariates=names,
        k=k,
        penalties=(penalty,),
        null_space=np.eye(k)[:, len(inner) :],
        centres=centres,
        weights=weights,
        factors=np.ones(k),
        offsets=np.zeros(k),
        at_centres=columns,
        order=order,
    )
    return _scaled(held, covariates)


def _scaled(held: SphereSpline, covariates: Sequence[Covariate]) -> SphereSpline:
    """Divide columns by their standard deviations over the data, the constant excepted."""
    rows, inverse = distinct(np.column_stack([covariate.values for covariate in covariates]))  # type: ignore[misc]
    counts = np.bincount(inverse)
    columns = held.columns([Covariate(name, rows[:, j]) for j, name in enumerate(held.covariates)])
    from_mean = columns - counts @ columns / counts.sum()
    deviations = np.sqrt(counts @ from_mean**2 / (counts.sum() - 1))
    deviations[held.weights.shape[1]] = 1.0
    factors = 1.0 / deviations
    parts = {each.name: getattr(held, each.name) for each in fields(held)}
    return SphereSpline(
        **parts
        | {
            "penalties": (held.penalties[0] * np.outer(factors, factors),),
            "factors": factors,
            "recent": {"rows": (rows, columns * factors)} if held.recent else {},
            "at_centres": held.at_centres * factors,
        }
    )


def _order(m: object, names: Sequence[str]) -> int:
    given = numbers_in(m, 1, names, "sos")
    order = whole(given[0], -2, names, "sos") if given else 0
    if order > sphere.LARGEST_ORDER:
        raise ArgumentError(
            f"m= of {term(names, 'sos')} lies between -2 and {sphere.LARGEST_ORDER}; it is {order}."
        )
    return order


def _check_latitude(points: FloatMatrix, names: Sequence[str]) -> None:
    beyond = np.abs(points[:, 0]) > 90.0
    if beyond.any():
        raise DataError(
            f"{names[0]} is {points[beyond, 0][0]:g} in one row, and latitudes lie between -90 and 90 degrees."
            f" {term(names, 'sos')} takes the latitude first, then the longitude."
        )
