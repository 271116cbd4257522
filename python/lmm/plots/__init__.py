"""Pictures of a fit, one file each: ``*_data()`` gives the numbers as a table, ``plot_*()`` draws them with matplotlib.

Figures belong to nobody's global state: as the last line of a notebook cell they show themselves, and ``savefig``
writes them. All
share one restrained style. Data too many to tell apart are drawn as hexagons shaded by their count, or
thinned evenly with the extremes kept; the same data always give the same picture.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from lmm.arguments import one_of, takes
from lmm.model import a_fit
from lmm.plots.bootstrap_densities import bootstrap_data, plot_bootstrap
from lmm.plots.caterpillar import caterpillar_data, plot_caterpillar
from lmm.plots.coefficients import coefficients_data, plot_coefficients
from lmm.plots.contours import contours_data, plot_contours
from lmm.plots.fitted import fitted_data, plot_fitted
from lmm.plots.hasse import hasse_data, plot_hasse
from lmm.plots.influence import influence_data, plot_influence
from lmm.plots.means import means_data, plot_means
from lmm.plots.means_blocks import blocks_data, plot_blocks
from lmm.plots.means_interaction import interaction_data, plot_interaction
from lmm.plots.means_p_values import p_values_data, plot_p_values
from lmm.plots.predictions import plot_predictions, predictions_data
from lmm.plots.profile_curves import View, plot_profile, profile_data
from lmm.plots.qq import plot_qq, qq_data
from lmm.plots.residual_panel import plot_residual_panel, residual_panel_data
from lmm.plots.residuals import plot_residuals, residuals_data
from lmm.plots.style import some_means

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from lmm.means import Means
    from lmm.model import Fit

__all__ = [
    "MeansPlotKind",
    "PlotKind",
    "View",
    "blocks_data",
    "bootstrap_data",
    "caterpillar_data",
    "coefficients_data",
    "contours_data",
    "draw",
    "draw_means",
    "fitted_data",
    "hasse_data",
    "influence_data",
    "interaction_data",
    "means_data",
    "p_values_data",
    "plot_blocks",
    "plot_bootstrap",
    "plot_caterpillar",
    "plot_coefficients",
    "plot_contours",
    "plot_fitted",
    "plot_hasse",
    "plot_influence",
    "plot_interaction",
    "plot_means",
    "plot_p_values",
    "plot_predictions",
    "plot_profile",
    "plot_qq",
    "plot_residual_panel",
    "plot_residuals",
    "predictions_data",
    "profile_data",
    "qq_data",
    "residual_panel_data",
    "residuals_data",
]

PlotKind = Literal[
    "residuals",
    "residual_panel",
    "qq",
    "caterpillar",
    "fitted",
    "coefficients",
    "predictions",
    "influence",
    "profile",
    "contours",
    "bootstrap",
]
"""What ``fit.plot()`` draws."""

_DRAWN_BY: dict[str, Callable[..., Figure]] = {
    "residuals": plot_residuals,
    "residual_panel": plot_residual_panel,
    "qq": plot_qq,
    "caterpillar": plot_caterpillar,
    "fitted": plot_fitted,
    "coefficients": plot_coefficients,
    "predictions": plot_predictions,
    "influence": plot_influence,
    "profile": plot_profile,
    "contours": plot_contours,
    "bootstrap": plot_bootstrap,
}


@takes(fit=a_fit, kind=one_of(*get_args(PlotKind)))
def draw(fit: Fit, kind: PlotKind = "residuals", **options: Any) -> Figure:
    """Draw one of the pictures of a fit by its name.

    Parameters
    ----------
    fit
        A fit.
    kind
        ``"residuals"``, ``"residual_panel"``, ``"qq"``, ``"caterpillar"``, ``"fitted"``, ``"coefficients"``,
        ``"predictions"``, ``"influence"``, ``"profile"``, ``"contours"`` or ``"bootstrap"``.
    **options
        Arguments of ``plot_residuals`` and so on.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If there is no such picture, or the model has nothing to show in it.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> figure = fit.plot("caterpillar")
    >>> figure.savefig("/dev/null", format="pdf")
    """
    return _DRAWN_BY[kind](fit, **options)


MeansPlotKind = Literal["intervals", "letters", "arrows", "interaction", "p_values"]
"""What ``means.plot()`` draws."""

_MEANS_DRAWN_BY: dict[str, Callable[..., Figure]] = {
    "intervals": plot_means,
    "letters": partial(plot_means, letters=True),
    "arrows": partial(plot_means, arrows=True),
    "interaction": plot_interaction,
    "p_values": plot_p_values,
}


@takes(means=some_means, kind=one_of(*get_args(MeansPlotKind)))
def draw_means(means: Means, kind: MeansPlotKind = "intervals", **options: Any) -> Figure:
    """Draw one of the pictures of marginal means by its name.

    Parameters
    ----------
    means
        Marginal means; ``"intervals"`` takes trends and contrasts too.
    kind
        ``"intervals"``, ``"letters"``, ``"arrows"``, ``"interaction"`` or ``"p_values"``.
    **options
        Arguments of ``plot_means``, ``plot_interaction`` or ``plot_p_values``.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LmmError
        If there is no such picture, or the rows have nothing to show in it.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> fit.emmeans("tension | wool").plot("arrows").savefig("/dev/null", format="pdf")
    """
    return _MEANS_DRAWN_BY[kind](means, **options)
