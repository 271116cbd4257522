"""Reading of a tree that nobody vouches for: each part is asked for as what it has to be."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lmm.errors import FileError, brief
from lmm.limits import MOST_CHARACTERS

__all__ = ["Arrays", "Part"]


@dataclass(slots=True, eq=False)
class Arrays:
    """The arrays of a file; each belongs to one place in the tree.

    Attributes
    ----------
    contents
        Each array with its header, in NumPy's format.
    taken
        Numbers of those that were asked for.
    """

    contents: Sequence[bytes]
    taken: set[int] = field(default_factory=set)

    def take(
        self, number: int, where: str, kinds: Sequence[str], shape: tuple[int | None, ...]
    ) -> np.ndarray:
        """Read an array (a copy) whose type and shape must be as they are expected.

        Raises
        ------
        FileError
            If there is none of this number, it was asked for already, or it is something else.
        """
        if number in self.taken:
            raise FileError(f"{where} is an array that has another place already")
        self.taken.add(number)
        content = self.contents[number]
        seen_shape, fortran, dtype, start = _header(content, where)
        if dtype.str not in kinds:
            raise FileError(f"{where} is an array of type {dtype.str}, not {' or '.join(kinds)}")
        fits = len(seen_shape) == len(shape) and all(
            want is None or want == seen for want, seen in zip(shape, seen_shape, strict=True)
        )
        if not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise FileError(f"{where} is an array of shape {seen_shape}, not ({wanted})")
        n_bytes = dtype.itemsize
        for size in seen_shape:
            n_bytes *= size
        if n_bytes != len(content) - start:
            raise FileError(f"{where} is an array of {len(content) - start} bytes; its shape needs {n_bytes}")
        flat = np.frombuffer(content, dtype=dtype, offset=start)
        return flat.reshape(seen_shape, order="F" if fortran else "C").copy(order="K")


def _header(content: bytes, where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    stream = io.BytesIO(content)
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError("another version")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise FileError(f"{where} is not an array that lmm.save wrote ({type(error).__name__})") from None
    if dtype.hasobject or dtype.fields is not None or dtype.subdtype is not None or min(shape, default=0) < 0:
        raise FileError(f"{where} is an array of {dtype} and shape {shape}, which lmm.save never writes")
    return shape, fortran, dtype, stream.tell()


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One value of the tree.

    Attributes
    ----------
    value
        What `json` made of it.
    where
        Its place, for messages.
    arrays
        The arrays that it may point to.
    """

    value: Any
    where: str
    arrays: Arrays

    def no(self, expected: str) -> FileError:
        """Make the error that says what was seen instead."""
        seen = f"{self.value[:60]!r}" if isinstance(self.value, str) else brief(self.value)
        return FileError(f"{self.where} is {seen}, not {expected}")

    @property
    def missing(self) -> bool:
        """Whether it is null."""
        return self.value is None

    def record(self, *names: str) -> dict[str, Part]:
        """Take an object apart that has exactly these names."""
        if not isinstance(self.value, dict):
            raise self.no("an object")
        for name in self.value:
            if name not in names:
                raise FileError(f"{self.where} has {name!r}, which is not in this version of the format")
        for name in names:
            if name not in self.value:
                raise FileError(f"{self.where} has no {name!r}")
        return self.named()

    def named(self) -> dict[str, Part]:
        """Take an object of any names apart."""
        if not isinstance(self.value, dict):
            raise self.no("an object")
        return {
            name: Part(part, f"{self.where}.{name[:40]}", self.arrays) for name, part in self.value.items()
        }

    def items(self) -> list[Part]:
        """Take a list apart."""
        if not isinstance(self.value, list):
            raise self.no("a list")
        return [Part(part, f"{self.where}[{i}]", self.arrays) for i, part in enumerate(self.value)]

    def text(self) -> str:
        """Read text that UTF-8 can hold."""
        if not isinstance(self.value, str) or len(self.value) > MOST_CHARACTERS:
            raise self.no("text")
        if not self.value.isascii() and any("\ud800" <= char <= "\udfff" for char in self.value):
            raise self.no("text in UTF-8")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """Read a list of texts."""
        return tuple(part.text() for part in self.items())

    def choice(self, *names: str) -> Any:
        """Read one of some words."""
        if not isinstance(self.value, str) or self.value not in names:
            raise self.no(" or ".join(repr(name) for name in names))
        return self.value

    def truth(self) -> bool:
        """Read true or false."""
        if not isinstance(self.value, bool):
            raise self.no("true or false")
        return self.value

    def whole(self, least: int = 0, most: int = 2**53) -> int:
        """Read a whole number of a range."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not least <= self.value <= most:
            raise self.no(f"a whole number from {least} to {most}")
        return self.value

    def number(self) -> float:
        """Read a finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or abs(self.value) > 1e308:
            raise self.no("a number")
        return float(self.value)

    def level(self) -> str | bool | int | float:
        """Read the value of a level: text, a truth value or a number."""
        if isinstance(self.value, str):
            return self.text()
        if isinstance(self.value, bool):
            return self.value
        if isinstance(self.value, int):
            return self.whole(-(2**64), 2**64)
        return self.number()

    def array(self, kinds: str, *shape: int | None, gaps: bool = False) -> np.ndarray:
        """Read an array of one of the types (``"<f8 <i4"``) and of this shape, where None is any size.

        Numbers are finite; with ``gaps`` they may be missing.
        """
        number = self.record("array")["array"].whole(0, len(self.arrays.contents) - 1)
        array = self.arrays.take(number, self.where, kinds.split(), shape)
        if array.dtype.kind == "f" and not (np.isfinite(array) | (gaps & np.isnan(array))).all():
            raise FileError(f"{self.where} has values that are {'' if gaps else 'missing or '}infinite")
        return array
