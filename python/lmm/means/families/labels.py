"""Names of means and contrasts: ``A - B``, ``nitro0 - nitro0.2``, ``(L - M) - (L - H)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lmm.data.levels import label

__all__ = ["bracketed", "combined", "with_factor_names"]

_OPERATORS = set("+-*/|")


def is_number(text: str) -> bool:
    """Whether a label reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def with_factor_names(name: str, values: Sequence[Any]) -> list[str]:
    """Write levels as texts; where all are numbers they carry the name of their factor.

    Examples
    --------
    >>> from lmm.means.families.labels import with_factor_names
    >>> with_factor_names("nitro", [0.0, 0.2]), with_factor_names("Trt", ["A", "B"])
    (['nitro0', 'nitro0.2'], ['A', 'B'])
    """
    texts = [label(value) for value in values]
    if name and all(map(is_number, texts)):
        return [f"{name}{text}" for text in texts]
    return texts


def combined(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """Write one text for each row of several columns of levels, joined by spaces.

    Examples
    --------
    >>> from lmm.means.families.labels import combined
    >>> combined({"wool": ["A", "B"], "n": [0, 10]})
    ['A n0', 'B n10']
    """
    texts = [with_factor_names(name, list(values)) for name, values in columns.items()]
    return [" ".join(row) for row in zip(*texts, strict=True)]


def bracketed(text: str) -> str:
    """Put parentheses around what has an operator in it, so that a difference of it reads right.

    Examples
    --------
    >>> from lmm.means.families.labels import bracketed
    >>> bracketed("L - M"), bracketed("Golden Rain")
    ('(L - M)', 'Golden Rain')
    """
    return f"({text})" if _OPERATORS & set(text) and not _is_bracketed(text) else text


def _is_bracketed(text: str) -> bool:
    """Whether the first parenthesis closes at the end."""
    depth = 0
    for i, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return i > 0 and i == len(text) - 1
    return False


def as_objects(values: Sequence[Any]) -> np.ndarray:
    """Make an array that keeps Python values as they are, shape (n,)."""
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array
