"""Objects that smooth terms name, to and from the tree of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lmm.design.smooth_objects import SmoothObject
from lmm.model.files.parts import Part

__all__ = ["packed_object", "unpacked_object"]


def packed_object(value: SmoothObject, array: Callable[[Any, type], dict[str, int]]) -> dict[str, Any]:
    """Write an object in values of JSON; ``array`` keeps its numbers."""
    if isinstance(value, dict):
        return {"named": {name: packed_object(item, array) for name, item in value.items()}}
    if isinstance(value, np.ndarray):
        return {"numbers": array(value.reshape(-1), np.float64), "shape": list(value.shape)}
    return {"text": value} if isinstance(value, str) else {"texts": list(value)}


def unpacked_object(part: Part) -> SmoothObject:
    """Read an object of a file that nobody vouches for."""
    kind = part.named()
    if "named" in kind:
        return {name: unpacked_object(item) for name, item in part.record("named")["named"].named().items()}
    if "numbers" in kind:
        found = part.record("numbers", "shape")
        sizes = [size.whole() for size in found["shape"].items()]
        if len(sizes) > 2:
            raise found["shape"].no("at most two sizes")
        values = found["numbers"].array("<f8", int(np.prod(sizes)), gaps=True)
        return values.reshape(sizes)
    if "texts" in kind:
        return part.record("texts")["texts"].texts()
    return part.record("text")["text"].text()
