"""Tables of random effects and of the coefficients of each level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmm.design import Design, RandomPart
from lmm.table import Table
from lmm.typing import FloatArray, FloatMatrix, FloatVector


def ranef_table(
    parts: Sequence[RandomPart],
    effects: Sequence[FloatMatrix],
    covariances: Sequence[FloatArray] | None = None,
    note: str = "",
) -> Table:
    """Tabulate the conditional modes, level by level.

    Parameters
    ----------
    parts
        The random terms.
    effects
        Conditional modes by level (l, k) of each.
    covariances
        Their covariances (l, k, k), for the column ``std_error``.
    note
        What the standard errors are.

    Returns
    -------
    Table
        ``group, level, term, estimate`` and ``std_error`` where covariances are given.
    """
    group: list[str] = []
    level: list[str] = []
    term: list[str] = []
    for part in parts:
        k, n_levels = len(part.columns), len(part.levels)
        group += [part.group] * (k * n_levels)
        level += [label for label in part.levels for _ in range(k)]
        term += list(part.columns) * n_levels
    columns = {"group": group, "level": level, "term": term, "estimate": _joined(effects)}
    if covariances is not None:
        columns["std_error"] = _joined([_standard_errors(C) for C in covariances])
    return Table(columns, title="Random effects", notes=[note] if note else [])


def coef_table(design: Design, beta: FloatVector, effects: Sequence[FloatMatrix]) -> Table:
    """Tabulate fixed plus random effects, for each level of each grouping factor.

    Several terms of one factor are taken together. A column that only the random part has
    stands by itself. User blocks have no coefficients of their own, and aliased columns none.

    Returns
    -------
    Table
        ``group, level, term, estimate``.
    """
    fixed = {design.names[j]: float(value) for j, value in zip(design.kept, beta, strict=True)}
    groups = dict.fromkeys(part.group for part in design.random if part.codes is not None)
    group: list[str] = []
    level: list[str] = []
    term: list[str] = []
    blocks: list[FloatMatrix] = []
    for name in groups:
        own = [
            (part, b)
            for part, b in zip(design.random, effects, strict=True)
            if part.group == name and part.codes is not None
        ]
        levels = own[0][0].levels
        columns = list(dict.fromkeys([*fixed, *(c for part, _ in own for c in part.columns)]))
        total = np.tile([fixed.get(column, 0.0) for column in columns], (len(levels), 1))
        for part, b in own:
            total[:, [columns.index(column) for column in part.columns]] += b
        blocks.append(total)
        group += [name] * total.size
        level += [label for label in levels for _ in columns]
        term += columns * len(levels)
    return Table(
        {"group": group, "level": level, "term": term, "estimate": _joined(blocks)},
        title="Coefficients by level: fixed plus random effects",
    )


def _standard_errors(C: FloatArray) -> FloatMatrix:
    """Roots of the diagonals (l, k); rounding may leave a zero slightly negative."""
    variances = np.diagonal(C, axis1=1, axis2=2)
    return np.sqrt(np.clip(variances, 0.0, None))


def _joined(blocks: Sequence[FloatMatrix]) -> FloatVector:
    return np.concatenate([block.ravel() for block in blocks]) if blocks else np.zeros(0)
