"""How the effects of a plan lie in each other: levels, nesting, degrees of freedom, experimental units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np

from lmm.design import Design
from lmm.estimation import Anova, Effect, QuadraticForm, combine, contains, determines, factor_column, refines
from lmm.experiments.degrees import Polynomial, letters_for
from lmm.experiments.orthogonality import Allocation, allocate
from lmm.typing import IntVector

__all__ = ["OBSERVATION", "Hierarchy", "Unit"]

OBSERVATION = "observation"
"""Name of the unit that is one row."""

_ONE = Polynomial({(): 1})


@dataclass(frozen=True, slots=True)
class Unit:
    """What the levels of a term were assigned to.

    Attributes
    ----------
    term
        The term.
    name
        A random term, or ``"observation"``.
    n_units
        How many there are.
    fewest, most
        Of them for a level of the term.
    """

    term: str
    name: str
    n_units: int
    fewest: int
    most: int


@dataclass(frozen=True)
class Hierarchy:
    """The effects of one design.

    Attributes
    ----------
    design
        The design.
    groups
        Factors of each component, in the order of the components.
    anova
        Its analysis of variance.
    """

    design: Design
    groups: Sequence[tuple[str, ...]]
    anova: Anova = field(repr=False)

    @cached_property
    def forms(self) -> tuple[QuadraticForm, ...]:
        """Rows of type I: one for each effect, then the residual."""
        return self.anova.forms(1)

    def form(self, effect: Effect) -> QuadraticForm:
        """Row of an effect; a fixed and a random one may have the same name."""
        return self.forms[self.effects.index(effect)]

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """All effects but the intercept, in the order of their sums of squares."""
        terms = self.design.terms
        return tuple(e for e in self.anova.effects if e.kind == "random" or terms[e.position].parts)

    @cached_property
    def factor_codes(self) -> dict[str, tuple[IntVector, int]]:
        """Codes and number of levels of the single factors, those of random terms first."""
        names = [name for group in self.groups for name in group]
        names += [name for e in self.effects for name in sorted(e.factors, key=self._first_use)]
        columns = {name: factor_column(self.design, name) for name in dict.fromkeys(names)}
        return {name: (column.factor_codes, len(column.levels)) for name, column in columns.items()}

    @cached_property
    def letters(self) -> dict[str, str]:
        """Letter of each factor."""
        return letters_for(self.factor_codes)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Number of levels by letter, joined letters of incomplete combinations included."""
        sizes = {self.letters[name]: n for name, (_, n) in self.factor_codes.items()}
        sizes |= {self.symbol(e): e.n_levels for e in self.effects if e.codes is not None}
        return sizes

    def factors(self, effect: Effect) -> tuple[str, ...]:
        """Names of its factors, in one order for all effects."""
        own = self.groups[effect.position] if effect.kind == "random" else effect.factors
        return tuple(name for name in self.factor_codes if name in own)

    def symbol(self, effect: Effect) -> str:
        """Letters of its factors joined."""
        return "".join(self.letters[name] for name in self.factors(effect))

    def levels(self, effect: Effect) -> Polynomial:
        """Its number of levels: the product of those of its factors, or a symbol of its own."""
        codes = self.factor_codes
        factors = self.factors(effect)
        free = [
            name
            for name in factors
            if not any(
                determines(*codes[other], *codes[name])
                for other in factors
                if codes[other][1] > codes[name][1]
            )
        ]
        if effect.n_levels == prod(codes[name][1] for name in free):
            return Polynomial({tuple(self.letters[name] for name in free): 1})
        return Polynomial({(self.symbol(effect),): 1})

    def within(self, effect: Effect) -> list[Effect]:
        """Effects that it is nested in, or that are margins of it, and that come before it."""
        found = []
        for other in self.effects:
            if other is effect:
                break
            if other.numeric != effect.numeric:
                continue
            same = effect.kind == "random" and _is_same(effect, other)
            if same or refines(effect, other) or contains(effect, other):
                found.append(other)
        return found

    def coarser(self, effect: Effect, among: Sequence[Effect]) -> list[Effect]:
        """Effects that have one level within each level of this one; of two that divide alike, the earlier one."""
        found = []
        for i, other in enumerate(among):
            if refines(effect, other) or (_is_same(effect, other) and i < among.index(effect)):
                found.append(other)
        return found

    def degrees(self, effect: Effect) -> Polynomial:
        """Degrees of freedom: levels minus the mean and all that it is nested in."""
        number = Polynomial({(): self.form(effect).df})
        if effect.codes is None:
            return number
        total = self.levels(effect) if effect.numeric else self.levels(effect) - _ONE
        for other in self.within(effect):
            total = total - self.degrees(other)
        # Covariates may have several columns each.
        return total if not effect.numeric or total.value(self.sizes) == number.value({}) else number

    @cached_property
    def places(self) -> dict[str, Allocation]:
        """Stratum of each fixed term."""
        return allocate(self.anova)

    def confounded(self, effect: Effect) -> list[Effect]:
        """List fixed terms estimated in the stratum of a random term, but not constant within its levels."""
        if effect.kind == "fixed":
            return []
        own = self.within(effect)
        return [
            other
            for other in self.effects
            if other.kind == "fixed"
            and other not in own
            and other.name in self.places
            and self.places[other.name].stratum == effect.name
        ]

    def degrees_text(self, effect: Effect) -> str | None:
        """Degrees of freedom as a formula; None where it would be wrong, as in partial confounding."""
        degrees, taken = self.degrees(effect), [self.degrees(other) for other in self.confounded(effect)]
        left = degrees.value(self.sizes) - sum(other.value(self.sizes) for other in taken)
        if left != self.form(effect).df:
            return None
        return " - ".join([degrees.text(), *(other.subtracted() for other in taken)])

    @cached_property
    def crossing(self) -> tuple[tuple[str, ...], int] | None:
        """Factors whose combinations all occur equally often, and how often; None without such.

        Factors that another one determines are left out: the diet of a pen is known with the pen.
        """
        codes = self.factor_codes
        free = [
            name
            for name, (own, n) in codes.items()
            if not any(m > n and determines(fine, m, own, n) for fine, m in codes.values())
        ]
        cells, n_cells = combine([codes[name][0] for name in free], self.design.n_obs)
        if n_cells != prod(codes[name][1] for name in free):
            return None
        counts = np.bincount(cells)
        return (tuple(free), int(counts[0])) if counts.min() == counts.max() else None

    def is_known_within(self, effect: Effect, factor: str) -> bool:
        """Whether a factor has one level within each level of an effect."""
        codes, n_levels = self.factor_codes[factor]
        return effect.codes is not None and determines(effect.codes, effect.n_levels, codes, n_levels)

    def unit(self, effect: Effect) -> Unit:
        """Find the coarsest random term that has one level of the effect in each of its levels; else the row."""
        values, n_values = self._assigned(effect)
        candidates = [
            other
            for other in self.effects
            if other.kind == "random"
            and not other.numeric
            and other.codes is not None
            and determines(other.codes, other.n_levels, values, n_values)
        ]
        unit = min(candidates, key=lambda other: other.n_levels, default=None)
        codes = np.arange(self.design.n_obs) if unit is None or unit.codes is None else unit.codes
        n_units = self.design.n_obs if unit is None else unit.n_levels
        level = np.zeros(n_units, dtype=np.int64)
        level[codes] = values
        counts = np.bincount(level, minlength=n_values)
        name = OBSERVATION if unit is None else unit.name
        return Unit(effect.name, name, n_units, int(counts.min()), int(counts.max()))

    def _assigned(self, effect: Effect) -> tuple[IntVector, int]:
        """Codes (n,) of what was assigned: levels, or the values of covariates."""
        if effect.codes is not None and not effect.numeric:
            return effect.codes, effect.n_levels
        frame, variables = self.design.model_frame, self.design.terms[effect.position].variables
        return combine([frame[name].as_factor().factor_codes for name in variables], self.design.n_obs)

    def _first_use(self, name: str) -> int:
        return next(i for i, e in enumerate(self.effects) if name in e.factors)


def _is_same(effect: Effect, other: Effect) -> bool:
    """Whether two effects divide the rows alike."""
    if effect.codes is None or other.codes is None or effect.n_levels != other.n_levels:
        return False
    return determines(effect.codes, effect.n_levels, other.codes, other.n_levels)


def letters_legend(hierarchy: Hierarchy) -> str:
    """Say what the letters mean."""
    sizes: Mapping[str, int] = hierarchy.sizes
    parts = [f"{letter} = {name} ({sizes[letter]})" for name, letter in hierarchy.letters.items()]
    return ", ".join(parts)
