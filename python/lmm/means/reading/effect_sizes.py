"""Contrasts in units of a standard deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.errors import LmmError
from lmm.inference import t_p_value, t_quantile
from lmm.means.reading.tabulation import label_columns
from lmm.table import Table
from lmm.table.naming import beside
from lmm.typing import FloatVector

if TYPE_CHECKING:
    from lmm.means.result import Means

__all__ = ["effect_sizes"]


def effect_sizes(means: Means, method: Any, sigma: float | None, edf: float | None) -> Table:
    """Make the table of effect sizes; see `Means.effect_size`.

    With d = c'β/σ and σ² known as from ``edf`` degrees of freedom, the delta method gives
    Var(d) = Var(c'β)/σ² + d²/(2 edf). The t of d has the smallest degrees of freedom of the means that it compares.
    """
    if means.kind == "contrast":
        raise LmmError("These are contrasts already; ask the means for effect_size().")
    sigma, edf = _unit(means, sigma, edf)
    contrasts = means.contrast(method, adjust="none")
    found = contrasts.evaluated
    d = found.estimate / sigma
    std_error = np.sqrt((found.std_error / sigma) ** 2 + d**2 / (2.0 * edf))
    df = np.where(np.isnan(d), np.nan, _smallest_df(means, contrasts))
    statistic = np.divide(d, std_error, out=np.full(len(d), np.nan), where=std_error > 0.0)
    half = t_quantile((1.0 + means.options.level) / 2.0, df) * std_error
    columns = {
        "effect_size": d,
        "std_error": std_error,
        "df": df,
        "statistic": statistic,
        "p_value": t_p_value(statistic, df),
        "conf_low": d - half,
        "conf_high": d + half,
    }
    labels = beside(columns, label_columns(contrasts))
    notes = [
        *contrasts.remarks,
        *labels.notes,
        *(note for note in found.notes if note.startswith(("Degrees of freedom", "Confidence"))),
        f"In units of sigma = {sigma:.4g}, known as from {edf:.4g} degrees of freedom.",
    ]
    return Table({**labels.columns, **columns}, title="Effect sizes", notes=notes)


def _unit(means: Means, sigma: float | None, edf: float | None) -> tuple[float, float]:
    fit = means.functions.fit
    if fit.internals.design.groups and (sigma is None or edf is None):
        raise LmmError(
            "With random effects there are several standard deviations: say which one counts, sigma=, and its degrees "
            f"of freedom, edf=. That of the residuals is fit.sigma = {fit.sigma:.4g}."
        )
    found = (
        fit.sigma if sigma is None else sigma,
        float(fit.df_residual) if edf is None else edf,
    )
    for name, value in zip(("sigma", "edf"), found, strict=True):
        if isinstance(value, bool) or not isinstance(value, int | float | np.floating) or not value > 0.0:
            raise LmmError(f"{name}= must be a number above 0, not {value!r}.")
    return float(found[0]), float(found[1])


def _smallest_df(means: Means, contrasts: Means) -> FloatVector:
    """Smallest degrees of freedom of the means that each contrast compares (r,)."""
    df, K = means.evaluated.df, contrasts.coefficients
    starts = zip(K.indptr, K.indptr[1:], strict=False)
    return np.array([df[K.indices[a:b]].min(initial=np.inf) for a, b in starts])
