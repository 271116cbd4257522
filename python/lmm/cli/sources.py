"""Tables for the command: built-in data sets, and files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmm.errors import DataError, DatasetError, FileError, nearest, require
from lmm.formula import parse

__all__ = ["declare_factors", "known_set", "read"]

_MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", ".")
_SUFFIXES = (".csv", ".tsv", ".parquet")


def read(source: str) -> Any:
    """Give a frame: a file if the name looks like one or exists, else a built-in data set."""
    if not source.strip():
        raise FileError(
            f"--data names nothing; `lmm data` lists the data sets, a file ends in {', '.join(_SUFFIXES)}"
        )
    path = Path(source)
    if path.suffix.lower() in _SUFFIXES or len(path.parts) > 1 or _exists(path):
        return _read_file(path)
    from lmm.datasets import load

    return load(known_set(source))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # the name is too long for a file
        return False


def known_set(name: str) -> str:
    """Give the name of a built-in data set.

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
            f"ends in {', '.join(_SUFFIXES)}.{nearest(name, names)}"
        )
    return name


def _read_file(path: Path) -> Any:
    suffix = path.suffix.lower()
    try:
        # First of all, so that all kinds of files say the same when they are not there.
        path.open("rb").close()
        if suffix == ".parquet":
            return _read_parquet(path)
        if suffix in _SUFFIXES:
            return _read_text(path, "," if suffix == ".csv" else "\t")
    except FileError:
        raise
    except (OSError, ValueError) as error:
        # pandas and pyarrow raise their own kinds of ValueError for files that are empty, ragged or broken.
        raise FileError(f'cannot read "{path}": {_reason(error)}') from error
    raise FileError(f'cannot read "{path}": its name should end in {", ".join(_SUFFIXES)}')


def _read_parquet(path: Path) -> Any:
    require("pyarrow", extra="io")
    return require("pandas", extra="io").read_parquet(path)


def _read_text(path: Path, separator: str) -> Any:
    import pandas as pd

    try:
        frame = pd.read_csv(
            path, sep=separator, encoding="utf-8-sig", keep_default_na=False, na_values=list(_MISSING)
        )
    except pd.errors.EmptyDataError:
        raise FileError(f'cannot read "{path}": it is empty') from None
    return _with_columns(frame, path, separator)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, UnicodeError):
        return "it is not UTF-8 text; save it with this encoding"
    # The part of pandas' message that is about the file.
    text = str(error).strip().partition("\n")[0].rpartition("C error: ")[2]
    return text or type(error).__name__


def _with_columns(frame: Any, path: Path, separator: str) -> Any:
    if len(frame.columns) == 1:
        line = str(frame.columns[0])
        other = next((mark for mark in ";\t,|" if mark != separator and mark in line), None)
        if other is not None:
            raise FileError(
                f'"{path}" has a single column, "{line}": its values seem to be separated by {other!r} and not by '
                f"{separator!r}; save it as comma-separated .csv or as tab-separated .tsv"
            )
    return frame


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
