"""The fixed effects with their names and standard errors."""

from __future__ import annotations

import numpy as np

from lmm.design import Design
from lmm.table import Table
from lmm.typing import FloatMatrix, FloatVector


def fixef_table(design: Design, beta: FloatVector, vcov: FloatMatrix) -> Table:
    """Tabulate all columns of X, the aliased ones with missing values.

    Parameters
    ----------
    beta : shape (rank,)
    vcov : shape (rank, rank)
        Their covariance.

    Returns
    -------
    Table
        ``term, estimate, std_error``.
    """
    estimate = np.full(len(design.names), np.nan)
    std_error = estimate.copy()
    estimate[design.kept] = beta
    std_error[design.kept] = np.sqrt(np.diag(vcov))
    columns = {"term": list(design.names), "estimate": estimate, "std_error": std_error}
    notes = []
    if design.aliased:
        notes.append(f"Missing: a linear combination of columns before it ({_few(design.aliased)}).")
    return Table(columns, title="Fixed effects", notes=notes)


def correlation(vcov: FloatMatrix) -> FloatMatrix:
    """Correlations (p, p) from covariances; missing where a variance is zero."""
    sd = np.sqrt(np.diag(vcov))
    sd = np.where(sd > 0.0, sd, np.nan)
    corr: FloatMatrix = vcov / sd / sd[:, None]
    np.fill_diagonal(corr, np.where(np.isnan(sd), np.nan, 1.0))
    return corr


def _few(names: tuple[str, ...], limit: int = 5) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
