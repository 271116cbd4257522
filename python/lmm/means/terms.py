"""Which sets of variables a joint test is made for: all that belongs to what the terms of the model can describe."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain, combinations, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmm.design import Design, FixedTerm
    from lmm.means.grid.variables import GridVariable

__all__ = ["sets_to_test", "uses"]

Names = frozenset[str]


def sets_to_test(
    design: Design,
    variables: Mapping[str, GridVariable],
    nests: Mapping[str, Sequence[str]],
    groups: Sequence[str],
) -> list[tuple[str, ...]]:
    """List the sets of variables that get a row each, single ones first, in formula order.

    The columns of ``a:b`` describe any pattern of cell means, so that the means of a and of b differ too when the
    model has no a and no b: each term stands for its subsets of factors. The levels of a nested factor mean something
    only together with those that they are nested in. A covariate stays: without it the column is another one.

    Parameters
    ----------
    variables, nests
        Of the reference grid.
    groups
        Factors in whose levels the tests are made; they are left out of the sets.
    """
    found: dict[Names, tuple[str, ...]] = {}
    for term in design.terms:
        ordered = _ordered(design, term)
        for names in _subsets(design, term, variables):
            complete = all(
                outer in names or outer in groups for name in names for outer in nests.get(name, ())
            )
            left = tuple(name for name in ordered if name in names and name not in groups)
            if complete and left:
                found.setdefault(frozenset(left), left)
    return sorted(found.values(), key=len)


def _ordered(design: Design, term: FixedTerm) -> list[str]:
    """Names of the variables of a term as its parts stand in the formula."""
    coded = {factor.name: factor.variable for factor in design.factors}
    first = [coded.get(part, part) for part in term.parts]
    return [name for name in dict.fromkeys([*first, *term.variables]) if name in term.variables]


def _subsets(design: Design, term: FixedTerm, variables: Mapping[str, GridVariable]) -> list[Names]:
    """List the sets of variables whose effects the columns of a term describe, small ones first."""
    choices = [_choices(names, variables) for names in _parts(design, term)]
    found = dict.fromkeys(frozenset(chain.from_iterable(chosen)) for chosen in product(*choices))
    place = {name: i for i, name in enumerate(_ordered(design, term))}
    return sorted(found, key=lambda names: (len(names), sorted(place[name] for name in names)))


def _choices(names: Sequence[str], variables: Mapping[str, GridVariable]) -> list[Names]:
    """List the sets of variables by which one part can vary."""
    several = len(names) > 1
    subsets = [
        frozenset(chosen)
        for size in range(1, len(names) + 1)
        for chosen in (combinations(names, size) if several else [tuple(names)])
    ]
    # Indicators of levels add up to one, so that the part averaged over its levels is there too.
    constant = all(variables[name].is_factor for name in names)
    return [frozenset(), *subsets] if constant else subsets


def _parts(design: Design, term: FixedTerm) -> list[list[str]]:
    """Names of the variables of each part."""
    coded = {factor.name: factor.variable for factor in design.factors}
    found, open_ = [], []
    for part in term.parts:
        name = coded.get(part, part)
        if name in term.variables:
            found.append([name])
        else:
            open_.append([name for name in term.variables if uses(part, name)])
    read = {name for names in [*found, *open_] for name in names}
    left = [name for name in term.variables if name not in read]
    return [names for names in [*found, *open_, left] if names]


def uses(part: str, name: str) -> bool:
    """Whether an expression has the name of a variable in it."""
    return re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", part) is not None
