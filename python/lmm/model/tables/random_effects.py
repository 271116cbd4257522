"""Tables of random effects and of the coefficients of each level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmm.design import Design, RandomPart
from lmm.engine import GroupBlock
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

    Several terms of one factor are taken together. A column without a fixed effect is
    listed as its random effect alone. User blocks have no coefficients of their own, and aliased columns none.

    Parameters
    ----------
    design
        The design of the fit.
    beta : shape (n_fixed,)
    effects
        Conditional modes by level (l, k) of each part of ``design.random``.

    Returns
    -------
    Table
        ``group, level, term, estimate``.
    """
    fixed = {design.names[j]: float(value) for j, value in zip(design.kept, beta, strict=True)}
    bars = [(part, b) for part, b in zip(design.random, effects, strict=True) if part.is_group]
    terms = [(part, fixed_names(design, part), b) for part, b in bars]
    group: list[str] = []
    level: list[str] = []
    term: list[str] = []
    blocks: list[FloatMatrix] = []
    for name in dict.fromkeys(part.group for part, _ in bars):
        own = [(part, called, b) for part, called, b in terms if part.group == name]
        levels = own[0][0].levels
        columns = list(dict.fromkeys([*fixed, *(column for _, called, _ in own for column in called)]))
        total = np.tile([fixed.get(column, 0.0) for column in columns], (len(levels), 1))
        for _, called, b in own:
            total[:, [columns.index(column) for column in called]] += b
        blocks.append(total)
        group += [name] * total.size
        level += [label for label in levels for _ in columns]
        term += columns * len(levels)
    return Table(
        {"group": group, "level": level, "term": term, "estimate": _joined(blocks)},
        title="Coefficients by level: fixed plus random effects",
    )


def fixed_names(design: Design, part: RandomPart) -> tuple[str, ...]:
    """Names that the effects of a random term have in the fixed part; their own where they are not in it.

    One term may be written in several ways: ``a:b`` and ``b:a``, ``f`` and ``C(f)``. Two terms are the same if they
    multiply the same covariates and factors; then columns of the same numbers are the same.
    """
    values = part.block.values if isinstance(part.block, GroupBlock) else None
    matrix = None if part.recipe is None else part.recipe.effects
    if matrix is None or values is None:
        return part.columns
    variables = {factor.name: factor.variable for factor in (*design.factors, *matrix.factors)}
    places: dict[frozenset[str], list[int]] = {}
    for fixed in design.terms:
        meaning = frozenset(variables.get(piece, piece) for piece in fixed.parts)
        places.setdefault(meaning, []).extend(range(*fixed.columns.indices(len(design.names))))
    names = list(part.columns)
    for random in matrix.terms:
        meaning = frozenset(variables.get(piece, piece) for piece in random.parts)
        for j in range(*random.columns.indices(len(names))):
            if names[j] in design.names:
                continue
            same = (i for i in places.get(meaning, ()) if _same(design.X[:, i], values[:, j]))
            names[j] = next((design.names[i] for i in same if design.names[i] not in names), names[j])
    return tuple(names)


def _same(column: FloatVector, other: FloatVector) -> bool:
    """Whether two columns are the same numbers; three factors in another order differ by rounding."""
    return bool(np.allclose(column, other, rtol=1e-12, atol=0.0))


def _standard_errors(C: FloatArray) -> FloatMatrix:
    """Roots of the diagonals (l, k); rounding may leave a zero slightly negative."""
    variances = np.diagonal(C, axis1=1, axis2=2)
    return np.sqrt(np.clip(variances, 0.0, None))


def _joined(blocks: Sequence[FloatMatrix]) -> FloatVector:
    return np.concatenate([block.ravel() for block in blocks]) if blocks else np.zeros(0)
