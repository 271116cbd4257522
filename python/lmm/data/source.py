"""Any table as a source of columns: frames of all libraries, dicts of arrays, lists of dicts."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import narwhals as nw
import numpy as np

from lmm.arguments import shown, texts
from lmm.data.alignment import in_rows_of, row_labels
from lmm.data.arrays import factor_column, read_array
from lmm.data.column import Column, Columns
from lmm.data.series import is_pandas, read_pandas, read_series
from lmm.data.table_files import SUFFIXES, read_if_path
from lmm.errors import ColumnError, DataError, LmmError, nearest, require

_ACCEPTED = "pandas, polars, Arrow or DuckDB tables, a dict of arrays, or a list of dicts"


class Source(ABC):
    """A table of which columns are read by name; what is not asked for is not touched.

    Attributes
    ----------
    names
        Names of the columns. A name that two columns have is not among them.
    twice
        Names that two columns have: refused when asked for.
    labels
        Labels of the rows, a pandas index; None where there are none.
    """

    names: tuple[str, ...]
    twice: frozenset[str] = frozenset()
    labels: Any = None

    @abstractmethod
    def _load(self, names: Sequence[str]) -> tuple[dict[str, Column], int]:
        """Read the columns and the number of rows of the table."""

    def read(self, names: Iterable[str]) -> Columns:
        """Read the named columns.

        Raises
        ------
        ColumnError
            If the table has no such column; similar names are suggested.
        DataError
            If the table has no rows, or a column cannot be used.
        """
        wanted = list(dict.fromkeys(names))
        if wanted and not (self.names or self.twice):
            raise DataError(
                f"The data are empty: they have no columns and no rows. The model needs {_list(sorted(wanted))}."
            )
        for name in wanted:
            if name not in self.names:
                raise self._absent(name)
        columns, n_rows = self._load(wanted)
        if n_rows == 0:
            raise DataError("The data have no rows. A model needs at least two.")
        return Columns(columns, n_rows, self.names)

    def _absent(self, name: str) -> LmmError:
        if name in self.twice:
            return DataError(f'Two columns of the data have the same name, "{name}". Rename one.')
        if self.labels is not None and name in self.labels.names:
            return ColumnError(
                f'"{name}" is the index of the pandas table, not a column: give data.reset_index(), which makes it one.'
            )
        return ColumnError(
            f'The data have no column "{name}".{nearest(name, self.names)} Columns: {_list(self.names)}.'
        )


class FrameSource(Source):
    """A data frame of any library that narwhals knows."""

    def __init__(self, frame: nw.DataFrame[Any] | nw.LazyFrame[Any], twice: Iterable[str] = ()) -> None:
        self._frame = frame
        # The types of all columns are not asked for: in pandas each takes longer than reading a small one.
        names = frame.columns if isinstance(frame, nw.DataFrame) else frame.collect_schema().names()
        # Names that are not text occur in pandas.
        texts = [str(name) for name in names]
        self.twice = frozenset({*twice, *_repeated(texts)})
        self._by_text = {
            text: name for text, name in zip(texts, names, strict=True) if text not in self.twice
        }
        self._first = names[:1]
        self.names = tuple(self._by_text)
        self.labels = row_labels(frame)

    def _load(self, names: Sequence[str]) -> tuple[dict[str, Column], int]:
        frame = self._frame
        native_names = [self._by_text[name] for name in names]
        if isinstance(frame, nw.LazyFrame):
            # Without any used column, one of them still tells the number of rows.
            frame = _collect(frame.select(native_names or self._first))
        ordered = self._ordered(frame)
        columns = {
            name: read_series(name, frame.get_column(native), ordered=name in ordered)
            for name, native in zip(names, native_names, strict=True)
        }
        return columns, len(frame)

    def _ordered(self, frame: nw.DataFrame[Any]) -> frozenset[str]:
        """Columns of Arrow dictionaries that came from a type whose levels have an order: enums, pandas categories."""
        if frame.implementation.is_pandas_like():
            return frozenset()
        schema = self._frame.collect_schema()
        enums = {str(name) for name, dtype in schema.items() if isinstance(dtype, nw.Enum)}
        if not frame.implementation.is_pyarrow():
            return frozenset(enums)
        written = (frame.to_native().schema.metadata or {}).get(b"pandas", b"{}")
        categories = {
            str(about["field_name"])
            for about in json.loads(written).get("columns", ())
            if about.get("pandas_type") == "categorical"
        }
        return frozenset(enums | categories)


class PandasSource(Source):
    """A table of pandas."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        names = frame.columns.tolist()
        texts = list(map(str, names))  # names that are not text occur in pandas
        if len(set(texts)) < len(texts):
            self.twice = frozenset(_repeated(texts))
        self._by_text = dict(zip(texts, names, strict=True))
        self.names = tuple(text for text in texts if text not in self.twice)
        self.labels = row_labels(frame)

    def _load(self, names: Sequence[str]) -> tuple[dict[str, Column], int]:
        columns = {name: read_pandas(name, self._frame[self._by_text[name]]) for name in names}
        return columns, len(self._frame)


