"""Panels of several parameters side by side, each with its own axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lmm.plots.style import label_panel, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["panel_grid", "title_panel"]

MOST_COLUMNS = 3

_LETTERS = 13  # of a title in an inch


def panel_grid(figure: Figure, n_panels: int) -> list[Axes]:
    """Place panels from left to right, three in a row, with few ticks."""
    from matplotlib.ticker import MaxNLocator

    n_columns = min(n_panels, MOST_COLUMNS)
    n_rows = -(-n_panels // n_columns)
    panels = [figure.add_subplot(n_rows, n_columns, index + 1) for index in range(n_panels)]
    for axes in panels:
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    return panels


def title_panel(axes: Axes, title: str, n_columns: int) -> None:
    """Set the title of one of several panels side by side, as long as it has room."""
    figure = cast("Figure", axes.figure)
    label_panel(axes, title=shorten(title, round(_LETTERS * figure.get_figwidth() / n_columns)))
