"""Joint confidence regions of pairs of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from lmm.arguments import numbers, takes, texts
from lmm.errors import LmmError
from lmm.inference import Profile, profile
from lmm.plots.style import ACCENT, canvas, few_ticks, fit_or_profile, label_panel, shorten, size
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.model import Fit

__all__ = ["contours_data", "plot_contours"]

MOST_TERMS = 7
MOST_LETTERS = 20  # of a name beside a panel
LEVELS = (0.5, 0.8, 0.95)


@takes(of=fit_or_profile, terms=texts, levels=numbers)
def contours_data(
    of: Fit | Profile, terms: Sequence[str] | None = None, *, levels: Sequence[float] = LEVELS
) -> Table:
    """Tabulate joint confidence regions of all pairs of parameters.

    Parameters
    ----------
    of
        A profile, or a fit, which is then profiled.
    terms
        Names of parameters; all of the profile by default, if there are no more than seven.
    levels
        Coverages.

    Returns
    -------
    Table
        ``first, second, level, angle, first_value, second_value``: points of each boundary in order.

    Raises
    ------
    LmmError
        If there are fewer than two parameters or more than seven, or a name or level is not possible.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import contours_data
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> sorted(set(contours_data(fit)["second"]))
    ['Intercept', 'sigma']
    """
    own = of if isinstance(of, Profile) else profile(of, terms)
    chosen = [own.curve(name).parameter.name for name in (own.terms if terms is None else terms)]
    if not 2 <= len(chosen) <= MOST_TERMS:
        raise LmmError(
            f"Contours are drawn for 2 to {MOST_TERMS} parameters, these are {len(chosen)}; name some with terms=: "
            f"{', '.join(own.terms)}."
        )
    names = ("first", "second", "level", "angle", "first_value", "second_value")
    columns: dict[str, list[object]] = {name: [] for name in names}
    for first, second in combinations(chosen, 2):
        region = own.contour(first, second, levels)
        columns["first"] += [first] * len(region)
        columns["second"] += [second] * len(region)
        for name, source in zip(names[2:], ("level", "angle", first, second), strict=True):
            columns[name] += region[source].tolist()
    return Table(columns, title="Joint confidence regions")


@takes(of=fit_or_profile, terms=texts, levels=numbers, width=size)
def plot_contours(
    of: Fit | Profile,
    terms: Sequence[str] | None = None,
    *,
    levels: Sequence[float] = LEVELS,
    width: float | None = None,
) -> Figure:
    """Draw joint confidence regions, one panel for each pair of parameters.

    Regions that are not ellipses show where the normal approximation fails; tilted ones, which parameters are estimated
    at the expense of each other.

    Parameters
    ----------
    of, terms, levels
        As in `contours_data`.
    width
        Size of the figure in inches; by default it suits the number of panels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        As `contours_data`.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_contours
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> len(plot_contours(fit).axes)
    3
    """
    table = contours_data(of, terms, levels=levels)
    names = list(dict.fromkeys([*table["first"], *table["second"]]))
    n = len(names) - 1
    size = min(1.2 + 1.75 * n, 9.0) if width is None else width
    with canvas(size, 0.9 * size) as figure:
        for row, column in ((r, c) for r in range(n) for c in range(r + 1)):
            axes = figure.add_subplot(n, n, row * n + column + 1)
            _draw(axes, table, names[column], names[row + 1])
            is_last, is_first = row == n - 1, column == 0
            axes.tick_params(labelbottom=is_last, labelleft=is_first)
            below, beside = shorten(names[column], MOST_LETTERS), shorten(names[row + 1], MOST_LETTERS)
            label_panel(axes, x=below if is_last else "", y=beside if is_first else "")
    return figure


def _draw(axes: Axes, table: Table, first: str, second: str) -> None:
    own = (table["first"] == first) & (table["second"] == second)
    levels = np.unique(table["level"][own])
    for level, shade in zip(levels, np.linspace(1.0, 0.4, len(levels)), strict=True):
        rows = np.flatnonzero(own & (table["level"] == level))
        rows = np.append(rows, rows[0])
        x, y = table["first_value"][rows], table["second_value"][rows]
        axes.fill(x, y, color=ACCENT, alpha=0.08, linewidth=0)
        axes.plot(x, y, color=ACCENT, alpha=float(shade), linewidth=1.1)
    few_ticks(axes, table["first_value"][own])
