"""Rows along one variable, with the other variables at typical values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.errors import DesignError, LmmError, UnsupportedError, nearest
from lmm.typing import ObjectVector

if TYPE_CHECKING:
    from lmm.data import Column
    from lmm.model import Fit

__all__ = ["TypicalRows", "typical_rows"]

N_POINTS = 61
MOST_LINES = 12


@dataclass(frozen=True, slots=True, eq=False)
class TypicalRows:
    """Rows to predict.

    Attributes
    ----------
    along
        The variable that runs.
    is_numeric
        Whether it is a number, not a factor.
    is_alone
        Whether the fixed part has no other variable.
    table
        Columns by name.
    lines
        Labels of the lines; one empty label where there is one line.
    line : shape (n,)
        Label of each row.
    notes
        Where the other variables stand.
    """

    along: str
    is_numeric: bool
    is_alone: bool
    table: dict[str, Any]
    lines: tuple[str, ...]
    line: ObjectVector
    notes: tuple[str, ...]


def typical_rows(fit: Fit, along: str | None, at: Mapping[str, Any] | None) -> TypicalRows:
    """Choose rows along one variable of the fixed part; see `lmm.plots.predictions_data`.

    Raises
    ------
    LmmError
        If there is no such variable, or lines are too many.
    DesignError
        If the fixed part has no variable.
    UnsupportedError
        If the fit had an array as offset.
    """
    if fit.internals.spec.needs_offset:
        raise UnsupportedError(
            "this fit had an array as offset=, which other rows do not have; nothing can be drawn"
        )
    frame = fit.internals.design.model_frame
    fixed = [name for term in fit.internals.design.terms for name in term.variables if name in frame]
    curves = [name for spec in fit.internals.spec.smooths.expressions for name in spec.variables]
    fixed += [name for name in curves if name in frame]
    coded = {factor.variable for factor in fit.internals.design.factors}
    numeric = {name for name in frame if frame[name].kind == "numeric" and name not in coded}
    names = list(dict.fromkeys([*fixed, *_others(fit)]))
    along = _along(along, list(dict.fromkeys(fixed)), numeric, frame)
    chosen, notes = _values(names, along, numeric, frame, dict(at or {}))
    varying = [name for name, values in chosen.items() if len(values) > 1]
    combinations = list(product(*(chosen[name] for name in varying)))
    if len(combinations) > MOST_LINES:
        raise LmmError(
            f"{len(combinations)} lines are too many for one picture; choose values, such as at={{{varying[0]!r}: …}}"
        )
    x = _run(frame[along], along in numeric)
    table: dict[str, Any] = {along: np.concatenate([x] * len(combinations))}
    labels = [
        ", ".join(_label(name, value, numeric) for name, value in zip(varying, one, strict=True))
        for one in combinations
    ]
    for name, values in chosen.items():
        each = (
            [one[varying.index(name)] for one in combinations]
            if name in varying
            else list(values) * len(combinations)
        )
        table[name] = [value for value in each for _ in range(len(x))]
    return TypicalRows(
        along=along,
        is_numeric=along in numeric,
        is_alone=set(fixed) == {along},
        table=table,
        lines=tuple(labels),
        line=np.array([label for label in labels for _ in range(len(x))], dtype=object),
        notes=notes,
    )


def _others(fit: Fit) -> list[str]:
    """Variables that rows need besides those of the fixed part, grouping factors left out."""
    found = [
        name
        for spec in fit.internals.spec.random
        if spec.effects is not None
        for name in sorted(spec.effects.variables)
    ]
    found += [name for spec in fit.internals.spec.offsets for name in spec.variables]
    return found if fit.internals.spec.offset is None else [*found, fit.internals.spec.offset]


def _along(along: str | None, fixed: Sequence[str], numeric: set[str], frame: Mapping[str, Column]) -> str:
    if not fixed:
        raise DesignError("the fixed part has no variable to predict along")
    if along is None:
        runs = [name for name in fixed if name in numeric and np.unique(frame[name].present).size > 2]
        return next(iter([*runs, *fixed]))
    if along not in fixed:
        raise LmmError(
            f'there is no "{along}" in the fixed part; it has {", ".join(fixed)}.{nearest(along, fixed)}'
        )
    return along


def _values(
    names: Sequence[str], along: str, numeric: set[str], frame: Mapping[str, Column], at: dict[str, Any]
) -> tuple[dict[str, list[Any]], tuple[str, ...]]:
    """Values of all variables but the one that runs, and a sentence about those that stand still."""
    others = [name for name in names if name != along]
    for name in at:
        if name not in others:
            raise LmmError(
                f"at= names {name!r}; there are {', '.join(others) or 'no other variables'}.{nearest(name, others)}"
            )
    chosen: dict[str, list[Any]] = {}
    lined = any(_is_several(value) for value in at.values())
    for name in others:
        if name in at:
            chosen[name] = list(at[name]) if _is_several(at[name]) else [at[name]]
        elif name in numeric:
            chosen[name] = [float(frame[name].present.mean())]
        else:
            levels = list(frame[name].as_factor().level_values)
            chosen[name] = levels[:1] if lined else levels
            lined = True
    still = [_label(name, values[0], set(others)) for name, values in chosen.items() if len(values) == 1]
    return chosen, (f"At {', '.join(still)}.",) if still else ()


def _run(column: Column, is_numeric: bool) -> Any:
    if not is_numeric:
        return np.array(column.as_factor().level_values, dtype=object)
    return np.linspace(column.present.min(), column.present.max(), N_POINTS)


def _is_several(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _label(name: str, value: Any, named: set[str]) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{name} {text}" if name in named or not isinstance(value, str) else text
