"""Predictions of the population along one variable, with bands for the mean and for new observations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level, a_mapping, a_text, takes
from lmm.inference import predict_intervals
from lmm.model import a_fit
from lmm.plots.style import COLOURS, canvas, draw_cloud, label_panel, legend_above, shorten, size
from lmm.plots.typical_rows import TypicalRows, typical_rows
from lmm.table import Table
from lmm.table.naming import beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.inference import Df
    from lmm.model import Fit
    from lmm.typing import FloatVector

__all__ = ["plot_predictions", "predictions_data"]


@takes(fit=a_fit, along=a_text, at=a_mapping, level=a_level)
def predictions_data(
    fit: Fit,
    along: str | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    level: float = 0.95,
    df: Df = "auto",
) -> Table:
    """Tabulate what the plot of predictions shows.

    Parameters
    ----------
    fit
        A fit.
    along
        The variable of the axis, numeric or a factor; by default the first numeric one of the fixed part,
        else the first factor.
    at
        Values of other variables: one value, or several for a line each. By default numeric ones have their
        mean, and the first factor a line for each level; other factors have their first level.
    level
        Coverage of the intervals.
    df
        Of the intervals of means, as in `lmm.predict_intervals`; those of new observations are Satterthwaite's.

    Returns
    -------
    Table
        ``line``, the variable, ``estimate, std_error, df, conf_low, conf_high, pred_low, pred_high``: predictions
        with the random effects at zero, confidence intervals of their means, and prediction intervals of
        a new observation of a new level of all random terms.

    Raises
    ------
    LmmError
        If there is no such variable, or nothing to predict along.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import predictions_data
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> predictions_data(fit).columns[:3]
    ('line', 'Days', 'estimate')
    """
    rows = typical_rows(fit, along, at)
    return _tabulate(fit, rows, level, df)


@takes(fit=a_fit, along=a_text, at=a_mapping, level=a_level, width=size, height=size)
def plot_predictions(
    fit: Fit,
    along: str | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    level: float = 0.95,
    df: Df = "auto",
    width: float = 4.5,
    height: float = 3.3,
) -> Figure:
    """Draw predictions of the population along one variable with two bands; see `predictions_data`.

    Parameters
    ----------
    fit
        A fit.
    along, at, level, df
        As in `predictions_data`.
    width, height
        Size of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure
        Lines (dots for a factor); the darker band is for the mean, the lighter one for new observations (dotted where
        there are several lines). Behind one line that depends on nothing else stand the data.

    Raises
    ------
    LmmError
        If there is no such variable, or nothing to predict along.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_predictions
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> plot_predictions(fit).axes[0].get_xlabel()
    'Days'
    """
    rows = typical_rows(fit, along, at)
    table = _tabulate(fit, rows, level, df)
    with canvas(width, height) as figure:
        axes = figure.add_subplot()
        column = fit.internals.design.model_frame[rows.along]
        if rows.is_numeric and rows.is_alone:
            draw_cloud(axes, column.numbers, fit.y)
        handles = []
        for i, line in enumerate(rows.lines):
            own = np.flatnonzero(table["line"] == line) if line else np.arange(len(table))
            draw = _draw_band if rows.is_numeric else _draw_dots
            handles.append(draw(axes, table, own, rows, i))
        if not rows.is_numeric:
            levels = column.as_factor().levels
            axes.set_xticks(range(len(levels)), [shorten(name, 18) for name in levels])
            axes.grid(visible=False, axis="x")
        label_panel(axes, x=rows.along, y=fit.formula.partition("~")[0].strip().strip("`"))
        if len(rows.lines) > 1:
            legend_above(figure, handles, list(rows.lines))
    return figure


def _tabulate(fit: Fit, rows: TypicalRows, level: float, df: Df) -> Table:
    mean = predict_intervals(fit, rows.table, random=False, interval="confidence", level=level, df=df)
    columns: dict[str, Any] = {name: mean[name] for name in mean.columns}
    notes = [*mean.notes, *rows.notes]
    if fit.internals.spec.blocks:
        columns |= {name: np.full(len(mean), np.nan) for name in ("pred_low", "pred_high")}
        notes.append("No intervals of new observations: the rows of the user's blocks are not known.")
    else:
        weights = None if fit.weights is None else 1.0
        new = predict_intervals(
            fit, rows.table, random=False, interval="prediction", level=level, weights=weights
        )
        columns |= {"pred_low": new["conf_low"], "pred_high": new["conf_high"]}
    along, renaming = beside(["line", *columns], {rows.along: rows.table[rows.along]})
    columns = {"line": rows.line, **along, **columns}
    notes += renaming
    return Table(
        columns, title=f"Predictions along {rows.along} with {100 * level:g}% intervals", notes=notes
    )


def _draw_band(axes: Axes, table: Table, own: Any, rows: TypicalRows, i: int) -> Any:
    colour = COLOURS[i % len(COLOURS)]
    x: FloatVector = np.asarray(rows.table[rows.along])[own]
    low, high = table["pred_low"][own], table["pred_high"][own]
    if len(rows.lines) == 1:
        axes.fill_between(x, low, high, color=colour, alpha=0.08, linewidth=0)
    else:
        # Several wide bands on top of each other would be mud.
        for edge in (low, high):
            axes.plot(x, edge, color=colour, linewidth=0.7, linestyle=(0, (1, 2)))
    axes.fill_between(
        x, table["conf_low"][own], table["conf_high"][own], color=colour, alpha=0.22, linewidth=0
    )
    return axes.plot(x, table["estimate"][own], color=colour)[0]


def _draw_dots(axes: Axes, table: Table, own: Any, rows: TypicalRows, i: int) -> Any:
    colour = COLOURS[i % len(COLOURS)]
    shift = 0.5 * ((i + 0.5) / len(rows.lines) - 0.5)  # lines of one level stand side by side
    x = np.arange(own.size) + shift
    axes.vlines(x, table["pred_low"][own], table["pred_high"][own], color=colour, linewidth=0.8, alpha=0.5)
    axes.vlines(x, table["conf_low"][own], table["conf_high"][own], color=colour, linewidth=2.4)
    return axes.scatter(x, table["estimate"][own], s=22, color=colour, linewidths=0, zorder=3)
