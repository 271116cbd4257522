"""The variables of the fixed part, and the values at which a reference grid holds them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from lmm.arguments import asked, shown
from lmm.data.levels import label
from lmm.errors import LmmError, LmmWarning, nearest
from lmm.limits import MOST_VALUES, check_length
from lmm.typing import FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.data import Column
    from lmm.design import Design
    from lmm.model import Fit

__all__ = ["CovReduce", "GridVariable", "grid_variables"]

CovReduce: TypeAlias = "bool | Callable[[FloatVector], Any] | Mapping[str, Any] | None"
"""How covariates are held: None for their mean, False for all their values, a function, or one of these by name."""

_MOST_VALUES = 1000  # of one covariate that is not reduced


@dataclass(frozen=True, slots=True, eq=False)
class GridVariable:
    """One variable of the reference grid.

    Attributes
    ----------
    name
        Column of the data.
    kind
        ``"factor"`` or ``"covariate"``.
    values
        Where the grid holds it: levels as they are in the data, or numbers.
    labels
        Texts of the values.
    codes : shape (n_obs,)
        Which of the values each row of the fit has, -1 for none of them (and for covariates).
    """

    name: str
    kind: Literal["factor", "covariate"]
    values: tuple[Any, ...]
    labels: tuple[str, ...]
    codes: IntVector

    @property
    def is_factor(self) -> bool:
        """Whether it has levels."""
        return self.kind == "factor"


def grid_variables(
    fit: Fit, at: Mapping[str, Any] | None = None, cov_reduce: CovReduce = None
) -> dict[str, GridVariable]:
    """Collect the variables of the fixed part and of offsets, in formula order.

    Raises
    ------
    LmmError
        If ``at`` names something else, a level that does not exist, or no numbers for a covariate.

    Warns
    -----
    LmmWarning
        If ``at`` leaves the range of the data.
    """
    design = fit.internals.design
    names = _names(fit)
    given = _checked_at(at, names)
    reduce = _checked_reduce(cov_reduce, names)
    # C(Day, levels=[...]) decides on the order of its levels.
    orders = {factor.variable: factor.levels for factor in design.factors}
    found = {}
    for name in names:
        column = design.model_frame[name]
        factor = column.as_factor() if column.kind == "factor" or name in orders else None
        # I(x > 0) has levels of its own, which are those of no column.
        order = orders.get(name) if factor and set(orders.get(name, ())) <= set(factor.levels) else None
        if factor and (column.kind == "factor" or order):
            if isinstance(cov_reduce, Mapping) and name in cov_reduce:
                raise LmmError(
                    f'cov_reduce= names "{name}", which is a factor; some of its levels are chosen by at=.'
                )
            found[name] = _factor(factor, order, given.get(name))
        else:
            found[name] = _covariate(column, given.get(name), reduce.get(name))
    return found


def _names(fit: Fit) -> list[str]:
    """Order of first appearance; of several in one expression, that of the alphabet."""
    names = {
        name: None
        for term in fit.internals.design.terms
        for name in _ordered(fit.internals.design, term.parts, term.variables)
    }
    names |= {name: None for spec in fit.internals.spec.smooths.expressions for name in spec.variables}
    names |= {name: None for spec in fit.internals.spec.offsets for name in spec.variables}
    if fit.internals.spec.offset is not None:
        names[fit.internals.spec.offset] = None
    return list(names)


def _ordered(design: Design, parts: Sequence[str], variables: Sequence[str]) -> list[str]:
    coded = {factor.name: factor.variable for factor in design.factors}
    first = [coded.get(part, part) for part in parts]
    return [*(name for name in first if name in variables), *variables]


def _checked_at(at: Mapping[str, Any] | None, names: Sequence[str]) -> dict[str, Any]:
    if at is None:
        return {}
    if not isinstance(at, Mapping):
        raise LmmError(
            f'at= must be a dict from variables to values, such as {{"Days": [0, 5]}}, not {shown(at)}.'
        )
    for name in at:
        if name not in names:
            known = ", ".join(names) or "none"
            raise LmmError(
                f'at= names "{name}", which is not a variable of the fixed part; there are {known}.'
                f"{nearest(str(name), names)}"
            )
        if at[name] is None:
            raise LmmError(
                f'at= gives None for "{name}"; name its values, or leave it out for its mean or all its levels.'
            )
    return dict(at)


def _checked_reduce(cov_reduce: CovReduce, names: Sequence[str]) -> dict[str, Any]:
    if isinstance(cov_reduce, Mapping):
        for name in cov_reduce:
            if name not in names:
                raise LmmError(
                    f'cov_reduce= names "{name}", which is not a variable of the fixed part.{nearest(str(name), names)}'
                )
        return dict(cov_reduce)
    if cov_reduce is None or isinstance(cov_reduce, bool) or callable(cov_reduce):
        return dict.fromkeys(names, cov_reduce)
    raise LmmError(
        "cov_reduce= must be a function of the values of a covariate, False for all its values, or a dict of these "
        f"by name; it is {shown(cov_reduce)}."
    )


def _factor(column: Column, order: tuple[str, ...] | None, at: Any) -> GridVariable:
    levels = order or column.levels
    value_of = dict(zip(column.levels, column.level_values, strict=True))
    chosen = levels if at is None else _chosen_levels(column.name, at, levels)
    return GridVariable(
        name=column.name,
        kind="factor",
        values=tuple(value_of[level] for level in chosen),
        labels=chosen,
        codes=column.recode(chosen),
    )


def _chosen_levels(name: str, at: Any, levels: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(at, Mapping):
        raise LmmError(f'at= must give levels of "{name}", one or several, not a dict.')
    if isinstance(at, np.ndarray) and at.ndim == 0:
        at = at.item()
    # A series, a set or an array is several levels; text, a number or a date is one.
    several = isinstance(at, Iterable) and not isinstance(at, str | bytes)
    if several:
        _check_length(name, at, "at=")
    wanted = list(at) if several else [at]
    chosen = dict.fromkeys(
        label(value.item() if isinstance(value, np.generic) else value) for value in wanted
    )
    for level in chosen:
        if level not in levels:
            raise LmmError(
                f'at= has the level {level!r} of "{name}", which the fit does not know; its levels are '
                f"{', '.join(levels)}.{nearest(level, levels)}"
            )
    if not chosen:
        raise LmmError(f'at= gives no level of "{name}".')
    return tuple(chosen)


def _covariate(column: Column, at: Any, reduce: Any) -> GridVariable:
    data = column.present
    values = _reduced(column.name, data, reduce) if at is None else _numbers(column.name, at, "at=")
    low, high = float(data.min()), float(data.max())
    outside = [value for value in values if not low <= value <= high]
    if outside and at is not None:
        listed = ", ".join(f"{value:g}" for value in outside[:4])
        warnings.warn(
            f'Extrapolation: at= has "{column.name}" at {listed}, outside the data ({low:g} to {high:g}).',
            LmmWarning,
            stacklevel=2,
        )
    plain = tuple(
        int(value) if column.integers is not None and value.is_integer() else value for value in values
    )
    return GridVariable(
        name=column.name,
        kind="covariate",
        values=plain,
        labels=tuple(f"{value:g}" for value in values),
        codes=np.full(column.n_rows, -1, dtype=np.int32),
    )


def _reduced(name: str, data: FloatVector, reduce: Any) -> list[float]:
    if reduce is None or reduce is True:
        return [float(data.mean())]
    if reduce is False:
        distinct = np.unique(data)
        if distinct.size > _MOST_VALUES:
            raise LmmError(
                f'"{name}" has {distinct.size} different values; name those of interest with at= instead of '
                "cov_reduce=False."
            )
        return [float(value) for value in distinct]
    return _numbers(name, asked(reduce, "cov_reduce", data) if callable(reduce) else reduce, "cov_reduce=")


def _check_length(name: str, given: Any, where: str) -> None:
    """Refuse ``range(10**9)`` before it becomes a list."""
    check_length(
        f'{where} has values of "{name}":', given, MOST_VALUES, "Give those that the means are wanted at."
    )


def _numbers(name: str, given: Any, where: str) -> list[float]:
    _check_length(name, given, where)
    try:
        # Text and truth values that read as numbers are a mistake.
        kind = np.asarray(given).dtype.kind
        values = np.empty(0) if kind in "bSU" else np.atleast_1d(np.asarray(given, dtype=np.float64))
    except (TypeError, ValueError, OverflowError):
        values = np.empty(0)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise LmmError(
            f'{where} must give finite numbers for the covariate "{name}"; it gives {shown(given)}.'
        )
    return list(dict.fromkeys(values.tolist()))
