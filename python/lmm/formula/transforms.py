"""The functions that a formula may call: name → function, for formulaic's context.

Formulaic brings ``C``, ``I``, ``poly``, ``bs``, ``cs``, ``cr``, ``cc``, ``center``, ``scale``, ``np`` and more; here
stand those that R users type besides. What a function learns from the data is remembered for new data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lmm.formula._formulaic import FORMULAIC_TRANSFORMS, column_by_name, columns_of, remembering
from lmm.formula.natural_spline import natural_spline

__all__ = ["formula_functions"]


def formula_functions(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the context in which formulaic evaluates the terms of a formula.

    Parameters
    ----------
    data
        The columns that the formula uses, and only those: a function that has the name of a column would be
        hidden by it.

    Returns
    -------
    dict
        Name → function or module.

    Examples
    --------
    >>> import formulaic, pandas
    >>> from lmm.formula.transforms import formula_functions
    >>> frame = pandas.DataFrame({"x": [1.0, 2.0, 4.0, 9.0]})
    >>> matrix = formulaic.model_matrix("log(x, 2) + ns(x, df=2)", frame, context=formula_functions(frame))
    >>> list(matrix.columns)
    ['Intercept', 'log(x, 2)', 'ns(x, df=2)[1]', 'ns(x, df=2)[2]']
    """
    return {**FORMULAIC_TRANSFORMS, **_OWN, "Q": column_by_name(data)}


def _log(x: Any, base: float | None = None) -> Any:
    """Logarithm, natural or to a base as in R."""
    return np.log(x) if base is None else np.log(x) / np.log(base)


def _exp10(x: Any) -> Any:
    """Power of ten; formulaic has the tenth power under this name."""
    return np.power(10.0, x)


def _ns(x: Any, *args: Any, _state: dict[str, Any], **kwargs: Any) -> Any:
    return columns_of(natural_spline(x, *args, **kwargs, state=_state))


def _kept(statistic: Callable[[Any], Any]) -> Callable[..., Any]:
    """Statistic of a column that keeps its value when there are new data: ``I(x - mean(x))``."""

    def remembered(x: Any, *, _state: dict[str, Any]) -> float:
        if "value" not in _state:
            _state["value"] = float(statistic(np.asarray(x, dtype=np.float64)))
        value: float = _state["value"]
        return value

    return remembering(remembered)


_OWN: dict[str, Any] = {
    "ns": remembering(_ns),
    "log": _log,
    "exp10": _exp10,
    "mean": _kept(np.nanmean),
    "median": _kept(np.nanmedian),
    "sd": _kept(lambda x: np.nanstd(x, ddof=1)),
    "min": _kept(np.nanmin),
    "max": _kept(np.nanmax),
    "ifelse": np.where,
    "pmin": np.minimum,
    "pmax": np.maximum,
    "ceiling": np.ceil,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
}
_OWN |= {
    name: getattr(np, name)
    for name in (
        "abs",
        "ceil",
        "cos",
        "cosh",
        "expm1",
        "floor",
        "log1p",
        "round",
        "sign",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
    )
}
