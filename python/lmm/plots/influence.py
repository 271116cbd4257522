"""Influence of rows or clusters: Cook's distances, or the changes of each fixed effect."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from lmm.arguments import a_text, one_of, takes
from lmm.errors import LmmError, nearest
from lmm.inference import cluster_names, influence
from lmm.model import a_fit
from lmm.plots.grid import title_panel
from lmm.plots.style import ACCENT, MUTED, SECOND, canvas, label_panel, shorten, size
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.model import Fit
    from lmm.typing import FloatVector, IntVector

__all__ = ["influence_data", "plot_influence"]

Show = Literal["cooks_distance", "dfbetas"]

MOST_NAMES = 50
"""More clusters are drawn without their names but for the largest."""

_MOST_LINES = 400  # more are drawn thinned: of each run of neighbours the largest
_N_LABELS = 5
_MOST_PANELS = 12
_FEW_PANELS = 3
_WIDE = 8.0


@takes(fit=a_fit, by=a_text)
def influence_data(fit: Fit, by: str | None = None) -> Table:
    """Tabulate what the plot of influence shows.

    Parameters
    ----------
    fit
        A fit.
    by
        As in `lmm.influence`; by default the first grouping factor, rows where there is none.

    Returns
    -------
    Table
        That of `lmm.influence`.

    Raises
    ------
    LmmError
        If ``by`` is none of these names.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import influence_data
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> len(influence_data(fit)), len(influence_data(fit, by="row"))
    (18, 180)
    """
    return influence(fit, by or _first_group(fit))


def _first_group(fit: Fit) -> str:
    names = cluster_names(fit)
    return next((names[part.group] for part in fit.internals.design.bars), "row")


@takes(fit=a_fit, by=a_text, show=one_of(*get_args(Show)), width=size, height=size)
def plot_influence(
    fit: Fit,
    by: str | None = None,
    *,
    show: Show = "cooks_distance",
    width: float | None = None,
    height: float | None = None,
) -> Figure:
    """Draw Cook's distance of each cluster or row, or its DFBETAS in one panel for each fixed effect.

    Parameters
    ----------
    fit
        A fit.
    by
        As in `lmm.influence`; by default the first grouping factor, rows where there is none.
    show
        ``"cooks_distance"``, or ``"dfbetas"`` with lines at 2/√m for m clusters or rows (Belsley, Kuh, Welsch).
    width, height
        Size of the figure in inches; by default they suit what is drawn.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If ``by`` or ``show`` is none of these names, or there are more than 12 fixed effects to show.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_influence
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> len(plot_influence(fit, show="dfbetas").axes)
    2
    """
    if show not in get_args(Show):
        kinds = get_args(Show)
        raise LmmError(
            f"show={show!r} is not known; there are {', '.join(kinds)}.{nearest(str(show), kinds)}"
        )
    table = influence_data(fit, by)
    columns = [name for name in table.columns if name.startswith("dfbetas.")]
    measures = columns if show == "dfbetas" else ["cooks_distance"]
    if len(measures) > _MOST_PANELS:
        raise LmmError(
            f"{len(measures)} fixed effects are too many for one picture; influence_data() has the numbers"
        )
    names = [str(name) for name in table["level" if "level" in table else "row"]]
    what = table.title.removeprefix("Influence by ")
    is_named = len(names) <= MOST_NAMES
    titles = [name.removeprefix("dfbetas.") for name in measures]
    width = width or (_WIDE if is_named and len(measures) > _FEW_PANELS else 4.5)
    n_columns = min(len(measures), _n_columns(titles, width) if is_named else 1)
    n_rows = -(-len(measures) // n_columns)
    natural = n_rows * (0.75 + 0.15 * max(len(names), 4) if is_named else 2.2)
    with canvas(width, natural if height is None else height) as figure:
        for index, measure in enumerate(measures):
            axes = figure.add_subplot(n_rows, n_columns, index + 1)
            limit = 2 / np.sqrt(len(names)) if show == "dfbetas" else None
            if is_named:
                _draw_named(axes, table[measure], names, limit)
            else:
                at = table["row"] if "row" in table else np.arange(1, len(names) + 1)
                _draw_in_order(axes, at, table[measure], names, limit)
            if is_named and index % n_columns:
                axes.set_yticklabels([])
            if show == "dfbetas":
                title_panel(axes, titles[index], n_columns)
        words = "DFBETAS" if show == "dfbetas" else "Cook's distance"
        if is_named:
            figure.supxlabel(words, fontsize=9)
            figure.supylabel(shorten(what, 30), fontsize=9)
        else:
            axis = "Row of the table" if "row" in table else f"{what}, {len(names):,} levels in order"
            label_panel(figure.axes[-1], x=axis)
            figure.supylabel(words, fontsize=9)
    return figure


def _draw_named(axes: Axes, values: FloatVector, names: list[str], limit: float | None) -> None:
    places = np.arange(len(names))
    colours = _colours(values, limit)
    axes.axvline(0.0, color=MUTED, linewidth=0.8)
    _draw_limits(axes.axvline, limit)
    axes.hlines(places, 0.0, values, color=colours, linewidth=1.1)
    axes.scatter(values, places, s=13, color=colours, linewidths=0, zorder=3)
    axes.set_yticks(places, [shorten(name, 22) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")


def _draw_in_order(
    axes: Axes, at: IntVector, values: FloatVector, names: list[str], limit: float | None
) -> None:
    places = _largest_of_runs(values)
    shown = values[places]
    colours = _colours(values, limit)
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    _draw_limits(axes.axhline, limit)
    axes.vlines(at[places], 0.0, shown, color=[colours[i] for i in places], linewidth=0.7, alpha=0.8)
    for i in _labelled(at[places], shown):
        above = shown[i] >= 0
        axes.annotate(
            shorten(names[places[i]], 12),
            (at[places[i]], shown[i]),
            xytext=(0, 2 if above else -2),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=7,
            color=MUTED,
        )
    axes.margins(x=0.02, y=0.12)
    if limit is None:
        axes.set_ylim(bottom=0.0)  # a distance
    axes.grid(visible=False, axis="x")


def _n_columns(titles: list[str], width: float) -> int:
    """Count panels side by side under which the longest title has room."""
    room = 14 * width  # characters across the figure
    return max(1, min(3, int(room // max(8, *(len(title) + 2 for title in titles)))))


def _labelled(x: IntVector, y: FloatVector) -> list[int]:
    """Choose the largest values whose labels do not stand in each other's way."""
    found: list[int] = []
    wide, high = float(x.max() - x.min()), float(np.nanmax(np.abs(y)))
    for i in np.argsort(-np.nan_to_num(np.abs(y), nan=-1.0))[:_N_LABELS]:
        near = [j for j in found if abs(x[i] - x[j]) < 0.07 * wide and abs(y[i] - y[j]) < 0.09 * high]
        if not near and not np.isnan(y[i]):
            found.append(int(i))
    return found


def _draw_limits(line: object, limit: float | None) -> None:
    if limit is not None and callable(line):
        for value in (-limit, limit):
            line(value, color=SECOND, linewidth=0.8, linestyle=(0, (4, 3)))


def _colours(values: FloatVector, limit: float | None) -> list[str]:
    if limit is None:
        # No rule of thumb for clusters deserves a line; the largest few are worth a look.
        finite = np.abs(values[np.isfinite(values)])
        limit = float(np.sort(finite)[-min(_N_LABELS, finite.size)]) if finite.size > _N_LABELS else 0.0
        return [ACCENT if value >= limit else MUTED for value in np.abs(values)]
    return [ACCENT if abs(value) > limit else MUTED for value in values]


def _largest_of_runs(values: FloatVector) -> IntVector:
    """Positions to draw: all, or of each run of neighbours the one that is farthest from zero."""
    size = np.nan_to_num(np.abs(values), nan=-1.0)
    if size.size <= _MOST_LINES:
        return np.arange(size.size)
    edges = np.linspace(0, size.size, _MOST_LINES + 1).astype(np.int64)
    return np.array([a + int(np.argmax(size[a:b])) for a, b in pairwise(edges)])
