"""Factors whose levels mean something only within the levels of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lmm.typing import IntVector

if TYPE_CHECKING:
    from lmm.design import FixedTerm

__all__ = ["find_nests"]


def find_nests(codes: Mapping[str, IntVector], terms: Sequence[FixedTerm]) -> dict[str, tuple[str, ...]]:
    """Find nested factors.

    A factor b is nested in a when each level of b occurs with one level of a only, or when the model has
    a and a:b, but not b by itself (``a / b``).

    Parameters
    ----------
    codes
        Level of each row, by factor.
    terms
        Terms of the fixed part.

    Returns
    -------
    dict
        The factors that each nested factor is nested in, outermost first.
    """
    together = [{name for name in term.variables if name in codes} for term in terms]
    found: dict[str, set[str]] = {}
    for inner in codes:
        by_formula = _nests_by_formula(inner, together)
        by_data = {outer for outer in codes if outer != inner and _within(codes[inner], codes[outer])}
        if by_formula | by_data:
            found[inner] = by_formula | by_data
    # a within b within c: a is within c too.
    for _ in found:
        for inner, outers in found.items():
            found[inner] = outers.union(*(found.get(outer, set()) for outer in outers)) - {inner}
    depth = {name: len(found.get(name, ())) for name in codes}
    return {inner: tuple(sorted(outers, key=depth.__getitem__)) for inner, outers in found.items()}


def _nests_by_formula(inner: str, together: Iterable[set[str]]) -> set[str]:
    sets = [names for names in together if inner in names]
    if not sets or {inner} in sets:
        return set()
    # Every term that has it also has these; each must stand in the model without it.
    always = set.intersection(*sets) - {inner}
    return {outer for outer in always if any(outer in names and inner not in names for names in together)}


def _within(inner: IntVector, outer: IntVector) -> bool:
    """Whether each level of ``inner`` occurs with one level of ``outer``, and not the other way round too."""
    known = (inner >= 0) & (outer >= 0)
    inner, outer = inner[known], outer[known]
    if inner.size == 0:
        return False
    n_outer = int(outer.max()) + 1
    pairs = np.unique(inner.astype(np.int64) * n_outer + outer)
    n_inner_levels, n_outer_levels = np.unique(inner).size, np.unique(outer).size
    return n_outer_levels > 1 and pairs.size == n_inner_levels and pairs.size > n_outer_levels
