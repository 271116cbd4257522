"""Compact letters: means that share a letter do not differ significantly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from string import ascii_letters
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level
from lmm.errors import LmmError
from lmm.means.reading.tabulation import tabulate
from lmm.table import Table
from lmm.typing import IntVector

if TYPE_CHECKING:
    from lmm.means.result import Means

__all__ = ["checked_alpha", "compact_letters", "letters_table", "pairs_of"]


def compact_letters(n: int, different: Iterable[tuple[int, int]]) -> list[str]:
    """Assign letters to n means, the first of which gets the first letter.

    Parameters
    ----------
    n
        Number of means, in the order in which letters are given.
    different
        Pairs of positions that differ significantly.

    Returns
    -------
    list of str
        Two means share a letter exactly if they are not a pair of ``different``.

    Notes
    -----
    Insert and absorb (Piepho 2004, J. Comput. Graph. Stat. 13, 456–466): all means share one letter to begin with;
    for each pair that differs, every letter that both have is replaced by two, without the one and without the other;
    a letter whose means all share another is dropped.

    Examples
    --------
    >>> from lmm.means.reading.lettering import compact_letters
    >>> compact_letters(3, [(0, 2)])
    ['a', 'ab', 'b']
    """
    columns = [(1 << n) - 1]  # each letter as the set of its means, in bits
    for i, j in different:
        both = (1 << i) | (1 << j)
        split = [column for column in columns if column & both == both]
        if not split:
            continue
        kept = [column for column in columns if column & both != both]
        for column in split:
            for fewer in (column & ~(1 << j), column & ~(1 << i)):
                if not any(fewer | other == other for other in kept):
                    kept = [other for other in kept if other | fewer != fewer]
                    kept.append(fewer)
        columns = kept
    # The letter of the first mean comes first; among several, that which goes furthest back.
    columns.sort(key=lambda column: [i for i in range(n) if column >> i & 1])
    names = [_letter(i) for i in range(len(columns))]
    return [
        "".join(name for name, column in zip(names, columns, strict=True) if column >> i & 1)
        for i in range(n)
    ]


def _letter(i: int) -> str:
    round_, place = divmod(i, len(ascii_letters))
    return ascii_letters[place] + (str(round_) if round_ else "")


def letters_table(means: Means, alpha: float, adjust: str, sort: bool) -> Table:
    """Make the table of means with letters; see `Means.letters`."""
    alpha = checked_alpha(alpha)
    pairs = pairs_of(means, adjust)
    found = means.evaluated.estimate
    letters: list[str | None] = [None] * len(found)
    order: list[int] = []
    p_value = pairs.evaluated.p_value
    for rows, start in _families(means):
        ranked = [int(row) for row in rows[np.argsort(-found[rows], kind="stable")]]
        estimable = [row for row in ranked if not np.isnan(found[row])]
        place = {row: i for i, row in enumerate(estimable)}
        different = [
            (place[a], place[b]) if place[a] < place[b] else (place[b], place[a])
            for (a, b), p in zip(_pair_rows(rows), p_value[start : start + _n_pairs(len(rows))], strict=True)
            if p < alpha and a in place and b in place
        ]
        for row, text in zip(estimable, compact_letters(len(estimable), sorted(different)), strict=True):
            letters[row] = text
        order += ranked if sort else rows.tolist()
    table = tabulate(replace(means, options=replace(means.options, shows="intervals")), letters=letters)
    columns: dict[str, Any] = {name: [table[name][row] for row in order] for name in table.columns}
    used = [note for note in pairs.evaluated.notes if "djust" in note]
    notes = [
        *table.notes,
        *(note for note in used if note not in table.notes),
        f"Means that share a letter do not differ significantly at the level {alpha:g}"
        + (", group by group." if means.by else "."),
    ]
    return Table(columns, title=table.title, notes=notes)


def pairs_of(means: Means, adjust: str) -> Means:
    """Make all pairwise differences in each group, tested against zero.

    Raises
    ------
    LmmError
        If these are contrasts already.
    """
    if means.kind == "contrast":
        raise LmmError(
            "These are contrasts; letters and least significant differences are for means and trends."
        )
    options = replace(means.options, null=0.0, delta=0.0, side="two-sided", response=False, shows="tests")
    pairs = replace(means, options=options)
    if (means.comparison.n_means < 2).all():
        raise LmmError("There is one mean only; nothing can be compared with it.")
    return pairs.contrast("pairwise", adjust=adjust)


def checked_alpha(alpha: float) -> float:
    """Check a level of significance.

    Raises
    ------
    LmmError
        If it does not lie between 0 and 1.
    """
    return a_level(alpha, "alpha")


def _families(means: Means) -> Iterable[tuple[IntVector, int]]:
    """Positions of the means of each group, and of its first pair."""
    start = 0
    families = means.comparison.families
    for family in range(len(means.comparison.n_means)):
        rows = np.flatnonzero(families == family)
        yield rows, start
        start += _n_pairs(len(rows))


def _n_pairs(k: int) -> int:
    return k * (k - 1) // 2


def _pair_rows(rows: IntVector) -> list[tuple[int, int]]:
    first, second = np.triu_indices(len(rows), 1)
    return list(zip(rows[first].tolist(), rows[second].tolist(), strict=True))
