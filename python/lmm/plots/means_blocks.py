"""Blocks fixed or random: the same means, other standard errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_mapping, takes
from lmm.errors import LmmError
from lmm.means import emmeans
from lmm.plots.means import axis_label, labels_of
from lmm.plots.style import COLOURS, MUTED, canvas, label_panel, legend_above, shorten, size
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.model import Fit

__all__ = ["blocks_data", "plot_blocks"]


@takes(fits=a_mapping)
def blocks_data(fits: Mapping[str, Fit], specs: str) -> Table:
    """Tabulate the means of the same factor from several fits, with the standard errors of means and of differences.

    Parameters
    ----------
    fits
        Fits by what is said about them: ``{"fixed": fit_1, "random": fit_2}`` for blocks as fixed and random effects.
    specs
        What gets means, as in `lmm.emmeans`, without groups.

    Returns
    -------
    Table
        ``blocks`` (the key of the fit), ``label, emmean, std_error, df`` and ``sed``, the average standard error of the
        differences from the other means.

    Raises
    ------
    LmmError
        If there are no fits, or groups in ``specs``.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import blocks_data
    >>> pigs = lmm.datasets.load("pigs_grcbd")
    >>> fixed = lmm.fit("F.Dry.matter ~ Day * Trt + Room", pigs)
    >>> random = lmm.fit("F.Dry.matter ~ Day * Trt + (1 | Room)", pigs)
    >>> table = blocks_data({"fixed": fixed, "random": random}, "Trt")
    >>> table["std_error"][[0, 6]].round(3), table["sed"][[0, 6]].round(3)
    (array([1.011, 1.4  ]), array([1.43, 1.43]))
    """
    if not isinstance(fits, Mapping) or not fits:
        raise LmmError('Give the fits by name, such as {"fixed": fit_1, "random": fit_2}.')
    columns: dict[str, list[Any]] = {
        name: [] for name in ("blocks", "label", "emmean", "std_error", "df", "sed")
    }
    for name, fit in fits.items():
        means = emmeans(fit, specs)
        if means.by:
            raise LmmError("The picture of blocks has no groups; leave them out of specs.")
        columns["blocks"] += [str(name)] * len(means)
        columns["label"] += labels_of(means)
        for column in ("emmean", "std_error", "df"):
            columns[column] += means[column].tolist()
        columns["sed"] += _errors_of_differences(means)
    return Table(columns, title=f"Means of {specs} with blocks as {' or '.join(map(str, fits))} effects")


def _errors_of_differences(means: Any) -> list[float]:
    pairs = means.contrast("pairwise", adjust="none")
    k = len(means)
    error = np.zeros((k, k))
    first, second = np.triu_indices(k, 1)
    error[first, second] = error[second, first] = pairs.evaluated.std_error
    averages: list[float] = (error.sum(axis=1) / max(k - 1, 1)).tolist()
    return averages


@takes(fits=a_mapping, width=size, height=size)
def plot_blocks(fits: Mapping[str, Fit], specs: str, *, width: float = 5.2, height: float = 3.6) -> Figure:
    """Draw means ± one standard error from several fits side by side, and the standard error of a difference of each.

    Parameters
    ----------
    fits, specs
        As in `blocks_data`.
    width, height
        Size of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If there are no fits, or groups in ``specs``.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_blocks
    >>> pigs = lmm.datasets.load("pigs_grcbd")
    >>> random = lmm.fit("F.Dry.matter ~ Day * Trt + (1 | Room)", pigs)
    >>> plot_blocks({"random": random}, "Trt").axes[0].get_xlabel()
    'Trt'
    """
    table = blocks_data(fits, specs)
    kinds = list(dict.fromkeys(table["blocks"]))
    with canvas(width, height) as figure:
        axes = figure.add_subplot()
        labels = list(dict.fromkeys(table["label"]))
        for index, kind in enumerate(kinds):
            _draw_kind(axes, table, kind, labels, index, len(kinds))
        _draw_differences(axes, table, kinds, len(labels))
        axes.set_xticks(range(len(labels)), [shorten(label, 14) for label in labels])
        axes.grid(visible=False, axis="x")
        first = next(iter(fits.values()))
        label_panel(axes, x=specs, y=f"{axis_label(emmeans(first, specs))}, mean ± s.e.")
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], color=COLOURS[i % len(COLOURS)], marker="o", markersize=4.5)
            for i in range(len(kinds))
        ]
        legend_above(figure, handles, [f"blocks {kind}" for kind in kinds])
    return figure


def _draw_kind(axes: Axes, table: Table, kind: str, labels: list[str], index: int, n: int) -> None:
    rows = np.flatnonzero(table["blocks"] == kind)
    x = np.array([labels.index(label) for label in table["label"][rows]]) + 0.16 * (index - (n - 1) / 2)
    mean, error = table["emmean"][rows], table["std_error"][rows]
    colour = COLOURS[index % len(COLOURS)]
    axes.vlines(x, mean - error, mean + error, color=colour, linewidth=1.5)
    axes.plot(x, mean, "o", color=colour, markersize=4.5)


def _draw_differences(axes: Axes, table: Table, kinds: list[str], n_labels: int) -> None:
    """Draw bars as long as the standard errors of a difference, beside the means."""
    top = float(np.nanmax(table["emmean"] + table["std_error"]))
    for index, kind in enumerate(kinds):
        sed = float(np.nanmean(table["sed"][table["blocks"] == kind]))
        x = n_labels - 0.15 + 0.25 * index
        colour = COLOURS[index % len(COLOURS)]
        axes.plot([x, x], [top - sed, top], "-", color=colour, linewidth=1.5, marker="_", markersize=7)
    middle = n_labels - 0.15 + 0.125 * (len(kinds) - 1)
    axes.annotate(
        "s.e. of a\ndifference",
        (middle, top),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        va="bottom",
        color=MUTED,
        fontsize=8,
    )
    axes.set_xlim(-0.5, n_labels + 0.25 * len(kinds))
    low, high = axes.get_ylim()
    axes.set_ylim(low, max(high, top + 0.12 * (top - low)))
