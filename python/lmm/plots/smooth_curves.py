"""Smooth terms: curves with bands, partial residuals and the places of the data; surfaces as shaded contours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level, one_of, takes, texts, yes_or_no
from lmm.bases import MarkovField, name_of_region
from lmm.errors import DesignError, LmmError
from lmm.inference import BandKind, chosen_term, partial_residuals, smooth, smooths
from lmm.model import a_fit
from lmm.plots.grid import panel_grid
from lmm.plots.maps import draw_map
from lmm.plots.style import (
    ACCENT,
    COLOURS,
    INK,
    MUTED,
    canvas,
    draw_cloud,
    label_panel,
    shades,
    shorten,
    size,
)
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.design.smooth_places import Curve
    from lmm.design.smooth_terms import SmoothTermSpec
    from lmm.model import Fit
    from lmm.typing import FloatMatrix, FloatVector

__all__ = ["plot_smooths", "smooths_data"]

TOO_FAR = 0.1
"""Distance from the nearest row, of the range of the data, beyond which a surface is not shown."""
MOST_CURVES = 40
"""Curves of levels in one panel."""


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """What one panel shows.

    Attributes
    ----------
    label
        Name of the curve.
    kind
        ``"curve"``, ``"surface"``, ``"levels"`` (an effect of each level), ``"curves"`` (a curve of each level) or
        ``"map"`` (an effect of each region of a map with polygons).
    axes
        Names of the covariates along the axes.
    grid
        As `lmm.smooth` has it.
    outlines
        Corners of the regions of a map, in the order of the grid.
    """

    label: str
    kind: str
    axes: tuple[str, ...]
    grid: Table
    outlines: tuple[FloatMatrix, ...] = ()


@takes(fit=a_fit, terms=texts, level=a_level, band=one_of("pointwise", "simultaneous"))
def smooths_data(
    fit: Fit,
    terms: str | Sequence[str] | None = None,
    *,
    level: float = 0.95,
    band: BandKind = "pointwise",
) -> Table:
    """Tabulate what the plot of smooth terms shows.

    Parameters
    ----------
    fit
        A fit.
    terms
        Names of terms; by default all that have one or two numeric covariates, or levels.
    level
        Coverage of the bands.
    band
        ``"pointwise"`` or ``"simultaneous"``, as in `lmm.smooth`.

    Returns
    -------
    Table
        ``term, part, x, z, level, estimate, conf_low, conf_high``: the grid (part ``"curve"``) and the partial
        residuals (part ``"residual"``) of each curve. ``x`` and ``z`` are its covariates, ``level`` that of a factor.

    Raises
    ------
    LmmError
        If there is no such term, or none that can be shown.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import smooths_data
    >>> fit = lmm.fit("Reaction ~ s(Days, bs='cr', k=5) + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    >>> table = smooths_data(fit)
    >>> int((table["part"] == "curve").sum()), int((table["part"] == "residual").sum())
    (100, 180)
    """
    rows: dict[str, list[Any]] = {
        name: [] for name in ("term", "part", "x", "z", "level", "estimate", "conf_low", "conf_high")
    }
    for panel in _panels(fit, terms, level, band):
        _add(rows, panel, "curve", panel.grid)
        if panel.kind in ("curve", "surface"):
            _add(rows, panel, "residual", partial_residuals(fit, panel.label))
    return Table(rows, title="Smooth terms")


def _add(rows: dict[str, list[Any]], panel: _Panel, part: str, table: Table) -> None:
    n = len(table)
    numeric = [name for name in panel.axes if table[name].dtype.kind == "f"]
    others = [name for name in panel.axes if name not in numeric]
    absent = np.full(n, np.nan)
    rows["term"] += [panel.label] * n
    rows["part"] += [part] * n
    rows["x"] += list(table[numeric[0]] if numeric else absent)
    rows["z"] += list(table[numeric[1]] if len(numeric) > 1 else absent)
    rows["level"] += [str(value) for value in table[others[0]]] if others else [None] * n
    rows["estimate"] += list(table["estimate"])
    for name in ("conf_low", "conf_high"):
        rows[name] += list(table[name] if name in table.columns else absent)


@takes(
    fit=a_fit,
    terms=texts,
    level=a_level,
    band=one_of("pointwise", "simultaneous"),
    residuals=yes_or_no,
    width=size,
    height=size,
)
def plot_smooths(
    fit: Fit,
    terms: str | Sequence[str] | None = None,
    *,
    level: float = 0.95,
    band: BandKind = "pointwise",
    residuals: bool = True,
    width: float | None = None,
    height: float | None = None,
) -> Figure:
    """Draw smooth terms, a panel for each curve; see `smooths_data`.

    Parameters
    ----------
    fit
        A fit.
    terms
        Names of terms; by default all that have one or two numeric covariates, or levels.
    level
        Coverage of the bands.
    band
        ``"pointwise"`` or ``"simultaneous"``, as in `lmm.smooth`.
    residuals
        Whether to draw partial residuals, the curve plus the residuals of the fit.
    width, height
        Size of the figure in inches; by default by the number of panels.

    Returns
    -------
    matplotlib.figure.Figure
        Curves with their band, a stroke at the foot for each value of the covariate, effective degrees of freedom
        beside the name. Surfaces are shaded, with contours, and blank far from the data. A Markov random field whose
        map was given by ``polygons=`` is drawn as a map; regions without data are hatched.

    Raises
    ------
    LmmError
        If there is no such term, or none that can be shown.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_smooths
    >>> fit = lmm.fit("Reaction ~ s(Days, bs='cr', k=5) + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    >>> plot_smooths(fit).axes[0].get_ylabel()
    's(Days), 1.00 edf'
    """
    panels = _panels(fit, terms, level, band)
    table = smooths(fit)
    edf = dict(zip(table["term"], table["edf"], strict=True))
    n_columns = min(len(panels), 3)
    n_rows = -(-len(panels) // n_columns)
    with canvas(width or 1.0 + 2.9 * n_columns, height or 0.4 + 2.6 * n_rows) as figure:
        for axes, panel in zip(panel_grid(figure, len(panels)), panels, strict=True):
            _DRAWN_BY[panel.kind](axes, fit, panel, residuals)
            label = f"{panel.label}, {edf[panel.label]:.2f} edf"
            if panel.kind in ("surface", "map"):
                label_panel(axes, y=panel.axes[1] if panel.kind == "surface" else "", title=label)
            else:
                label_panel(axes, y=label)
    return figure


def _panels(fit: Fit, terms: str | Sequence[str] | None, level: float, band: BandKind) -> list[_Panel]:
    specs = fit.internals.spec.smooths.terms
    if not any(term.curves for term in specs):
        raise LmmError("This fit has no smooth terms to draw. They are written s(x) in the formula.")
    wanted = [terms] if isinstance(terms, str) else terms
    if wanted is None:
        pairs = [(term, curve) for term in specs for curve in term.curves if _kind(fit, term) is not None]
        if not pairs:
            raise DesignError(
                "No smooth term of this fit has one or two covariates. Hold some with fit.smooth(term, at=...)."
            )
    else:
        pairs = [
            (term, curve) for name in wanted for term, curves in [chosen_term(fit, name)] for curve in curves
        ]
    return [_panel(fit, term, curve, level, band) for term, curve in pairs]


def _panel(fit: Fit, term: SmoothTermSpec, curve: Curve, level: float, band: BandKind) -> _Panel:
    kind = _kind(fit, term)
    if kind is None:
        raise DesignError(
            f"{curve.smooth.label} has more than two numeric covariates: fit.smooth(term, at=...) has its values."
        )
    basis = curve.smooth.basis
    outlines: tuple[FloatMatrix, ...] = ()
    at = None
    if isinstance(basis, MarkovField) and basis.outlines and kind == "levels":
        region, outlines = _variables(term)[0], basis.outlines
        at = {region: _named_as_in(fit, region, basis.regions)}
    grid = smooth(fit, curve.smooth.label, at, level=level, band=band)
    names = [name for name in _variables(term) if name in grid.columns]
    return _Panel(curve.smooth.label, "map" if outlines else kind, tuple(names), grid, outlines)


def _named_as_in(fit: Fit, name: str, regions: tuple[str, ...]) -> list[Any]:
    """Names of regions as the data write them: numbers where their column holds numbers."""
    is_numeric = fit.internals.design.model_frame[name].kind == "numeric"
    return [float(region) for region in regions] if is_numeric else list(regions)


def _variables(term: SmoothTermSpec) -> list[str]:
    return list(dict.fromkeys(name for item in term.covariates for name in item.expression.variables))


def _kind(fit: Fit, term: SmoothTermSpec) -> str | None:
    frame = fit.internals.design.model_frame
    names = _variables(term)
    holds_levels = term.curves[0].smooth.basis.extrapolates == "levels"
    levels = {
        name
        for item in term.covariates
        if holds_levels or item.levels is not None
        for name in item.expression.variables
    }
    numbers = [name for name in names if name not in levels and frame[name].kind == "numeric"]
    if len(numbers) > 2 or len(levels) > 1 or (len(numbers) == 2 and levels):
        return None
    if levels:
        return "curves" if numbers else "levels"
    return {1: "curve", 2: "surface"}.get(len(numbers))


def _draw_curve(axes: Axes, fit: Fit, panel: _Panel, residuals: bool) -> None:
    table, (name, *_) = panel.grid, panel.axes
    x = np.asarray(table[name], dtype=float)
    rows = partial_residuals(fit, panel.label)
    if residuals:
        draw_cloud(axes, np.asarray(rows[name], dtype=float), rows["estimate"])
    axes.fill_between(x, table["conf_low"], table["conf_high"], color=ACCENT, alpha=0.22, linewidth=0)
    axes.plot(x, table["estimate"], color=INK)
    _draw_rug(axes, np.asarray(rows[name], dtype=float))
    label_panel(axes, x=name)


def _draw_rug(axes: Axes, x: FloatVector) -> None:
    places = np.unique(x)
    if places.size > 400:
        places = np.quantile(places, np.linspace(0.0, 1.0, 400))
    axes.plot(
        places,
        np.zeros(places.size),
        "|",
        color=MUTED,
        markersize=5,
        alpha=0.6,
        transform=axes.get_xaxis_transform(),
    )


def _draw_curves(axes: Axes, fit: Fit, panel: _Panel, residuals: bool) -> None:  # noqa: ARG001
    table = panel.grid
    number = next(name for name in panel.axes if table[name].dtype.kind == "f")
    factor = next(name for name in panel.axes if name != number)
    levels = list(dict.fromkeys(table[factor]))
    for i, level in enumerate(levels[:MOST_CURVES]):
        own = np.flatnonzero(table[factor] == level)
        colour = COLOURS[i % len(COLOURS)] if len(levels) <= len(COLOURS) else ACCENT
        alpha = 1.0 if len(levels) <= len(COLOURS) else 0.5
        axes.plot(table[number][own], table["estimate"][own], color=colour, alpha=alpha, linewidth=1.0)
        if len(levels) <= len(COLOURS):
            end = (table[number][own][-1], table["estimate"][own][-1])
            axes.annotate(
                shorten(str(level), 10), end, (3, 0), textcoords="offset points", fontsize=8, va="center"
            )
    label_panel(axes, x=number)


def _draw_levels(axes: Axes, fit: Fit, panel: _Panel, residuals: bool) -> None:  # noqa: ARG001
    table, name = panel.grid, panel.axes[0]
    order = np.argsort(table["estimate"], kind="stable")
    x = np.arange(len(order))
    axes.vlines(
        x, table["conf_low"][order], table["conf_high"][order], color=ACCENT, alpha=0.5, linewidth=1.2
    )
    axes.scatter(x, table["estimate"][order], s=10, color=INK, linewidths=0, zorder=3)
    if len(order) <= 12:
        axes.set_xticks(x, [shorten(str(table[name][i]), 8) for i in order])
    else:
        axes.set_xticks([])
    label_panel(axes, x=f"{name}, by size")


def _draw_surface(axes: Axes, fit: Fit, panel: _Panel, residuals: bool) -> None:  # noqa: ARG001
    table, (first, second) = panel.grid, panel.axes[:2]
    x, z = np.unique(table[first]), np.unique(table[second])
    # The first covariate runs fastest.
    height: FloatMatrix = np.asarray(table["estimate"]).reshape(len(z), len(x))
    frame = fit.internals.design.model_frame
    points = np.column_stack([frame[first].numbers, frame[second].numbers])
    shown = np.ma.masked_array(height, _too_far(x, z, points))
    most = float(np.abs(shown).max()) or 1.0
    axes.pcolormesh(x, z, shown, cmap=shades(), vmin=-most, vmax=most, shading="gouraud", rasterized=True)
    lines = axes.contour(x, z, shown, levels=8, colors=INK, linewidths=0.6)
    axes.clabel(lines, fontsize=7, inline_spacing=2)
    if len(points) <= 1000:
        axes.plot(*points.T, ".", color=MUTED, markersize=1.6, alpha=0.5)
    axes.grid(visible=False)
    label_panel(axes, x=first)


def _too_far(x: FloatVector, z: FloatVector, points: FloatMatrix) -> Any:
    """Mark the places (z, x) of a grid that no row is near to."""
    from scipy.spatial import cKDTree

    low = np.array([x[0], z[0]])
    span = np.array([np.ptp(x), np.ptp(z)])
    span[span == 0.0] = 1.0
    mesh = np.column_stack([axis.ravel() for axis in np.meshgrid(x, z)])
    distance, _ = cKDTree((points - low) / span).query((mesh - low) / span)
    return (distance > TOO_FAR).reshape(len(z), len(x))


def _draw_map(axes: Axes, fit: Fit, panel: _Panel, residuals: bool) -> None:  # noqa: ARG001
    name = panel.axes[0]
    frame = fit.internals.design.model_frame
    used = {name_of_region(value) for value in frame[name].as_factor().level_values}
    observed = np.array([name_of_region(value) in used for value in panel.grid[name]])
    draw_map(axes, panel.outlines, np.asarray(panel.grid["estimate"], dtype=float), observed)


_DRAWN_BY = {
    "curve": _draw_curve,
    "curves": _draw_curves,
    "levels": _draw_levels,
    "map": _draw_map,
    "surface": _draw_surface,
}
