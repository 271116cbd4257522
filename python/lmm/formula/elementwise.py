"""Functions of a formula that work row by row and learn nothing: name → function of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lmm.errors import DesignError
from lmm.formula.signatures import BINARY_NUMPY, UNARY_NUMPY
from lmm.typing import FloatVector

__all__ = ["ELEMENTWISE"]

_OLDER_NAMES = {
    **{name: f"arc{name[1:]}" for name in ("acos", "acosh", "asin", "asinh", "atan", "atanh", "atan2")},
    "pow": "power",
}


def _log(x: Any, base: float | None) -> Any:
    """Logarithm, natural or to a base as in R."""
    return np.log(x) if base is None else np.log(x) / np.log(base)


def _of_numpy(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(np, _OLDER_NAMES.get(name, name))
    return function


def _unary(name: str) -> Callable[..., Any]:
    function = _of_numpy(name)
    return lambda x: function(x)  # noqa: PLW0108 (the name of the argument is that of the signature)


def _binary(name: str) -> Callable[..., Any]:
    function = _of_numpy(name)
    return lambda x, y: function(x, y)  # noqa: PLW0108 (likewise)


def _clip(x: Any, lower: Any, upper: Any) -> Any:
    return np.clip(x, -np.inf if lower is None else lower, np.inf if upper is None else upper)


def _digitize(x: Any, bins: list[float], right: bool) -> FloatVector:
    steps = np.diff(bins)
    if not (np.all(steps > 0) or np.all(steps < 0)):
        raise DesignError("the bins of np.digitize() must ascend or descend")
    bin_numbers: FloatVector = np.digitize(x, bins, right=right).astype(np.float64)
    return bin_numbers


def _interp(x: Any, xp: list[float], fp: list[float]) -> Any:
    if len(xp) != len(fp) or np.any(np.diff(xp) <= 0):
        raise DesignError("np.interp() needs ascending xp, and as many fp")
    return np.interp(x, xp, fp)


def _round(x: Any, decimals: int) -> Any:
    return np.round(x, decimals)


def _lag(x: FloatVector, k: int) -> FloatVector:
    """Values k rows earlier; missing where there is none."""
    shifted = np.full(x.shape, np.nan)
    if abs(k) < x.size:
        if k >= 0:
            shifted[k:] = x[: x.size - k]
        else:
            shifted[:k] = x[-k:]
    return shifted


ELEMENTWISE: Mapping[str, Callable[..., Any]] = {
    **{f"np.{name}": _unary(name) for name in UNARY_NUMPY},
    **{f"np.{name}": _binary(name) for name in BINARY_NUMPY},
    **{
        name: _unary(name)
        for name in (
            *(
                "abs",
                "sqrt",
                "exp",
                "exp2",
                "expm1",
                "log2",
                "log10",
                "log1p",
                "sin",
                "cos",
                "tan",
                "asin",
                "acos",
            ),
            *("atan", "sinh", "cosh", "tanh", "floor", "ceil", "sign", "trunc"),
        )
    },
    "log": _log,
    "exp10": lambda x: np.power(10.0, x),
    "ceiling": _unary("ceil"),
    "round": lambda x, digits: np.round(x, digits),  # noqa: PLW0108 (likewise)
    "lag": _lag,
    "pmin": _binary("minimum"),
    "pmax": _binary("maximum"),
    "np.clip": _clip,
    "np.digitize": _digitize,
    "np.interp": _interp,
    "np.nan_to_num": np.nan_to_num,
    "np.round": _round,
    ".abs": _unary("abs"),
    ".between": lambda x, lower, upper: (x >= lower) & (x <= upper),
    ".clip": _clip,
    ".round": _round,
}
"""Function → what computes it, called with the names of its signature."""
