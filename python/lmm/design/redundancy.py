"""Which factors of a term are coded in full, and which without one level, so that no column is redundant by itself.

The rule of Wilkinson and Rogers as formulaic states it: a factor ``f`` spans the intercept, so that in full it is
``1 + f-`` with ``f-`` the coding without one level. Each term is written out so, what earlier terms span is left out,
and ``(anything):f- + (anything)`` is joined to ``(anything):f`` again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

__all__ = ["Scoped", "ScopedTerm", "scoped_terms"]


class Scoped(NamedTuple):
    """A factor of a term, by name, and whether it is coded without one level."""

    name: str
    reduced: bool


ScopedTerm: TypeAlias = tuple[Scoped, ...]

_MOST_JOINED = 256  # joining takes exponential time; products that are not joined span the same


def scoped_terms(terms: Sequence[Sequence[tuple[str, bool]]]) -> list[list[ScopedTerm]]:
    """Decide on the coding of the factors of all terms.

    Parameters
    ----------
    terms
        The factors of each term in order: the name, and whether it spans the intercept.

    Returns
    -------
    list
        For each term what it adds to those before: products of factors, often one, none where it adds nothing.

    Examples
    --------
    >>> from lmm.design.redundancy import scoped_terms
    >>> [[[tuple(f) for f in s] for s in t] for t in scoped_terms([[], [("f", True)], [("f", True), ("x", False)]])]
    [[[]], [[('f', True)]], [[('f', False), ('x', False)]]]
    """
    spanned: set[frozenset[Scoped]] = set()
    found = []
    for term in terms:
        new = [scoped for scoped in _span(term) if frozenset(scoped) not in spanned]
        spanned.update(map(frozenset, new))
        # All of a product, with nothing of it there before, is the product in full.
        whole = len(new) > 1 and len(new) == 2 ** sum(spans for _, spans in term)
        if whole:
            found.append([tuple(Scoped(name, False) for name, _ in term)])
        else:
            found.append(_joined(new) if len(new) <= _MOST_JOINED else sorted(new, key=len))
    return found


def _span(term: Sequence[tuple[str, bool]]) -> Iterable[ScopedTerm]:
    choices: list[tuple[ScopedTerm, ...]] = [
        ((Scoped(name, True),), ()) if spans else ((Scoped(name, False),),) for name, spans in term
    ]
    for chosen in product(*choices):
        yield tuple(scoped for part in chosen for scoped in part)


def _joined(terms: Iterable[ScopedTerm]) -> list[ScopedTerm]:
    """Join a product with one that has one reduced factor more, and begin anew, as long as there are such."""
    found: dict[frozenset[Scoped], ScopedTerm] = {}
    for scoped in sorted(terms, key=len):
        factors = frozenset(scoped)
        for key in found:
            added = factors - key
            if len(factors) - 1 == len(key) and len(added) == 1 and next(iter(added)).reduced:
                (new,) = added
                complete = tuple(Scoped(f.name, False) if f == new else f for f in scoped)
                found.pop(key)
                found = {frozenset(term): term for term in _joined([*found.values(), complete])}
                break
        else:
            found.setdefault(factors, scoped)
    return list(found.values())
