"""Small multiples: one panel for each group, all with the same axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.plots.style import ACCENT, COLOURS, MUTED, few_ticks, legend_above, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.plots.covariate import Curves
    from lmm.table import Table
    from lmm.typing import IntVector

__all__ = ["colours_of", "draw_lattice", "legend_of", "line_of"]


def draw_lattice(figure: Figure, curves: Curves, table: Table, n_columns: int, response: str) -> None:
    """Draw one panel for each group, left to right in the order of the levels."""
    n_panels = len(curves.panels)
    n_rows = -(-n_panels // n_columns)
    room = max(6, round(11 * figure.get_figwidth() / n_columns))  # characters above a panel
    grid = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    for index, axes in enumerate(grid.flat):
        if index >= n_panels:
            axes.remove()
            continue
        if index + n_columns >= n_panels:
            # The lowest of its column, also where the last row is not full.
            axes.tick_params(labelbottom=True)
        _draw_panel(axes, curves, table, index)
        axes.set_title(shorten(curves.panels[index], room), loc="left", fontsize=8)
    first = grid.flat[0]
    few_ticks(first, curves.x)
    figure.supxlabel(shorten(curves.covariate, 60), fontsize=9)
    figure.supylabel(shorten(response, 44), fontsize=9)
    legend_of(figure, curves)


def _draw_panel(axes: Axes, curves: Curves, table: Table, index: int) -> None:
    for kind, colour in enumerate(colours_of(curves)):
        rows = np.flatnonzero((curves.panel == index) & (curves.kind == kind))
        if rows.size == 0:
            continue
        axes.plot(
            curves.x[rows],
            table["response"][rows],
            "o",
            color=colour,
            markersize=2.6,
            markeredgewidth=0,
            alpha=0.6 if rows.size < 200 else 0.25,
        )
        if len(curves.kinds) == 1:
            axes.plot(*line_of(curves, table["population"], rows), color=MUTED, linewidth=0.8, alpha=0.7)
        axes.plot(*line_of(curves, table["fitted"], rows), color=colour, linewidth=1.3)


def line_of(curves: Curves, height: Any, rows: IntVector) -> tuple[Any, Any]:
    """Order the points of one line from left to right, each place once."""
    x, first = np.unique(curves.x[rows], return_index=True)
    return x, height[rows][first]


def colours_of(curves: Curves) -> list[str]:
    """One colour for each kind of line; a single one when there are more kinds than colours."""
    n_kinds = len(curves.kinds)
    return list(COLOURS[:n_kinds]) if n_kinds <= len(COLOURS) else [ACCENT] * n_kinds


def legend_of(figure: Figure, curves: Curves) -> None:
    """Name the colours, if there are several."""
    from matplotlib.lines import Line2D

    if 1 < len(curves.kinds) <= len(COLOURS):
        handles = [Line2D([], [], color=colour) for colour in colours_of(curves)]
        legend_above(figure, handles, list(curves.kinds))
