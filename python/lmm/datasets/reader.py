"""From a compressed CSV file to a data frame whose factors have their levels in order."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmm.arguments import a_text, takes
from lmm.datasets.catalog import ColumnDescription, Description, describe, folder
from lmm.errors import DatasetError, UnsupportedError, nearest, require
from lmm.typing import FloatVector, IntVector

__all__ = ["load"]


@takes(name=a_text, backend=a_text)
def load(name: str, *, backend: str = "pandas") -> Any:
    """Read a data set that ships with the package.

    Parameters
    ----------
    name
        A name from ``lmm.datasets.list()``.
    backend
        ``"pandas"`` (default), ``"polars"`` or ``"arrow"``.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        A new frame. Factors are categoricals (polars: enums, Arrow: ordered dictionaries) with their levels in the
        order of the source.

    Raises
    ------
    DatasetError
        If there is no data set of this name, or its file is damaged.
    UnsupportedError
        If the back end is unknown.
    MissingExtraError
        If the package of the back end is not installed.

    Examples
    --------
    >>> import lmm
    >>> lmm.datasets.load("sleepstudy").head(3)
       Reaction  Days Subject
    0  249.5600     0     308
    1  258.7047     1     308
    2  250.8006     2     308
    >>> list(lmm.datasets.load("Oats")["Variety"].cat.categories)
    ['Golden Rain', 'Marvellous', 'Victory']
    """
    if backend not in _BACKENDS:
        raise UnsupportedError(
            f'data sets cannot be read as "{backend}"; backend is one of {", ".join(_BACKENDS)}.'
            f"{nearest(backend, _BACKENDS)}"
        )
    about = describe(name)
    cells = _read_cells(about)
    return _BACKENDS[backend](
        {column.name: _parse(column, text) for column, text in zip(about.columns, cells, strict=True)}
    )


@dataclass(frozen=True, slots=True)
class _Factor:
    codes: IntVector  # (n,), -1 where missing
    levels: tuple[str, ...]
    ordered: bool


def _read_cells(about: Description) -> list[Sequence[str]]:
    """Read the text of each column, without the header."""
    content = gzip.decompress(folder().joinpath(f"{about.name}.csv.gz").read_bytes())
    if hashlib.sha256(content).hexdigest() != about.sha256:
        raise DatasetError(
            f'the file of the data set "{about.name}" does not have the checksum of its description; '
            "install the package again"
        )
    rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    next(rows)
    return list(zip(*rows, strict=True))


def _parse(column: ColumnDescription, text: Sequence[str]) -> FloatVector | IntVector | _Factor:
    if column.kind == "factor":
        code = {level: index for index, level in enumerate(column.levels)} | {"": -1}
        return _Factor(
            np.array([code[value] for value in text], dtype=np.int32), column.levels, column.ordered
        )
    if column.kind == "integer":
        return np.array(text).astype(np.int64)
    return np.array([value or "nan" for value in text]).astype(np.float64)


def _to_pandas(columns: dict[str, Any]) -> Any:
    pandas = require("pandas", extra="io")
    return pandas.DataFrame(
        {
            name: pandas.Categorical.from_codes(values.codes, values.levels, ordered=values.ordered)
            if isinstance(values, _Factor)
            else values
            for name, values in columns.items()
        }
    )


def _to_polars(columns: dict[str, Any]) -> Any:
    polars = require("polars", extra="io")

    def series(name: str, values: Any) -> Any:
        if isinstance(values, _Factor):
            labels = [values.levels[code] if code >= 0 else None for code in values.codes]
            return polars.Series(name, labels, dtype=polars.Enum(values.levels))
        return polars.Series(name, values, nan_to_null=True)

    return polars.DataFrame([series(name, values) for name, values in columns.items()])


def _to_arrow(columns: dict[str, Any]) -> Any:
    arrow = require("pyarrow", extra="io")

    def array(values: Any) -> Any:
        if isinstance(values, _Factor):
            codes = arrow.array(values.codes, mask=values.codes < 0)
            # "ordered" is Arrow's only word for levels in an order of their own.
            return arrow.DictionaryArray.from_arrays(codes, arrow.array(values.levels), ordered=True)
        return arrow.array(values, from_pandas=True)

    return arrow.table({name: array(values) for name, values in columns.items()})


_BACKENDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "pandas": _to_pandas,
    "polars": _to_polars,
    "arrow": _to_arrow,
}
