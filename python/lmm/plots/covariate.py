"""The numeric covariate that a plot of the data has on its axis, and the rows that make one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.errors import DesignError, UnsupportedError, nearest

if TYPE_CHECKING:
    from lmm.data import Column
    from lmm.design import Design, RandomPart
    from lmm.typing import FloatVector, IntVector

__all__ = ["Curves", "curves_of", "numeric_covariate", "panel_part"]


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Which line of which panel each row belongs to.

    Attributes
    ----------
    covariate
        Name of the column on the axis.
    x : shape (n_obs,)
        Its values.
    group
        Name of the grouping factor that makes the panels; empty when there is one panel.
    panels
        Names of the panels.
    panel : shape (n_obs,)
        Index into ``panels``.
    kinds
        Names of the lines within a panel: combinations of the levels of the other variables of the fixed part.
    kind : shape (n_obs,)
        Index into ``kinds``.
    """

    covariate: str
    x: FloatVector
    group: str
    panels: tuple[str, ...]
    panel: IntVector
    kinds: tuple[str, ...]
    kind: IntVector

    @property
    def curve(self) -> IntVector:
        """Number of the line over all panels, shape (n_obs,)."""
        return np.asarray(self.panel * len(self.kinds) + self.kind)


def numeric_covariate(design: Design) -> str:
    """Name the one numeric column of the fixed part that has more than two values.

    Raises
    ------
    DesignError
        If there is none.
    UnsupportedError
        If there are several: a line would need the others held at some value.
    """
    found = [name for name in _numeric_variables(design) if _n_distinct(design.model_frame[name]) > 2]
    if not found:
        raise DesignError(
            "the fixed part has no numeric covariate with more than two values; there is no line to draw"
        )
    if len(found) > 1:
        raise UnsupportedError(
            f"the fixed part has several numeric covariates ({', '.join(found)}); "
            "lines can be drawn for models with one so far"
        )
    return found[0]


def panel_part(design: Design, group: str | None = None) -> RandomPart | None:
    """Choose the term whose levels make the panels: the one asked for, the first with slopes, the first at all."""
    parts = design.bars
    if group is None:
        with_slopes = [part for part in parts if set(part.columns) != {"Intercept"}]
        return next(iter([*with_slopes, *parts]), None)
    names = list(dict.fromkeys(part.group for part in parts))
    if group not in names:
        raise DesignError(
            f'there is no grouping factor "{group}"; the model has {", ".join(names) or "none"}.{nearest(group, names)}'
        )
    return next(part for part in parts if part.group == group)


def curves_of(design: Design, group: str | None = None) -> Curves:
    """Sort the rows of a design into panels and lines."""
    covariate = numeric_covariate(design)
    frame = design.model_frame
    part = panel_part(design, group)
    n = design.n_obs
    others = [name for name in _fixed_variables(design) if name != covariate]
    kind: IntVector = np.zeros(n, dtype=np.int64)
    kinds: tuple[str, ...] = ("",)
    for name in others:
        kind, kinds = _cross(kind, kinds, frame[name].as_factor())
    return Curves(
        covariate=covariate,
        x=frame[covariate].numbers,
        group="" if part is None else part.group,
        panels=("",) if part is None else part.levels,
        panel=np.zeros(n, dtype=np.int64) if part is None else np.asarray(part.codes, dtype=np.int64),
        kinds=kinds,
        kind=kind,
    )


def _cross(kind: IntVector, kinds: tuple[str, ...], column: Column) -> tuple[IntVector, tuple[str, ...]]:
    """Combine lines with the levels of one more variable; only combinations that occur stay."""
    levels = (*column.levels, "(missing)")  # the last where the code is -1
    codes = np.asarray(column.factor_codes, dtype=np.int64) % len(levels)
    pairs, crossed = np.unique(kind * len(levels) + codes, return_inverse=True)
    label = column.name if column.levels and all(map(_is_number, column.levels)) else ""
    names = []
    for pair in pairs.tolist():
        before, level = divmod(pair, len(levels))
        names.append(", ".join(filter(None, (kinds[before], f"{label} {levels[level]}".strip()))))
    return np.asarray(crossed, dtype=np.int64), tuple(names)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fixed_variables(design: Design) -> list[str]:
    names = dict.fromkeys(name for term in design.terms for name in term.variables)
    for part in design.smooths:
        names |= dict.fromkeys(() if part.spec is None else sorted(part.spec.variables))
    return [name for name in names if name in design.model_frame]


def _numeric_variables(design: Design) -> list[str]:
    # A number inside C(...) is a factor.
    coded = {factor.variable for factor in design.factors}
    return [
        name
        for name in _fixed_variables(design)
        if name not in coded and design.model_frame[name].kind == "numeric"
    ]


def _n_distinct(column: Column) -> int:
    return int(np.unique(column.present).size)
