"""Parameters that the user gives: held, or to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from lmm.arguments import a_sequence, shown
from lmm.covariance import ThetaLayout
from lmm.errors import LmmError, nearest
from lmm.typing import BoolVector, FloatVector


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Values of theta that are held, and which those are.

    Attributes
    ----------
    theta : shape (n_theta,)
        Held values; nan where a parameter is free.
    held : shape (n_theta,)
        Marks of the held parameters.
    """

    theta: FloatVector
    held: BoolVector


def given_theta(
    theta: Mapping[str, float | None] | Sequence[float | None] | FloatVector | None,
    layout: ThetaLayout,
) -> Given:
    """Read ``theta=``: a vector, with nan or None where free, or a dict from name to value.

    Raises
    ------
    LmmError
        If the length, a name or a value is not possible.

    Examples
    --------
    >>> layout = ThetaLayout.of([("Subject", ("Intercept", "Days"), "us")])
    >>> given_theta({"Subject.Days.Intercept": 0}, layout).held
    array([False,  True, False])
    """
    if theta is None:
        return Given(np.full(layout.n_theta, np.nan), np.zeros(layout.n_theta, dtype=bool))
    named = theta if isinstance(theta, Mapping) else None
    values = _vector("theta", theta, layout) if named is None else _by_name(named, layout.names)
    _check_admissible("theta", values, layout)
    return Given(values, ~np.isnan(values))


def given_start(start: Sequence[float] | FloatVector | None, layout: ThetaLayout) -> FloatVector | None:
    """Read ``start=``: all of theta.

    Raises
    ------
    LmmError
        If the length or a value is not possible.
    """
    if start is None:
        return None
    values = _vector("start", start, layout)
    if np.isnan(values).any():
        raise LmmError("start= must give every parameter a number; some are missing.")
    _check_admissible("start", values, layout)
    return values


def _by_name(theta: Mapping[str, float | None], names: Sequence[str]) -> FloatVector:
    values = np.full(len(names), np.nan)
    for name, value in theta.items():
        if name not in names:
            raise LmmError(
                f"theta= names {name!r}, which is not a parameter of this model; "
                f"it has {', '.join(names) or 'none'}.{nearest(str(name), names)}"
            )
        values[names.index(name)] = _number(name, value)
    return values


def _vector(argument: str, given: Any, layout: ThetaLayout) -> FloatVector:
    names = layout.names
    listed = [given] if isinstance(given, Real) else a_sequence(given, argument)
    if len(listed) != len(names):
        raise LmmError(
            f"{argument}= has {len(listed)} values; this model has {len(names)} "
            f"parameters: {', '.join(names) or 'none'}."
        )
    numbers = [_number(name, value) for name, value in zip(names, listed, strict=True)]
    return np.array(numbers, dtype=float)


def _number(name: str, value: Any) -> float:
    if value is None:
        return np.nan
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise LmmError(f"The value of {name} must be a number or None, not {shown(value)}.") from None
    if np.isinf(number):
        raise LmmError(f"The value of {name} must be finite, not {number}.")
    return number


def _check_admissible(argument: str, values: FloatVector, layout: ThetaLayout) -> None:
    bounds = zip(layout.names, values, layout.lower_bounds, layout.upper_bounds, strict=True)
    for name, value, low, high in bounds:
        if value < low or value > high:
            between = f"at least {low:g}" if np.isinf(high) else f"between {low:g} and {high:g}"
            raise LmmError(f"{argument}= gives {name} the value {value:g}; it must be {between}.")
