"""Marginal means with their intervals, arrows for comparisons, and letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import takes, yes_or_no
from lmm.data.levels import label
from lmm.errors import LmmError
from lmm.means import comparison_arrows, scaled
from lmm.means.families.labels import combined
from lmm.plots.style import (
    ACCENT,
    INCHES_A_LETTER,
    MUTED,
    SECOND,
    canvas,
    label_panel,
    shorten,
    size,
    some_means,
)
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.means import Means
    from lmm.typing import IntVector

__all__ = ["means_data", "plot_means"]

_MOST_NAMES = 60
_MOST_COLUMNS = 3
_NARROWEST = 0.95  # inches of a panel without its names
_INCHES_A_LETTER = 0.062


@takes(means=some_means)
def means_data(means: Means, *, alpha: float = 0.05, adjust: str = "tukey") -> Table:
    """Tabulate what the plot of means shows.

    Parameters
    ----------
    means
        Marginal means, trends or contrasts.
    alpha
        Level of significance of arrows and letters.
    adjust
        Their adjustment.

    Returns
    -------
    Table
        ``panel`` (the group), ``label, estimate, conf_low, conf_high``; for means and trends also ``arrow_low,
        arrow_high`` (on the scale of the model alone) and ``letters``.

    Raises
    ------
    LmmError
        If alpha is not a probability, or there is no such adjustment.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import means_data
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> means_data(fit.emmeans("tension | wool"))["letters"].tolist()
    ['a', 'b', 'b', 'a', 'a', 'a']
    """
    shown = scaled(means.confint())
    columns: dict[str, Any] = {
        "panel": panels_of(means),
        "label": labels_of(means),
        "estimate": shown.estimate,
        "conf_low": shown.conf_low,
        "conf_high": shown.conf_high,
    }
    notes: list[str] = []
    if means.kind != "contrast" and (means.comparison.n_means > 1).any():
        letters = means.letters(alpha, adjust=adjust, sort=False)
        if shown.name == means.value:
            arrows = comparison_arrows(means, alpha, adjust)
            columns |= {"arrow_low": arrows.low, "arrow_high": arrows.high}
            if not arrows.true:
                notes.append("No arrows can show all comparisons; those drawn come near.")
        columns["letters"] = letters["letters"]
    return Table(columns, title=means.heading, notes=notes)


@takes(means=some_means, arrows=yes_or_no, letters=yes_or_no, width=size, height=size)
def plot_means(
    means: Means,
    *,
    arrows: bool = False,
    letters: bool = False,
    alpha: float = 0.05,
    adjust: str = "tukey",
    width: float = 4.8,
    height: float | None = None,
) -> Figure:
    """Draw means (or trends, or contrasts) with their intervals, a panel for each group.

    Parameters
    ----------
    means
        Marginal means, trends or contrasts.
    arrows
        Add arrows: those of two means overlap exactly if the means do not differ significantly.
    letters
        Add letters: means that share one do not differ significantly.
    alpha, adjust
        Of arrows and letters.
    width, height
        Size of the figure in inches; the height by default suits the number of means.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If arrows or letters are asked for contrasts, or alpha is not a probability.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_means
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> len(plot_means(fit.emmeans("tension | wool"), arrows=True).axes)
    2
    """
    table = means_data(means, alpha=alpha, adjust=adjust)
    refuse_missing(table, arrows, letters)
    panels = list(dict.fromkeys(table["panel"]))
    names = [[shorten(name, 26) for name in table["label"][table["panel"] == panel]] for panel in panels]
    shared = all(own == names[0] for own in names)
    n_columns = columns_of_panels(names, width, _MOST_COLUMNS, shared=shared)
    n_rows = -(-len(panels) // n_columns)
    most = max(map(len, names))
    natural = n_rows * (0.95 + 0.25 * min(max(most, 4), _MOST_NAMES))
    with canvas(width, natural if height is None else height) as figure:
        from matplotlib.ticker import MaxNLocator

        grid = figure.subplots(n_rows, n_columns, sharex=True, squeeze=False)
        for index, axes in enumerate(grid.flat):
            if index >= len(panels):
                axes.remove()
                continue
            rows = np.flatnonzero(table["panel"] == panels[index])
            _draw_panel(axes, table, rows, arrows=arrows, letters=letters)
            named = len(names[index]) <= _MOST_NAMES and not (shared and index % n_columns)
            axes.set_yticks(range(len(names[index])) if named else [], names[index] if named else [])
            label_panel(axes, title=title_within(panels[index], width / n_columns))
            if n_columns > 1:
                axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
            if index + n_columns >= len(panels):
                axes.tick_params(labelbottom=True)
        figure.supxlabel(shorten(axis_label(means), 60), fontsize=9)
    return figure


def columns_of_panels(
    names: Sequence[Sequence[str]], width: float, most: int, *, shared: bool, narrowest: float = _NARROWEST
) -> int:
    """Say how many panels stand side by side, so that names leave them room.

    Parameters
    ----------
    names
        Of the rows of each panel.
    width
        Of the figure in inches.
    most
        Panels side by side.
    shared
        Whether the names stand beside the first panel only.
    narrowest
        Inches that a panel needs besides.
    """
    beside = _INCHES_A_LETTER * max((len(name) for own in names for name in own), default=0)
    for n_columns in range(evened(len(names), most), 1, -1):
        if (width - beside * (1 if shared else n_columns)) / n_columns >= narrowest:
            return n_columns
    return 1


def title_within(text: str, width: float) -> str:
    """Shorten the title of a panel to its width in inches."""
    return shorten(text, max(10, int((width - 0.25) / INCHES_A_LETTER)))


def evened(n_panels: int, most: int) -> int:
    """Say how many panels stand in each row, rows being as full as each other: four are two and two."""
    return -(-n_panels // -(-n_panels // most))


def axis_label(means: Means) -> str:
    """Say what the numbers are, for an axis."""
    response = means.functions.fit.internals.spec.response.text.strip("`")
    link = means.link
    if means.value == "trend":
        return means.heading
    if (means.options.response or means.value == "response") and link is not None:
        response = link.column
    if means.kind == "contrast":
        return "Ratio" if means.options.response and link is not None else f"Difference of {response}"
    return response


def panels_of(means: Means) -> list[str]:
    """Name of the group of each row."""
    columns = [[f"{name} {label(value)}" for value in means.labels[name].tolist()] for name in means.by]
    return [", ".join(row) for row in zip(*columns, strict=True)] if columns else [""] * len(means.functions)


def labels_of(means: Means) -> list[str]:
    """Name of each row within its group."""
    inner = {name: column.tolist() for name, column in means.labels.items() if name not in means.by}
    return combined(inner)


def refuse_missing(table: Table, arrows: bool, letters: bool) -> None:
    """Say why there are no arrows or letters to draw.

    Raises
    ------
    LmmError
        If they are asked for and not there.
    """
    if letters and "letters" not in table:
        raise LmmError("Letters need several means or trends; contrasts have none.")
    if arrows and "arrow_low" not in table:
        raise LmmError(
            "There are arrows for means and trends on the scale of the model, with others to compare with; "
            "letters=True shows the same on any scale."
        )


def _draw_panel(axes: Axes, table: Table, rows: IntVector, *, arrows: bool, letters: bool) -> None:
    places = np.arange(rows.size)
    estimate = table["estimate"][rows]
    axes.hlines(
        places,
        table["conf_low"][rows],
        table["conf_high"][rows],
        color=ACCENT,
        linewidth=6.0 if arrows else 1.6,
        alpha=0.25 if arrows else 0.9,
    )
    axes.scatter(estimate, places, s=20, color=ACCENT, linewidths=0, zorder=4)
    if arrows:
        for height, row in enumerate(rows):
            for end in ("arrow_low", "arrow_high"):
                _arrow(axes, height, table["estimate"][row], table[end][row])
    if letters:
        for place, text in enumerate(table["letters"][rows]):
            if text:
                axes.annotate(
                    text,
                    (1.0, place),
                    xycoords=("axes fraction", "data"),
                    xytext=(3, 0),
                    textcoords="offset points",
                    va="center",
                    ha="left",
                    fontsize=8.5,
                )
    axes.set_ylim(rows.size - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    if np.nanmin(table["conf_low"]) < 0 < np.nanmax(table["conf_high"]):
        axes.axvline(0.0, color=MUTED, linewidth=0.8)


def _arrow(axes: Axes, place: float, start: float, end: float) -> None:
    if np.isfinite(end) and end != start:
        axes.annotate(
            "",
            (end, place),
            (start, place),
            arrowprops={
                "arrowstyle": "-|>",
                "color": SECOND,
                "linewidth": 1.2,
                "shrinkA": 0,
                "shrinkB": 0,
                "mutation_scale": 7,
            },
            zorder=3,
        )
