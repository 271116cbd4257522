"""Random effects: one coefficient for each combination of levels, times numbers; all of them independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lmm.bases.basis import Basis, Carrier, Covariate, Extrapolation, Settings, numbers_of
from lmm.bases.order import check_order
from lmm.errors import DataError, UnsupportedError
from lmm.limits import check_memory
from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = ["RandomEffects", "learn"]


@dataclass(frozen=True, eq=False, kw_only=True)
class RandomEffects(Basis):
    """The interaction of all covariates without an intercept, with the identity as penalty.

    Attributes
    ----------
    levels
        Of each covariate as learned; None for numbers.
    """

    name: ClassVar[str] = "re"
    extrapolates: ClassVar[Extrapolation] = "levels"
    is_natural: ClassVar[bool] = True
    has_sides: ClassVar[bool] = False

    levels: tuple[tuple[str, ...] | None, ...]

    def carrier(self, covariates: Sequence[Covariate]) -> Carrier:
        weights = np.ones(covariates[0].n)
        for covariate, levels in zip(covariates, self.levels, strict=True):
            if levels is None:
                weights = weights * numbers_of(covariate, self.name)
        return Carrier(self._rows(covariates, weights), np.eye(self.k))

    def derivative(self, covariates: Sequence[Covariate], order: int = 1, along: int = 0) -> FloatMatrix:
        check_order(order, along, self)
        if self.levels[along] is not None:
            raise UnsupportedError(
                f"{self.covariates[along]} holds levels; there is no slope along them. Take a number."
            )
        weights = np.ones(covariates[0].n) * (2.0 - order)
        for i, (covariate, levels) in enumerate(zip(covariates, self.levels, strict=True)):
            if levels is None and i != along:
                weights = weights * numbers_of(covariate, self.name)
        return np.asarray(self._rows(covariates, weights).toarray())

    def _rows(self, covariates: Sequence[Covariate], weights: FloatVector) -> Any:
        """One entry in each row; none in rows with a level that was not learned."""
        from scipy import sparse

        at, size = np.zeros(weights.size, dtype=np.int64), 1
        known = np.ones(weights.size, dtype=bool)
        for covariate, levels in zip(covariates, self.levels, strict=True):
            if levels is not None:
                codes = codes_in(covariate, levels)
                known &= codes >= 0
                at += size * np.maximum(codes, 0)
                size *= len(levels)
        return sparse.csr_matrix(
            (weights[known], (np.flatnonzero(known), at[known])), shape=(weights.size, self.k)
        )


def codes_in(covariate: Covariate, levels: tuple[str, ...]) -> IntVector:
    """Codes of a factor in the given levels; -1 where a level is not among them.

    Raises
    ------
    DataError
        If it holds numbers.

    Examples
    --------
    >>> g = Covariate("g", codes=np.array([0, 1, -1]), levels=("b", "c"))
    >>> codes_in(g, ("a", "b"))
    array([ 1, -1, -1])
    """
    if covariate.codes is None:
        raise DataError(f"{covariate.name} was fitted with levels; here it holds numbers.")
    codes = np.asarray(covariate.codes, dtype=np.int64)
    if covariate.levels == levels:
        return codes
    position = {level: i for i, level in enumerate(levels)}
    new = np.array([position.get(level, -1) for level in covariate.levels] + [-1], dtype=np.int64)
    return np.asarray(new[codes], dtype=np.int64)


def learn(covariates: Sequence[Covariate], settings: Settings) -> RandomEffects:  # noqa: ARG001 - as all others
    """Learn random effects from data: levels of the factors, the first of them varying fastest.

    Examples
    --------
    >>> g = Covariate("g", codes=np.array([0, 1, 1]), levels=("a", "b"))
    >>> basis = learn([g, Covariate("x", np.array([1.0, 2.0, 3.0]))], Settings())
    >>> basis.columns([g, Covariate("x", np.array([1.0, 2.0, 3.0]))])
    array([[1., 0.],
           [0., 2.],
           [0., 3.]])
    """
    for covariate in covariates:
        if covariate.values is not None:
            numbers_of(covariate, "re")
    levels = tuple(covariate.levels if covariate.is_factor else None for covariate in covariates)
    k = int(np.prod([len(names) for names in levels if names is not None], dtype=np.int64))
    names = ", ".join(covariate.name for covariate in covariates)
    check_memory(f'The penalty of s({names}, bs="re")', k, k, f"Write (1 | {names}) in its place.")
    return RandomEffects(
        covariates=tuple(covariate.name for covariate in covariates),
        k=k,
        penalties=(np.eye(k),),
        null_space=np.zeros((k, 0)),
        is_centred=False,
        levels=levels,
    )
