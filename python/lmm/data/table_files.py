"""Tables in files: comma- and tab-separated text, Parquet and Feather."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lmm.arguments import shown
from lmm.errors import FileError, require

__all__ = ["SUFFIXES", "is_path", "read_file", "read_if_path"]

SUFFIXES = (".csv", ".tsv", ".parquet", ".feather")
"""How the name of a file with a table ends."""

_MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", ".")
_SEPARATORS = {".csv": ",", ".tsv": "\t"}


def is_path(source: str | Path) -> bool:
    """Whether a text names a file: by its ending, by a folder in it, or because the file exists."""
    path = Path(source)
    if path.suffix.lower() in SUFFIXES or len(path.parts) > 1:
        return True
    try:
        return path.exists()
    except (OSError, ValueError):  # the name is too long for a file, or no file can have it
        return False


def read_if_path(data: Any) -> Any:
    """Read a file where a path stands for its table; a table is handed on as it is."""
    names_a_file = isinstance(data, Path) or (isinstance(data, str) and is_path(data))
    return read_file(data) if names_a_file else data


def read_file(path: str | Path) -> Any:
    r"""Read a table from a file, as a frame of pandas.

    Values are missing where a text file has nothing, ``NA``, ``N/A``, ``NaN``, ``nan``, ``NULL``, ``null`` or a dot.

    Parameters
    ----------
    path
        A file that ends in .csv, .tsv, .parquet or .feather.

    Raises
    ------
    FileError
        If the file does not exist, cannot be read, is empty, or its name ends otherwise.
    MissingExtraError
        If pyarrow is needed and not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from lmm.data import read_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "oats.csv"
    ...     _ = path.write_text("yield,Block\n111,I\n130,NA\n")
    ...     list(read_file(path)["yield"])
    [111, 130]
    """
    path = Path(path)
    suffix = path.suffix.lower()
    try:
        # First of all, so that all kinds of files say the same when they are not there.
        path.open("rb").close()
        if suffix in _SEPARATORS:
            return _read_text(path, _SEPARATORS[suffix])
        if suffix in SUFFIXES:
            return _read_binary(path, suffix)
    except FileError:
        raise
    except (OSError, ValueError) as error:
        # pandas and pyarrow raise their own kinds of ValueError for files that are empty, ragged or broken.
        raise FileError(f"Cannot read {_named(path)}: {_reason(error)}") from error
    raise FileError(f"Cannot read {_named(path)}: its name should end in {', '.join(SUFFIXES)}")


def _named(path: Path) -> str:
    return f'"{shown(str(path))[1:-1]}"'


def _read_binary(path: Path, suffix: str) -> Any:
    require("pyarrow", extra="io")
    pandas = require("pandas", extra="io")
    return pandas.read_parquet(path) if suffix == ".parquet" else pandas.read_feather(path)


def _read_text(path: Path, separator: str) -> Any:
    import pandas as pd

    try:
        frame = pd.read_csv(
            path, sep=separator, encoding="utf-8-sig", keep_default_na=False, na_values=list(_MISSING)
        )
    except pd.errors.EmptyDataError:
        raise FileError(f"Cannot read {_named(path)}: it is empty") from None
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
                f'{_named(path)} has a single column, "{line}": its values seem to be separated by {other!r} and not '
                f"by {separator!r}; save it as comma-separated .csv or as tab-separated .tsv"
            )
    return frame
