"""Estimated marginal means: averages of what the model predicts over a grid of all combinations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level, a_text, number, takes, yes_or_no
from lmm.errors import LmmError, UnsupportedError, nearest
from lmm.inference import Df, Vcov, df_method
from lmm.means.adjusting.evaluation import Comparison
from lmm.means.families.labels import as_objects
from lmm.means.functions import LinearFunctions
from lmm.means.grid.averaging import Averages, average
from lmm.means.grid.reference import ReferenceGrid, reference_grid
from lmm.means.grid.variables import CovReduce
from lmm.means.options import Options, changed_options
from lmm.means.reading.link import Link, read_link
from lmm.means.reading.remarks import remarks_of
from lmm.means.result import Means
from lmm.means.specs import OVERALL, Specs, read_specs
from lmm.model import a_fit
from lmm.typing import ObjectVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["averaged", "averaged_rows", "emmeans", "labels_of", "with_nests"]

_SCALES = ("response",)


@takes(fit=a_fit, level=a_level, transform=a_text, bias_adjust=yes_or_no, sigma=number(above=0))
def emmeans(
    fit: Fit,
    specs: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    weights: str = "equal",
    df: Df = "auto",
    vcov: Vcov = None,
    level: float = 0.95,
    adjust: str = "none",
    transform: str | None = None,
    bias_adjust: bool = False,
    sigma: float | None = None,
    cov_reduce: CovReduce = None,
    seed: int = 0,
) -> Means:
    """Estimate marginal means (least-squares means).

    Parameters
    ----------
    fit
        Any fit.
    specs
        Factors whose combinations get a mean: ``"Trt"``, ``"Trt:Day"`` or ``["Trt", "Day"]``, and after a bar those
        that make groups, ``"Trt | Day"``. ``"1"`` is the mean over everything.
    by
        More factors that make groups.
    at
        Values by variable: numbers for a covariate, some levels of a factor.
    weights
        Of the levels averaged over: ``"equal"``, ``"proportional"``, ``"outer"``, ``"cells"`` or ``"flat"``.
    df, vcov
        Method for degrees of freedom, and covariance of the fixed effects, as in `lmm.contrast_test`.
    level
        Of the intervals.
    adjust
        Adjustment of the intervals in each group; none by default.
    transform
        ``"response"`` to transform means back to the scale of the response.
    bias_adjust
        Let back-transformed values be means rather than medians of the response, to second order.
    sigma
        Standard deviation of the response for that, on the scale of the model; by default of residuals and random
        intercepts together.
    cov_reduce
        Where covariates are held that ``at`` does not name: their mean by default; a function of their values, False
        for all of these, or a dict of such by name.
    seed
        For ``adjust="mvt"``.

    Returns
    -------
    Means
        Factors, ``emmean`` (``response``), ``std_error, df, conf_low, conf_high``. What is not estimable is missing.

    Raises
    ------
    LmmError
        If a name is unknown or that of a grouping factor, or an option does not exist.

    Warns
    -----
    LmmWarning
        If ``at`` leaves the range of the data.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("yield ~ Variety + C(nitro) + (1 | Block/Variety)", lmm.datasets.load("Oats"))
    >>> means = lmm.emmeans(fit, "Variety")
    >>> means["emmean"].round(1), means["df"].round(2)
    (array([104.5, 109.8,  97.6]), array([8.87, 8.87, 8.87]))
    """
    grid = reference_grid(fit, at, cov_reduce)
    asked = with_nests(grid, read_specs(fit, specs, by, grid.variables))
    link = _link(fit, transform)
    df_method(fit, df)  # says at once what is wrong with it
    options = changed_options(
        Options(df=df, vcov=vcov, response=link is not None and transform == "response"),
        level=level,
        adjust=adjust,
        seed=seed,
    )
    if bias_adjust:
        options = changed_options(options, bias_variance=_bias_variance(fit, options, sigma))
    elif sigma is not None:
        raise LmmError("sigma= is for bias_adjust=True; leave it out.")
    return averaged_rows(
        grid,
        grid,
        asked,
        weights,
        kind="mean",
        value="emmean",
        heading=_heading(asked),
        options=options,
        link=link,
    )


def averaged_rows(
    grid: ReferenceGrid,
    shown: ReferenceGrid,
    asked: Specs,
    weights: str,
    *,
    slope: str | None = None,
    **rest: Any,
) -> Means:
    """Average the rows of a grid, or what is `shown` of it (slopes), for each combination of the factors asked for."""
    averages = average(grid, [*asked.factors, *asked.by], weights)
    labels = labels_of(grid, asked, averages)
    return Means(
        functions=averaged(shown, averages),
        labels=labels,
        by=asked.by,
        comparison=group_numbers(labels, asked.by, len(averages.first)),
        remarks=remarks_of(grid, asked, averages, weights, slope=slope),
        counts=averages.counts,
        grid=grid,
        **rest,
    )


def with_nests(grid: ReferenceGrid, asked: Specs) -> Specs:
    """Add the factors that nested factors are nested in: their levels mean nothing without."""
    factors = list(asked.factors)
    for name in asked.factors:
        factors += [
            outer for outer in grid.nests.get(name, ()) if outer not in factors and outer not in asked.by
        ]
    by = list(asked.by)
    for name in asked.by:
        by += [outer for outer in grid.nests.get(name, ()) if outer not in by and outer not in factors]
    return Specs(tuple(factors), tuple(by))


def averaged(grid: ReferenceGrid, averages: Averages) -> LinearFunctions:
    """Means as linear functions of all columns of X."""
    weights = averages.weights
    total = np.asarray(weights.sum(axis=1)).ravel()
    missing = np.isnan(total)
    if missing.any():
        weights = weights.copy()
        weights.data = np.nan_to_num(weights.data)
    return LinearFunctions(grid.fit, weights @ grid.X, weights @ grid.offset, missing)


def labels_of(grid: ReferenceGrid, asked: Specs, averages: Averages) -> dict[str, ObjectVector]:
    """Columns of levels."""
    names = [*asked.factors, *asked.by]
    if not names:
        return {OVERALL: as_objects(["overall"])}
    return {name: as_objects(grid.variables[name].values)[grid.index[name][averages.first]] for name in names}


def group_numbers(labels: Mapping[str, ObjectVector], by: Sequence[str], n: int) -> Comparison:
    """Rows of each group together; groups follow each other, as their factors vary slowest."""
    keys = list(zip(*(labels[name].tolist() for name in by), strict=True)) if by else [()] * n
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    families = np.array([number[key] for key in keys], dtype=np.int64)
    return Comparison(families, np.bincount(families))


def _link(fit: Fit, transform: str | None) -> Link | None:
    if transform is not None and transform not in _SCALES:
        raise LmmError(
            f'transform= must be "response" or None, not {transform!r}.{nearest(str(transform), _SCALES)}'
        )
    try:
        text = fit.internals.spec.response.text
        # A column may have a name that Python cannot read, such as yield.
        return None if text.strip("`") in fit.internals.design.model_frame else read_link(text)
    except UnsupportedError:
        if transform is not None:
            raise
        return None


def _bias_variance(fit: Fit, options: Options, sigma: float | None) -> float:
    if not options.response:
        raise LmmError(
            'bias_adjust=True is for transform="response" of a transformed response; leave it out.'
        )
    if sigma is not None:
        if isinstance(sigma, bool) or not isinstance(sigma, int | float) or not 0.0 < sigma < np.inf:
            raise LmmError(f"sigma= must be a number above 0, not {sigma!r}.")
        return float(sigma) ** 2
    total = fit.sigma**2
    for part, T in zip(fit.internals.design.groups, fit.internals.design.of_groups(fit.T), strict=True):
        if not part.is_intercept:
            raise LmmError(
                "bias_adjust=True needs sigma=, the standard deviation of the response on the scale of the model: with "
                f"{part.source} it is not the same everywhere."
            )
        total += fit.sigma**2 * float(T[0, 0]) ** 2
    return float(total)


def _heading(asked: Specs) -> str:
    what = ":".join(asked.factors) or "everything"
    by = f" by {', '.join(asked.by)}" if asked.by else ""
    return f"Estimated marginal means of {what}{by}"
