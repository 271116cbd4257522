"""Variances, covariances and correlations of the random effects, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lmm.design import RandomPart
from lmm.table import Table
from lmm.typing import FloatMatrix, FloatVector


def variance_table(
    parts: Sequence[RandomPart],
    covariances: Sequence[FloatMatrix],
    sigma: float,
    natural: Sequence[FloatVector],
) -> Table:
    """Tabulate the covariance of each term, then the residual variance.

    Parameters
    ----------
    parts
        The random terms.
    covariances
        G (k, k) of each.
    sigma
        Residual standard deviation.
    natural
        Natural parameters of each, relative to sigma²; read of structures that are not linear.

    Returns
    -------
    Table
        ``group, term, term_2, vcov, sdcor``: a variance has no ``term_2`` and its standard
        deviation in ``sdcor``, missing where it is a negative component; a covariance has the
        correlation there, missing where one of the two variances is zero. Structures with parameters
        that are neither have them in one more column, ``value``, with their names in ``term``.
    """
    rows: list[tuple[Any, ...]] = []
    for part, G, values in zip(parts, covariances, natural, strict=True):
        rows += _rows_of_term(part, G) if part.structure.is_linear else _natural_rows(part, values, sigma)
    rows.append(("Residual", None, None, sigma**2, sigma, None))
    names: tuple[str, ...] = ("group", "term", "term_2", "vcov", "sdcor", "value")
    if all(part.structure.is_linear for part in parts):
        rows, names = [row[:5] for row in rows], names[:5]
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return Table(columns, title="Variances and correlations")


def _natural_rows(part: RandomPart, values: FloatVector, sigma: float) -> list[tuple[Any, ...]]:
    """Variances and correlations of a structure that has few."""
    k = len(part.columns)
    names = part.structure.natural_names(part.columns)
    is_variance = part.structure.natural(part.structure.start(k), k).is_variance
    return [
        (part.group, name, None, sigma**2 * float(value), sigma * float(np.sqrt(value)), None)
        if variance
        else (part.group, name, None, None, None, float(value))
        for name, value, variance in zip(names, values, is_variance, strict=True)
    ]


def _rows_of_term(part: RandomPart, G: FloatMatrix) -> list[tuple[Any, ...]]:
    variances = np.diag(G)
    sd = np.sqrt(np.where(variances < 0.0, np.nan, variances))
    names = part.columns
    rows: list[tuple[Any, ...]] = [
        (part.group, name, None, float(G[i, i]), float(sd[i]), None) for i, name in enumerate(names)
    ]
    if not part.structure.is_correlated:
        return rows
    for j in range(len(names)):
        for i in range(j + 1, len(names)):
            product = sd[i] * sd[j]
            # Rounding may carry a perfect correlation past one.
            correlation = float(np.clip(G[i, j] / product, -1.0, 1.0)) if product > 0.0 else None
            rows.append((part.group, names[j], names[i], float(G[i, j]), correlation, None))
    return rows
