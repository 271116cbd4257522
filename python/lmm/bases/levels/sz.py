"""Deviations of curves from their mean: one curve for each combination of levels, all of them summing to zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import ClassVar

import numpy as np

from lmm.bases.basis import Basis, Carrier, Covariate, Extrapolation, KroneckerPenalties, Settings
from lmm.bases.levels.curves_by_level import (
    LearnBasis,
    codes_of,
    in_blocks,
    learn_curve,
    levels_of,
    numbers_among,
    slopes_of_curve,
)
from lmm.bases.spaces import null_from_eigenvalues
from lmm.errors import DataError
from lmm.limits import check_memory
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["ContrastCurves", "learn"]

_MOST_PENALTIES = 60


@dataclass(frozen=True, eq=False, kw_only=True)
class ContrastCurves(Basis):
    """Curves whose sum over the levels of each factor is zero at each place.

    Attributes
    ----------
    curve
        Raw basis of a curve, with p columns.
    contrasts
        From free combinations of levels to all, shape (C, K); the last level of a factor is minus the sum of the
        others. Coefficients stand combination by combination.
    levels
        Of the factors; None for the numbers.
    curve_scale
        Divisor of the penalty of one curve.
    """

    name: ClassVar[str] = "sz"
    extrapolates: ClassVar[Extrapolation] = "product"
    has_sides: ClassVar[bool] = False

    curve: Basis
    contrasts: FloatMatrix
    levels: tuple[tuple[str, ...] | None, ...]
    curve_scale: float

    def scales(self, carrier: Carrier) -> FloatVector:  # noqa: ARG002 - the same for all combinations
        """Divisors of the penalties: those of one curve, before levels are tied."""
        return np.full(len(self.penalties), self.curve_scale)

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        """Rows of the curve in the block of their combination of levels; a level that was not seen has no deviation."""
        rows, to_curve = self.curve.carrier(numbers_among(covariates))
        codes, size = codes_of(covariates, self.levels)
        return Carrier(in_blocks(rows, codes, size), kronecker(self.contrasts, to_curve))

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        """Along a number."""
        slopes = slopes_of_curve(self, self.curve, self.levels, covariates, order, along)
        codes, _ = codes_of(covariates, self.levels)
        # The row behind the last stands for a level that was not seen: its code is -1.
        weights = np.vstack([self.contrasts, np.zeros(self.contrasts.shape[1])])[codes]
        return np.asarray((weights[:, :, None] * slopes[:, None, :]).reshape(len(codes), -1))


def learn(covariates: Sequence[Covariate], settings: Settings, learn_basis: LearnBasis) -> Basis:
    """Learn deviations of curves.

    Parameters
    ----------
    covariates
        Numbers and one or more factors.
    settings
        For the curve; ``xt`` in ``extra`` names its basis, else it is ``"tp"``; with ``id`` there all combinations of
        levels share one penalty.
    learn_basis
        Called with a name, covariates and settings.

    Raises
    ------
    LmmError
        If the covariates or the curve do not fit, or there are very many combinations.

    Examples
    --------
    >>> from lmm.bases.catalog import learn_basis
    >>> x = Covariate("x", np.linspace(0.0, 1.0, 40))
    >>> g = Covariate("g", codes=np.arange(40) % 3, levels=tuple("abc"))
    >>> basis = learn([g, x], Settings(k=5), learn_basis)
    >>> basis.k, basis.penalty_names
    (10, ('a', 'b', 'c'))
    """
    curve = learn_curve("sz", covariates, settings, learn_basis)
    levels = levels_of(covariates)
    named = [names for names in levels if names is not None]
    called = f's({", ".join(covariate.name for covariate in covariates)}, bs="sz")'
    for covariate in covariates:
        if covariate.is_factor and len(covariate.levels) < 2:
            raise DataError(f"{called} compares levels, and {covariate.name} has one only. Take it out.")
    contrasts = reduce(kronecker, [_sum_to_zero(len(names)) for names in named])
    n_all, n_free = contrasts.shape
    shares_one = settings.extra.get("id") is not None
    if n_all > _MOST_PENALTIES and not shares_one:
        raise DataError(
            f"{called} has {n_all} combinations of levels, each with a smoothing parameter of its own;"
            f' {_MOST_PENALTIES} are possible. Write id=1, and all share one, or bs="fs".'
        )
    k = n_free * curve.k
    check_memory(f"The penalty of {called}", k, k, 'Write bs="fs" in its place.')
    left = (contrasts.T @ contrasts,) if shares_one else tuple(np.outer(row, row) for row in contrasts)
    null = curve.null_space if curve.null_space is not None else null_from_eigenvalues(curve.penalties[0])
    return ContrastCurves(
        covariates=tuple(covariate.name for covariate in covariates),
        k=k,
        penalties=tuple(kronecker(each, curve.penalties[0]) for each in left),
        penalty_names=("",) if shares_one else tuple(".".join(names) for names in product(*named)),
        null_space=kronecker(np.eye(n_free), null),
        is_centred=False,
        notes=curve.notes,
        curve=curve,
        contrasts=contrasts,
        levels=levels,
        structure=KroneckerPenalties(left, curve.penalties[0]),
        curve_scale=float(curve.scales(curve.carrier(numbers_among(covariates)))[0]),
    )


def kronecker(left: FloatMatrix, right: FloatMatrix) -> FloatMatrix:
    """Kronecker product of two matrices of floats."""
    return np.asarray(np.kron(left, right), dtype=np.float64)


def _sum_to_zero(n: int) -> FloatMatrix:
    """From n - 1 free levels to n that sum to zero."""
    return np.vstack([np.eye(n - 1), -np.ones(n - 1)])
