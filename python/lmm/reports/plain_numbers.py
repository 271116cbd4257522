"""A fit as plain Python values, ready for strict JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.model.tables.printing import criteria_of
from lmm.reports.summaries import summary

if TYPE_CHECKING:
    from lmm.model import Fit
    from lmm.table import Table

__all__ = ["as_dict", "table_as_dict"]


def as_dict(fit: Fit) -> dict[str, Any]:
    """Write the estimates of a fit as lists, numbers, text and None.

    Parameters
    ----------
    fit
        Any fit.

    Returns
    -------
    dict
        ``lmm, formula, method, converged, singular, n_obs, n_levels, n_fixed, df_residual, criterion, loglik, aic, bic,
        sigma, theta, fixef, vcov, varcorr, ranef, notes``; tables are lists of rows. Missing and infinite
        numbers are None.

    Examples
    --------
    >>> import json, lmm
    >>> from lmm.reports import as_dict
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> values = json.loads(json.dumps(as_dict(fit), allow_nan=False))
    >>> values["fixef"][1]["term"], values["n_levels"]
    ('Days', {'Subject': 18})
    """
    from lmm import __version__

    found = summary(fit)
    values = {
        "lmm": __version__,
        "formula": found.formula,
        "method": fit.method,
        "converged": bool(fit.converged),
        "singular": bool(fit.singular),
        "n_obs": int(fit.n_obs),
        "n_levels": {group: int(count) for group, count in found.n_levels.items()},
        "n_fixed": int(fit.n_fixed),
        "df_residual": int(fit.df_residual),
        **criteria_of(fit),
        "sigma": float(fit.sigma),
        "theta": np.asarray(fit.theta).tolist(),
        "fixef": list(found.coefficients),
        "vcov": np.asarray(fit.vcov).tolist(),
        "varcorr": list(fit.varcorr),
        "ranef": list(fit.ranef()),
        "notes": list(found.notes),
    }
    finite: dict[str, Any] = _finite(values)
    return finite


def table_as_dict(table: Table) -> dict[str, Any]:
    """Write a table as text, lists of rows and None.

    Parameters
    ----------
    table
        A table.

    Returns
    -------
    dict
        ``title, rows, notes``. Missing and infinite numbers are None.

    Examples
    --------
    >>> from lmm.reports import table_as_dict
    >>> from lmm.table import Table
    >>> table_as_dict(Table({"term": ["Days"], "den_df": [np.inf]}, title="Tests"))
    {'title': 'Tests', 'rows': [{'term': 'Days', 'den_df': None}], 'notes': []}
    """
    values: dict[str, Any] = _finite({"title": table.title, "rows": list(table), "notes": list(table.notes)})
    return values


def _finite(value: Any) -> Any:
    """Put None where JSON has no number."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
