"""Numbers and text as people read them: one decision per column, so that decimal points stand in line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, isfinite, isnan, log10
from typing import Any

import numpy as np

__all__ = ["MISSING", "format_columns", "format_p_value"]

MISSING = "—"
"""How a missing number prints; missing text prints as nothing."""

# Columns on the scale of the response: they share the decimals that the standard errors call for.
_ESTIMATES = ("estimate", "emmean", "trend", "std_error", "conf_low", "conf_high")
# Columns whose fixed number of decimals is the field's habit.
_DECIMALS = {
    "statistic": 3,
    "f_value": 3,
    "chisq": 3,
    "lrt": 3,
    "df": 2,
    "num_df": 2,
    "den_df": 2,
    "aic": 2,
    "bic": 2,
    "loglik": 3,
    "criterion": 3,
}
_DIGITS = 5  # significant digits of the smallest number of a column
_ERROR_DIGITS = 4  # and of the smallest standard error
_MOST_DECIMALS = 12  # a column that needs more has numbers with exponents
_SMALL = 1e-4  # a smaller number has an exponent where the decimals of its column do not show it
_MOST_DIGITS = 6  # but of the largest number of a column no more than these
# Numbers this close to a tie are ties: the last bits differ between machines, the printed digits must not.
_NOISE = 1e-12


def format_p_value(p: float) -> str:
    """Write a p-value as R does.

    Parameters
    ----------
    p
        Between 0 and 1, or NaN.

    Returns
    -------
    str

    Examples
    --------
    >>> from lmm.table.numbers import format_p_value
    >>> [format_p_value(p) for p in (0.2, 0.00021, 1.234e-5, 1e-300)]
    ['0.2000', '0.00021', '1.2e-05', '<2e-16']
    """
    if isnan(p):
        return MISSING
    if p < np.finfo(float).eps:
        return "<2e-16"
    # The borders are those at which rounding reaches the next form.
    p = _off_ties(p)
    if p < 9.95e-5:
        return f"{p:.1e}"
    return f"{p:.5f}" if p < 9.95e-4 else f"{p:.4f}"


def format_columns(columns: Mapping[str, Any], formats: Mapping[str, str]) -> dict[str, list[str]]:
    """Turn every column into text.

    Parameters
    ----------
    columns
        Arrays by name.
    formats
        Format specification by column name, such as ``".3f"``, or ``"p"`` for p-values; the other
        columns are formatted by their name and values.

    Returns
    -------
    dict of list of str
        In the order of ``columns``.
    """
    shared = [columns[name] for name in _ESTIMATES if _is_float(columns.get(name))]
    # The standard errors say how many decimals of the estimates mean something.
    error: Any = columns.get("std_error")
    if _is_float(error) and np.isfinite(error).any():
        decimals = _decimals(error, np.concatenate(shared), _ERROR_DIGITS)
    elif shared:
        decimals = _decimals(np.concatenate(shared))
    else:
        decimals = 0
    return {
        name: _format_column(name, values, formats.get(name), decimals) for name, values in columns.items()
    }


def _is_float(values: Any) -> bool:
    return getattr(values, "dtype", None) == np.float64


def _format_column(name: str, values: Any, spec: str | None, shared: int) -> list[str]:
    if values.dtype.kind not in "fiu":
        return ["" if value is None else str(value) for value in values]
    numbers: list[Any] = values.tolist()
    if spec == "p" or (spec is None and name.startswith("p_value")):
        return [format_p_value(float(number)) for number in numbers]
    if spec is not None:
        return [MISSING if number != number else format(_off_ties(number), spec) for number in numbers]
    if values.dtype.kind in "iu":
        return [str(number) for number in numbers]
    if name in _ESTIMATES:
        return [_fixed(number, shared) for number in numbers]
    decimals = _DECIMALS.get(name, _decimals(values))
    return _trim([_fixed(number, decimals) for number in numbers])


def _decimals(guide: Any, values: Any | None = None, digits: int = _DIGITS) -> int:
    """Decimals that show the smallest of ``guide`` well and the largest of ``values`` not too long."""
    values = guide if values is None else values
    sizes = np.abs(guide[np.isfinite(guide) & (guide != 0)])
    largest = np.abs(values[np.isfinite(values)]).max(initial=0.0)
    if sizes.size == 0:
        return 0
    wanted = digits - 1 - floor(log10(sizes.min()))
    return max(0, min(wanted, _MOST_DIGITS - 1 - floor(log10(largest))))


def _fixed(number: float, decimals: int) -> str:
    if isnan(number):
        return MISSING
    if not isfinite(number):
        return "inf" if number > 0 else "-inf"
    number = _off_ties(number)
    if decimals > _MOST_DECIMALS and number != 0:
        return f"{number:.{_DIGITS - 1}e}"  # the whole column: its largest number has that many zeros
    # A number that fixed decimals would show as zero, or as one digit, keeps its size instead.
    off = abs(round(number, decimals) - number)
    if number != 0 and abs(number) < 10.0 ** (1 - decimals) and off > 2 * _NOISE * abs(number):
        if abs(number) < _SMALL:
            return f"{number:.2e}"
        decimals = max(0, 2 - floor(log10(abs(number))))
    if abs(number) >= 1e12:
        return f"{number:.6e}"
    return f"{number + 0.0:.{decimals}f}"


def _off_ties(number: Any) -> Any:
    """Move a float away from zero by less than its digits mean, so that ties round the same way everywhere."""
    return number * (1.0 + _NOISE) if isinstance(number, float) else number


def _trim(texts: Sequence[str]) -> list[str]:
    """Drop the decimals that are zero in the whole column."""
    plain = [text for text in texts if "." in text and "e" not in text]
    if not plain:
        return list(texts)
    spare = min(len(text) - len(text.rstrip("0")) for text in plain)
    if spare == 0:
        return list(texts)
    return [text[:-spare].rstrip(".") if "." in text and "e" not in text else text for text in texts]
