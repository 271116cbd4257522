"""Profiles of the likelihood: zeta, or the density that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from lmm.arguments import a_level, one_of, takes
from lmm.errors import LmmError, nearest
from lmm.inference import Profile, checked_level, profile
from lmm.plots.grid import MOST_COLUMNS, panel_grid, title_panel
from lmm.plots.style import ACCENT, INK, MUTED, canvas, fit_or_profile, size
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.inference import Curve
    from lmm.model import Fit

__all__ = ["View", "plot_profile", "profile_data"]

View = Literal["zeta", "density"]
"""What is drawn of a profile."""

N_POINTS = 101


@takes(of=fit_or_profile)
def profile_data(of: Fit | Profile) -> Table:
    """Tabulate what the pictures of a profile show.

    Parameters
    ----------
    of
        A profile, or a fit, which is then profiled.

    Returns
    -------
    Table
        ``term, value, zeta, density``: along each curve. ``density`` is the normal density at zeta times the slope of
        zeta: what the likelihood says about the parameter, as the density of a confidence distribution; missing
        where a correlation is ±1.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import profile_data
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> profile_data(fit).columns
    ('term', 'value', 'zeta', 'density')
    """
    own = of if isinstance(of, Profile) else profile(of)
    terms: list[str] = []
    parts = []
    for curve in own.curves:
        low, high = curve.values[0], curve.values[-1]
        values = np.unique(np.append(np.linspace(low, high, N_POINTS), curve.values))
        zeta = curve.at(values)
        slope = curve.slope_at(values)
        # At the end of the parameter space zeta stops; its slope there is a limit that rounding may miss.
        density = (
            np.exp(-(zeta**2) / 2.0) / np.sqrt(2.0 * np.pi) * np.where(np.isfinite(slope), slope, np.nan)
        )
        terms += [curve.parameter.name] * values.size
        parts.append(np.column_stack([values, zeta, density]))
    values, zeta, density = np.concatenate(parts).T
    return Table(
        {"term": terms, "value": values, "zeta": zeta, "density": density},
        title=f"Profile of the {'REML criterion' if own.criterion == 'reml' else 'deviance'}",
    )


@takes(of=fit_or_profile, view=one_of(*get_args(View)), level=a_level, width=size, height=size)
def plot_profile(
    of: Fit | Profile,
    view: View = "zeta",
    *,
    level: float = 0.95,
    width: float = 6.5,
    height: float | None = None,
) -> Figure:
    """Draw a profile, one panel for each parameter.

    A straight line of zeta means that the normal approximation is good; the thin line is that approximation. The
    interval at the level is marked; a curve that stops short of it has reached the end of the parameter space.

    Parameters
    ----------
    of
        A profile, or a fit, which is then profiled.
    view
        ``"zeta"`` or ``"density"``.
    level
        Of the intervals.
    width, height
        Size of the figure in inches; the height by default suits the number of panels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If there is no such view, or the level is not between 0 and 1.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_profile
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> [axes.get_title("left") for axes in plot_profile(fit).axes]
    ['sd_Intercept|Batch', 'sigma', 'Intercept']
    """
    views = get_args(View)
    if view not in views:
        raise LmmError(f'view= must be "zeta" or "density"; it is {view!r}.{nearest(str(view), views)}')
    level = checked_level(level)
    own = of if isinstance(of, Profile) else profile(of)
    table, limits = profile_data(own), own.confint(level)
    by_term = {row["term"]: (row["conf_low"], row["conf_high"]) for row in limits}
    draw = _draw_zeta if view == "zeta" else _draw_density
    with canvas(width, _height(len(own.curves), height)) as figure:
        for axes, curve in zip(panel_grid(figure, len(own.curves)), own.curves, strict=True):
            draw(axes, table, curve, by_term[curve.parameter.name])
            title_panel(axes, curve.parameter.name, min(len(own.curves), MOST_COLUMNS))
        if view == "zeta":
            figure.supylabel("ζ", fontsize=9, rotation="horizontal")
        else:
            figure.supylabel("Density", fontsize=9)
    return figure


def _height(n_panels: int, height: float | None) -> float:
    return 0.3 + 1.75 * -(-n_panels // 3) if height is None else height


def _draw_zeta(axes: Axes, table: Table, curve: Curve, limits: tuple[float | None, float | None]) -> None:
    rows = table["term"] == curve.parameter.name
    value, zeta = table["value"][rows], table["zeta"][rows]
    estimate = curve.values[int(np.flatnonzero(curve.zeta == 0.0)[0])]
    axes.axhline(0.0, color=MUTED, linewidth=0.6)
    slope = float(curve.slope_at(np.array([estimate]))[0])
    if np.isfinite(slope) and slope > 0.0:
        axes.plot(value, slope * (value - estimate), color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.plot(value, zeta, color=ACCENT)
    for limit in limits:
        if limit is not None:
            at = float(curve.at(np.array([limit]))[0])
            axes.plot([limit, limit], [0.0, at], color=INK, linewidth=0.8)
    axes.set_ylim(min(zeta.min() * 1.1, -0.5), zeta.max() * 1.1)


def _draw_density(axes: Axes, table: Table, curve: Curve, limits: tuple[float | None, float | None]) -> None:
    rows = table["term"] == curve.parameter.name
    value, density = table["value"][rows], table["density"][rows]
    known = np.isfinite(density)
    value, density = value[known], density[known]
    low, high = (value[0 if i == 0 else -1] if limit is None else limit for i, limit in enumerate(limits))
    inside = (value >= low) & (value <= high)
    axes.fill_between(value[inside], density[inside], color=ACCENT, alpha=0.16, linewidth=0)
    axes.plot(value, density, color=ACCENT)
    for limit in limits:
        if limit is not None:
            axes.plot(
                [limit, limit], [0.0, float(np.interp(limit, value, density))], color=INK, linewidth=0.8
            )
    axes.set_ylim(bottom=0.0)
    axes.set_yticks([])
