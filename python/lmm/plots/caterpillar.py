"""Random effects in order of size, each with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level, a_text, takes
from lmm.errors import LmmError
from lmm.model import a_fit
from lmm.plots.grid import title_panel
from lmm.plots.random_effects import Panel, panels_of
from lmm.plots.style import ACCENT, MUTED, canvas, label_panel, shorten, size
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.model import Fit
    from lmm.typing import FloatVector, IntVector

__all__ = ["MOST_LINES", "MOST_NAMES", "caterpillar_data", "plot_caterpillar"]

MOST_NAMES = 60
"""A group with more levels is drawn without their names."""

_MOST_COLUMNS = 3

MOST_LINES = 300
"""A group with more levels is drawn thinned, evenly over the ranks, the extremes included."""


@takes(fit=a_fit, group=a_text, level=a_level)
def caterpillar_data(fit: Fit, group: str | None = None, *, level: float = 0.95) -> Table:
    """Tabulate random effects in order of size, with intervals.

    Parameters
    ----------
    fit
        A fit with random effects.
    group
        Only those of this grouping factor.
    level
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Table
        ``group, term, level, estimate, std_error, conf_low, conf_high``. Levels stand in the order of the group's
        first effect, smallest first, in all its effects. The intervals are ``estimate`` ± a normal quantile
        times the conditional standard deviation given beta and the variances.

    Raises
    ------
    DesignError
        If there are no random effects, or none of this group.
    LmmError
        If ``level`` is not between 0 and 1.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import caterpillar_data
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> table = caterpillar_data(fit)
    >>> table["level"][0], table["level"][17]
    ('309', '337')
    """
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise LmmError(f"level={level!r} is not a coverage; use a number between 0 and 1, such as 0.95")
    half = float(ndtri(0.5 + level / 2))
    columns: dict[str, list[Any]] = {
        name: [] for name in ("group", "term", "level", "estimate", "std_error", "conf_low", "conf_high")
    }
    for panel, order in _in_order(panels_of(fit, group)):
        estimate, error = panel.estimate[order], panel.std_error[order]
        columns["group"] += [panel.group] * order.size
        columns["term"] += [panel.term] * order.size
        columns["level"] += [panel.levels[index] for index in order]
        columns["estimate"] += estimate.tolist()
        columns["std_error"] += error.tolist()
        columns["conf_low"] += (estimate - half * error).tolist()
        columns["conf_high"] += (estimate + half * error).tolist()
    return Table(columns, title=f"Random effects with {100 * level:g}% intervals")


@takes(fit=a_fit, group=a_text, level=a_level, width=size, height=size)
def plot_caterpillar(
    fit: Fit,
    group: str | None = None,
    *,
    level: float = 0.95,
    width: float = 4.5,
    height: float | None = None,
) -> Figure:
    """Draw random effects in order of size; intervals that exclude zero are in colour.

    Parameters
    ----------
    fit
        A fit with random effects.
    group
        The grouping factor; may be left out when there is only one.
    level
        Coverage of the intervals, between 0 and 1.
    width, height
        Size of the figure in inches; the height by default suits the number of levels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    DesignError
        If there are no random effects, none of this group, or several groups to choose from.
    LmmError
        If ``level`` is not between 0 and 1.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_caterpillar
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> [axes.get_title("left") for axes in plot_caterpillar(fit).axes]
    ['Intercept', 'Days']
    """
    table = caterpillar_data(fit, group, level=level)
    groups = list(dict.fromkeys(table["group"]))
    if len(groups) > 1:
        raise LmmError(
            f'say which group to draw, as in fit.plot("caterpillar", group="{groups[0]}"): {", ".join(groups)}'
        )
    terms = list(dict.fromkeys(table["term"]))
    n_levels = len(table) // len(terms)
    is_named = n_levels <= MOST_NAMES
    # Names stand on the left, and panels side by side share them; ranks need the width.
    n_columns = min(len(terms), _MOST_COLUMNS) if is_named else 1
    n_rows = -(-len(terms) // n_columns)
    natural = n_rows * (0.75 + 0.15 * max(n_levels, 4) if is_named else 2.4)
    with canvas(width, natural if height is None else height) as figure:
        for index, term in enumerate(terms):
            axes = figure.add_subplot(n_rows, n_columns, index + 1)
            draw = _draw_named if is_named else _draw_ranked
            draw(axes, table, np.flatnonzero(table["term"] == term), is_first=index % n_columns == 0)
            title_panel(axes, term, n_columns)
        if not is_named:
            label_panel(figure.axes[-1], x=f"Rank among {n_levels:,} levels of {groups[0]}")
    return figure


def _in_order(panels: list[Panel]) -> list[tuple[Panel, IntVector]]:
    """Order each panel as the first panel of its group."""
    orders: dict[str, IntVector] = {}
    for panel in panels:
        orders.setdefault(panel.group, np.argsort(panel.estimate, kind="stable"))
    return [(panel, orders[panel.group]) for panel in panels]


def _colours(low: FloatVector, high: FloatVector) -> list[str]:
    return [ACCENT if excludes else MUTED for excludes in (low > 0) | (high < 0)]


def _draw_named(axes: Axes, table: Table, rows: IntVector, *, is_first: bool) -> None:
    places = np.arange(rows.size)
    low, high = table["conf_low"][rows], table["conf_high"][rows]
    colours = _colours(low, high)
    axes.axvline(0.0, color=MUTED, linewidth=0.8)
    axes.hlines(places, low, high, color=colours, linewidth=1.1)
    axes.scatter(table["estimate"][rows], places, s=11, color=colours, linewidths=0, zorder=3)
    axes.set_ylim(-0.7, rows.size - 0.3)
    names = [shorten(level, 22) for level in table["level"][rows]]
    axes.set_yticks(places, names if is_first else [""] * rows.size)
    axes.grid(visible=False, axis="y")


def _draw_ranked(axes: Axes, table: Table, rows: IntVector, *, is_first: bool) -> None:
    # Without names there is no reason to keep one order for all effects.
    rows = rows[np.argsort(table["estimate"][rows], kind="stable")]
    n_lines = min(rows.size, MOST_LINES)
    ranks = np.unique(np.linspace(0, rows.size - 1, n_lines).round().astype(np.int64))
    rows = rows[ranks]
    low, high = table["conf_low"][rows], table["conf_high"][rows]
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    axes.vlines(ranks + 1, low, high, color=_colours(low, high), linewidth=0.6, alpha=0.55)
    axes.plot(ranks + 1, table["estimate"][rows], color=ACCENT, linewidth=1.2)
    axes.margins(x=0.02)
    axes.grid(visible=False, axis="x")
    if is_first:
        axes.set_ylabel("Random effect")
