"""Distributions of bootstrap replicates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.arguments import a_level, a_seed, takes
from lmm.inference import Bootstrap, BootstrapInterval, bootstrap
from lmm.plots.grid import MOST_COLUMNS, panel_grid, title_panel
from lmm.plots.style import ACCENT, INK, MUTED, SECOND, canvas, fit_or_bootstrap, size
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.model import Fit
    from lmm.typing import FloatVector

__all__ = ["bootstrap_data", "plot_bootstrap"]

N_POINTS = 151
NEAR = 1e-6  # of the range: replicates on the boundary


@takes(of=fit_or_bootstrap, seed=a_seed)
def bootstrap_data(of: Fit | Bootstrap, *, seed: int | np.random.Generator | None = None) -> Table:
    """Tabulate what the picture of a bootstrap shows.

    Parameters
    ----------
    of
        A bootstrap, or a fit, of which 1,000 responses are then drawn.
    seed
        For a fit.

    Returns
    -------
    Table
        ``term, value, density, share``. ``density`` is a smooth of the replicates that are not at an end of the
        parameter space; a row with a ``share`` instead is such an end, with the share of replicates there.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import bootstrap_data
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> table = bootstrap_data(fit.bootstrap(n=200, seed=1))
    >>> table.columns
    ('term', 'value', 'density', 'share')
    """
    own = of if isinstance(of, Bootstrap) else bootstrap(of, seed=seed)
    columns: dict[str, list[object]] = {name: [] for name in ("term", "value", "density", "share")}
    for name, replicates, limits in zip(own.names, own.replicates.T, own.limits, strict=True):
        used = replicates[np.isfinite(replicates)]
        for value, density, share in _distribution(used, limits):
            for column, number in zip(columns, (name, value, density, share), strict=True):
                columns[column].append(number)
    return Table(columns, title=f"Distribution of {own.n:,} bootstrap replicates")


@takes(of=fit_or_bootstrap, level=a_level, seed=a_seed, width=size, height=size)
def plot_bootstrap(
    of: Fit | Bootstrap,
    *,
    level: float = 0.95,
    interval: BootstrapInterval = "percentile",
    seed: int | np.random.Generator | None = None,
    width: float = 6.5,
    height: float | None = None,
) -> Figure:
    """Draw the distribution of bootstrap replicates, one panel for each parameter, with the interval.

    The thin line is the estimate. Replicates at an end of the parameter space, such as a variance of zero, stand there
    as a bar with their share.

    Parameters
    ----------
    of
        A bootstrap, or a fit, of which 1,000 responses are then drawn.
    level, interval
        Coverage and kind of the intervals, as in `Bootstrap.confint`.
    seed
        For a fit.
    width, height
        Size of the figure in inches; the height by default suits the number of panels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If the level or the kind is not possible.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_bootstrap
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> len(plot_bootstrap(fit, seed=1).axes)
    3
    """
    own = of if isinstance(of, Bootstrap) else bootstrap(of, seed=seed)
    table, intervals = bootstrap_data(own), list(own.confint(level, kind=interval))
    n_panels = len(own.names)
    with canvas(width, 0.3 + 1.75 * -(-n_panels // 3) if height is None else height) as figure:
        for axes, row in zip(panel_grid(figure, n_panels), intervals, strict=True):
            _draw(axes, table, row["term"], row["estimate"], (row["conf_low"], row["conf_high"]))
            title_panel(axes, row["term"], min(n_panels, MOST_COLUMNS))
        figure.supylabel("Density", fontsize=9)
    return figure


def _distribution(used: FloatVector, limits: tuple[float, float]) -> list[tuple[float, float, float]]:
    """Make density rows, then one row for each end of the parameter space that has replicates."""
    if not used.size:
        return []
    spread = max(float(np.ptp(used)), NEAR)
    at_end = np.array([np.abs(used - limit) <= NEAR * spread for limit in limits])
    inside = used[~at_end.any(axis=0)]
    rows: list[tuple[float, float, float]] = []
    if inside.size > 1 and np.ptp(inside) > 0.0:
        grid, density = _smooth(inside, limits)
        rows += [
            (float(x), float(y) * inside.size / used.size, np.nan) for x, y in zip(grid, density, strict=True)
        ]
    shares = at_end.mean(axis=1)
    return rows + [(limit, np.nan, float(s)) for limit, s in zip(limits, shares, strict=True) if s > 0.0]


def _smooth(values: FloatVector, limits: tuple[float, float]) -> tuple[FloatVector, FloatVector]:
    """Gaussian kernel density, reflected at the ends of the parameter space."""
    quartiles = np.quantile(values, [0.25, 0.75])
    spread = min(float(values.std(ddof=1)), float(np.diff(quartiles)[0]) / 1.349) or float(values.std(ddof=1))
    width = 0.9 * spread * values.size**-0.2
    low, high = np.clip([values.min() - 3 * width, values.max() + 3 * width], *limits)
    grid = np.linspace(low, high, N_POINTS)
    density = _kernel(grid, values, width)
    for limit in limits:
        if np.isfinite(limit):
            density += _kernel(grid, 2.0 * limit - values, width)
    return grid, density


def _kernel(grid: FloatVector, values: FloatVector, width: float) -> FloatVector:
    total = np.zeros_like(grid)
    for start in range(0, values.size, 5000):
        z = (grid[:, None] - values[start : start + 5000]) / width
        total += np.exp(-(z**2) / 2.0).sum(axis=1)
    density: FloatVector = total / (values.size * width * np.sqrt(2.0 * np.pi))
    return density


def _draw(
    axes: Axes, table: Table, term: str, estimate: float | None, limits: tuple[float | None, float | None]
) -> None:
    own = table["term"] == term
    smooth, ends = own & np.isfinite(table["density"]), own & np.isfinite(table["share"])
    value, density = table["value"][smooth], table["density"][smooth]
    top = float(density.max(initial=0.0)) or 1.0
    if None not in limits and value.size:
        inside = (value >= limits[0]) & (value <= limits[1])
        axes.fill_between(value[inside], density[inside], color=ACCENT, alpha=0.16, linewidth=0)
    axes.plot(value, density, color=ACCENT)
    for place, share in zip(table["value"][ends], table["share"][ends], strict=True):
        axes.plot([place, place], [0.0, top], color=SECOND, linewidth=2.5)
        side = "left" if place <= np.mean(axes.get_xlim()) else "right"
        percent = "<1 %" if share < 0.005 else f"{100 * share:.0f} %"
        axes.text(place, top, f" {percent} ", color=SECOND, ha=side, va="top", fontsize=8)
    for limit in limits:
        if limit is not None:
            axes.plot([limit, limit], [0.0, 0.12 * top], color=INK, linewidth=1.0)
    if estimate is not None:
        axes.axvline(estimate, color=MUTED, linewidth=0.8)
    axes.set_ylim(0.0, 1.1 * top)
    axes.set_yticks([])
