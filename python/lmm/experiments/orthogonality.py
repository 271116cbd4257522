"""In which error stratum each fixed term is estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lmm.estimation import Anova, Space
from lmm.experiments.mean_squares import WITHIN
from lmm.typing import FloatVector

__all__ = ["Allocation", "allocate"]

_SAME = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """Where the information on one fixed term lies.

    Attributes
    ----------
    term
        The term, after the terms before it.
    strata
        Names of the strata, the finest last.
    efficiency : shape (n_strata,)
        Mean efficiency factor in each: the part of the term's contrasts that varies there.
    """

    term: str
    strata: tuple[str, ...]
    efficiency: FloatVector

    @property
    def stratum(self) -> str:
        """The stratum with most of the information, the coarser of equals."""
        best = float(self.efficiency.max())
        return self.strata[int(np.argmax(self.efficiency > best - _SAME))]

    @property
    def note(self) -> str:
        """A sentence where a term is estimated in several strata, else nothing."""
        parts = [
            f"{share:.3g} in {name}"
            for share, name in zip(self.efficiency, self.strata, strict=True)
            if share > _SAME
        ]
        if len(parts) < 2:
            return ""
        return f"{self.term} is not orthogonal to the strata: its efficiency is {', '.join(parts)}."


def allocate(anova: Anova) -> dict[str, Allocation]:
    """Find the efficiency factors of all fixed terms but the intercept.

    The strata are the spaces that the random terms add one after the other to the mean (as in R); the efficiency of
    a term in one of them is ``tr(P_term P_stratum) / df``.
    """
    projections = anova.projections
    random = [effect for effect in anova.effects if effect.kind == "random"]
    names = (*(effect.name for effect in random), WITHIN)
    terms = anova.design.terms
    has_mean = bool(terms) and not terms[0].parts
    identity = np.eye(projections.n_fixed)
    spaces = [Space(identity[:, : int(has_mean)], ())]
    for effect in random:
        spaces.append(Space(spaces[0].fixed, (*spaces[-1].random, effect.position)))
    found = {}
    for effect in anova.effects:
        if effect.kind == "random" or not terms[effect.position].parts:
            continue
        basis = identity[:, _kept(anova, effect.position)]
        if basis.shape[1]:
            found[effect.name] = Allocation(effect.name, names, _efficiency(anova, basis, spaces))
    return found


def _kept(anova: Anova, position: int) -> list[int]:
    columns, kept = anova.design.terms[position].columns, anova.design.kept
    return [i for i, column in enumerate(kept) if columns.start <= column < columns.stop]


def _efficiency(anova: Anova, basis: FloatVector, spaces: Sequence[Space]) -> FloatVector:
    df = basis.shape[1]
    shares = [anova.projections.share(basis, smaller, larger) / df for smaller, larger in pairwise(spaces)]
    shares = [share if share > _SAME else 0.0 for share in shares]
    within = 1.0 - sum(shares)
    return np.array([*shares, within if within > _SAME else 0.0])
