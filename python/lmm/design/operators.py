"""The operators of expressions on columns: arithmetic, comparisons, logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lmm.data import Column
from lmm.data.levels import label
from lmm.design.values import Coded, MisfitError, described, is_scalar, numbers_of, truth_of

__all__ = ["ARITHMETIC", "arithmetic", "choice", "comparison", "logic", "sign"]

ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.mod,
    "//": np.floor_divide,
    "**": np.power,
}
_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def arithmetic(operator: str, left: Any, right: Any) -> Any:
    """Compute with numbers; constants are folded in floats.

    Raises
    ------
    MisfitError
        If an operand has no numbers, or a constant becomes too large.
    """
    one, other = numbers_of(left), numbers_of(right)
    constant = isinstance(one, float) and isinstance(other, float)
    value = ARITHMETIC[operator](np.float64(one) if constant else one, other)
    if not constant:
        return value
    if np.isinf(value) and np.isfinite(one) and np.isfinite(other):
        raise MisfitError(f"{one:g} {operator} {other:g} is too large, or a division by zero")
    return float(value)


def sign(operator: str, operand: Any) -> Any:
    """Compute ``-x``, ``+x`` or ``~x`` (not)."""
    if operator == "~":
        truth = truth_of(operand)
        return np.logical_not(truth) if isinstance(truth, np.ndarray) else not truth
    numbers = numbers_of(operand)
    return -numbers if operator == "-" else numbers


def logic(operator: str, left: Any, right: Any) -> Any:
    """Compute ``a & b`` or ``a | b``."""
    function = np.logical_and if operator == "&" else np.logical_or
    value = function(truth_of(left), truth_of(right))
    return value if isinstance(value, np.ndarray) else bool(value)


def choice(condition: Any, yes: Any, no: Any) -> Any:
    """Row by row one of two values: numbers, or levels if one of them has none.

    Raises
    ------
    MisfitError
        If one is numbers and the other text.
    """
    truth = truth_of(condition)
    texts = [_levels(value) for value in (yes, no)]
    if any(text is not None for text in texts):
        if any(text is None for text in texts):
            raise MisfitError(f"it needs two values of one kind, not {described(yes)} and {described(no)}")
        return np.where(truth, *texts)
    if all(_is_truth(value) for value in (yes, no)):
        return np.where(truth, truth_of(yes), truth_of(no))
    return np.where(truth, numbers_of(yes), numbers_of(no))


def comparison(operator: str, left: Any, right: Any) -> Any:
    """Compare numbers, or the levels of factors by their labels.

    Raises
    ------
    MisfitError
        If levels are asked for their order, or a factor is held against numbers.
    """
    one, other = _levels(left), _levels(right)
    if one is None and other is None:
        value = _ORDER[operator](numbers_of(left), numbers_of(right))
        return value if isinstance(value, np.ndarray) else bool(value)
    if operator not in ("==", "!="):
        raise MisfitError(f"'{operator}' needs numbers, not {described(left if one is not None else right)}")
    one = _labels(left, right) if one is None else one
    other = _labels(right, left) if other is None else other
    value = _ORDER[operator](one, other)
    return value if isinstance(value, np.ndarray) else bool(value)


def _levels(value: Any) -> Any:
    """Labels of a factor row by row, or a text; None for numbers and truth values."""
    if isinstance(value, Coded):
        value = value.column
    if isinstance(value, Column) and value.codes is not None and not _is_truth(value):
        return np.array([*value.levels, ""])[value.codes]
    if isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype.kind == "U"):
        return value
    return None


def _labels(value: Any, levels: Any) -> Any:
    """Return what the levels of a factor are compared with."""
    if is_scalar(value):
        return label(value)
    if isinstance(value, Column) and _is_truth(value):
        return np.array([*value.levels, ""])[value.factor_codes]
    raise MisfitError(f"{described(levels)} cannot be compared with {described(value)}")


def _is_truth(value: Any) -> bool:
    if isinstance(value, Column):
        return value.codes is not None and all(
            isinstance(level, bool | np.bool_) for level in value.level_values
        )
    return isinstance(value, bool) or getattr(value, "dtype", None) == np.bool_
