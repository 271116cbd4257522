"""Gaussian processes: kriging with a given range, in any number of variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lmm.bases.basis import Basis, Covariate, Settings
from lmm.bases.surfaces.kernels import CORRELATIONS, Correlation
from lmm.bases.surfaces.leading import leading_pairs
from lmm.bases.surfaces.orders import numbers_in
from lmm.bases.surfaces.points import between, centres_of, check_size, distances, distinct, points_of, term
from lmm.bases.surfaces.polynomials import monomials, powers_below
from lmm.bases.surfaces.radial import Radial, check_null_space
from lmm.errors import ArgumentError
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["GaussianProcess", "learn"]

_MORE = (
    10,
    30,
    100,
)  # columns by default beyond 1 and the coordinates, in one, two, and three or more variables
_MATERN = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class GaussianProcess(Radial):
    """The k leading eigenfunctions of a correlation, beside a plane or a constant."""

    name: ClassVar[str] = "gp"

    def with_range(self, scale: float) -> GaussianProcess:
        """Learn the same basis, on the same points, with another range.

        Parameters
        ----------
        scale
            In units of distance; above 0.

        Raises
        ------
        ArgumentError
            If it is not such a number.

        Examples
        --------
        >>> x = Covariate("x", np.linspace(0.0, 1.0, 30))
        >>> learn([x], Settings(k=8)).with_range(0.25).kernel
        Correlation(kind=3, scale=0.25, power=1.0)
        """
        if not (np.isfinite(scale) and scale > 0.0):
            raise ArgumentError(f"The range of {term(self.covariates, 'gp')} must be above 0, not {scale:g}.")
        assert isinstance(self.kernel, Correlation)
        kernel = Correlation(self.kernel.kind, float(scale), self.kernel.power)
        return _on(
            self.covariates, self.centres, self.shift, kernel, self.k, len(self.powers) == 1, self.notes
        )


def learn(covariates: Sequence[Covariate], settings: Settings) -> Basis:
    """Learn a Gaussian process basis.

    Parameters
    ----------
    covariates
        Numbers.
    settings
        ``k``; ``m``: type of correlation (1 spherical, 2 exponential, 3 to 5 Matérn 3/2, 5/2 and 7/2; a negative type
        has only a constant beside it), range, and power of the exponential; ``knots`` as points.

    Raises
    ------
    ArgumentError
        If settings do not fit.
    DataError
        If there are too few points.

    Examples
    --------
    >>> x = Covariate("x", np.linspace(0.0, 1.0, 30))
    >>> basis = learn([x], Settings(k=8, m=(4, 0.3)))
    >>> basis.k, basis.kernel
    (8, Correlation(kind=4, scale=0.3, power=1.0))
    """
    names = tuple(covariate.name for covariate in covariates)
    points = points_of(covariates, "gp")
    kind, scale, power, is_stationary = _correlation(settings.m, names)
    centres = centres_of(points, names, settings, "gp")
    k = check_size(
        settings.k,
        names,
        "gp",
        default=len(names) + 1 + _MORE[min(len(names), 3) - 1],
        least=len(names) + 2,
        most=min(len(distinct(points)[0]), len(centres) + (1 if is_stationary else len(names) + 1)),
    )
    notes: tuple[str, ...] = ()
    if scale is None:
        scale = float(
            max(distances(block, centres).max() for block in np.array_split(centres, 8) if len(block))
        )
        notes = (
            f"{term(names, 'gp')}: the range is the largest distance of the data, {scale:.6g}; set it by m=.",
        )
    return _on(names, centres, points.mean(axis=0), Correlation(kind, scale, power), k, is_stationary, notes)


def _on(
    names: tuple[str, ...],
    centres: FloatMatrix,
    shift: FloatVector,
    kernel: Correlation,
    k: int,
    is_stationary: bool,
    notes: tuple[str, ...],
) -> GaussianProcess:
    d = len(names)
    powers = np.zeros((1, d), dtype=np.int64) if is_stationary else powers_below(2, d)
    null = monomials(centres - shift, powers)
    check_null_space(null, names, "gp")
    near = between(centres, len(centres), lambda rows: kernel.values(distances(rows, centres)))
    n_curved = k - len(powers)
    penalty = np.zeros((k, k))
    if n_curved < len(centres):
        values, weights = leading_pairs(near, n_curved)
        penalty[np.arange(n_curved), np.arange(n_curved)] = values
        curved = weights * values
    else:
        weights, curved = np.eye(n_curved), near
        penalty[:n_curved, :n_curved] = near
    return GaussianProcess(
        covariates=names,
        k=k,
        penalties=(penalty,),
        null_space=np.eye(k)[:, n_curved:],
        notes=notes,
        centres=centres,
        weights=weights,
        factors=np.ones(k),
        offsets=np.zeros(k),
        at_centres=np.column_stack([curved, null]),
        kernel=kernel,
        shift=shift,
        powers=powers,
    )


def _correlation(m: object, names: Sequence[str]) -> tuple[int, float | None, float, bool]:
    """Type, range (None: from the data), power, and whether only a constant stands beside the process."""
    given = numbers_in(m, 3, names, "gp")
    kind = given[0] if given else float(_MATERN)
    if abs(kind) not in CORRELATIONS:
        listed = ", ".join(f"{key} ({name})" for key, name in CORRELATIONS.items())
        raise ArgumentError(
            f"The first number of m= of {term(names, 'gp')} is the type of correlation, {listed}; it is {kind:g}."
        )
    power = given[2] if len(given) > 2 else 1.0
    if not 0.0 < power <= 2.0:
        raise ArgumentError(
            f"The third number of m= of {term(names, 'gp')} is the power of the exponential, above 0 and at most 2;"
            f" it is {power:g}."
        )
    # As R's users know it: a range of 0 or less asks for the default.
    scale = given[1] if len(given) > 1 and given[1] > 0.0 else None
    return int(abs(kind)), scale, power if abs(kind) == 2 else 1.0, kind < 0
