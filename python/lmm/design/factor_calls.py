"""Functions of a formula that take or make factors: ``C``, ``dummy``, ``hashed``, ``ifelse`` and their like."""

# ruff: noqa: ARG001 (all are called with the number of rows)

# ruff: noqa: ARG001 (all are called with the number of rows)

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lmm.data import Column
from lmm.design.coding import coding_from_formula
from lmm.design.operators import choice
from lmm.design.values import Basis, Coded, MisfitError, as_column, described, numbers_of, truth_of
from lmm.design.wording import listed
from lmm.errors import nearest
from lmm.limits import counted

__all__ = ["FACTOR_CALLS", "LEARNED_FACTOR_CALLS"]

_MOST_HASHES = 10_000


def _identity(n_rows: int, x: Any) -> Any:
    return x


def _factor(n_rows: int, x: Any, contrasts: Any, levels: list[str] | None, spans_intercept: bool) -> Coded:
    """``C(x, contrasts, levels=...)``: x as a factor, numbers as levels in ascending order."""
    column = as_column(x, "C()", n_rows)
    if levels is not None:
        column = _in_order(column, levels)
    return Coded(column, None if contrasts is None else coding_from_formula(contrasts), spans_intercept)


def _in_order(column: Column, levels: Sequence[str]) -> Column:
    """Factor with its levels in the order of ``C(x, levels=[...])``."""
    twice = next((level for level in levels if levels.count(level) > 1), None)
    if twice is not None:
        raise MisfitError(f"levels= in C() names the level {twice!r} twice")
    for level in column.levels:
        if level not in levels:
            raise MisfitError(
                f"levels= in C() leaves out the level {level!r} that the data have.{nearest(level, levels)}"
            )
    used = tuple(level for level in levels if level in column.levels)
    values = dict(zip(column.levels, column.level_values, strict=True))
    return Column(
        column.name,
        "factor",
        codes=column.recode(used),
        levels=used,
        level_values=tuple(values[level] for level in used),
    )


def _dummy(n_rows: int, state: dict[str, Any], x: Any, levels: list[str] | None) -> Basis:
    """Columns of zeros and ones for some levels, as ``dummy()`` of lme4; all but the first where none is named."""
    column = as_column(x, "dummy()", n_rows)
    if "levels" not in state:
        state["levels"] = _chosen(column, levels)
    kept = state["levels"]
    codes = column.recode(tuple(kept))
    values = (codes[:, None] == np.arange(len(kept))).astype(np.float64)
    return Basis(("",) if len(kept) == 1 else tuple(kept), values)


def _chosen(column: Column, levels: list[str] | None) -> list[str]:
    chosen = list(column.levels[1:]) if levels is None else levels
    unknown = next((level for level in chosen if level not in column.levels), None)
    if unknown is not None:
        raise MisfitError(
            f"{unknown!r} is not a level of the factor.{nearest(unknown, column.levels)} Its levels: "
            f"{listed(column.levels, 20)}"
        )
    if not chosen or len(set(chosen)) < len(chosen):
        raise MisfitError("dummy() needs at least one level, and each once")
    return chosen


def _hashed(n_rows: int, x: Any, levels: int, spans_intercept: bool) -> Coded:
    """Levels put by the MD5 sums of their labels into a fixed number of groups."""
    if not 2 <= levels <= _MOST_HASHES:
        raise MisfitError(f"hashed() makes from 2 to {_MOST_HASHES:,} levels, not {counted(levels)}")
    column = as_column(x, "hashed()", n_rows)
    values = map(float, map(str, column.level_values)) if _is_numbers(x) else column.level_values
    texts = map(str, values)
    sums = [int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % levels for text in texts]
    codes = np.array([*sums, -1], dtype=np.int32)[column.factor_codes]
    names = tuple(map(str, range(levels)))
    return Coded(
        Column(column.name, "factor", codes=codes, levels=names, level_values=names), None, spans_intercept
    )


def _is_numbers(value: Any) -> bool:
    """Whether it is a column, or an array, of numbers."""
    kind = value.kind if isinstance(value, Column) else getattr(getattr(value, "dtype", None), "kind", "")
    return kind in ("numeric", "f")


def _as_numeric(n_rows: int, x: Any) -> Any:
    """Truth values as 0 and 1; numbers are left alone."""
    try:
        return numbers_of(x)
    except MisfitError:
        raise MisfitError(
            f"as.numeric() takes numbers or truth values, not {described(x)}; R would give the numbers of the levels "
            "in their order: convert the column in the table to the numbers that you mean"
        ) from None


def _as_integer(n_rows: int, x: Any) -> Any:
    return np.trunc(_as_numeric(n_rows, x))


def _choice(n_rows: int, condition: Any, yes: Any, no: Any) -> Any:
    return choice(condition, yes, no)


def _select(n_rows: int, conditions: list[Any], values: list[Any], default: Any) -> Any:
    """First of the values whose condition is true, row by row."""
    if len(conditions) != len(values) or not conditions:
        raise MisfitError(
            f"np.select() takes one value for each condition, not {len(values)} for {len(conditions)}"
        )
    result = default
    for condition, value in zip(reversed(conditions), reversed(values), strict=True):
        result = choice(truth_of(condition), value, result)
    return result


def _is_in(n_rows: int, x: Any, values: list[str]) -> Any:
    """Whether each value is one of some levels or numbers."""
    column = as_column(x, "np.isin()", n_rows)
    chosen = np.array([level in values for level in column.levels] + [False])
    return chosen[column.factor_codes]


FACTOR_CALLS: Mapping[str, Callable[..., Any]] = {
    "I": _identity,
    "C": _factor,
    "hashed": _hashed,
    "as.numeric": _as_numeric,
    "as.integer": _as_integer,
    "ifelse": _choice,
    "np.where": _choice,
    "np.select": _select,
    "np.isin": _is_in,
    ".isin": _is_in,
}
"""Function → what computes it, called with the number of rows and the names of its signature."""

LEARNED_FACTOR_CALLS: Mapping[str, Callable[..., Any]] = {"dummy": _dummy}
"""The same for those that learn from the data: the state comes after the number of rows."""
