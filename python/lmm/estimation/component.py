"""The variance components of a design: every random column whose effects have one variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lmm.design import Design, RandomPart
from lmm.errors import UnsupportedError
from lmm.typing import IntVector

RESIDUAL = "Residual"
"""Name of the last component."""


@dataclass(frozen=True, slots=True, eq=False)
class VarianceComponent:
    """One column of one random term: effects with one variance, ``sigma_c² I``.

    Attributes
    ----------
    name
        The group (``"Block:Variety"``), followed by the column where it is not an intercept (``"Subject.Days"``).
    numeric
        What its effects are multiplied by: empty for an intercept, else the name of the column.
    Z
        Its columns of Z, sparse (n, l), without weights.
    codes : shape (n,)
        Level of each row; None for a user's block.
    n_levels
        Number of levels l.
    """

    name: str
    numeric: str
    Z: Any
    codes: IntVector | None
    n_levels: int


def variance_components(design: Design) -> tuple[VarianceComponent, ...]:
    """List the components in the order of theta: term by term, in a term column by column.

    Raises
    ------
    UnsupportedError
        If a term has covariances: no sum of squares belongs to them.
    """
    return tuple(component for part in design.random for component in _of_term(part))


def _of_term(part: RandomPart) -> Sequence[VarianceComponent]:
    k = len(part.columns)
    if not part.is_random:
        raise UnsupportedError(
            f"{part.source} is a smooth term: mean squares and the method of moments are not defined with one. Use "
            'method="reml".'
        )
    if not part.structure.tells_columns:
        raise UnsupportedError(
            f"The variances of {part.source} are tied by its penalties: mean squares and the method of moments are not "
            'defined with such a term. Use method="reml".'
        )
    if part.structure.is_correlated and k > 1:
        n = k * (k + 1) // 2
        raise UnsupportedError(
            f"{part.source} has {n} variances and covariances, but only {k} sums of squares belong to it: mean squares "
            f"and the method of moments are not defined for correlated effects. Write ({_effects(part)} || "
            f'{part.group}), which has one variance for each effect, or use method="reml".'
        )
    Z = part.block.effective().to_sparse().tocsc()
    return [
        VarianceComponent(
            name=part.group if column in ("Intercept", part.group) else f"{part.group}.{column}",
            numeric="" if column == "Intercept" else column,
            Z=Z[:, j::k],
            codes=part.codes,
            n_levels=len(part.levels),
        )
        for j, column in enumerate(part.columns)
    ]


def _effects(part: RandomPart) -> str:
    """Text before the bar, as typed."""
    return part.source.partition("|")[0].removeprefix("us").lstrip("( ").strip()
