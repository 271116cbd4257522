"""All lines in one panel: those of many groups, or of a model without groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.plots.lattice import colours_of, legend_of, line_of
from lmm.plots.style import MOST_POINTS, SECOND, draw_cloud, label_panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.plots.covariate import Curves
    from lmm.table import Table

__all__ = ["MOST_CURVES", "draw_spaghetti"]

MOST_CURVES = 300
"""Of more lines, this many are drawn, evenly over the order of the levels."""


def draw_spaghetti(figure: Figure, curves: Curves, table: Table, response: str) -> None:
    """Draw thin lines for the groups and a bold one for the fixed part."""
    axes = figure.add_subplot()
    many = len(curves.panels) > 1
    if many:
        _draw_groups(axes, curves, table)
    else:
        _draw_points(axes, curves, table)
    for kind, colour in enumerate(colours_of(curves)):
        rows = np.flatnonzero(curves.kind == kind)
        # Without groups the fitted line is the one to see: a user's block of Z may bend it.
        height = table["population"] if many else table["fitted"]
        bold = SECOND if len(curves.kinds) == 1 else colour
        axes.plot(*line_of(curves, height, rows), color=bold, linewidth=2.0 if many else 1.6)
    label_panel(axes, x=curves.covariate, y=response)
    legend_of(figure, curves)


def _draw_points(axes: Axes, curves: Curves, table: Table) -> None:
    if len(curves.kinds) == 1 or curves.x.size > MOST_POINTS:
        draw_cloud(axes, curves.x, table["response"])
        return
    for kind, colour in enumerate(colours_of(curves)):
        rows = curves.kind == kind
        axes.plot(
            curves.x[rows],
            table["response"][rows],
            "o",
            color=colour,
            markersize=3.2,
            markeredgewidth=0,
            alpha=0.5,
        )


def _draw_groups(axes: Axes, curves: Curves, table: Table) -> None:
    colours = colours_of(curves)
    present = np.unique(curves.curve)
    drawn = present[
        np.unique(np.linspace(0, present.size - 1, min(present.size, MOST_CURVES)).round().astype(int))
    ]
    order = np.argsort(curves.curve, kind="stable")
    alpha = 0.4 if drawn.size <= 100 else 0.25
    starts = np.searchsorted(curves.curve[order], drawn)
    ends = np.searchsorted(curves.curve[order], drawn, side="right")
    for curve, start, end in zip(drawn, starts, ends, strict=True):
        x, height = line_of(curves, table["fitted"], order[start:end])
        colour = colours[int(curve) % len(curves.kinds)]
        # A line through one place is a point.
        marker = "o" if x.size == 1 else ""
        axes.plot(x, height, color=colour, linewidth=0.6, alpha=alpha, marker=marker, markersize=1.6)
