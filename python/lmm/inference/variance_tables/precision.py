"""Variances and covariances of random effects and residuals, with what is known of their precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from lmm.arguments import a_level, one_of, takes
from lmm.errors import LmmError
from lmm.inference.algebra.information import (
    Information,
    natural_covariance,
    theta_covariance,
    user_covariance,
)
from lmm.inference.distributions import checked_level, chisq_quantile, t_quantile
from lmm.model import a_fit
from lmm.table import Table
from lmm.typing import BoolVector, FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["VarianceInterval", "asymptotic_covariance", "parameter_names", "variance_components"]

VarianceInterval = Literal["satterthwaite", "wald"]


@takes(
    fit=a_fit,
    information=one_of(*get_args(Information)),
    interval=one_of(*get_args(VarianceInterval)),
    level=a_level,
)
def variance_components(
    fit: Fit,
    *,
    information: Information = "observed",
    interval: VarianceInterval = "satterthwaite",
    level: float = 0.95,
) -> Table:
    """Tabulate variances and covariances with standard errors and intervals.

    Parameters
    ----------
    fit
        A fit with or without random effects.
    information
        Of which the asymptotic covariance is the inverse: ``"observed"`` (SAS), ``"expected"`` or ``"average"``.
    interval
        ``"satterthwaite"``: of a variance s with standard error e, from χ² with ν = 2 s²/e² degrees of freedom,
        between ν s / χ²_{1-α/2} and ν s / χ²_{α/2} (SAS: ``cl``); ``"wald"``: s ± z e, not below zero. Covariances
        have Wald intervals either way.
    level
        Of the intervals.

    Returns
    -------
    Table
        ``group, term, term_2, vcov, std_error, df, conf_low, conf_high``, rows as in ``fit.varcorr``; ``df`` is ν.
        Missing where a variance is zero, or was given.

    Raises
    ------
    LmmError
        If an option does not exist.
    UnsupportedError
        If the random effects are too many, see `Derivatives`.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> lmm.variance_components(fit)["std_error"].round(1)
    array([1432.8,  707.6])
    """
    level = checked_level(level)
    rows = fit.varcorr
    vcov = np.asarray(rows["vcov"], dtype=float)
    values = np.asarray(rows["value"], dtype=float) if "value" in rows.columns else None
    if values is not None:
        vcov = np.where(np.isnan(values), vcov, values)
    errors = np.sqrt(np.clip(np.diag(_of_variances(fit, information)), 0.0, None))
    errors[errors == 0.0] = np.nan
    is_variance = np.array([term_2 is None for term_2 in rows["term_2"]])
    if values is not None:
        is_variance &= np.isnan(values)
    df = np.where(is_variance, 2.0 * (vcov / errors) ** 2, np.nan)
    low, high = _wald(vcov, errors, is_variance, level)
    if interval == "satterthwaite":
        tail = (1.0 - level) / 2.0
        chisq = is_variance & np.isfinite(df)
        with np.errstate(divide="ignore", over="ignore"):
            low[chisq] = (df * vcov)[chisq] / chisq_quantile(1.0 - tail, df[chisq])
            high[chisq] = (df * vcov)[chisq] / chisq_quantile(tail, df[chisq])
        # With a small part of one degree of freedom χ² has nearly all of its mass at zero.
        low[chisq & (low > vcov)] = high[chisq & ~np.isfinite(high)] = np.nan
    columns = {name: rows[name] for name in ("group", "term", "term_2")}
    if values is not None:
        columns |= {"vcov": np.where(np.isnan(values), vcov, np.nan), "value": values}
        vcov_column: dict[str, object] = {}
    else:
        vcov_column = {"vcov": vcov}
    columns |= {**vcov_column, "std_error": errors, "df": df, "conf_low": low, "conf_high": high}
    return Table(
        columns, title="Variance components", notes=_notes(fit, information, interval, level, errors, high)
    )


def _wald(
    vcov: FloatVector, errors: FloatVector, is_variance: BoolVector, level: float
) -> tuple[FloatVector, FloatVector]:
    half = t_quantile((1.0 + level) / 2.0, np.array([np.inf]))[0] * errors
    low = vcov - half
    return np.where(is_variance & (low < 0.0), 0.0, low), vcov + half


def _notes(
    fit: Fit,
    information: Information,
    interval: VarianceInterval,
    level: float,
    errors: FloatVector,
    high: FloatVector,
) -> list[str]:
    by = {"satterthwaite": "Satterthwaite (χ²) for variances, Wald for covariances", "wald": "Wald"}[interval]
    source = f"the {information} information" if fit.moments is None else "the mean squares"
    notes = [f"Standard errors: from {source}.", f"Confidence intervals: {100 * level:g} %, {by}."]
    if np.isnan(errors).any():
        notes.append(
            "Missing: a variance on the boundary, or given, has no standard error; try profile intervals."
        )
    if (np.isnan(high) & ~np.isnan(errors)).any():
        notes.append(
            "Missing: so few degrees of freedom leave limits of variances open; try profile intervals."
        )
    return notes


@takes(fit=a_fit, information=one_of(*get_args(Information)), of=one_of("vcov", "theta"))
def asymptotic_covariance(
    fit: Fit, *, information: Information = "observed", of: Literal["vcov", "theta"] = "vcov"
) -> Table:
    """Tabulate the asymptotic covariance of the covariance parameters (SAS: ``asycov``).

    Parameters
    ----------
    fit
        A fit.
    information
        ``"observed"``, ``"expected"`` or ``"average"``: the inverse of which.
    of
        ``"vcov"``: of variances and covariances, the residual variance last; ``"theta"``: of theta and sigma.

    Returns
    -------
    Table
        ``parameter``, then one column for each parameter. Zero where a parameter is on the boundary or was given.

    Raises
    ------
    LmmError
        If an option does not exist, or the fit is by moments, which has no theta to vary.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> lmm.asymptotic_covariance(fit)["Residual"].round(-2)
    array([-100100.,  500700.])
    """
    if of == "vcov":
        names, covariance = parameter_names(fit), _of_variances(fit, information)
    else:
        names, covariance = (*fit.theta_names, "sigma"), _of_theta(fit, information)
    columns: dict[str, object] = {"parameter": list(names)}
    columns |= {name: covariance[:, i] for i, name in enumerate(names)}
    what = "variances and covariances" if of == "vcov" else "theta and sigma"
    notes = (
        [f"Inverse of the {information} information."] if fit.moments is None else ["From the mean squares."]
    )
    return Table(columns, title=f"Asymptotic covariance of {what}", notes=notes)


def parameter_names(fit: Fit) -> tuple[str, ...]:
    """Names of the variances and covariances, such as ``Subject.Days`` and ``Subject.Intercept.Days``."""
    names = []
    for row in fit.varcorr:
        parts = [row["group"], row["term"], row["term_2"]]
        names.append(".".join(part for part in parts if part is not None))
    return tuple(names)


def _of_variances(fit: Fit, information: Information) -> FloatMatrix:
    """Covariance in the order of ``varcorr``: variances of a term before its covariances."""
    W, scale = _natural(fit, information)
    order: list[int] = []
    first = 0
    for part in fit.internals.design.random:
        k = len(part.columns)
        rows, columns = part.structure.elements(k)
        n = part.structure.n_theta(k) if not part.structure.is_linear else len(rows)
        own = np.arange(n)
        if part.structure.is_linear:
            own = np.concatenate([own[rows == columns], own[rows != columns]])
        order += [first + int(i) for i in own] if part.is_random else []
        first += n
    order.append(first)
    covariance: FloatMatrix = (W * np.outer(scale, scale))[np.ix_(order, order)]
    return covariance


def _natural(fit: Fit, information: Information) -> tuple[FloatMatrix, FloatVector]:
    """Covariance of the parameters relative to σ² (m, m), and what each is multiplied by (m,)."""
    if fit.moments is not None:
        W = user_covariance(fit, information, "drop")
        return W, np.full(len(W), fit.sigma**2)
    is_variance = fit.internals.criterion_function.layout.natural(fit.theta).is_variance
    scale = np.where(np.append(is_variance, True), fit.sigma**2, 1.0)
    return natural_covariance(fit, information).W, scale


def _of_theta(fit: Fit, information: Information) -> FloatMatrix:
    if fit.moments is not None:
        raise LmmError('A fit by moments has components, no theta that was estimated; use of="vcov".')
    covariance = theta_covariance(fit, information).W.copy()
    covariance[-1] *= fit.sigma
    covariance[:, -1] *= fit.sigma
    return covariance
