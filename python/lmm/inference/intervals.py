"""Confidence intervals of every parameter of a fit, by three methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from lmm.arguments import a_level, a_seed, one_of, takes, texts
from lmm.errors import LmmError
from lmm.inference.df.catalog import Df
from lmm.inference.distributions import checked_level
from lmm.inference.likelihood.parameters import Terms, select, values_of
from lmm.inference.likelihood.profiles import LikelihoodKind, Scale, interval_table, limits_alone
from lmm.inference.likelihood.wald import wald_limits
from lmm.inference.resampling.replicates import bootstrap
from lmm.model import a_fit
from lmm.table import Table

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["IntervalMethod", "confint"]

IntervalMethod: TypeAlias = Literal["profile", "wald", "bootstrap"]

_OPTIONS = {
    "profile": ("criterion",),
    "wald": ("df",),
    "bootstrap": ("n", "seed", "kind"),
}


@takes(
    fit=a_fit,
    method=one_of(*get_args(IntervalMethod)),
    level=a_level,
    terms=texts,
    scale=one_of(*get_args(Scale)),
    criterion=one_of(*get_args(LikelihoodKind)),
    seed=a_seed,
)
def confint(
    fit: Fit,
    *,
    method: IntervalMethod = "profile",
    level: float = 0.95,
    terms: Terms = None,
    scale: Scale = "sd",
    criterion: LikelihoodKind | None = None,
    df: Df | None = None,
    n: int | None = None,
    seed: int | np.random.Generator | None = None,
    kind: str | None = None,
) -> Table:
    """Compute confidence intervals of standard deviations, correlations, sigma and fixed effects.

    Parameters
    ----------
    fit
        A fit.
    method
        ``"profile"``: where the profiled likelihood falls by a quantile of χ². ``"wald"``: from the curvature at
        the estimates; t intervals of fixed effects. ``"bootstrap"``: from fits to simulated responses.
    level
        Coverage, between 0 and 1.
    terms
        Names of parameters, such as ``["sigma", "sd_Days|Subject"]``; ``"theta_"`` for all variance
        parameters, ``"beta_"`` for all fixed effects. All by default.
    scale
        ``"sd"`` or ``"variance"``; correlations stay correlations.
    criterion
        Only for profiles: ``"reml"`` or ``"ml"``; that of the fit by default. See `profile`.
    df
        Only for Wald intervals: how fixed effects get degrees of freedom, as in `coefficients`.
    n, seed, kind
        Only for the bootstrap: number of simulated responses (1000), seed, and ``"percentile"`` (default),
        ``"basic"`` or ``"bca"``. See `bootstrap`.

    Returns
    -------
    Table
        ``term, estimate, conf_low, conf_high``. What cannot be said is missing, and a note says why.

    Raises
    ------
    LmmError
        If an option does not exist or does not belong to the method, or a name is unknown.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.confint(fit, terms="beta_", method="wald")["conf_low"].round(2)
    array([237.01,   7.21])
    >>> lmm.confint(fit, terms="sigma", criterion="ml")["conf_low"].round(2)
    array([22.9])
    """
    _check_method(method, {"criterion": criterion, "df": df, "n": n, "seed": seed, "kind": kind})
    level = checked_level(level)
    if method == "bootstrap":
        replicates = bootstrap(fit, n=1000 if n is None else n, seed=seed)
        return replicates.confint(level, kind=kind or "percentile", terms=terms, scale=scale)  # type: ignore[arg-type]
    if method == "profile":
        return limits_alone(fit, terms, criterion, level, scale)
    chosen = select(fit, terms)
    limits, notes = wald_limits(fit, chosen, level, "auto" if df is None else df)
    estimates = values_of(chosen, fit.T, fit.sigma, fit.beta)
    return interval_table(chosen, estimates, limits, scale, f"{100 * level:g} % Wald intervals", notes)


def _check_method(method: str, options: dict[str, Any]) -> None:
    for name, value in options.items():
        if value is not None and name not in _OPTIONS[method]:
            owner = next(m for m, names in _OPTIONS.items() if name in names)
            raise LmmError(f'{name}= belongs to method="{owner}" and means nothing to method="{method}".')
