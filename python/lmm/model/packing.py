"""Frozen values as a JSON tree with numbered arrays, and back; no code, no pickles.

A tree has JSON's own values; besides, a tagged object ``{"is": ..., ...}`` stands for an array, a sparse
matrix, a tuple, a slice, or one of the classes in `CLASSES` with its fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from lmm.data import Column, Columns
from lmm.design import Design, FactorCoding, FixedTerm, RandomPart
from lmm.engine import Control, Evaluation, GroupBlock, MatrixBlock
from lmm.errors import FileError
from lmm.estimation import Certificate, Moments, ThetaOptimum
from lmm.model.request import Request

CLASSES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        Certificate,
        Column,
        Columns,
        Control,
        Design,
        Evaluation,
        FactorCoding,
        FixedTerm,
        GroupBlock,
        MatrixBlock,
        Moments,
        RandomPart,
        Request,
        ThetaOptimum,
    )
}


class Packer:
    """Collects the arrays of what it packs; an array that occurs twice is kept once.

    Attributes
    ----------
    arrays
        The arrays, in the order of their numbers.
    """

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self._numbers: dict[int, int] = {}

    def pack(self, value: Any) -> Any:
        """Turn a value into a tree.

        Raises
        ------
        FileError
            If there is something in it that is not data.
        """
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, np.generic):
            return self.pack(value.item())
        if isinstance(value, np.ndarray):
            return {"is": "array", "number": self._number(value)}
        if isinstance(value, list):
            return [self.pack(item) for item in value]
        if isinstance(value, tuple):
            return {"is": "tuple", "items": [self.pack(item) for item in value]}
        if isinstance(value, slice):
            return {"is": "slice", "items": [value.start, value.stop, value.step]}
        return self._pack_object(value)

    def _pack_object(self, value: Any) -> Any:
        name = type(value).__name__
        if is_dataclass(value) and CLASSES.get(name) is type(value):
            content = {field.name: self.pack(getattr(value, field.name)) for field in fields(value)}
            return {"is": name, "fields": content}
        if isinstance(value, Mapping):
            return {"is": "dict", "items": [[str(key), self.pack(item)] for key, item in value.items()]}
        if hasattr(value, "tocsr"):
            csr = value.tocsr()
            parts = [self.pack(part) for part in (csr.data, csr.indices, csr.indptr)]
            return {"is": "sparse", "parts": parts, "shape": [int(size) for size in csr.shape]}
        if hasattr(value, "isoformat"):
            return str(value)
        raise FileError(f"A fit with a {type(value).__module__}.{name} in it cannot be saved: {value!r}.")

    def _number(self, array: np.ndarray) -> int:
        if array.dtype.hasobject:
            raise FileError("A fit with an array of Python objects in it cannot be saved.")
        if id(array) not in self._numbers:
            self._numbers[id(array)] = len(self.arrays)
            self.arrays.append(array)  # keeps the array alive, so that its id stays its own
        return self._numbers[id(array)]


def unpack(tree: Any, arrays: list[np.ndarray]) -> Any:
    """Turn a tree back into the value; only the classes of this file are ever made."""
    if isinstance(tree, list):
        return [unpack(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    kind = tree["is"]
    if kind == "array":
        return arrays[tree["number"]]
    if kind == "tuple":
        return tuple(unpack(item, arrays) for item in tree["items"])
    if kind == "slice":
        return slice(*tree["items"])
    if kind == "dict":
        return {key: unpack(item, arrays) for key, item in tree["items"]}
    if kind == "sparse":
        from scipy.sparse import csr_array

        parts = tuple(unpack(part, arrays) for part in tree["parts"])
        return csr_array(parts, shape=tuple(tree["shape"]))
    content = {name: unpack(item, arrays) for name, item in tree["fields"].items()}
    return CLASSES[kind](**content)
