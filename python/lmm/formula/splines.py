"""Bases of splines that formulaic computes: their arguments checked first, so that no term vanishes."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmm.errors import DesignError, nearest
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["EXTRAPOLATIONS", "spline_basis"]

EXTRAPOLATIONS = ("raise", "clip", "na", "zero", "extend")
"""What to do with values beyond the boundary knots."""

_HIGHEST_DEGREE = 30


def spline_basis(
    function: str, state: dict[str, Any], x: FloatVector, options: dict[str, Any]
) -> tuple[tuple[str, ...], FloatMatrix, bool]:
    """Columns of ``bs``, ``cr``, ``cs`` or ``cc``.

    Parameters
    ----------
    function
        Its name.
    state
        Filled where it is empty, obeyed where it is not.
    x : shape (n,)
        Rows that are not finite are missing in the basis.
    options
        The other arguments by name, all of them.

    Returns
    -------
    fields
        What stands in brackets behind the call.
    values : shape (n, k)
    spans_intercept
        Whether the columns add up to the intercept.

    Raises
    ------
    DesignError
        If the arguments do not fit each other or the data.
    """
    from lmm.formula.matrices import SPLINES

    finite = np.isfinite(x)
    points = x[finite]
    if not state:
        _check(function, points, options)
    _check_range(function, state, points, options)
    try:
        found = SPLINES[function](points, **options, _state=state)
        fields = tuple(map(str, found))
        values = np.column_stack([found[field] for field in found])
    except (ValueError, IndexError, np.linalg.LinAlgError):
        raise DesignError(
            f"{function}() finds no basis for these df, knots and bounds in the values of the column: choose others"
        ) from None
    if not finite.all():
        complete = np.full((x.size, values.shape[1]), np.nan)
        complete[finite] = values
        values = complete
    return fields, values, bool(options.get("include_intercept"))


def _check(function: str, points: FloatVector, options: dict[str, Any]) -> None:
    df, knots = options["df"], options["knots"]
    if df is not None and knots is not None:
        raise DesignError(f"{function}() takes df or knots, not both")
    if df is None and knots is None and function != "bs":
        raise DesignError(f"{function}() needs df or knots, such as {function}(x, df=4)")
    if options["extrapolation"] not in EXTRAPOLATIONS:
        raise DesignError(
            f"extrapolation of {function}() is one of {', '.join(EXTRAPOLATIONS)}, not {options['extrapolation']!r}."
            f"{nearest(options['extrapolation'], EXTRAPOLATIONS)}"
        )
    if options.get("constraints") not in (None, "center"):
        raise DesignError(f"constraints of {function}() is 'center', or left out")
    _check_df(function, df, options)
    lower, upper = _bounds({}, points, options)
    if not lower < upper:
        raise DesignError(f"{function}() needs at least two distinct values between its bounds")
    if knots is not None:
        _check_knots(function, knots, lower, upper, points)


def _check_df(function: str, df: int | None, options: dict[str, Any]) -> None:
    if function == "bs":
        if not 0 <= options["degree"] <= _HIGHEST_DEGREE:
            raise DesignError(f"the degree of bs() is a whole number from 0 to {_HIGHEST_DEGREE}")
        least = max(options["degree"] + options["include_intercept"], 1)
    else:
        least = 1 if function == "cc" else 2 if options["constraints"] else 3
    if df is not None and df < least:
        raise DesignError(f"df of {function}() is at least {least} here, not {df}")


def _check_knots(function: str, knots: list[float], lower: float, upper: float, points: FloatVector) -> None:
    """Refuse a knot beyond the data, a column of zeros, and equal knots, which take away smoothness."""
    ordered = np.sort(knots)
    if np.any(np.diff([lower, *ordered, upper]) <= 0):
        shown = ", ".join(f"{knot:g}" for knot in ordered[:5])
        raise DesignError(
            f"{function}() needs distinct inner knots between {lower:g} and {upper:g}, not {shown}: give knots within "
            "the data, or lower_bound= and upper_bound="
        )
    if len(knots) > np.unique(points).size:
        raise DesignError(f"{function}() has {len(knots)} knots, more than the column has distinct values")


def _bounds(state: dict[str, Any], points: FloatVector, options: dict[str, Any]) -> tuple[float, float]:
    lower = state.get("lower_bound", options["lower_bound"])
    upper = state.get("upper_bound", options["upper_bound"])
    if points.size == 0:
        return (0.0, 0.0) if lower is None or upper is None else (lower, upper)
    return (
        float(points.min()) if lower is None else float(lower),
        float(points.max()) if upper is None else float(upper),
    )


def _check_range(function: str, state: dict[str, Any], points: FloatVector, options: dict[str, Any]) -> None:
    if options["extrapolation"] != "raise":
        return
    lower, upper = _bounds(state, points, options)
    outside = int(np.sum((points < lower) | (points > upper)))
    if outside:
        raise DesignError(
            f"{outside} values lie beyond the bounds {lower:g} and {upper:g} of {function}(). Give "
            'lower_bound= and upper_bound= at the fit, or extrapolation="extend" or "clip", or use ns(), which is '
            "linear there"
        )
