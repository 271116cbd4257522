"""Variance components by moments, REML and ML side by side, with intervals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np

from lmm.arguments import a_level, one_of, takes
from lmm.estimation import Moments, solve_moments
from lmm.experiments.intervals import Interval, MeanSquareInterval, checked_method, combination_interval
from lmm.inference.distributions import checked_level
from lmm.model import a_fit
from lmm.model.fitting import fit_design
from lmm.table import Table
from lmm.typing import FloatVector, Method, Negative

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["TOTAL", "components"]

TOTAL = "Total"
"""Name of the row of the sum."""

_WORDS = {"satterthwaite": "Satterthwaite", "mls": "modified large samples"}


@takes(fit=a_fit, level=a_level, negative=one_of(*get_args(Negative)))
def components(
    fit: Fit,
    *,
    level: float = 0.95,
    interval: MeanSquareInterval = "satterthwaite",
    negative: Negative | None = None,
) -> Table:
    """Tabulate the variance components by moments, REML and ML side by side.

    Parameters
    ----------
    fit
        A fit by any method; the others are fitted here.
    level
        Coverage of the intervals.
    interval
        ``"satterthwaite"``, or ``"mls"`` for modified large samples.
    negative
        ``"zero"`` or ``"allow"``, as in `lmm.fit`; by default that of the fit.

    Returns
    -------
    Table
        ``component, moments, reml, ml, df, conf_low, conf_high, percent, cv, cv_low, cv_high``; the last row is the
        total. Degrees of freedom, intervals, percent of the total and the coefficient of variation in percent
        of the mean response belong to the moments. No interval of Satterthwaite exists for a component
        that is not positive.

    Raises
    ------
    DesignError
        If a component has no degrees of freedom.
    UnsupportedError
        If random effects are correlated.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> table = lmm.components(fit)
    >>> table["component"].tolist(), table["moments"].round(1), table["ml"].round(0)
    (['Batch', 'Residual', 'Total'], array([1764. , 2451.2, 4215.3]), array([1388., 2451., 3840.]))
    """
    level, method = checked_level(level), checked_method(interval)
    moments = solve_moments(
        fit.internals.design, fit.internals.request.negative if negative is None else negative
    )
    rows = [_Row(name, weights) for name, weights in _combinations(moments)]
    values = moments.components
    estimates = np.append(values, values.sum())
    degrees = moments.df.astype(np.float64)
    intervals = [
        combination_interval(row.weights, moments.mean_sq, degrees, level, method)
        if estimate > 0.0 or method == "mls"
        else Interval(np.nan, np.nan, np.nan)
        for row, estimate in zip(rows, estimates, strict=True)
    ]
    low, high = np.array([found.low for found in intervals]), np.array([found.high for found in intervals])
    mean = _mean(fit)
    return Table(
        {
            "component": [row.name for row in rows],
            "moments": estimates,
            "reml": _by_likelihood(fit, "reml"),
            "ml": _by_likelihood(fit, "ml"),
            "df": np.array([found.df for found in intervals]),
            "conf_low": low,
            "conf_high": high,
            "percent": 100.0 * estimates / estimates[-1],
            "cv": _cv(estimates, mean),
            "cv_low": _cv(low, mean),
            "cv_high": _cv(high, mean),
        },
        title="Variance components",
        notes=_notes(moments, level, method, mean),
        formats=dict.fromkeys(("percent", "cv", "cv_low", "cv_high"), ".1f")
        | dict.fromkeys(("moments", "reml", "ml"), _decimals(estimates)),
    )


def _decimals(estimates: FloatVector) -> str:
    """Format that shows four digits of the smallest component, the same for all methods."""
    sizes = np.abs(estimates[estimates != 0.0])
    digits = 3 - int(np.floor(np.log10(sizes.min())))
    return f".{min(max(digits, 0), 12)}f"


class _Row(NamedTuple):
    name: str
    weights: FloatVector


def _combinations(moments: Moments) -> list[tuple[str, FloatVector]]:
    """Each component and their total as combinations of mean squares; what was set to zero is not in the total."""
    weights = moments.weights
    counted = moments.components != 0.0
    return [*zip(moments.names, weights, strict=True), (TOTAL, weights[counted].sum(axis=0))]


def _by_likelihood(fit: Fit, method: Method) -> FloatVector:
    """Components and their total by REML or ML."""
    if fit.method != method:
        request = replace(fit.internals.request, method=method, negative="zero", start=None, theta=None)
        fit = fit_design(request, fit.internals.spec, fit.internals.design)
    varcorr = fit.varcorr
    variances = varcorr["vcov"][[term_2 is None for term_2 in varcorr["term_2"]]]
    return np.append(variances, variances.sum())


def _mean(fit: Fit) -> float:
    return float(np.average(fit.y, weights=fit.weights))


def _cv(variances: FloatVector, mean: float) -> FloatVector:
    """Coefficients of variation in percent; missing where the mean is not positive, or the variance negative."""
    if not mean > 0.0:
        return np.full(len(variances), np.nan)
    cv: FloatVector = 100.0 * np.sqrt(np.where(variances >= 0.0, variances, np.nan)) / mean
    return cv


def _notes(moments: Moments, level: float, method: MeanSquareInterval, mean: float) -> list[str]:
    notes = [f"Intervals of the moments: {100 * level:g}%, {_WORDS[method]}."]
    if mean > 0.0:
        notes.append(f"cv: root of the component in percent of the mean response, {mean:.5g}.")
    else:
        notes.append("No coefficient of variation: the mean response is not positive.")
    for i in np.flatnonzero(moments.is_negative):
        what = "kept" if moments.negative == "allow" else "set to zero"
        notes.append(f"{moments.names[i]}: the mean squares give {moments.solution[i]:.4g}, {what}.")
    return notes
