"""Tables for the command: built-in data sets, and files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lmm.data import SUFFIXES, is_path, read_file
from lmm.errors import DataError, DatasetError, FileError, nearest
from lmm.formula import parse

__all__ = ["declare_factors", "known_set", "read"]


def read(source: str) -> Any:
    """Read a frame: a file if the name looks like one or exists, else a built-in data set."""
    if not source.strip():
        raise FileError(
            f"--data names nothing; `lmm data` lists the data sets, a file ends in {', '.join(SUFFIXES)}"
        )
    if is_path(source):
        return read_file(source)
    from lmm.datasets import load

    return load(known_set(source))


def known_set(name: str) -> str:
    """Check the name of a built-in data set.

    Raises
    ------
    DatasetError
        If there is none of this name.
    """
    from lmm.datasets import list as list_sets

    names = list(list_sets()["name"])
    if name not in names:
        raise DatasetError(
            f'there is no data set "{name}", and no file of this name; `lmm data` lists the data sets, and a file '
            f"ends in {', '.join(SUFFIXES)}.{nearest(name, names)}"
        )
    return name


def declare_factors(frame: Any, names: Sequence[str], formula: str) -> Any:
    """Make categories of the numbers of some columns.

    Raises
    ------
    DataError
        If there is no such column, or the formula does not use it.
    """
    used = (
        parse(formula, columns=list(map(str, frame.columns)), response_required=False).variables
        if names
        else ()
    )
    for name in dict.fromkeys(names):
        if name not in frame.columns:
            raise DataError(
                f'--factor: there is no column "{name}"; the data have {", ".join(map(str, frame.columns))}.'
                f"{nearest(name, map(str, frame.columns))}"
            )
        if name not in used:
            raise DataError(
                f'--factor: the formula does not use "{name}"; it uses {", ".join(sorted(used))}.{nearest(name, used)}'
            )
    return frame.astype(dict.fromkeys(names, "category")) if names else frame
