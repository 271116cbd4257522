"""Natural cubic splines in R's parameterisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lmm.errors import DesignError
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["natural_spline"]


def natural_spline(
    x: Any,
    df: int | None = None,
    knots: float | Sequence[float] | None = None,
    intercept: bool = False,
    boundary_knots: Sequence[float] | None = None,
    *,
    state: dict[str, Any],
) -> FloatMatrix:
    """Basis of the cubic splines that are linear beyond their boundary knots, as ``ns()`` of R.

    Cubic B-splines, of which those combinations are kept whose second derivative is zero at both boundary knots
    [1]_: with C (2, k) the second derivatives there and C' = QR, the last k − 2 columns of Q.

    Parameters
    ----------
    x : shape (n,)
        Finite or NaN; NaN gives NaN.
    df
        Number of columns; puts ``df - 1 - intercept`` knots at quantiles of ``x``.
    knots
        Inner knots, instead of ``df``. Without both there is none, and the basis is a straight line.
    intercept
        Whether the basis contains the constant.
    boundary_knots
        The two points beyond which the spline is linear; the range of ``x`` if not given.
    state
        Filled when it is empty, obeyed when it is not: new data are evaluated with the knots of the old.

    Returns
    -------
    shape (n, df)

    Raises
    ------
    DesignError
        If ``df`` and ``knots`` contradict each other, or there are too few distinct values for the knots.

    References
    ----------
    .. [1] Hastie (1992), Generalized additive models, in: Chambers & Hastie (eds), Statistical Models in S, ch. 7.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.formula.natural_spline import natural_spline
    >>> state = {}
    >>> natural_spline(np.arange(9.0), df=3, state=state).shape
    (9, 3)
    >>> beyond = natural_spline([12.0, 16.0, 20.0], df=3, state=state)
    >>> np.allclose(beyond[1] - beyond[0], beyond[2] - beyond[1])
    True
    """
    points = np.asarray(x, dtype=np.float64).ravel()
    if not state:
        state["boundary"] = _boundary(points, boundary_knots)
        state["knots"] = _inner_knots(points, state["boundary"], df, knots, intercept)
    return _basis(points, np.asarray(state["knots"]), state["boundary"], intercept)


def _boundary(points: FloatVector, given: Sequence[float] | None) -> tuple[float, float]:
    """Lower and upper boundary knot."""
    finite = points[np.isfinite(points)]
    ends = finite if given is None else np.asarray(given, dtype=np.float64).ravel()
    if given is not None and ends.size != 2:
        raise DesignError(f"ns() has two boundary knots, not {ends.size}: write boundary_knots=[0, 10]")
    if ends.size == 0 or ends.min() == ends.max():
        raise DesignError("ns() needs at least two distinct values between its boundary knots")
    return float(ends.min()), float(ends.max())


def _inner_knots(
    points: FloatVector,
    boundary: tuple[float, float],
    df: int | None,
    given: float | Sequence[float] | None,
    intercept: bool,
) -> list[float]:
    """Inner knots, ascending: those given, or quantiles of the points within the boundary."""
    lower, upper = boundary
    if given is not None:
        if df is not None:
            raise DesignError("ns() takes df or knots, not both")
        knots = np.sort(np.asarray(given, dtype=np.float64).ravel())
    else:
        n_knots = _count(df, intercept)
        inside = points[(points >= lower) & (points <= upper)]
        knots = np.quantile(inside, np.linspace(0, 1, n_knots + 2)[1:-1])
    # Equal knots would give up smoothness, knots on the boundary a column of zeros: neither is what was asked for.
    if np.any(np.diff([lower, *knots, upper]) <= 0):
        shown = ", ".join(f"{knot:g}" for knot in knots)
        raise DesignError(
            f"ns() needs distinct inner knots within {lower:g} and {upper:g}, not {shown}: "
            "x has too few distinct values for this df; lower it, or give the knots"
        )
    return [float(knot) for knot in knots]


def _count(df: int | None, intercept: bool) -> int:
    """Count the inner knots that ``df`` stands for."""
    if df is None:
        return 0
    least = 1 + intercept
    if df != int(df) or df < least:
        raise DesignError(f"df of ns() is a whole number, at least {least} here, not {df}")
    return int(df) - least


def _basis(
    points: FloatVector, knots: FloatVector, boundary: tuple[float, float], intercept: bool
) -> FloatMatrix:
    from scipy.interpolate import BSpline

    lower, upper = boundary
    sequence = np.r_[[lower] * 4, knots, [upper] * 4]
    splines = BSpline(sequence, np.eye(len(sequence) - 4), 3)
    first = 0 if intercept else 1
    curvature = splines(np.array(boundary), nu=2)[:, first:]  # (2, k)
    rotation = np.linalg.qr(curvature.T, mode="complete")[0][:, 2:]  # (k, k - 2)
    nearest = np.clip(points, lower, upper)
    values = splines(nearest)
    beyond = points != nearest
    values[beyond] += (points - nearest)[beyond, None] * splines(nearest[beyond], nu=1)
    basis: FloatMatrix = values[:, first:] @ rotation
    return basis
