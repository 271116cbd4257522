"""State of transforms as plain values that JSON can hold, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmm.errors import FileError, UnsupportedError


def to_plain(value: Any) -> Any:
    """Write numbers, text, arrays, lists and dicts (of any keys) as plain JSON values.

    Examples
    --------
    >>> from lmm.design.state import from_plain, to_plain
    >>> to_plain({0: 4.5})
    {'pairs': [[0, 4.5]]}
    >>> from_plain(to_plain({0: 4.5}))
    {0: 4.5}
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return {"array": value.tolist(), "type": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, dict):
        return {"pairs": [[to_plain(key), to_plain(entry)] for key, entry in value.items()]}
    if isinstance(value, list):
        return {"list": [to_plain(entry) for entry in value]}
    if isinstance(value, tuple):
        return {"tuple": [to_plain(entry) for entry in value]}
    raise UnsupportedError(
        f"A transform in the formula keeps a {type(value).__name__}, which cannot be written to a file. "
        "Compute the column before the fit, or pickle the fit."
    )


def from_plain(value: Any) -> Any:
    """Read what `to_plain` wrote.

    Raises
    ------
    FileError
        If the value was not written by `to_plain`.
    """
    if not isinstance(value, dict):
        return value
    match value:
        case {"array": entries, "type": str(dtype), "shape": shape} if np.dtype(dtype).kind in "biuf":
            return np.array(entries, dtype=dtype).reshape(shape)
        case {"pairs": list(pairs)}:
            return {from_plain(key): from_plain(entry) for key, entry in pairs}
        case {"list": list(entries)}:
            return [from_plain(entry) for entry in entries]
        case {"tuple": list(entries)}:
            return tuple(from_plain(entry) for entry in entries)
    raise FileError(f"The state of a transform cannot be read: {value!r}.")
