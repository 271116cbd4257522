"""What a plan should make its author stop and think: replication, confounding, pseudo-replication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from lmm.data import Column
from lmm.design import Design
from lmm.estimation import Effect, determines
from lmm.experiments.hierarchy import OBSERVATION, Hierarchy, Unit
from lmm.experiments.mean_squares import WITHIN, stratum_name
from lmm.typing import IntVector

__all__ = ["cautions", "straight_lines"]

_LOOKS_LIKE_LEVELS = 10


def cautions(hierarchy: Hierarchy, units: Sequence[Unit], unused: Mapping[str, Column]) -> tuple[str, ...]:
    """Collect the sentences, the gravest first.

    Parameters
    ----------
    hierarchy
        The design.
    units
        Experimental units of its fixed terms.
    unused
        Factors of the table that the formula leaves out.
    """
    return (
        *_replication(hierarchy),
        *_confounding(hierarchy, units),
        *_forgotten_units(hierarchy, unused),
        *_subsamples(hierarchy, units),
        *straight_lines(hierarchy.design),
    )


def _replication(hierarchy: Hierarchy) -> Iterator[str]:
    """Say which strata have no error."""
    for form in hierarchy.forms:
        if form.kind == "fixed" or form.df:
            continue
        stratum = stratum_name(form)
        tested = [term for term, place in hierarchy.places.items() if place.stratum == stratum]
        if tested:
            yield (
                f"No replication: the stratum {stratum} has no degrees of freedom left for error, so that "
                f"{', '.join(tested)} cannot be tested; add units of this kind."
            )
        else:
            yield f"No replication: nothing is left to estimate the variance of {stratum} from; leave it out."


def _confounding(hierarchy: Hierarchy, units: Sequence[Unit]) -> Iterator[str]:
    """Say which terms share their contrasts with others."""
    by_term = {unit.term: unit.name for unit in units}
    for effect in hierarchy.effects:
        if effect.kind == "random":
            continue
        full = hierarchy.degrees(effect).value(hierarchy.sizes)
        lost = full - hierarchy.form(effect).df
        if lost > 0 and not effect.numeric:
            yield f"Confounding: {effect.name} loses {lost} of its {full} degrees of freedom to terms before it."
        place = hierarchy.places.get(effect.name)
        if place is None:
            continue
        if place.note:
            yield f"Confounding: {place.note}"
        elif by_term[effect.name] == OBSERVATION and place.stratum != WITHIN:
            yield (
                f"Confounding: {effect.name} is not constant within {place.stratum}, but its contrasts are; "
                f"it is tested against differences between the levels of {place.stratum}."
            )


def _forgotten_units(hierarchy: Hierarchy, unused: Mapping[str, Column]) -> Iterator[str]:
    """Name factors of the table that look like units and are not in the formula."""
    groups = [e for e in hierarchy.effects if e.kind == "random"]
    for name, column in unused.items():
        codes, n_levels = column.factor_codes, len(column.levels)
        if not 1 < n_levels < hierarchy.design.n_obs or any(_is_there(codes, n_levels, e) for e in groups):
            continue
        treated = [e for e in hierarchy.effects if _is_constant(e, codes, n_levels)]
        # A second name of a treatment is not a unit; where nothing is random, better ask once too often.
        alone = [e.name for e in treated if e.n_levels == n_levels]
        if alone and groups:
            continue
        if alone:
            yield (
                f"Pseudo-replication: each level of {', '.join(alone)} has one level of {name}, which the formula "
                f"leaves out; if {name} is the unit, there are no replicates."
            )
        elif treated:
            yield (
                f"Pseudo-replication: {', '.join(e.name for e in treated)} has one level within each of the {n_levels} "
                f"levels of {name}, which the formula leaves out; if {name} is the unit, its {_rows_each(codes)} rows "
                f"are not replicates: add (1 | {name})."
            )


def _is_constant(effect: Effect, codes: IntVector, n_levels: int) -> bool:
    """Whether it is a treatment with one level within each level of a factor."""
    if effect.kind == "random" or effect.codes is None or effect.n_levels < 2:
        return False
    return determines(codes, n_levels, effect.codes, effect.n_levels)


def _is_there(codes: IntVector, n_levels: int, group: Effect) -> bool:
    """Whether a random term has these units, or finer ones."""
    return group.codes is not None and determines(group.codes, group.n_levels, codes, n_levels)


def _rows_each(codes: IntVector) -> str:
    counts = np.bincount(codes)
    return str(counts.min()) if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"


def _subsamples(hierarchy: Hierarchy, units: Sequence[Unit]) -> Iterator[str]:
    """Say that rows within units that nothing distinguishes are not replicates."""
    n = hierarchy.design.n_obs
    if not units or any(unit.name == OBSERVATION for unit in units):
        return
    finest = max(units, key=lambda unit: unit.n_units)
    if finest.n_units < n:
        yield (
            f"Pseudo-replication: no treatment differs within {finest.name}; the {n / finest.n_units:.3g} rows of each "
            f"are not replicates, so that there are {finest.n_units} units, not {n}."
        )


def straight_lines(design: Design) -> Iterator[str]:
    """Say which terms are straight lines, although their few values look like levels."""
    factors = {factor.name for factor in design.factors}
    for term in design.terms:
        name = term.name
        if len(term.parts) != 1 or name in factors or name not in design.model_frame:
            continue
        n_values = len(design.model_frame[name].as_factor().levels)
        if 2 < n_values <= _LOOKS_LIKE_LEVELS:
            yield (
                f"{name} is numeric with {n_values} values: a straight line with one degree of freedom; "
                f"C({name}) makes it a factor."
            )
