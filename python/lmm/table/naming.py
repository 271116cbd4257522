"""One rule for names of the data that are names of a result: the result keeps them, those of the data get a "_"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

__all__ = ["Beside", "beside", "renamed", "renaming_notes"]


class Beside(NamedTuple):
    """Columns of the data as they stand beside those of a result, with a sentence for each new name."""

    columns: dict[str, Any]
    notes: tuple[str, ...]


def beside(own: Iterable[str], columns: Mapping[str, Any]) -> Beside:
    """Rename columns of the data that a result has columns of the same name as.

    Parameters
    ----------
    own
        Names of the columns of the result.
    columns
        Of the data, by name.

    Examples
    --------
    >>> from lmm.table.naming import beside
    >>> beside(["estimate", "df"], {"df": ["A", "B"], "site": [1, 2]})
    Beside(columns={'df_': ['A', 'B'], 'site': [1, 2]}, notes=('"df" is called "df_" here: the results have a "df" of \
their own.',))
    """
    names = renamed(own, columns)
    return Beside({names[name]: values for name, values in columns.items()}, renaming_notes(names))


def renamed(own: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Find the name that each name of the data has beside those of a result.

    Examples
    --------
    >>> from lmm.table.naming import renamed
    >>> renamed(["df"], ["df", "df_", "site"])
    {'df': 'df__', 'df_': 'df_', 'site': 'site'}
    """
    own, names = set(own), list(names)
    taken = {*own, *names}
    found = {}
    for name in names:
        free = name
        while free in (own if free == name else taken):
            free += "_"
        taken.add(free)
        found[name] = free
    return found


def renaming_notes(names: Mapping[str, str]) -> tuple[str, ...]:
    """Say which names `renamed` has changed."""
    return tuple(
        f'"{name}" is called "{new}" here: the results have a "{name}" of their own.'
        for name, new in names.items()
        if name != new
    )
