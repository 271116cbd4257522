"""Objects that smooth terms name: regions, polygons, penalties, knots; in plain types that a file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from lmm.arguments import shown
from lmm.errors import DesignError
from lmm.limits import MOST_ITEMS, check_length

__all__ = ["SmoothObject", "plain_objects"]

SmoothObject: TypeAlias = "np.ndarray | str | tuple[str, ...] | dict[str, SmoothObject]"
"""Numbers, texts, or such by name."""

_DEEPEST = 4


def plain_objects(smooths: Any) -> dict[str, SmoothObject] | None:
    """Read what ``smooths=`` of `lmm.fit` gives.

    Raises
    ------
    DesignError
        If it is not a dict by name, or holds something that is none of the types.

    Examples
    --------
    >>> from lmm.design.smooth_objects import plain_objects
    >>> plain_objects({"nb": {"a": ["b"], "b": ["a", "c"], "c": ["b"]}})
    {'nb': {'a': ('b',), 'b': ('a', 'c'), 'c': ('b',)}}
    """
    if smooths is None:
        return None
    if not isinstance(smooths, Mapping) or not all(isinstance(name, str) for name in smooths):
        raise DesignError(
            f'smooths= must be a dict from names in the formula to objects, such as smooths={{"nb": neighbours}} for '
            f's(region, bs="mrf", nb=nb), not {shown(smooths)}.'
        )
    return {name: _plain(value, f"smooths={{{name!r}: ...}}") for name, value in smooths.items()}


def _plain(value: Any, where: str, depth: int = 0) -> SmoothObject:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        if depth == _DEEPEST:
            raise DesignError(f"{where} has dicts within dicts: at most {_DEEPEST} levels are read.")
        check_length(f"{where} has items:", value, MOST_ITEMS, "Give those that are meant.")
        return {str(name): _plain(item, where, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and any(isinstance(item, str) for item in value):
        return tuple(str(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value))
    try:
        array = np.asarray(sorted(value) if isinstance(value, set | frozenset) else value)
    except (TypeError, ValueError):
        raise _unreadable(value, where) from None
    if array.dtype.kind in "US":
        return tuple(array.astype(str).ravel().tolist())
    if array.size == 0:
        return np.zeros(array.shape)
    if array.dtype.kind not in "iuf" or array.ndim > 2:
        raise _unreadable(value, where)
    return np.array(array, dtype=np.float64)


def _unreadable(value: Any, where: str) -> DesignError:
    return DesignError(
        f"{where} holds {shown(value)}. Give arrays of numbers, lists of names, or dicts of these by region."
    )
