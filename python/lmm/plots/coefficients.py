"""Fixed effects with their intervals, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level, takes, texts
from lmm.errors import LmmError, nearest
from lmm.inference import coefficients
from lmm.model import a_fit
from lmm.plots.style import ACCENT, MUTED, canvas, label_panel, shorten, size
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lmm.inference import Df, Vcov
    from lmm.model import Fit

__all__ = ["coefficients_data", "plot_coefficients"]

MOST_TERMS = 120
"""More lines than this are unreadable; choose with ``terms=``."""

_INNER = 0.5  # coverage of the thick part of a line


@takes(fit=a_fit, terms=texts, level=a_level)
def coefficients_data(
    fit: Fit,
    terms: Sequence[str] | None = None,
    *,
    level: float = 0.95,
    df: Df = "auto",
    vcov: Vcov = None,
) -> Table:
    """Tabulate what the plot of coefficients shows.

    Parameters
    ----------
    fit
        A fit.
    terms
        Names of coefficients; by default all but the intercept, whose size has little to do with the others.
    level, df, vcov
        As in `lmm.coefficients`.

    Returns
    -------
    Table
        ``term, estimate, std_error, df, inner_low, inner_high, conf_low, conf_high``; the inner interval covers
        one half. Aliased coefficients are left out.

    Raises
    ------
    LmmError
        If there is no such coefficient, or none is left.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import coefficients_data
    >>> fit = lmm.fit("`yield` ~ Variety + nitro + (1 | Block/Variety)", lmm.datasets.load("Oats"))
    >>> list(coefficients_data(fit)["term"])
    ['Variety[T.Marvellous]', 'Variety[T.Victory]', 'nitro']
    """
    table = coefficients(fit, df=df, vcov=vcov, level=level)
    inner = coefficients(fit, df=df, vcov=vcov, level=_INNER)
    names = list(table["term"])
    for name in terms or ():
        if name not in names:
            raise LmmError(
                f'terms= names "{name}", which is not a coefficient of this model.{nearest(str(name), names)}'
            )
    wanted = [name for name in names if name != "Intercept"] if terms is None else list(terms)
    rows = [names.index(name) for name in wanted if not np.isnan(table["estimate"][names.index(name)])]
    if not rows:
        raise LmmError('no coefficients to draw: name some, such as terms=["Intercept"]')
    columns: dict[str, Any] = {name: table[name][rows] for name in ("term", "estimate", "std_error", "df")}
    columns |= {"inner_low": inner["conf_low"][rows], "inner_high": inner["conf_high"][rows]}
    columns |= {name: table[name][rows] for name in ("conf_low", "conf_high")}
    return Table(columns, title=f"Fixed effects with {100 * level:g}% intervals", notes=table.notes)


@takes(fit=a_fit, terms=texts, level=a_level, width=size, height=size)
def plot_coefficients(
    fit: Fit,
    terms: Sequence[str] | None = None,
    *,
    level: float = 0.95,
    df: Df = "auto",
    vcov: Vcov = None,
    width: float = 4.5,
    height: float | None = None,
) -> Figure:
    """Draw estimates with intervals; the thick part covers one half, intervals that exclude zero are in colour.

    Parameters
    ----------
    fit
        A fit.
    terms
        Names of coefficients; by default all but the intercept.
    level, df, vcov
        As in `lmm.coefficients`.
    width, height
        Size of the figure in inches; the height by default suits the number of coefficients.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If there is no such coefficient, none is left, or there are too many.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_coefficients
    >>> fit = lmm.fit("`yield` ~ Variety + nitro + (1 | Block/Variety)", lmm.datasets.load("Oats"))
    >>> [label.get_text() for label in plot_coefficients(fit).axes[0].get_yticklabels()]
    ['Variety[T.Marvellous]', 'Variety[T.Victory]', 'nitro']
    """
    table = coefficients_data(fit, terms, level=level, df=df, vcov=vcov)
    n = len(table)
    if n > MOST_TERMS:
        raise LmmError(
            f"{n} coefficients are too many for one picture; choose up to {MOST_TERMS} with terms="
        )
    places = np.arange(n)
    excludes = (table["conf_low"] > 0) | (table["conf_high"] < 0)
    colours = [ACCENT if marked else MUTED for marked in excludes]
    with canvas(width, 0.75 + 0.22 * max(n, 3) if height is None else height) as figure:
        axes = figure.add_subplot()
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        axes.hlines(places, table["conf_low"], table["conf_high"], color=colours, linewidth=1.0)
        axes.hlines(places, table["inner_low"], table["inner_high"], color=colours, linewidth=2.6)
        axes.scatter(table["estimate"], places, s=18, color=colours, linewidths=0, zorder=3)
        axes.set_yticks(places, [shorten(name, 34) for name in table["term"]])
        axes.set_ylim(n - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        label_panel(axes, x=f"Estimate with {100 * level:g}% interval")
    return figure
