"""Reads ``m=``."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from lmm.bases.surfaces.points import term
from lmm.errors import ArgumentError, brief
from lmm.limits import MOST_ORDER, check_limit

__all__ = ["numbers_in", "whole"]


def numbers_in(m: object, most: int, names: Sequence[str], basis: str) -> tuple[float, ...]:
    """Read ``m=`` as a tuple of at most some numbers; empty for None.

    Raises
    ------
    ArgumentError
        If it holds anything else, or more.

    Examples
    --------
    >>> numbers_in((3, 0.5), 3, ["x"], "gp"), numbers_in(2, 3, ["x"], "gp"), numbers_in(None, 3, ["x"], "gp")
    ((3.0, 0.5), (2.0,), ())
    """
    if m is None:
        return ()
    given: list[Any] = list(m) if isinstance(m, list | tuple | np.ndarray) else [m]
    if len(given) > most or not all(
        isinstance(each, Real) and not isinstance(each, bool) and np.isfinite(float(each)) for each in given
    ):
        count = "one number" if most == 1 else f"at most {most} numbers"
        raise ArgumentError(f"m= of {term(names, basis)} takes {count}, not {brief(m)}.")
    return tuple(float(each) for each in given)


def whole(value: float, least: int, names: Sequence[str], basis: str) -> int:
    """Take an order that is a whole number.

    Raises
    ------
    ArgumentError
        If it is not, is too small, or is above `lmm.limits.MOST_ORDER`.
    """
    if value != int(value) or value < least:
        raise ArgumentError(
            f"m= of {term(names, basis)} must be a whole number of at least {least}, not {value:g}."
        )
    check_limit(f"{term(names, basis)}: m =", value, MOST_ORDER, "Leave m= out.", ArgumentError)
    return int(value)