def _repeated(texts: Iterable[str]) -> list[str]:
    return [text for text, count in Counter(texts).items() if count > 1]


def _collect(frame: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    if not frame.implementation.is_polars():
        require("pyarrow", "io")  # what DuckDB and its like hand their rows over in
    return frame.collect()


class MappingSource(Source):
    """A dict from names to arrays, lists or series of any library."""

    def __init__(self, data: Mapping[Any, Any]) -> None:
        self.twice = frozenset(_repeated(map(str, data)))
        self._data = {str(name): values for name, values in data.items() if str(name) not in self.twice}
        self.names = tuple(self._data)
        # pandas objects in a dict belong together by their labels, as in a table of pandas.
        self.labels = next((own for own in map(row_labels, self._data.values()) if own is not None), None)

    def _load(self, names: Sequence[str]) -> tuple[dict[str, Column], int]:
        lengths = {name: _length(name, values) for name, values in self._data.items()}
        if len(set(lengths.values())) > 1:
            seen = ", ".join(f'"{name}" has {length}' for name, length in lengths.items())
            raise DataError(
                f"The columns of the data differ in length: {seen}. Each needs one value per row."
            )
        columns = {
            name: read_values(name, in_rows_of(self.labels, self._data[name], f'Column "{name}"'))
            for name in names
        }
        return columns, next(iter(lengths.values()), 0)


class RecordsSource(Source):
    """A list of dicts, one for each row; a key that a row lacks is a missing value."""

    def __init__(self, records: Sequence[Mapping[Any, Any]]) -> None:
        self._records = records
        self.names = tuple(dict.fromkeys(str(name) for record in records for name in record))

    def _load(self, names: Sequence[str]) -> tuple[dict[str, Column], int]:
        columns = {name: read_array(name, [record.get(name) for record in self._records]) for name in names}
        return columns, len(self._records)


class FactorSource(Source):
    """A table some columns of which are factors, whatever they hold."""

    def __init__(self, source: Source, factors: Iterable[str]) -> None:
        self._source, self._factors = source, frozenset(factors)
        self.names, self.twice, self.labels = source.names, source.twice, source.labels

    def _load(self, names: Sequence[str]) -> tuple[dict[str, Column], int]:
        columns, n_rows = self._source._load(names)  # noqa: SLF001 - a source too
        return {
            name: column.as_factor() if name in self._factors else column for name, column in columns.items()
        }, n_rows


def as_factors(source: Source, factors: str | Sequence[str], used: Collection[str]) -> Source:
    """Make factors of some columns of a table, numbers with their values as levels.

    Parameters
    ----------
    source
        The table.
    factors
        Names of the columns, or one name.
    used
        Columns that the formula uses.

    Raises
    ------
    ColumnError
        If the formula does not use a column; similar names are suggested.
    """
    given = texts(factors, "factors")
    named = [given] if isinstance(given, str) else given
    for name in named:
        if name not in used:
            raise ColumnError(
                f'factors= names "{name}", which the formula does not use.{nearest(name, used)} '
                f"It uses {_list(sorted(used)) or 'no column'}."
            )
    return FactorSource(source, named) if named else source


def open_table(data: Any) -> Source:
    """Make a source of columns of any table.

    Parameters
    ----------
    data
        A pandas, polars or Arrow table, a DuckDB relation, a narwhals frame, a dict of arrays, a list of dicts, a
        NumPy array with named fields, or the path of a file that `read_file` reads. Lazy frames are collected when
        read, used columns only.

    Raises
    ------
    DataError
        If it is none of these.
    FileError
        If it is a path and the file cannot be read.

    Examples
    --------
    >>> from lmm.data import open_table
    >>> table = open_table({"y": [1.5, 2.5], "g": ["b", "a"]})
    >>> table.names
    ('y', 'g')
    >>> table.read(["g"])["g"].levels
    ('a', 'b')
    """
    if isinstance(data, Source):
        return data
    data = read_if_path(data)
    if is_pandas(data, "DataFrame"):
        return PandasSource(data)
    if isinstance(data, Mapping):
        return MappingSource(data)
    if isinstance(data, np.ndarray) and data.dtype.names:
        return MappingSource({name: data[name] for name in data.dtype.names})
    if isinstance(data, list | tuple) and all(isinstance(row, Mapping) for row in data):
        return RecordsSource(data)
    native = nw.to_native(data, pass_through=True)
    if is_pandas(native, "DataFrame"):  # within a frame of narwhals
        return PandasSource(native)
    try:
        return FrameSource(nw.from_native(native))
    except nw.exceptions.DuplicateError:
        unique, twice = _without_twins(data)
        return FrameSource(nw.from_native(unique), twice)
    except TypeError:
        raise DataError(_no_table(data)) from None


def _without_twins(data: Any) -> tuple[Any, list[str]]:
    """Leave out the columns of a pandas or Arrow table that share their name; also those names."""
    if hasattr(data, "column_names"):  # Arrow
        twice = _repeated(data.column_names)
        return data.select([i for i, name in enumerate(data.column_names) if name not in twice]), twice
    shared = data.columns.duplicated(keep=False)
    return data.loc[:, ~shared], list(dict.fromkeys(map(str, data.columns[shared])))


def read_table(data: Any, names: Iterable[str]) -> Columns:
    """Read the named columns of any table; see `open_table`."""
    return open_table(data).read(names)


def read_values(name: str, values: Any) -> Column:
    """Column of an array, a list, or a series of any library."""
    if isinstance(values, np.ndarray | list | tuple | range):
        return read_array(name, values)
    if hasattr(values, "categories") and hasattr(values, "codes"):  # pandas.Categorical
        return factor_column(
            name,
            np.asarray(values.codes, dtype=np.int32),
            list(values.categories),
            is_ordered=bool(values.ordered),
        )
    native = nw.to_native(values, pass_through=True)
    if is_pandas(native, "Series"):
        return read_pandas(name, native)
    series = nw.from_native(_chunked(native), series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        return read_series(name, series)
    return read_array(name, np.asarray(values) if hasattr(values, "__array__") else values)


def _chunked(values: Any) -> Any:
    """Plain Arrow arrays as chunked ones, which is what narwhals takes."""
    if type(values).__module__.startswith("pyarrow") and not hasattr(values, "chunks"):
        import pyarrow as pa

        return pa.chunked_array([values])
    return values


def _length(name: str, values: Any) -> int:
    if isinstance(values, str | bytes) or not hasattr(values, "__len__") or getattr(values, "ndim", 1) == 0:
        raise DataError(
            f'Column "{name}" is the single value {values!r}. '
            "Give each column as an array or a list, one value per row."
        )
    if isinstance(values, AbstractSet | Mapping):
        raise DataError(
            f'Column "{name}" is a {type(values).__name__}, whose values have no order. Give an array or a list, one '
            "value per row."
        )
    return len(values)


def _no_table(data: Any) -> str:
    if isinstance(data, str):
        return (
            f"The data are the text {shown(data)}, which is neither a table nor a file that exists. Give a table, the "
            f"path of a file that ends in {', '.join(SUFFIXES)}, or load a built-in set with lmm.datasets.load."
        )
    if isinstance(data, list | tuple) and data and all(isinstance(row, list | tuple) for row in data):
        return (
            "The data are rows without names of columns. Name them: pandas.DataFrame(rows, columns=[...]), a list of "
            "dicts, or a dict with a list for each column."
        )
    shape = f" and shape {data.shape}" if isinstance(data, np.ndarray) else ""
    return f"The data are a value of type {type(data).__name__}{shape}, not a table. Give {_ACCEPTED}."


def _list(names: Sequence[str], limit: int = 12) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown}, … ({len(names)} in all)"
