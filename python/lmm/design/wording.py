"""Counts and lists as messages write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(count: int, noun: str) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> from lmm.design.wording import counted
    >>> counted(1, "row"), counted(12, "row")
    ('1 row', '12 rows')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(names: Sequence[str], limit: int = 5) -> str:
    """Write names in quotes, the first few of many.

    Examples
    --------
    >>> from lmm.design.wording import listed
    >>> listed(["a", "b"]), listed(list("abcdefg"), limit=2)
    ("'a', 'b'", "'a', 'b', … (7 in all)")
    """
    shown = ", ".join(map(repr, names[:limit]))
    return shown if len(names) <= limit else f"{shown}, … ({len(names)} in all)"


def aliased_note(aliased: Sequence[str]) -> str:
    """Say which columns are combinations of others, at least one."""
    if len(aliased) == 1:
        return f"The column {aliased[0]} is a linear combination of earlier ones; its coefficient is missing."
    return (
        f"{len(aliased)} columns are linear combinations of earlier ones; their coefficients are missing: "
        f"{', '.join(aliased)}."
    )
