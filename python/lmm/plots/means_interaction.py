"""Interaction plot: means of one factor, a line for each level of another, the data behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import takes, yes_or_no
from lmm.errors import LmmError
from lmm.means import scaled
from lmm.means.families.labels import combined, with_factor_names
from lmm.plots.means import axis_label, evened, panels_of, title_within
from lmm.plots.style import COLOURS, MUTED, canvas, label_panel, legend_above, shorten, size, some_means
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.means import Means
    from lmm.typing import FloatVector, IntVector

__all__ = ["interaction_data", "plot_interaction"]

_MOST_COLUMNS = 3
_MOST_BEHIND = 4000  # observations drawn


@takes(means=some_means)
def interaction_data(means: Means) -> Table:
    """Tabulate means and observations of an interaction plot.

    Parameters
    ----------
    means
        Marginal means of one factor or more: the first is on the axis, the others make lines, groups make panels.

    Returns
    -------
    Table
        ``source`` (``"mean"`` or ``"data"``), ``x`` (level of the first factor), ``line, panel, value, conf_low,
        conf_high`` (missing for data). Observations are on the scale of the means; those of levels that have no mean
        are left out.

    Raises
    ------
    LmmError
        If these are contrasts or trends, or the mean over everything.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import interaction_data
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> table = interaction_data(fit.emmeans("tension:wool"))
    >>> list(table["line"][:6]), int((table["source"] == "data").sum())
    (['A', 'A', 'A', 'B', 'B', 'B'], 54)
    """
    if means.kind != "mean" or not set(means.labels) <= set(means.grid.variables):
        raise LmmError(
            "An interaction plot is one of marginal means, not of contrasts, trends or the mean of all."
        )
    first, *others = [name for name in means.labels if name not in means.by]
    shown = scaled(means.confint())
    rows = _rows_of_data(means)
    kept = rows >= 0
    value = _observed(means)[kept]
    behind = rows[kept]
    x = np.array(with_factor_names("", means.labels[first].tolist()), dtype=object)
    line = np.array(
        combined({name: means.labels[name].tolist() for name in others}) if others else [""] * len(x),
        dtype=object,
    )
    panel = np.array(panels_of(means), dtype=object)
    nothing = np.full(value.size, np.nan)
    columns: dict[str, Any] = {
        "source": ["mean"] * len(x) + ["data"] * value.size,
        "x": np.concatenate([x, x[behind]]),
        "line": np.concatenate([line, line[behind]]),
        "panel": np.concatenate([panel, panel[behind]]),
        "value": np.concatenate([shown.estimate, value]),
        "conf_low": np.concatenate([shown.conf_low, nothing]),
        "conf_high": np.concatenate([shown.conf_high, nothing]),
    }
    return Table(columns, title=means.heading)


@takes(means=some_means, data=yes_or_no, width=size, height=size)
def plot_interaction(means: Means, *, data: bool = True, width: float = 5.2, height: float = 3.4) -> Figure:
    """Draw means joined by lines, with intervals and the observations behind.

    Parameters
    ----------
    means
        Marginal means, as for `interaction_data`.
    data
        Whether to draw the observations.
    width, height
        Size of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If these are not marginal means of factors.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_interaction
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> plot_interaction(fit.emmeans("tension:wool")).axes[0].get_xlabel()
    'tension'
    """
    table = interaction_data(means)
    panels = list(dict.fromkeys(table["panel"]))
    lines = list(dict.fromkeys(table["line"]))
    n_columns = evened(len(panels), _MOST_COLUMNS)
    n_rows = -(-len(panels) // n_columns)
    first = next(name for name in means.labels if name not in means.by)
    with canvas(width, height * (1 + 0.6 * (n_rows - 1))) as figure:
        grid = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        for index, axes in enumerate(grid.flat):
            if index >= len(panels):
                axes.remove()
                continue
            _draw_panel(axes, table, panels[index], lines, data)
            label_panel(
                axes, x=first if n_rows == 1 else "", title=title_within(panels[index], width / n_columns)
            )
            if index + n_columns >= len(panels):
                axes.tick_params(labelbottom=True)
        grid.flat[0].set_ylabel(shorten(axis_label(means), 44))
        if n_rows > 1:
            figure.supxlabel(shorten(first, 60), fontsize=9)
        if len(lines) > 1:
            _legend(figure, lines)
    return figure


def _rows_of_data(means: Means) -> IntVector:
    """Which mean each observation belongs to (n_obs,), -1 for none; covariates are not looked at."""
    grid = means.grid
    names = [name for name in means.labels if grid.variables[name].is_factor]
    place: dict[tuple[Any, ...], int] = {}
    for row, key in enumerate(zip(*(means.labels[name].tolist() for name in names), strict=True)):
        place.setdefault(key, row)
    levels = [
        np.array([*grid.variables[name].values, None], dtype=object)[grid.variables[name].codes]
        for name in names
    ]
    if not names:
        return np.full(grid.fit.n_obs, -1)
    return np.array([place.get(key, -1) for key in zip(*levels, strict=True)])


def _observed(means: Means) -> FloatVector:
    """Response on the scale of the means (n_obs,)."""
    y = means.functions.fit.y
    if means.options.response and means.link is not None:
        return means.link.back(np.asarray(y))[0]
    return np.asarray(y)


def _draw_panel(axes: Axes, table: Table, panel: str, lines: list[str], data: bool) -> None:
    levels = list(dict.fromkeys(table["x"]))
    place = {level: i for i, level in enumerate(levels)}
    here = table["panel"] == panel
    spread = min(0.6, 0.12 * len(lines)) if len(lines) > 1 else 0.0
    for index, line in enumerate(lines):
        colour = COLOURS[index % len(COLOURS)] if len(lines) > 1 else COLOURS[0]
        shift = spread * (index - (len(lines) - 1) / 2) / max(len(lines) - 1, 1)
        own = here & (table["line"] == line)
        means_ = np.flatnonzero(own & (table["source"] == "mean"))
        x = np.array([place[level] for level in table["x"][means_]]) + shift
        if data:
            _draw_data(axes, table, np.flatnonzero(own & (table["source"] == "data")), place, shift, colour)
        axes.vlines(x, table["conf_low"][means_], table["conf_high"][means_], color=colour, linewidth=1.4)
        axes.plot(
            x, table["value"][means_], color=colour, markersize=4.5, linewidth=1.3, **_line_style(index)
        )
    names = [shorten(level, 14) for level in levels]
    axes.set_xticks(range(len(levels)), names, rotation=0 if sum(map(len, names)) < 40 else 35)
    axes.set_xlim(-0.5, len(levels) - 0.5)
    axes.grid(visible=False, axis="x")


def _line_style(index: int) -> dict[str, Any]:
    """Marker and dashes of a line: others when the colours start again."""
    again = index // len(COLOURS) % 4
    return {"marker": "os^D"[again], "linestyle": ("-", "--", ":", "-.")[again]}


def _draw_data(
    axes: Axes, table: Table, rows: IntVector, place: dict[str, int], shift: float, colour: str
) -> None:
    if rows.size == 0:
        return
    if rows.size > _MOST_BEHIND:
        rows = rows[np.unique(np.linspace(0, rows.size - 1, _MOST_BEHIND).astype(np.int64))]
    # Spread evenly by rank, so that equal values do not hide each other and the picture is always the same.
    value = table["value"][rows]
    x = np.array([place[level] for level in table["x"][rows]], dtype=np.float64) + shift
    for at in np.unique(x):
        mine = np.flatnonzero(x == at)
        golden = (np.arange(mine.size) * 0.618034) % 1.0 - 0.5
        x[mine] += 0.11 * golden
    axes.plot(x, value, "o", color=colour or MUTED, markersize=2.6, markeredgewidth=0, alpha=0.28, zorder=1)


def _legend(figure: Figure, lines: list[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=COLOURS[i % len(COLOURS)],
            **_line_style(i),
            markersize=4.5,
        )
        for i in range(len(lines))
    ]
    legend_above(figure, handles, lines)
