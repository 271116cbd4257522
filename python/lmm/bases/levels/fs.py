"""Factor-smooth interactions: one curve for each level, all of them from the same distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lmm.bases.basis import Basis, Carrier, Covariate, Extrapolation, Settings
from lmm.bases.levels.curves_by_level import (
    LearnBasis,
    codes_of,
    in_blocks,
    learn_curve,
    levels_of,
    numbers_among,
    slopes_of_curve,
)
from lmm.bases.levels.natural import natural_form
from lmm.errors import ArgumentError
from lmm.typing import FloatMatrix, IntVector

__all__ = ["FactorSmooth", "learn"]


@dataclass(frozen=True, eq=False, kw_only=True)
class FactorSmooth(Basis):
    """Curves per level in natural coordinates: the penalty of a curve is a constant times the identity.

    Columns, penalties, carrier and derivatives are those of one curve; the term has a copy of them for each level, with
    the same penalties. `wide` multiplies out.

    Attributes
    ----------
    curve
        Raw basis of a curve.
    coordinates
        From natural coefficients to those of ``curve``, shape (k, k).
    levels
        Of the factor; None for the numbers.
    """

    name: ClassVar[str] = "fs"
    extrapolates: ClassVar[Extrapolation] = "product"
    has_sides: ClassVar[bool] = False

    curve: Basis
    coordinates: FloatMatrix
    levels: tuple[tuple[str, ...] | None, ...]

    @property
    def copies(self) -> tuple[str, ...]:
        """Levels that have a curve."""
        return next(names for names in self.levels if names is not None)

    def codes(self, covariates: Sequence[Covariate]) -> IntVector:
        """Index into `copies` of each row; -1 where the level was not seen by the fit."""
        return codes_of(covariates, self.levels)[0]

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        """Of one curve."""
        rows, to_curve = self.curve.carrier(numbers_among(covariates))
        return Carrier(rows, to_curve @ self.coordinates)

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        """Of one curve, along a number."""
        return slopes_of_curve(self, self.curve, self.levels, covariates, order, along) @ self.coordinates

    def wide(self, covariates: Sequence[Covariate]) -> Any:
        """Columns of all curves, level by level; SciPy CSR, shape (n, k · levels)."""
        return in_blocks(self.columns(covariates), self.codes(covariates), len(self.copies))


def learn(
    covariates: Sequence[Covariate],
    settings: Settings,
    learn_basis: LearnBasis,
    null_functions: FloatMatrix | None = None,
) -> Basis:
    """Learn curves per level.

    Parameters
    ----------
    covariates
        Numbers and one factor.
    settings
        For the curve; ``xt`` in ``extra`` names its basis, else it is ``"tp"``.
    learn_basis
        Called with a name, covariates and settings.
    null_functions
        What the penalty does not touch, at the rows, shape (n, M); each gets its own variance. By default the constant,
        and the line that is zero at the mean: a random intercept and slope. (mgcv takes what LAPACK returns.)

    Raises
    ------
    LmmError
        If the covariates or the curve do not fit.

    Examples
    --------
    >>> from lmm.bases.catalog import learn_basis
    >>> x = Covariate("x", np.linspace(0.0, 1.0, 40))
    >>> g = Covariate("g", codes=np.arange(40) % 4, levels=tuple("abcd"))
    >>> basis = learn([x, g], Settings(k=5), learn_basis)
    >>> basis.k, basis.penalty_names, basis.wide([x, g]).shape
    (5, ('curve', 'const', 'line'), (40, 20))
    """
    curve = learn_curve("fs", covariates, settings, learn_basis)
    names = tuple(covariate.name for covariate in covariates)
    if sum(covariate.is_factor for covariate in covariates) > 1:
        raise ArgumentError(
            f's({", ".join(names)}, bs="fs") takes one factor. Join them to one column, or write bs="sz".'
        )
    form = natural_form(curve, numbers_among(covariates), null_functions)
    return FactorSmooth(
        covariates=names,
        k=curve.k,
        penalties=form.penalties,
        penalty_names=form.names,
        null_space=np.zeros((curve.k, 0)),
        is_centred=False,
        notes=curve.notes,
        curve=curve,
        coordinates=form.coordinates,
        levels=levels_of(covariates),
    )
