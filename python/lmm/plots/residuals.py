"""Residuals against fitted values, with a trend: they show whether the mean is right and the spread even."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.arguments import takes
from lmm.model import a_fit
from lmm.plots.smoother import smooth
from lmm.plots.style import MUTED, SECOND, canvas, draw_cloud, label_panel, size
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.model import Fit
    from lmm.typing import FloatVector

__all__ = ["draw_trend", "plot_residuals", "residuals_data"]


@takes(fit=a_fit)
def residuals_data(fit: Fit) -> Table:
    """Tabulate what the plot of residuals shows.

    Parameters
    ----------
    fit
        Any fit.

    Returns
    -------
    Table
        One row per observation that was used: ``fitted``, and ``residual`` in units of ``sigma`` (times the square
        root of its weight, if there are weights).

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import residuals_data
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> residuals_data(fit)["residual"].max().round(2)
    np.float64(5.18)
    """
    return Table(
        {"fitted": np.asarray(fit.fitted), "residual": np.asarray(fit.residuals("scaled"))},
        title="Residuals against fitted values",
    )


@takes(fit=a_fit, width=size, height=size)
def plot_residuals(fit: Fit, *, width: float = 4.5, height: float = 3.3) -> Figure:
    """Draw residuals against fitted values; a large cloud becomes hexagons shaded by their count.

    Parameters
    ----------
    fit
        Any fit.
    width, height
        Size of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
        Free of pyplot's global state; ``figure.savefig("residuals.pdf")`` writes it.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_residuals
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> len(plot_residuals(fit).axes)
    1
    """
    table = residuals_data(fit)
    with canvas(width, height) as figure:
        axes = figure.add_subplot()
        axes.axhline(0.0, color=MUTED, linewidth=0.8)
        draw_trend(axes, table["fitted"], table["residual"])
        label_panel(axes, x="Fitted value", y="Scaled residual")
    return figure


def draw_trend(axes: Axes, x: FloatVector, y: FloatVector) -> None:
    """Draw a cloud with the local mean of y along x."""
    draw_cloud(axes, x, y)
    grid, trend = smooth(x, y)
    if grid.size:
        axes.plot(grid, trend, color=SECOND)
