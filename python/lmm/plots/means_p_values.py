"""p-values of all pairwise comparisons in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import takes
from lmm.means import pairs_of
from lmm.plots.means import columns_of_panels, labels_of, panels_of, title_within
from lmm.plots.style import ACCENT, GRID, MUTED, canvas, label_panel, shorten, size, some_means
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.means import Means

__all__ = ["p_values_data", "plot_p_values"]

_MARKS = (0.0, 0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
_FEW_MARKS = (0.0, 0.001, 0.01, 0.05, 0.2, 0.5, 1.0)  # of narrow panels
_MOST_COLUMNS = 2
_NARROWEST = 1.5  # inches


@takes(means=some_means)
def p_values_data(means: Means, *, adjust: str = "tukey") -> Table:
    """Tabulate the p-values of all pairwise comparisons.

    Parameters
    ----------
    means
        Marginal means or trends.
    adjust
        Adjustment in each group.

    Returns
    -------
    Table
        ``panel`` (the group), ``first, second`` (the means compared), ``estimate, p_value``.

    Raises
    ------
    LmmError
        If these are contrasts, or there is one mean only.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import p_values_data
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> p_values_data(fit.emmeans("tension"))["p_value"].round(4)
    array([0.0229, 0.0006, 0.4049])
    """
    pairs = pairs_of(means, adjust)
    labels, panels = labels_of(means), panels_of(means)
    columns: dict[str, list[Any]] = {"panel": [], "first": [], "second": []}
    for family in range(len(means.comparison.n_means)):
        rows = np.flatnonzero(means.comparison.families == family)
        for i, j in zip(*np.triu_indices(len(rows), 1), strict=True):
            columns["panel"].append(panels[rows[i]])
            columns["first"].append(labels[rows[i]])
            columns["second"].append(labels[rows[j]])
    numbers = {"estimate": pairs.evaluated.estimate, "p_value": pairs.evaluated.p_value}
    return Table({**columns, **numbers}, title=f"p-values of pairwise comparisons: {means.heading}")


@takes(means=some_means, width=size, height=size)
def plot_p_values(
    means: Means, *, adjust: str = "tukey", width: float = 4.8, height: float | None = None
) -> Figure:
    """Draw each comparison at its p-value, as a line between the two means that it compares.

    Parameters
    ----------
    means
        Marginal means or trends; they stand on the vertical axis in order of size.
    adjust
        Adjustment in each group.
    width, height
        Size of the figure in inches; the height by default suits the number of means.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If these are contrasts, or there is one mean only.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_p_values
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> len(plot_p_values(fit.emmeans("tension | wool")).axes)
    2
    """
    table = p_values_data(means, adjust=adjust)
    panels = list(dict.fromkeys(table["panel"]))
    orders = [_order(means, panel) for panel in panels]
    names = [[shorten(name, 24) for name in order] for order in orders]
    n_columns = columns_of_panels(names, width, _MOST_COLUMNS, shared=False, narrowest=_NARROWEST)
    n_rows = -(-len(panels) // n_columns)
    most = int(means.comparison.n_means.max())
    natural = n_rows * (0.9 + 0.3 * max(most, 3))
    with canvas(width, natural if height is None else height) as figure:
        grid = figure.subplots(n_rows, n_columns, sharex=True, squeeze=False)
        for index, axes in enumerate(grid.flat):
            if index >= len(panels):
                axes.remove()
                continue
            _draw_panel(axes, table, panels[index], orders[index])
            marks = _MARKS if n_columns == 1 else _FEW_MARKS
            axes.set_xticks([_scale(mark) for mark in marks], [f"{mark:g}" for mark in marks], rotation=35)
            label_panel(axes, title=title_within(panels[index], width / n_columns))
            if index + n_columns >= len(panels):
                axes.tick_params(labelbottom=True)
        how = "" if adjust == "none" else f" ({adjust})"
        figure.supxlabel(f"p-value{how}", fontsize=9)
    return figure


def _order(means: Means, panel: str) -> list[str]:
    """Names of the means of a group, smallest first."""
    rows = [row for row, name in enumerate(panels_of(means)) if name == panel]
    labels, estimate = labels_of(means), means.evaluated.estimate
    return [labels[row] for row in sorted(rows, key=lambda row: (np.isnan(estimate[row]), estimate[row]))]


def _draw_panel(axes: Axes, table: Table, panel: str, order: list[str]) -> None:
    place = {name: i for i, name in enumerate(order)}
    rows = np.flatnonzero((table["panel"] == panel) & ~np.isnan(table["p_value"]))
    axes.axvspan(-0.02, _scale(0.05), color=GRID, alpha=0.5, linewidth=0, zorder=0)
    for row in rows:
        ends = [place[table["first"][row]], place[table["second"][row]]]
        p = table["p_value"][row]
        colour = ACCENT if p < 0.05 else MUTED
        at = _scale(p)
        axes.plot([at, at], ends, "-", color=colour, linewidth=1.0, alpha=0.8)
        axes.plot([at, at], ends, "o", color=colour, markersize=4, markeredgewidth=0)
    axes.set_yticks(range(len(order)), [shorten(name, 24) for name in order])
    axes.set_ylim(-0.5, len(order) - 0.5)
    axes.set_xlim(-0.02, 1.02)


def _scale(p: float) -> float:
    """Place of a p-value: a power that gives small ones room, and large ones some."""
    return float(p**0.3)
