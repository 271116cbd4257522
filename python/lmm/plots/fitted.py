"""Data against the numeric covariate, with the fitted line of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.arguments import a_text, takes, whole_number
from lmm.model import a_fit
from lmm.plots.covariate import Curves, curves_of
from lmm.plots.lattice import draw_lattice
from lmm.plots.spaghetti import draw_spaghetti
from lmm.plots.style import canvas, size
from lmm.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lmm.model import Fit
    from lmm.typing import FloatVector, IntVector

__all__ = ["MOST_PANELS", "fitted_data", "plot_fitted"]

MOST_PANELS = 36
"""More groups share one panel."""


@takes(fit=a_fit, group=a_text)
def fitted_data(fit: Fit, group: str | None = None) -> Table:
    """Tabulate what the plot of fitted lines shows.

    Parameters
    ----------
    fit
        A fit whose fixed part has one numeric covariate with more than two values.
    group
        The grouping factor that makes the panels; by default the first with random slopes, else the first.

    Returns
    -------
    Table
        One row per observation: ``group`` (the panel), ``line`` (the levels of the other variables of the
        fixed part), ``covariate``, ``response``, ``fitted`` (the fixed part with the random effects of factors
        that are constant along a line) and ``population`` (the fixed part alone).

    Raises
    ------
    DesignError
        If there is no numeric covariate, or no such grouping factor.
    UnsupportedError
        If there are several numeric covariates.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import fitted_data
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> fitted_data(fit).columns
    ('group', 'line', 'covariate', 'response', 'fitted', 'population')
    """
    return _tabulate(fit, curves_of(fit.internals.design, group))


@takes(fit=a_fit, group=a_text, columns=whole_number(1), width=size, height=size)
def plot_fitted(
    fit: Fit,
    group: str | None = None,
    *,
    columns: int | None = None,
    width: float = 4.5,
    height: float | None = None,
) -> Figure:
    """Draw the data with fitted lines: one small panel per group, or all lines in one when there are more than 36.

    Parameters
    ----------
    fit
        A fit whose fixed part has one numeric covariate with more than two values.
    group
        The grouping factor that makes the panels; by default the first with random slopes, else the first.
    columns
        Panels side by side; by default what suits the width.
    width, height
        Size of the figure in inches; the height by default suits the number of panels.

    Returns
    -------
    matplotlib.figure.Figure
        Points, in colour the line of the group, in grey the line of the fixed part.

    Raises
    ------
    DesignError
        If there is no numeric covariate, or no such grouping factor.
    UnsupportedError
        If there are several numeric covariates.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_fitted
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> len(plot_fitted(fit).axes)
    18
    """
    curves = curves_of(fit.internals.design, group)
    table = _tabulate(fit, curves)
    response = fit.formula.partition("~")[0].strip().strip("`")
    n_panels = len(curves.panels)
    if 1 < n_panels <= MOST_PANELS:
        n_columns = min(n_panels, columns or max(2, round(width / 1.3)))
        n_rows = -(-n_panels // n_columns)
        natural = 0.55 + n_rows * (0.28 + 0.92 * width / n_columns)
        with canvas(width, natural if height is None else height) as figure:
            draw_lattice(figure, curves, table, n_columns, response)
        return figure
    with canvas(width, 3.3 if height is None else height) as figure:
        draw_spaghetti(figure, curves, table, response)
    return figure


def _tabulate(fit: Fit, curves: Curves) -> Table:
    fitted, population = _lines(fit, curves)
    by = f" by {curves.group}" if curves.group else ""
    return Table(
        {
            "group": np.array(curves.panels, dtype=object)[curves.panel],
            "line": np.array(curves.kinds, dtype=object)[curves.kind],
            "covariate": curves.x,
            "response": fit.y,
            "fitted": fitted,
            "population": population,
        },
        title=f"Data and fitted lines against {curves.covariate}{by}",
    )


def _lines(fit: Fit, curves: Curves) -> tuple[FloatVector, FloatVector]:
    """Compute the fixed part with the effects that are constant along each line, and the fixed part alone."""
    design = fit.internals.design
    population = fit.X @ fit.beta
    if design.offset is not None:
        population = population + design.offset
    along = population.copy()
    for part, effects in zip(design.random, fit.effects, strict=True):
        own = part.block.apply(effects.ravel())
        if part.is_smooth:
            population = population + own
        # Effects of a crossed factor would make the line jump from row to row.
        if not part.is_group or _is_constant(part.level_of_row, curves.curve):
            along += own
    return along, population


def _is_constant(codes: IntVector, curve: IntVector) -> bool:
    """Whether each curve has rows of one level only."""
    return len(np.unique(np.stack([curve, codes]), axis=1)[0]) == len(np.unique(curve))
