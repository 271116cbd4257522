"""The figures of a page, with their captions: those that the model has something to show in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmm.errors import DesignError, UnsupportedError
from lmm.experiments import designed_experiment
from lmm.inference import cluster_names, leverage
from lmm.plots import (
    plot_caterpillar,
    plot_fitted,
    plot_hasse,
    plot_influence,
    plot_interaction,
    plot_means,
    plot_qq,
    plot_residual_panel,
    plot_residuals,
    plot_smooths,
)
from lmm.plots.caterpillar import MOST_LINES, MOST_NAMES
from lmm.plots.covariate import Curves, curves_of
from lmm.plots.fitted import MOST_PANELS
from lmm.plots.spaghetti import MOST_CURVES
from lmm.plots.style import MOST_POINTS
from lmm.reports.experiment import experiment_table
from lmm.reports.group_means import interactions_for_page, means_for_page, means_table
from lmm.reports.svg import inline_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lmm.model import Fit

__all__ = ["Drawing", "Part", "parts_of"]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure of the page.

    Attributes
    ----------
    title, caption
        Text above it, not yet escaped.
    svg
        The drawing.
    narrow
        The same for a narrow screen; empty where one drawing serves all.
    """

    title: str
    caption: str
    svg: str
    narrow: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What stands below one heading: tables in HTML, then figures."""

    title: str
    figures: tuple[Drawing, ...]
    tables: tuple[str, ...] = ()


def parts_of(fit: Fit) -> tuple[Part, ...]:
    """Draw everything that this model has to show."""
    parts = [
        Part("Design of the experiment", *_experiment(fit)),
        Part("Marginal means", *_means(fit)),
        Part("Smooth terms", _smooths(fit)),
        Part("Data and fitted lines", _fitted(fit)),
        Part("Random effects", _random(fit)),
        Part("Residuals", _checks(fit)),
        Part("Influence", _influence(fit)),
    ]
    return tuple(part for part in parts if part.figures)


def _groups(fit: Fit) -> list[str]:
    return list(dict.fromkeys(part.group for part in fit.internals.design.groups))


def _drawing(figure: Figure, name: str, title: str, caption: str) -> Drawing:
    return Drawing(title, caption, inline_svg(figure, name, f"{title}. {caption}"))


def _experiment(fit: Fit) -> tuple[tuple[Drawing, ...], tuple[str, ...]]:
    """Diagram and tables of a designed experiment; nothing for other models."""
    found = designed_experiment(fit)
    if found is None:
        return (), ()
    shell, strata = found
    diagram = _drawing(
        plot_hasse(shell),
        "hasse",
        "Which factor is nested in which",
        "Treatments in blue, units and blocks in orange; lines lead down to what is nested.",
    )
    return (diagram,), (experiment_table(shell), experiment_table(strata))


def _means(fit: Fit) -> tuple[tuple[Drawing, ...], tuple[str, ...]]:
    """Means of factors with letters: figures and tables; nothing where there are no factors."""
    drawings, tables = [], []
    for index, (means, table) in enumerate(means_for_page(fit)):
        letters = "letters" in table
        caption = "Means with 95% intervals."
        if letters:
            caption += " Those that share a letter do not differ significantly (Tukey, 5%)."
        figure = plot_means(means, letters=letters)
        drawings.append(_drawing(figure, f"means-{index}", means.heading, caption))
        tables.append(means_table(table))
    for index, means in enumerate(interactions_for_page(fit)):
        drawings.append(
            _drawing(
                plot_interaction(means),
                f"interaction-{index}",
                f"Interaction of {' and '.join(means.labels)}",
                "Means with 95% intervals, observations behind.",
            )
        )
    return tuple(drawings), tuple(tables)


def _fitted(fit: Fit) -> tuple[Drawing, ...]:
    try:
        curves = curves_of(fit.internals.design)
    except (DesignError, UnsupportedError):
        # No single numeric covariate: the page has no such figure.
        return ()
    n_panels = len(curves.panels)
    caption = _fitted_caption(curves)
    title = f"Response against {curves.covariate}" + (f", by {curves.group}" if curves.group else "")
    if not 1 < n_panels <= MOST_PANELS:
        return (_drawing(plot_fitted(fit, width=5.2, height=3.6), "fitted", title, caption),)
    description = f"{title}. {caption}"
    wide = plot_fitted(fit, columns=6 if n_panels > 4 else n_panels, width=9.4)
    narrow = plot_fitted(fit, columns=3 if n_panels > 4 else 2, width=4.5)
    return (
        Drawing(
            title,
            caption,
            inline_svg(wide, "fitted", description),
            inline_svg(narrow, "fitted-narrow", description),
        ),
    )


def _smooths(fit: Fit) -> tuple[Drawing, ...]:
    """Draw the curves; nothing where there are none that have a picture."""
    if not any(term.curves for term in fit.internals.spec.smooths.terms):
        return ()
    try:
        figure = plot_smooths(fit)
    except DesignError:
        return ()
    return (
        _drawing(
            figure,
            "smooths",
            "Curves with 95% bands",
            "Points are partial residuals, strokes at the foot values of the covariate; edf: effective degrees of "
            "freedom.",
        ),
    )


def _fitted_caption(curves: Curves) -> str:
    one_kind = len(curves.kinds) == 1
    if len(curves.panels) == 1:
        return "Observations and the fitted line." if one_kind else "Observations and the fitted lines."
    if len(curves.panels) <= MOST_PANELS:
        lines = (
            "the line of the group (blue) and of the fixed part alone (grey)" if one_kind else "fitted lines"
        )
        return f"Observations with {lines}."
    n_curves = len(set(curves.curve.tolist()))
    shown = f"{MOST_CURVES} of the {n_curves:,} lines" if n_curves > MOST_CURVES else "The lines"
    return f"{shown} of the groups (thin) and the fixed part (bold)."


def _caterpillar(fit: Fit, group: str, index: int) -> Drawing:
    n_levels = fit.n_levels.get(group, 0)
    caption = "Conditional modes with 95% intervals given the estimates; in colour where zero is excluded."
    if n_levels > MOST_LINES:
        caption += f" Shown are {MOST_LINES} of {n_levels:,} levels."
    elif n_levels > MOST_NAMES:
        caption += f" {n_levels} levels, smallest to largest."
    return _drawing(plot_caterpillar(fit, group), f"random-{index}", group, caption)


def _random(fit: Fit) -> tuple[Drawing, ...]:
    groups = _groups(fit)
    if not groups:
        return ()
    try:
        figure = plot_qq(fit, "random")
    except UnsupportedError:
        # No conditional covariances: a negative component is kept, or levels with a known covariance are too many.
        return ()
    quantiles = _drawing(
        figure,
        "quantiles-random",
        "Normal quantiles of random effects",
        "Line through the quartiles, band of 95% of normal samples; a guide, for estimates are pulled towards zero.",
    )
    return (*(_caterpillar(fit, group, index) for index, group in enumerate(groups)), quantiles)


def _checks(fit: Fit) -> tuple[Drawing, ...]:
    """Draw mean, shape, spread and pull of the residuals: the panel of residuals, one figure each."""
    residuals = _drawing(
        plot_residuals(fit),
        "residuals",
        "Residuals against fitted values",
        "In units of the residual standard deviation; the curve is their local mean."
        + (" Darker hexagons hold more observations." if fit.n_obs > MOST_POINTS else ""),
    )
    quantiles = _drawing(
        plot_qq(fit),
        "quantiles",
        "Normal quantiles of residuals",
        "Line through the quartiles; the band holds 95% of normal samples, point by point.",
    )
    if not _has_deletions(fit):
        return residuals, quantiles
    spread = _drawing(
        plot_residual_panel(fit, panels=("spread",), width=4.5, height=3.3),
        "spread",
        "Size of residuals",
        "Root of the absolute studentized residual; the curve is level where the variance is the same everywhere.",
    )
    pull = _drawing(
        plot_residual_panel(fit, panels=("pull",), width=4.5, height=3.3),
        "pull",
        "Residuals against leverage",
        "The three rows of the table with the largest Cook's distances are numbered, from 0.",
    )
    return residuals, quantiles, spread, pull


def _has_deletions(fit: Fit) -> bool:
    """Whether rows can be deleted without fitting again: not where a negative component is kept."""
    try:
        leverage(fit)
    except UnsupportedError:
        return False
    return True


def _influence(fit: Fit) -> tuple[Drawing, ...]:
    """Cook's distances of the levels of each factor; of rows where there are no factors, or too many levels."""
    if not fit.n_fixed or not _has_deletions(fit):
        return ()
    groups = [part.group for part in fit.internals.design.bars]
    called = cluster_names(fit)
    few = [called[group] for group in dict.fromkeys(groups) if fit.n_levels[group] <= MOST_LINES]
    return tuple(
        _drawing(
            plot_influence(fit, by=by),
            f"influence-{index}",
            f"Influence of {by if by != 'row' else 'rows'}",
            "Cook's distance: how far the fixed effects move without the "
            + ("row." if by == "row" else "level. The largest in colour.")
            + " The random effects keep their relative covariance.",
        )
        for index, by in enumerate(few or ["row"])
    )
