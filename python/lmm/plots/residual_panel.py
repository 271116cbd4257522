"""Four looks at the residuals: mean, spread, shape, and the rows that pull hardest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.inference import influence
from lmm.plots.qq import draw_quantiles, qq_data
from lmm.plots.residuals import draw_trend
from lmm.plots.style import MUTED, canvas, draw_cloud, label_panel
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.model import Fit

__all__ = ["plot_residual_panel", "residual_panel_data"]

_N_LABELS = 3


def residual_panel_data(fit: Fit) -> Table:
    """Tabulate what the panel of residuals shows.

    Parameters
    ----------
    fit
        Any fit.

    Returns
    -------
    Table
        One row per observation that was used: ``row, fitted, residual`` (scaled), ``studentized``,
        ``root_size`` (the root of the absolute studentized residual), ``leverage, cooks_distance``.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import residual_panel_data
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> float(residual_panel_data(fit)["leverage"].max().round(3))
    0.293
    """
    table = influence(fit)
    studentized = fit.residuals("studentized")
    return Table(
        {
            "row": table["row"],
            "fitted": fit.fitted,
            "residual": fit.residuals("scaled"),
            "studentized": studentized,
            "root_size": np.sqrt(np.abs(studentized)),
            "leverage": table["leverage"],
            "cooks_distance": table["cooks_distance"],
        },
        title="Residuals",
    )


def plot_residual_panel(fit: Fit, *, width: float = 6.6, height: float = 5.4) -> Figure:
    """Draw residuals against fitted values, their size, their quantiles, and against leverage.

    Parameters
    ----------
    fit
        Any fit.
    width, height
        Size of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
        The rows with the largest Cook's distances are numbered, counted from 0 in the table that was fitted.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_residual_panel
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> len(plot_residual_panel(fit).axes)
    4
    """
    table = residual_panel_data(fit)
    known = ~np.isnan(table["studentized"])
    with canvas(width, height) as figure:
        mean, spread, shape, pull = figure.subplots(2, 2).flat
        mean.axhline(0.0, color=MUTED, linewidth=0.8)
        draw_trend(mean, table["fitted"], table["residual"])
        label_panel(mean, x="Fitted value", y="Scaled residual", title="Mean")
        draw_trend(spread, table["fitted"][known], table["root_size"][known])
        spread.set_ylim(bottom=0.0)
        label_panel(spread, x="Fitted value", y="√|studentized residual|", title="Spread")
        draw_quantiles(shape, qq_data(fit))
        label_panel(shape, x="Normal quantile", y="Scaled residual", title="Shape")
        pull.axhline(0.0, color=MUTED, linewidth=0.8)
        draw_cloud(pull, table["leverage"][known], table["studentized"][known])
        pull.set_xlim(left=0.0)
        _number_largest(pull, table)
        label_panel(pull, x="Leverage", y="Studentized residual", title="Pull")
    return figure


def _number_largest(axes: Axes, table: Table) -> None:
    distance = np.nan_to_num(table["cooks_distance"], nan=-1.0)
    for i in np.argsort(-distance)[:_N_LABELS]:
        if distance[i] > 0:
            axes.annotate(
                str(table["row"][i]),
                (table["leverage"][i], table["studentized"][i]),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                color=MUTED,
            )
