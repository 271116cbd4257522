"""Pictures by their names: `fit.plot("qq")`, `means.plot("arrows")`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from lmm.arguments import one_of, takes
from lmm.errors import ArgumentError
from lmm.inference import BandKind, BootstrapInterval, Df, Vcov
from lmm.model import a_fit
from lmm.plots.bootstrap_densities import plot_bootstrap
from lmm.plots.caterpillar import plot_caterpillar
from lmm.plots.coefficients import plot_coefficients
from lmm.plots.contours import plot_contours
from lmm.plots.fitted import plot_fitted
from lmm.plots.influence import Show, plot_influence
from lmm.plots.means import plot_means
from lmm.plots.means_interaction import plot_interaction
from lmm.plots.means_p_values import plot_p_values
from lmm.plots.predictions import plot_predictions
from lmm.plots.profile_curves import View, plot_profile
from lmm.plots.qq import Of, plot_qq
from lmm.plots.residual_panel import Panel, plot_residual_panel
from lmm.plots.residuals import plot_residuals
from lmm.plots.smooth_curves import plot_smooths
from lmm.plots.style import some_means

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from lmm.means import Means
    from lmm.model import Fit

__all__ = ["MeansPlotKind", "PlotKind", "plot", "plot_of_means"]

PlotKind: TypeAlias = Literal[
    "residuals",
    "residual_panel",
    "qq",
    "caterpillar",
    "fitted",
    "coefficients",
    "predictions",
    "smooths",
    "influence",
    "profile",
    "contours",
    "bootstrap",
]
"""What ``fit.plot()`` draws."""


def _drawn_by() -> dict[str, Callable[..., Figure]]:
    return {
        "residuals": plot_residuals,
        "residual_panel": plot_residual_panel,
        "qq": plot_qq,
        "caterpillar": plot_caterpillar,
        "fitted": plot_fitted,
        "coefficients": plot_coefficients,
        "predictions": plot_predictions,
        "smooths": plot_smooths,
        "influence": plot_influence,
        "profile": plot_profile,
        "contours": plot_contours,
        "bootstrap": plot_bootstrap,
    }


@takes(fit=a_fit, kind=one_of(*get_args(PlotKind)))
def plot(
    fit: Fit,
    kind: PlotKind = "residuals",
    *,
    group: str | None = None,
    columns: int | None = None,
    terms: Sequence[str] | None = None,
    of: Of | None = None,
    panels: Sequence[Panel] | None = None,
    along: str | None = None,
    at: Mapping[str, Any] | None = None,
    by: str | None = None,
    band: BandKind | None = None,
    residuals: bool | None = None,
    show: Show | None = None,
    view: View | None = None,
    level: float | None = None,
    levels: Sequence[float] | None = None,
    df: Df | None = None,
    vcov: Vcov = None,
    interval: BootstrapInterval | None = None,
    seed: int | np.random.Generator | None = None,
    width: float | None = None,
    height: float | None = None,
) -> Figure:
    """Draw one of the pictures of a fit by its name.

    What is None has the default of the function that draws the picture, such as `lmm.plots.plot_qq`.

    Parameters
    ----------
    fit
        A fit.
    kind
        ``"residuals"``, ``"residual_panel"``, ``"qq"``, ``"caterpillar"``, ``"fitted"``, ``"coefficients"``,
        ``"predictions"``, ``"smooths"``, ``"influence"``, ``"profile"``, ``"contours"`` or ``"bootstrap"``.
    group
        Of ``"caterpillar"`` and ``"fitted"``: the grouping factor.
    columns
        Of ``"fitted"``: panels side by side.
    terms
        Of ``"coefficients"`` and ``"contours"``: names of coefficients or parameters; of ``"smooths"``: of terms.
    of
        Of ``"qq"``: ``"residuals"`` or ``"random"`` (one panel for each random effect).
    panels
        Of ``"residual_panel"``: which of ``"mean"``, ``"spread"``, ``"shape"``, ``"pull"``.
    along, at
        Of ``"predictions"``: the variable of the horizontal axis, and values of the others.
    by
        Of ``"influence"``: the grouping factor whose levels are deleted, or ``"row"``.
    band, residuals
        Of ``"smooths"``: ``"pointwise"`` or ``"simultaneous"``; whether to draw partial residuals.
    show
        Of ``"influence"``: ``"cooks_distance"`` or ``"dfbetas"``.
    view
        Of ``"profile"``: ``"zeta"`` or ``"density"``.
    level
        Coverage of the intervals, between 0 and 1.
    levels
        Of ``"contours"``: coverages of the regions.
    df, vcov
        Of ``"coefficients"`` and ``"predictions"``: degrees of freedom, and covariance of the fixed effects.
    interval
        Of ``"bootstrap"``: the kind of interval, as in `lmm.Bootstrap`.
    seed
        Of ``"bootstrap"``: for `numpy.random.default_rng`.
    width, height
        Size of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If there is no such picture, an argument belongs to another one, or the model has nothing to show in it.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> figure = fit.plot("caterpillar")
    >>> figure.savefig("/dev/null", format="pdf")
    """
    given = {
        "group": group,
        "columns": columns,
        "terms": terms,
        "of": of,
        "panels": panels,
        "along": along,
        "at": at,
        "by": by,
        "band": band,
        "residuals": residuals,
        "show": show,
        "view": view,
        "level": level,
        "levels": levels,
        "df": df,
        "vcov": vcov,
        "interval": interval,
        "seed": seed,
        "width": width,
        "height": height,
    }
    return _drawn(_drawn_by()[kind], fit, kind, given)


MeansPlotKind: TypeAlias = Literal["intervals", "letters", "arrows", "interaction", "p_values"]
"""What ``means.plot()`` draws."""


def _means_drawn_by() -> dict[str, Callable[..., Figure]]:
    return {
        "intervals": plot_means,
        "letters": partial(plot_means, letters=True),
        "arrows": partial(plot_means, arrows=True),
        "interaction": plot_interaction,
        "p_values": plot_p_values,
    }


@takes(means=some_means, kind=one_of(*get_args(MeansPlotKind)))
def plot_of_means(
    means: Means,
    kind: MeansPlotKind = "intervals",
    *,
    arrows: bool | None = None,
    letters: bool | None = None,
    alpha: float | None = None,
    adjust: str | None = None,
    data: bool | None = None,
    width: float | None = None,
    height: float | None = None,
) -> Figure:
    """Draw one of the pictures of marginal means by its name.

    What is None has the default of the function that draws the picture, such as `lmm.plots.plot_means`.

    Parameters
    ----------
    means
        Marginal means; ``"intervals"`` takes trends and contrasts too.
    kind
        ``"intervals"``, ``"letters"``, ``"arrows"``, ``"interaction"`` or ``"p_values"``.
    arrows, letters
        Of ``"intervals"``: arrows that overlap, and letters that agree, where means do not differ significantly.
    alpha
        Level of significance of arrows and letters.
    adjust
        Adjustment of arrows, letters and p-values for several tests.
    data
        Of ``"interaction"``: whether to draw the observations.
    width, height
        Size of the figure in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If there is no such picture, an argument belongs to another one, or the rows have nothing to show in it.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> fit.emmeans("tension | wool").plot("arrows").savefig("/dev/null", format="pdf")
    """
    given = {
        "arrows": arrows,
        "letters": letters,
        "alpha": alpha,
        "adjust": adjust,
        "data": data,
        "width": width,
        "height": height,
    }
    return _drawn(_means_drawn_by()[kind], means, kind, given)


def _drawn(draw: Callable[..., Figure], thing: Any, kind: str, given: Mapping[str, Any]) -> Figure:
    """Draw with the options that were given; refuse those of other pictures."""
    _, *known = inspect.signature(draw).parameters
    options = {name: value for name, value in given.items() if value is not None}
    for name in options:
        if name not in known:
            takes_ = ", ".join(f"{each}=" for each in known)
            raise ArgumentError(f'The picture "{kind}" does not depend on {name}=; it takes {takes_}.')
    return draw(thing, **options)
