"""Quantiles of residuals or of random effects against those of the normal distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from lmm.arguments import one_of, takes
from lmm.errors import LmmError, nearest
from lmm.model import a_fit
from lmm.plots.random_effects import Panel, panels_of
from lmm.plots.style import ACCENT, MUTED, canvas, label_panel, size
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.model import Fit
    from lmm.typing import FloatVector, IntVector

__all__ = ["draw_quantiles", "plot_qq", "qq_data"]

Of = Literal["residuals", "random"]

_MOST_POINTS = 400
_MOST_COLUMNS = 2


@takes(fit=a_fit, of=one_of(*get_args(Of)))
def qq_data(fit: Fit, of: Of = "residuals") -> Table:
    """Tabulate what the quantile plot shows.

    Parameters
    ----------
    fit
        Any fit.
    of
        ``"residuals"`` (in units of ``sigma``) or ``"random"``: the random effects, each term by itself.

    Returns
    -------
    Table
        ``group``, ``term`` (missing for residuals), ``normal`` (the quantile of the standard normal distribution at
        (i - 1/2)/n), ``observed``, and ``conf_low``, ``conf_high``: between them lies the i-th smallest of n normal
        values in 95 of 100 samples, on the line through the quartiles. For estimates that are pulled
        towards each other, as random effects are, the band is a guide and no test.

    Raises
    ------
    DesignError
        If random effects are asked for and there are none.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import qq_data
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> len(qq_data(fit)), len(qq_data(fit, of="random"))
    (180, 36)
    """
    parts = [_quantiles(panel) for panel in _samples(fit, of)]
    columns = {
        name: np.concatenate([np.asarray(part[name]) for part in parts])
        for name in ("group", "term", "normal", "observed", "conf_low", "conf_high")
    }
    what = "residuals" if of == "residuals" else "random effects"
    return Table(columns, title=f"Normal quantiles of {what}")


@takes(fit=a_fit, of=one_of(*get_args(Of)), width=size, height=size)
def plot_qq(fit: Fit, of: Of = "residuals", *, width: float = 4.5, height: float | None = None) -> Figure:
    """Draw quantiles against those of the normal distribution, with a line through the quartiles and a band.

    Parameters
    ----------
    fit
        Any fit.
    of
        ``"residuals"`` or ``"random"`` (one panel for each random effect).
    width, height
        Size of the figure in inches; the height by default suits the number of panels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    DesignError
        If random effects are asked for and there are none.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_qq
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> len(plot_qq(fit, of="random").axes)
    2
    """
    samples = _samples(fit, of)
    n_columns = min(len(samples), _MOST_COLUMNS)
    n_rows = -(-len(samples) // n_columns)
    panel_height = 3.3 if n_columns == 1 else 2.4
    with canvas(width, panel_height * n_rows if height is None else height) as figure:
        for index, panel in enumerate(samples):
            axes = figure.add_subplot(n_rows, n_columns, index + 1)
            draw_quantiles(axes, _quantiles(panel))
            is_lowest = index + n_columns >= len(samples)
            label_panel(
                axes, x="Normal quantile" if is_lowest else "", title=panel.title if panel.group else ""
            )
        figure.axes[0].set_ylabel("Scaled residual" if of == "residuals" else "Random effect")
    return figure


def _samples(fit: Fit, of: Of) -> list[Panel]:
    if of == "residuals":
        residual = np.asarray(fit.residuals("scaled"))
        return [Panel("", "", (), residual, np.full(residual.size, np.nan))]
    if of != "random":
        kinds = get_args(Of)
        raise LmmError(f"of={of!r} is not known; there are {', '.join(kinds)}.{nearest(str(of), kinds)}")
    return panels_of(fit)


def _quantiles(panel: Panel) -> Table:
    from scipy.special import betaincinv, ndtri

    observed = np.sort(panel.estimate)
    n = observed.size
    rank = np.arange(1, n + 1)
    normal = ndtri((rank - 0.5) / n)
    centre, scale = _line(observed)
    name = np.full(n, panel.group or None, dtype=object)
    term = np.full(n, panel.term or None, dtype=object)
    return Table(
        {
            "group": name,
            "term": term,
            "normal": normal,
            "observed": observed,
            "conf_low": centre + scale * ndtri(betaincinv(rank, n - rank + 1, 0.025)),
            "conf_high": centre + scale * ndtri(betaincinv(rank, n - rank + 1, 0.975)),
        }
    )


def _line(observed: FloatVector) -> tuple[float, float]:
    """Centre and scale of the normal distribution that has the quartiles of the sample."""
    low, high = np.quantile(observed, [0.25, 0.75])
    return float(low + high) / 2, float(high - low) / (2 * 0.6744897501960817)


def draw_quantiles(axes: Axes, table: Table) -> None:
    """Draw one panel of `qq_data`."""
    observed = table["observed"]
    shown = _thin(table["normal"])
    centre, scale = _line(observed)
    normal = table["normal"][shown]
    axes.fill_between(
        normal, table["conf_low"][shown], table["conf_high"][shown], color=ACCENT, alpha=0.12, linewidth=0
    )
    ends = np.array([normal[0], normal[-1]])
    axes.plot(ends, centre + scale * ends, color=MUTED, linewidth=0.9)
    axes.plot(
        normal,
        observed[shown],
        "o",
        color=ACCENT,
        markersize=2.2 if shown.size > 200 else 3.0 if shown.size > 60 else 3.8,
        markeredgewidth=0,
        alpha=0.75,
    )


def _thin(normal: FloatVector) -> IntVector:
    """Rows to draw: all in the tails, and in the crowded middle as many as can be told apart."""
    if normal.size <= _MOST_POINTS:
        return np.arange(normal.size)
    places = np.linspace(normal[0], normal[-1], _MOST_POINTS)
    return np.unique(np.searchsorted(normal, places).clip(0, normal.size - 1))
