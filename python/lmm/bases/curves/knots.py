"""Knots at quantiles of the data."""

from __future__ import annotations

import numpy as np

from lmm.bases.basis import Settings, called
from lmm.errors import ArgumentError, DataError
from lmm.typing import FloatVector

__all__ = ["check_varies", "knots_from_data", "outside_note", "period_note", "quantile_knots"]


def quantile_knots(unique: FloatVector, k: int) -> FloatVector:
    """Place k knots at quantiles of distinct values, the ends included.

    Examples
    --------
    >>> quantile_knots(np.array([0.0, 1.0, 2.0, 6.0]), 3)
    array([0. , 1.5, 6. ])
    """
    return np.quantile(unique, np.linspace(0.0, 1.0, k))


def check_varies(values: FloatVector, covariate: str, basis: str) -> FloatVector:
    """Find the distinct values of a covariate in increasing order.

    Raises
    ------
    DataError
        If there is one only.
    """
    unique = np.unique(values)
    if unique.size < 2:
        shown = f"is {unique[0]:g} in every row" if unique.size else "has no rows"
        raise DataError(
            f"{called(covariate, basis)} needs a covariate that varies, and {covariate} {shown}. Leave the term out."
        )
    return unique


def knots_from_data(
    values: FloatVector, settings: Settings, k: int, covariate: str, basis: str
) -> FloatVector:
    """Knots of a regression spline: those of the user, or quantiles of the distinct values.

    Raises
    ------
    ArgumentError
        If the user's knots are not k, or all lie on one side of the data.
    DataError
        If there are fewer distinct values than k.
    """
    unique = check_varies(values, covariate, basis)
    given = settings.knots_of(0)
    if given is None:
        if unique.size < k:
            raise DataError(
                f"{called(covariate, basis)} has k={k} knots, and {covariate} has {unique.size} distinct values."
                f" Write k={unique.size} or less."
            )
        return quantile_knots(unique, k)
    if given.size != k:
        raise ArgumentError(
            f"{called(covariate, basis)} has k={k} columns and needs as many knots, and knots= gives {given.size}."
            f" Write k={given.size}, or leave k away."
        )
    if given[-1] <= unique[0] or given[0] >= unique[-1]:
        raise ArgumentError(
            f"The knots of {called(covariate, basis)} run from {given[0]:g} to {given[-1]:g}, and {covariate} from"
            f" {unique[0]:g} to {unique[-1]:g}: they share no part. Place knots inside of the data."
        )
    return given


def outside_note(knots: FloatVector, values: FloatVector, covariate: str) -> tuple[str, ...]:
    """Say which knots lie outside of the data: there only the penalty holds the curve."""
    outside = knots[(knots < values.min()) | (knots > values.max())]
    if not outside.size:
        return ()
    shown = ", ".join(f"{knot:g}" for knot in outside[:4])
    note = (
        f"Knots of {covariate} outside of its data ({values.min():g} to {values.max():g}): {shown}. There only the"
        " penalty holds the curve."
    )
    return (note,)


def period_note(knots: FloatVector, covariate: str) -> tuple[str, ...]:
    """Say which period was taken from the data."""
    note = (
        f"The period of {covariate} was taken from its data: {knots[0]:g} to {knots[-1]:g}, both ends being one point."
        f" If it is another one, give its ends, such as knots=dict({covariate}=[first, last])."
    )
    return (note,)
