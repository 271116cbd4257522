"""B-splines on given knots: sparse rows, derivatives, straight lines outside."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmm.bases.basis import Settings, called
from lmm.errors import ArgumentError, DataError, brief
from lmm.limits import MOST_ORDER, check_limit
from lmm.typing import FloatMatrix, FloatVector

__all__ = [
    "derivative_map",
    "even_knots",
    "functions_of_index",
    "orders",
    "padded_range",
    "spline_rows",
    "straight_rows",
]

PADDING = 0.001
"""Of the length of the data, added at each end so that no value falls on the last knot."""


def spline_rows(x: FloatVector, knots: FloatVector, degree: int, order: int = 0) -> Any:
    """Values of all B-splines, or of a derivative, at points inside of the inner knots.

    Parameters
    ----------
    x
        Shape (n,), between ``knots[degree]`` and ``knots[-degree - 1]``.
    knots
        Shape (k + degree + 1,).
    degree
        Of the piecewise polynomials.
    order
        Of the derivative.

    Returns
    -------
    csr_matrix
        Shape (n, k).

    Examples
    --------
    >>> spline_rows(np.array([1.5]), np.arange(6.0), 1).toarray()
    array([[0.5, 0.5, 0. , 0. ]])
    """
    from scipy import sparse
    from scipy.interpolate import BSpline

    k = knots.size - degree - 1
    if order > degree:
        return sparse.csr_matrix((x.size, k))
    inner = knots[order : knots.size - order]
    rows = sparse.csr_matrix(BSpline.design_matrix(x, inner, degree - order))
    return (
        rows
        if order == 0
        else sparse.csr_matrix(rows @ sparse.csr_matrix(derivative_map(knots, degree, order)))
    )


def derivative_map(knots: FloatVector, degree: int, order: int) -> FloatMatrix:
    """From coefficients of a spline to those of its derivative, in B-splines of lower degree on the inner knots.

    Returns
    -------
    ndarray
        Shape (k - order, k).
    """
    D = np.eye(knots.size - degree - 1)
    for step in range(order):
        d, t = degree - step, knots[step : knots.size - step]
        n = t.size - d - 1
        D = (d / (t[d + 1 : d + n] - t[1:n]))[:, None] * np.diff(D, axis=0)
    return D


def straight_rows(x: FloatVector, knots: FloatVector, degree: int, order: int = 0) -> Any:
    """As `spline_rows`, at any points: outside of the inner knots with the value and slope at their end."""
    from scipy import sparse

    low, high = knots[degree], knots[-degree - 1]
    inside = np.clip(x, low, high)
    beyond = x - inside
    rows = spline_rows(inside, knots, degree, order)
    if not beyond.any() or order == 1:
        return rows
    if order > 1:
        return sparse.csr_matrix(sparse.diags((beyond == 0.0).astype(float)) @ rows)
    slopes = spline_rows(np.array([low, high]), knots, degree, 1)
    distances = sparse.csr_matrix(np.column_stack([np.minimum(beyond, 0.0), np.maximum(beyond, 0.0)]))
    return sparse.csr_matrix(rows + distances @ slopes)


def padded_range(
    x: FloatVector, given: FloatVector | None, covariate: str, basis: str
) -> tuple[float, float]:
    """Find the ends of the inner knots: those of the data or of two given knots, a thousandth further out.

    Raises
    ------
    DataError
        If the data lie outside of the given ends.
    """
    low, high = (float(x.min()), float(x.max())) if given is None else (float(given[0]), float(given[-1]))
    if x.min() < low or x.max() > high:
        raise DataError(
            f"{called(covariate, basis)} has knots from {low:g} to {high:g}, and {covariate} runs from {x.min():g} to"
            f" {x.max():g}. Give ends that hold all data."
        )
    pad = PADDING * (high - low)
    return low - pad, high + pad


def even_knots(low: float, high: float, inner: int, degree: int) -> FloatVector:
    """Equally spaced knots: so many from low to high, and as many as the degree beyond each end."""
    step = (high - low) / (inner - 1)
    return np.linspace(low - step * degree, high + step * degree, inner + 2 * degree)


def all_knots(
    x: FloatVector, settings: Settings, k: int, degree: int, covariate: str, basis: str
) -> FloatVector:
    """Knots of k B-splines: equally spaced over the data or between two given ends, or all given.

    Raises
    ------
    ArgumentError
        If another number of knots is given.
    DataError
        If the data lie outside of the inner knots.
    """
    given, needed = settings.knots_of(0), k + degree + 1
    if given is None or given.size == 2:
        low, high = padded_range(x, given, covariate, basis)
        return even_knots(low, high, k - degree + 1, degree)
    if given.size != needed:
        raise ArgumentError(
            f"{called(covariate, basis)} with k={k} takes two knots, the ends, or all {needed}; knots= gives"
            f" {given.size}."
        )
    low, high = given[degree], given[-degree - 1]
    if x.min() < low or x.max() > high:
        raise DataError(
            f"{called(covariate, basis)} is a full spline between its inner knots, {low:g} to {high:g}, and"
            f" {covariate} runs from {x.min():g} to {x.max():g}. Spread the knots, {degree} of them beyond each end."
        )
    return given


def empty_note(rows: Any, covariate: str) -> tuple[str, ...]:
    """Say how many B-splines have no data: there only the penalty holds the curve."""
    empty = int(np.sum(np.asarray(abs(rows).sum(axis=0)).ravel() == 0.0))
    if not empty:
        return ()
    note = f"The data of {covariate} touch all but {empty} of the B-splines: there only the penalty holds the curve."
    return (note,)


def orders(m: Any, default: tuple[int, int], covariate: str, basis: str) -> tuple[int, ...]:
    """Read ``m=`` as whole numbers; one number stands for both.

    Raises
    ------
    ArgumentError
        If it is none.

    Examples
    --------
    >>> orders(None, (2, 2), "x", "ps"), orders(1, (2, 2), "x", "ps"), orders((2, 3), (2, 2), "x", "ps")
    ((2, 2), (1, 1), (2, 3))
    """
    if m is None:
        return default
    given = np.atleast_1d(np.asarray(m, dtype=object))
    try:
        numbers = [float(value) for value in given.ravel()]
    except (TypeError, ValueError):
        numbers = []
    if not numbers or any(number < 0 or number != int(number) for number in numbers):
        raise ArgumentError(
            f"{called(covariate, basis)} takes whole numbers from 0 on as m, such as m={default}; not {brief(m)}."
        )
    found = tuple(int(number) for number in numbers)
    what = f"{called(covariate, basis)}: m ="
    check_limit(what, max(found), MOST_ORDER, f"Write m={default}, which is the default.", ArgumentError)
    return found * 2 if len(found) == 1 else found


def functions_of_index(k: int, degree_below: int) -> FloatMatrix:
    """Polynomials of a degree below the given one, at 0, 1, .., k - 1; shape (k, degree_below)."""
    return np.vander(np.linspace(-1.0, 1.0, k), degree_below, increasing=True)
