"""Variances, covariances and correlations of the random effects, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lmm.design import RandomPart
from lmm.table import Table
from lmm.typing import FloatMatrix


def variance_table(parts: Sequence[RandomPart], covariances: Sequence[FloatMatrix], sigma: float) -> Table:
    """Tabulate the covariance of each term, then the residual variance.

    Parameters
    ----------
    parts
        The random terms.
    covariances
        G (k, k) of each.
    sigma
        Residual standard deviation.

    Returns
    -------
    Table
        ``group, term, term_2, vcov, sdcor``: a variance has no ``term_2`` and its standard
        deviation in ``sdcor``, missing where it is a negative component; a covariance has the
        correlation there, missing where one of the two variances is zero.
    """
    rows: list[tuple[Any, ...]] = []
    for part, G in zip(parts, covariances, strict=True):
        rows += _rows_of_term(part, G)
    rows.append(("Residual", None, None, sigma**2, sigma))
    names = ("group", "term", "term_2", "vcov", "sdcor")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return Table(columns, title="Variances and correlations")


def _rows_of_term(part: RandomPart, G: FloatMatrix) -> list[tuple[Any, ...]]:
    variances = np.diag(G)
    sd = np.sqrt(np.where(variances < 0.0, np.nan, variances))
    names = part.columns
    rows: list[tuple[Any, ...]] = [
        (part.group, name, None, float(G[i, i]), float(sd[i])) for i, name in enumerate(names)
    ]
    if part.structure == "diag":
        return rows
    for j in range(len(names)):
        for i in range(j + 1, len(names)):
            product = sd[i] * sd[j]
            # Rounding may carry a perfect correlation past one.
            correlation = float(np.clip(G[i, j] / product, -1.0, 1.0)) if product > 0.0 else None
            rows.append((part.group, names[j], names[i], float(G[i, j]), correlation))
    return rows
