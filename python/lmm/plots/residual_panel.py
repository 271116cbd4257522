"""Four looks at the residuals: mean, spread, shape, and the rows that pull hardest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np

from lmm.arguments import takes, texts
from lmm.errors import LmmError, nearest
from lmm.inference import influence
from lmm.model import a_fit
from lmm.plots.qq import draw_quantiles, qq_data
from lmm.plots.residuals import draw_trend
from lmm.plots.style import MUTED, canvas, draw_cloud, label_panel, size
from lmm.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.model import Fit

__all__ = ["plot_residual_panel", "residual_panel_data"]

Panel = Literal["mean", "spread", "shape", "pull"]

_N_LABELS = 3


@takes(fit=a_fit)
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


@takes(fit=a_fit, panels=texts, width=size, height=size)
def plot_residual_panel(
    fit: Fit,
    *,
    panels: Sequence[Panel] = ("mean", "spread", "shape", "pull"),
    width: float = 6.6,
    height: float | None = None,
) -> Figure:
    """Draw residuals against fitted values, their size, their quantiles, and against leverage.

    Parameters
    ----------
    fit
        Any fit.
    panels
        Which of the four: ``"mean"``, ``"spread"``, ``"shape"``, ``"pull"``.
    width, height
        Size of the figure in inches; the height by default suits the number of panels.

    Returns
    -------
    matplotlib.figure.Figure
        The rows with the largest Cook's distances are numbered, counted from 0 in the table that was fitted.

    Raises
    ------
    LmmError
        If there is no such panel.
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
    chosen = _checked_panels(panels)
    table = residual_panel_data(fit)
    n_columns = min(len(chosen), 2)
    n_rows = -(-len(chosen) // n_columns)
    with canvas(width, 2.7 * n_rows if height is None else height) as figure:
        for index, panel in enumerate(chosen):
            axes = figure.add_subplot(n_rows, n_columns, index + 1)
            _DRAWN_BY[panel](axes, fit, table)
            label_panel(axes, title=panel.capitalize() if len(chosen) > 1 else "")
    return figure


def _checked_panels(panels: Sequence[Panel]) -> tuple[Panel, ...]:
    known = get_args(Panel)
    chosen = (panels,) if isinstance(panels, str) else tuple(panels)
    for panel in chosen:
        if panel not in known:
            raise LmmError(f"panels= may have {', '.join(known)}, not {panel!r}.{nearest(str(panel), known)}")
    if not chosen:
        raise LmmError(f"panels= is empty; it may have {', '.join(known)}.")
    return cast("tuple[Panel, ...]", chosen)


def _draw_mean(axes: Axes, _: Fit, table: Table) -> None:
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    draw_trend(axes, table["fitted"], table["residual"])
    label_panel(axes, x="Fitted value", y="Scaled residual")


def _draw_spread(axes: Axes, _: Fit, table: Table) -> None:
    known = ~np.isnan(table["studentized"])
    draw_trend(axes, table["fitted"][known], table["root_size"][known])
    axes.set_ylim(bottom=0.0)
    label_panel(axes, x="Fitted value", y="√|studentized residual|")


def _draw_shape(axes: Axes, fit: Fit, _: Table) -> None:
    draw_quantiles(axes, qq_data(fit))
    label_panel(axes, x="Normal quantile", y="Scaled residual")


def _draw_pull(axes: Axes, _: Fit, table: Table) -> None:
    known = ~np.isnan(table["studentized"])
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    draw_cloud(axes, table["leverage"][known], table["studentized"][known])
    axes.set_xlim(left=0.0)
    _number_largest(axes, table)
    label_panel(axes, x="Leverage", y="Studentized residual")


_DRAWN_BY: dict[str, Callable[[Axes, Fit, Table], None]] = {
    "mean": _draw_mean,
    "spread": _draw_spread,
    "shape": _draw_shape,
    "pull": _draw_pull,
}


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
