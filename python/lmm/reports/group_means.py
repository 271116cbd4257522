"""Marginal means of the factors of a model, as the page shows them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lmm.errors import LmmError, UnsupportedError
from lmm.means import Means, emmeans
from lmm.reports.writing import page_table
from lmm.table import render
from lmm.table.numbers import format_columns

if TYPE_CHECKING:
    from lmm.model import Fit
    from lmm.table import Table

__all__ = ["interactions_for_page", "means_for_page", "means_table"]

_MOST_MEANS = 40
_MOST_TABLES = 4
_HEADERS = {
    "emmean": "Mean",
    "response": "Mean",
    "std_error": "Std.Error",
    "df": "df",
    "conf_low": "Lower",
    "conf_high": "Upper",
    "letters": "Letters",
}


def means_for_page(fit: Fit) -> list[tuple[Means, Table]]:
    """Estimate the means of each factor, with their table of letters; those too many to read are left out.

    Examples
    --------
    >>> import lmm
    >>> from lmm.reports.group_means import means_for_page
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> [list(table["letters"]) for _, table in means_for_page(fit)]
    [['a', 'a'], ['a', 'b', 'b']]
    """
    found = []
    for name in _factors(fit):
        means = _means(fit, [name])
        if 1 < len(means.functions) <= _MOST_MEANS:
            table = means.table
            # A factor of which no two means are estimable has no letters.
            with suppress(LmmError):
                table = means.letters(sort=False)
            found.append((means, table))
    return found[:_MOST_TABLES]


def interactions_for_page(fit: Fit) -> list[Means]:
    """Estimate the means of the cells of each interaction of two factors."""
    factors = _factors(fit)
    pairs: dict[frozenset[str], list[str]] = {}
    for term in fit.internals.design.terms:
        names = [name for name in factors if name in term.variables]
        if len(names) == 2:
            pairs.setdefault(frozenset(names), names)
    found = [_means(fit, names) for names in pairs.values()]
    return [means for means in found if len(means.functions) <= _MOST_MEANS][:_MOST_TABLES]


def _factors(fit: Fit) -> list[str]:
    """Factors of the fixed part, in formula order."""
    frame = fit.internals.design.model_frame
    coded = {factor.variable for factor in fit.internals.design.factors}
    return list(
        dict.fromkeys(
            name
            for term in fit.internals.design.terms
            for name in term.variables
            if name in coded or frame[name].kind == "factor"
        )
    )


def _means(fit: Fit, names: list[str]) -> Means:
    try:
        return emmeans(fit, names, transform="response")
    except UnsupportedError:
        # A left side that cannot be undone: the table says on which scale it is.
        return emmeans(fit, names)


def means_table(table: Table) -> str:
    """Write means as HTML, with words above the columns."""
    texts = format_columns({name: table[name] for name in table.columns}, {})
    return page_table(
        render.Cells(
            [_HEADERS.get(name, name) for name in table.columns],
            list(zip(*texts.values(), strict=True)),
            [table[name].dtype.kind in "fiu" for name in table.columns],
            table.title,
            table.notes,
        )
    )
