"""Functions of a formula that learn from the data of the fit, and compute new data with what they learnt.

Each takes the numbers of a column, its other arguments, and a state: filled where it is empty, obeyed where it is
not. Means and moments are states, so that they could be merged from parts of the rows too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from lmm.errors import DesignError
from lmm.formula.natural_spline import natural_spline
from lmm.formula.splines import spline_basis
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["LEARNED", "Columns"]


class Columns(NamedTuple):
    """Several columns: what stands in brackets behind the call, and the values (n, k)."""

    fields: tuple[str, ...]
    values: FloatMatrix
    spans_intercept: bool = False


State = dict[str, Any]


def _statistic(compute: Callable[[FloatVector], Any]) -> Callable[..., float]:
    """Statistic of a column that keeps its value when there are new data: ``I(x - mean(x))``."""

    def kept(state: State, x: FloatVector) -> float:
        if "value" not in state:
            state["value"] = np.nan if np.isnan(x).all() else float(compute(x))
        value: float = state["value"]
        return value

    return kept


def _std(state: State, x: FloatVector, ddof: int) -> float:
    return _statistic(lambda values: np.nanstd(values, ddof=ddof))(state, x)


def _scaled(
    state: State, x: FloatVector, center: bool | float, scale: bool | float, ddof: int
) -> FloatVector:
    """Subtract the mean and divide by the standard deviation, or by numbers that were given."""
    if "ddof" not in state:
        state["ddof"] = ddof
        state["center"] = _used(center, lambda: np.mean(x))
        middle = 0.0 if state["center"] is None else state["center"]
        state["scale"] = _used(scale, lambda: np.sqrt(np.sum((x - middle) ** 2) / (x.size - ddof)))
    if state["scale"] == 0:
        raise DesignError("the column has one value only: its standard deviation is 0")
    shifted = x if state["center"] is None else x - state["center"]
    return shifted if state["scale"] is None else shifted / state["scale"]


def _used(choice: bool | float, compute: Callable[[], Any]) -> float | None:
    if isinstance(choice, bool):
        return float(compute()) if choice else None
    return float(choice)


def _center(state: State, x: FloatVector) -> FloatVector:
    return _scaled(state, x, center=True, scale=False, ddof=1)


def _standardize(
    state: State, x: FloatVector, center: bool | float, rescale: bool | float, ddof: int
) -> FloatVector:
    return _scaled(state, x, center, rescale, ddof)


def _poly(state: State, x: FloatVector, degree: int, raw: bool) -> Columns:
    """Polynomials that are orthonormal on the rows of the fit, by their three-term recurrence; or plain powers."""
    if not state:
        _check_degree(x, degree)
    if raw:
        state["degree"] = degree
        powers = np.column_stack([x**k for k in range(1, degree + 1)])
        return Columns(tuple(map(str, range(degree))), powers)
    if "alpha" not in state:
        state["alpha"], state["norms2"] = _recurrence(x[np.isfinite(x)], degree)
    alpha, norms2 = state["alpha"], state["norms2"]
    basis = np.empty((x.size, degree + 1))
    basis[:, 0] = 1.0
    for k in range(1, degree + 1):
        basis[:, k] = (x - alpha[k - 1]) * basis[:, k - 1]
        if k > 1:
            basis[:, k] -= norms2[k - 1] / norms2[k - 2] * basis[:, k - 2]
    scaled = basis[:, 1:] / np.sqrt([norms2[k] for k in range(1, degree + 1)])
    return Columns(tuple(map(str, range(1, degree + 1))), scaled)


def _recurrence(x: FloatVector, degree: int) -> tuple[dict[int, float], dict[int, float]]:
    """Coefficients of the recurrence: means of x under the weights P², and squared norms of the P."""
    alpha: dict[int, float] = {}
    norms2: dict[int, float] = {}
    before, here = np.zeros_like(x), np.ones_like(x)
    for k in range(degree + 1):
        norms2[k] = float(np.sum(here**2))
        if k == degree:
            break
        alpha[k] = float(np.sum(x * here**2) / norms2[k])
        following = (x - alpha[k]) * here
        if k > 0:
            following -= norms2[k] / norms2[k - 1] * before
        before, here = here, following
    return alpha, norms2


def _check_degree(x: FloatVector, degree: int) -> None:
    if degree < 1:
        raise DesignError(f"the degree of poly() is a whole number of at least 1, not {degree}")
    distinct = np.unique(x[np.isfinite(x)]).size
    if degree >= distinct:
        raise DesignError(
            f"the degree of poly() must be less than the number of distinct values, which is {distinct}, not {degree:,}"
        )


def _ns(
    state: State,
    x: FloatVector,
    df: int | None,
    knots: list[float] | None,
    intercept: bool,
    boundary_knots: list[float] | None,
) -> Columns:
    if not state:
        _check_df("ns", x, df)
    values = natural_spline(x, df, knots, intercept, boundary_knots, state=state)
    return Columns(tuple(map(str, range(1, values.shape[1] + 1))), values)


def _check_df(function: str, x: FloatVector, df: int | None) -> None:
    """Predict the size of a basis: it cannot have more columns than x has values."""
    distinct = np.unique(x[np.isfinite(x)]).size
    if df is not None and df > distinct:
        raise DesignError(
            f"df of {function}() is {df:,}, more than the {distinct:,} distinct values of the column; lower it"
        )


def _spline(function: str) -> Callable[..., Columns]:
    def basis(state: State, x: FloatVector, **options: Any) -> Columns:
        if not state:
            _check_df(function, x, options["df"])
        return Columns(*spline_basis(function, state, x, options))

    return basis


LEARNED: Mapping[str, Callable[..., Any]] = {
    **{name: _statistic(np.nanmean) for name in ("mean", "np.mean", ".mean")},
    **{name: _statistic(np.nanmedian) for name in ("median", "np.median", ".median")},
    "sd": _statistic(lambda x: np.nanstd(x, ddof=1)),
    "min": _statistic(np.nanmin),
    "max": _statistic(np.nanmax),
    "np.std": _std,
    ".std": _std,
    "center": _center,
    "scale": _scaled,
    "standardize": _standardize,
    "poly": _poly,
    "ns": _ns,
    **{name: _spline(name) for name in ("bs", "cr", "cs", "cc")},
}
"""Function → what computes it, called with the state and the names of its signature."""
