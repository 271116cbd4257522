"""Pictures of a fit, one file each: ``*_data()`` gives the numbers as a table, ``plot_*()`` draws them with matplotlib.

Figures belong to nobody's global state: as the last line of a notebook cell they show themselves, and ``savefig``
writes them. All
share one restrained style. Data too many to tell apart are drawn as hexagons shaded by their count, or
thinned evenly with the extremes kept; the same data always give the same picture.
"""

from __future__ import annotations

from lmm.plots.bootstrap_densities import bootstrap_data, plot_bootstrap
from lmm.plots.by_name import MeansPlotKind, PlotKind, plot, plot_of_means
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
from lmm.plots.smooth_curves import plot_smooths, smooths_data

__all__ = [
    "MeansPlotKind",
    "PlotKind",
    "View",
    "blocks_data",
    "bootstrap_data",
    "caterpillar_data",
    "coefficients_data",
    "contours_data",
    "fitted_data",
    "hasse_data",
    "influence_data",
    "interaction_data",
    "means_data",
    "p_values_data",
    "plot",
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
    "plot_of_means",
    "plot_p_values",
    "plot_predictions",
    "plot_profile",
    "plot_qq",
    "plot_residual_panel",
    "plot_residuals",
    "plot_smooths",
    "predictions_data",
    "profile_data",
    "qq_data",
    "residual_panel_data",
    "residuals_data",
    "smooths_data",
]
