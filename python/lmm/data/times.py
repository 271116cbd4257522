"""Levels from values that are neither numbers nor text: dates, times, periods, tuples, identifiers.

Whatever library they come from, the same moment has the same label: ``2014-05-28`` where the clock stands at midnight,
else ``2014-05-28 10:30:00``.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmm.typing import IntVector

_TIMES = (dt.date, dt.time, dt.timedelta, np.datetime64, np.timedelta64)
_IDENTIFIERS = (tuple, uuid.UUID, enum.Enum)
_PANDAS = ("Period", "Interval")
_DAY = 86_400 * 10**9  # nanoseconds
_MIDNIGHT = re.compile(r" 00:00:00(\.0+)?$")
_FRACTION = re.compile(r"(:\d\d)\.(\d*?)0+(?=$|[+-])")


def is_label(value: object) -> bool:
    """Whether a value is neither a number nor text, but can name a level.

    Examples
    --------
    >>> import datetime as dt
    >>> from lmm.data.times import is_label
    >>> is_label(dt.date(2014, 5, 28)), is_label(("a", 1)), is_label([1])
    (True, True, False)
    """
    if isinstance(value, _TIMES + _IDENTIFIERS):
        return True
    return type(value).__name__ in _PANDAS and type(value).__module__.startswith("pandas")


def is_time(value: object) -> bool:
    """Whether a value is a date, a time of day, a moment, a period or a duration."""
    return isinstance(value, _TIMES) or type(value).__name__ == "Period"


def written(value: Any) -> str:
    """Label of a date, a time, a duration or an identifier.

    Examples
    --------
    >>> import datetime as dt
    >>> import numpy as np
    >>> from lmm.data.times import written
    >>> written(dt.date(2014, 5, 28)), written(np.datetime64("2014-05-28T00:00", "ns"))
    ('2014-05-28', '2014-05-28')
    >>> written(dt.datetime(2014, 5, 28, 10, 30)), written(dt.timedelta(days=2))
    ('2014-05-28 10:30:00', '2 days')
    """
    if isinstance(value, np.datetime64):
        if np.datetime_data(value)[0] in ("h", "m"):
            value = value.astype("datetime64[s]")
        return _shortest(str(np.datetime_as_string(value)).replace("T", " "))
    if isinstance(value, dt.datetime):
        return _shortest(value.isoformat(" "))
    if isinstance(value, np.timedelta64):
        return _duration(int(value.astype("timedelta64[ns]").astype(np.int64)))
    if isinstance(value, dt.timedelta):
        whole = (value.days * 86_400 + value.seconds) * 10**9 + value.microseconds * 1000
        return _duration(whole + int(getattr(value, "nanoseconds", 0)))
    if isinstance(value, tuple):
        return f"({', '.join(written(part) for part in value)})"
    if isinstance(value, enum.Enum):
        return str(value.value) if isinstance(value.value, str) else value.name
    return str(value)


def code_moments(values: Any) -> tuple[IntVector, list[str]]:
    """Codes of a NumPy array of dates, moments or durations (n,), -1 for NaT, and the labels in order of time."""
    present = ~np.isnat(values)
    distinct, inverse = np.unique(values[present], return_inverse=True)
    codes = np.full(values.size, -1, dtype=np.int32)
    codes[present] = inverse
    return codes, [written(value) for value in distinct]


def in_order(values: Iterable[Any]) -> list[Any]:
    """Distinct values in ascending order; by their labels where they cannot be compared.

    Raises
    ------
    TypeError
        If a value has parts that can change, such as a tuple of lists.
    """
    distinct = set(values)
    try:
        return sorted(distinct)
    except TypeError:
        return sorted(distinct, key=written)


def _shortest(text: str) -> str:
    """Text of a moment without a time of day that is zero, and without zeros after the last digit of a second."""
    text = _FRACTION.sub(lambda found: found[1] + (f".{found[2]}" if found[2] else ""), text)
    return _MIDNIGHT.sub("", text)


def _duration(nanoseconds: int) -> str:
    days, rest = divmod(nanoseconds, _DAY)
    name = f"{days} day" if days == 1 else f"{days} days"
    if rest == 0:
        return name
    seconds, fraction = divmod(rest, 10**9)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    tail = f".{fraction:09}".rstrip("0") if fraction else ""
    return f"{name} {clock}{tail}" if days else clock + tail
