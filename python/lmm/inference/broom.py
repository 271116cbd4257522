"""Three tables that pipelines expect of any model, after the R packages broom and broom.mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from lmm.arguments import a_level, one_of, takes, texts
from lmm.data import open_table, places_of
from lmm.engine.results import SAME_OPTIMUM
from lmm.errors import DataError, LmmError, nearest
from lmm.inference.df.catalog import Df
from lmm.inference.distributions import checked_level, t_quantile
from lmm.inference.door import Vcov
from lmm.inference.fits.conditional import AicKind, Correction, check_correction, conditional, correction_for
from lmm.inference.observations.deletion import leverage
from lmm.inference.observations.influence_measures import influence
from lmm.inference.tables import coefficients
from lmm.model import a_fit, labels_of_table
from lmm.model.tables.printing import criteria_of
from lmm.table import Table
from lmm.table.naming import beside

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["TidyRows", "augment", "glance", "tidy"]

TidyRows: TypeAlias = Literal["fixed", "ran_pars", "ran_vals", "ran_coefs"]
"""Fixed effects; standard deviations and correlations; random effects by level; fixed plus random by level."""

_NUMBERS = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")


@takes(fit=a_fit, effects=texts, level=a_level)
def tidy(
    fit: Fit,
    effects: TidyRows | Sequence[TidyRows] = ("fixed", "ran_pars"),
    *,
    df: Df = "auto",
    vcov: Vcov = None,
    level: float = 0.95,
) -> Table:
    """Tabulate estimates, one row each.

    Parameters
    ----------
    fit
        A fit.
    effects
        ``"fixed"``; ``"ran_pars"`` (standard deviations and correlations); ``"ran_vals"`` (random effects of
        the levels, with standard errors given beta and normal intervals); ``"ran_coefs"`` (fixed plus random).
    df, vcov, level
        As in `lmm.coefficients`.

    Returns
    -------
    Table
        ``effect, group, level, term, estimate, std_error, df, statistic, p_value, conf_low, conf_high``; what does
        not apply is missing.

    Raises
    ------
    LmmError
        If there is no such kind of effects.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> list(fit.tidy()["term"])
    ['Intercept', 'Days', 'sd__Intercept', 'sd__Days', 'cor__Intercept.Days', 'sd__Observation']
    """
    wanted = [effects] if isinstance(effects, str) else list(effects)
    known = get_args(TidyRows)
    for kind in wanted:
        if kind not in known:
            raise LmmError(
                f"effects= must be of {', '.join(known)}; {kind!r} is none of them.{nearest(str(kind), known)}"
            )
    level = checked_level(level)
    rows: list[dict[str, Any]] = []
    for kind in dict.fromkeys(wanted):
        if kind == "fixed":
            found = list(coefficients(fit, df=df, vcov=vcov, level=level))
        elif kind == "ran_coefs":
            found = list(fit.coef())
        else:
            found = _parameters(fit) if kind == "ran_pars" else _values(fit, level)
        rows += [{"effect": kind, **row} for row in found]
    names = ("effect", "group", "level", "term", *_NUMBERS)
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in names}
    return Table(columns, title="Estimates")


@takes(fit=a_fit, kind=one_of(*get_args(AicKind)), correction=one_of(*get_args(Correction)))
def glance(fit: Fit, *, kind: AicKind = "marginal", correction: Correction = "auto") -> Table:
    """Sum a fit up in one row.

    Parameters
    ----------
    fit
        A fit.
    kind, correction
        Of AIC, as in `lmm.compare`.

    Returns
    -------
    Table
        ``n_obs, n_fixed, n_parameters, sigma, loglik, aic, bic, criterion, df_residual, method, converged,
        singular, several_optima``: whether searches from other starts ended at higher optima. With
        ``kind="conditional"`` ``n_obs, edf, df, sigma, loglik, aic, method, converged, singular, several_optima``.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> next(iter(lmm.glance(fit)))["n_obs"]
    180
    """
    numbers = (
        "n_obs",
        "n_fixed",
        "n_parameters",
        "sigma",
        "loglik",
        "aic",
        "bic",
        "criterion",
        "df_residual",
    )
    check_correction(kind, correction, [fit])
    title, notes = "Fit", []
    if kind == "conditional":
        found, note = conditional(fit, correction_for([fit], correction))
        own = {"n_obs": fit.n_obs, "edf": found.edf, "df": found.df, "sigma": fit.sigma}
        own |= {"loglik": found.loglik, "aic": found.aic}
        title, notes = "Fit, given its random effects", [note]
    else:
        known = criteria_of(fit)
        own = {name: known[name] if name in known else getattr(fit, name) for name in numbers}
    own |= {name: getattr(fit, name) for name in ("method", "converged", "singular")}
    columns: dict[str, list[Any]] = {name: [value] for name, value in own.items()}
    above = fit.certificate.details.get("other_optima_above", 0.0)
    return Table(columns | {"several_optima": [above > SAME_OPTIMUM]}, title=title, notes=notes)


@takes(fit=a_fit)
def augment(fit: Fit, data: Any = None) -> Table:
    """Put fitted values, residuals and measures of influence beside the data.

    Parameters
    ----------
    fit
        A fit.
    data
        The table that was fitted, for all its columns and rows, those of pandas in any order; by default the columns
        and rows that the model used.

    Returns
    -------
    Table
        The columns of the data, then ``.fitted`` (with random effects), ``.fixed`` (without), ``.residual``,
        ``.scaled``, ``.studentized``, ``.leverage``, ``.cooks_distance``; missing in rows that were left out.

    Raises
    ------
    DataError
        If the table has another number of rows than the one that was fitted.

    Examples
    --------
    >>> import lmm
    >>> data = lmm.datasets.load("sleepstudy")
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", data)
    >>> lmm.augment(fit, data).columns[:4]
    ('Reaction', 'Days', 'Subject', '.fitted')
    """
    found = {
        ".fitted": fit.fitted,
        ".fixed": fit.predict(random=False),
        ".residual": fit.residuals(),
        ".scaled": fit.residuals("scaled"),
        ".studentized": fit.residuals("studentized"),
        ".leverage": leverage(fit),
        ".cooks_distance": influence(fit)["cooks_distance"],
    }
    if data is None:
        frame = fit.model_frame
        return _augmented({name: frame[name] for name in frame.columns}, found)
    source = open_table(data)
    columns = source.read(source.names)
    design = fit.internals.design
    if columns.n_rows != design.n_rows:
        raise DataError(
            f"The table has {columns.n_rows} rows, the one that was fitted {design.n_rows}: give that one, or use "
            "fit.predict(table) for other rows."
        )
    places = places_of(labels_of_table(fit), source.labels, "data=")
    rows = design.rows if places is None else places[design.rows]
    for name, values in found.items():
        placed = np.full(design.n_rows, np.nan)
        placed[rows] = values
        found[name] = placed
    return _augmented({name: column.to_array() for name, column in columns.items()}, found)


def _augmented(data: Mapping[str, Any], found: Mapping[str, Any]) -> Table:
    columns, notes = beside(found, data)
    return Table({**columns, **found}, title="Data and fit", notes=notes)


def _parameters(fit: Fit) -> list[dict[str, Any]]:
    """List standard deviations, then correlations, then the standard deviation of the residuals."""
    rows = list(fit.varcorr)
    deviations = [row for row in rows[:-1] if row["term_2"] is None]
    correlations = [row for row in rows[:-1] if row["term_2"] is not None]
    named = [(f"sd__{row['term']}", row) for row in deviations]
    named += [(f"cor__{row['term']}.{row['term_2']}", row) for row in correlations]
    named.append(("sd__Observation", rows[-1]))
    return [{"group": row["group"], "term": term, "estimate": row["sdcor"]} for term, row in named]


def _values(fit: Fit, level: float) -> list[dict[str, Any]]:
    half = float(t_quantile((1.0 + level) / 2.0, np.array([np.inf]))[0])
    return [
        {
            **row,
            "conf_low": row["estimate"] - half * row["std_error"],
            "conf_high": row["estimate"] + half * row["std_error"],
        }
        for row in fit.ranef(cond_var=True)
    ]
