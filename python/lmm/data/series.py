"""Columns from the series of any data frame library, through narwhals.

Text and categories are coded by the library that holds them, so that no string passes through Python more than once
per level.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from lmm.data.arrays import (
    boolean_column,
    factor_column,
    integer_column,
    read_array,
    read_objects,
    unusable,
)
from lmm.data.column import Column
from lmm.data.levels import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.typing import IntVector


def read_series(name: str, series: nw.Series[Any], *, ordered: bool = False) -> Column:
    """Column of one narwhals series.

    Parameters
    ----------
    ordered
        Whether the order of an Arrow dictionary is known to be one of its own, whatever its type says.

    Raises
    ------
    DataError
        If it holds lists, structures or a mixture of types.
    """
    dtype = series.dtype
    if isinstance(dtype, nw.Categorical | nw.Enum):
        return _read_categories(name, series, ordered)
    if dtype == nw.String:
        return sorted_factor(name, *_code_text(series))
    if dtype == nw.Boolean or dtype.is_integer():
        return _read_whole(name, series, dtype.is_integer())
    if dtype.is_decimal():
        return _read_decimals(name, series)
    if dtype.is_float():
        return Column(name, "numeric", values=np.array(series.to_numpy(), dtype=np.float64))
    if dtype.is_temporal():
        return _read_moments(name, series)
    if isinstance(dtype, nw.Object | nw.Unknown):
        return read_objects(name, series.to_list())
    raise unusable(name, f"values of type {dtype}")


def is_pandas(values: Any, kind: str) -> bool:
    """Whether it is a ``"Series"`` or a ``"DataFrame"`` of pandas, without importing pandas to find out."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(values, getattr(pandas, kind))


def read_pandas(name: str, series: Any) -> Column:
    """Column of a pandas series: of numbers, categories and text without a detour, for small fits; else by narwhals.

    Raises
    ------
    DataError
        If it holds lists, structures or a mixture of types.
    """
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return read_array(name, series.to_numpy())
    if isinstance(dtype, pd.CategoricalDtype):
        codes = series.array.codes.astype(np.int32)  # a copy: the caller may change his
        return factor_column(name, codes, dtype.categories.tolist(), is_ordered=bool(dtype.ordered))
    if isinstance(dtype, pd.StringDtype):
        codes, texts = series.array.factorize()
        return sorted_factor(name, np.asarray(codes, dtype=np.int32), list(map(str, texts.tolist())))
    return read_series(name, nw.from_native(series, series_only=True))


def _read_moments(name: str, series: nw.Series[Any]) -> Column:
    """Labels of dates, moments (in their time zone, if they have one), times of day or durations."""
    if getattr(series.dtype, "time_zone", None) is None:
        moments = series.to_numpy()
        if moments.dtype.kind in "mM":
            return read_array(name, moments)
    return read_objects(name, series.to_list())


def _read_whole(name: str, series: nw.Series[Any], is_integer: bool) -> Column:
    """Column of whole numbers, or of truth values."""
    missing = series.is_null().to_numpy().astype(bool) if series.null_count() else None
    if is_integer:
        if series.dtype in (nw.Int128, nw.UInt128):  # without a counterpart in NumPy
            return read_objects(name, series.to_list())
        whole = (series if missing is None else series.fill_null(0)).to_numpy()
        if whole.dtype.kind not in "iu":
            return read_objects(name, series.to_list())
        return integer_column(name, whole, missing)
    truths = series if missing is None else series.fill_null(value=False)
    return boolean_column(name, truths.to_numpy().astype(bool), missing)


def _read_decimals(name: str, series: nw.Series[Any]) -> Column:
    """Numbers; whole ones beyond the digits of a float stay exact, since they may be identifiers."""
    floats = np.array(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    if floats.size and np.nanmax(np.abs(floats), initial=0.0) >= 2**53:
        return _objects(name, series)
    return Column(name, "numeric", values=floats)


def _objects(name: str, series: nw.Series[Any]) -> Column:
    """Column of plain Python values, decimals that are whole as whole numbers."""
    values = series.to_list()
    whole = [value is None or value == int(value) for value in values]
    return read_objects(name, [v if v is None else int(v) for v in values] if all(whole) else values)


def _read_categories(name: str, series: nw.Series[Any], ordered: bool) -> Column:
    """Factor: levels of categories with an order of their own keep it, others are sorted."""
    native = series.to_native()
    implementation = series.implementation
    if implementation.is_pyarrow():
        return _read_dictionary(name, native, ordered)
    if implementation.is_pandas_like():
        if hasattr(native, "cat") and hasattr(native.cat, "codes"):
            codes = native.cat.codes.to_numpy().astype(np.int32)
            return factor_column(
                name, codes, native.cat.categories.tolist(), is_ordered=bool(native.cat.ordered)
            )
        # An Arrow dictionary inside pandas.
        import pyarrow as pa

        return _read_dictionary(name, pa.chunked_array(native.array.__arrow_array__()), ordered)
    if isinstance(series.dtype, nw.Enum) and implementation.is_polars():
        return factor_column(name, _polars_codes(native), list(series.dtype.categories))
    # A polars Categorical has no order of its own: its categories are those of the whole process.
    return sorted_factor(name, *_code_text(series.cast(nw.String)))


def _read_dictionary(name: str, native: Any, ordered: bool) -> Column:
    """Factor of an Arrow dictionary; unless its type says that it is ordered, its order is that of the rows."""
    codes, categories = _arrow_dictionary(native)
    if ordered or native.type.ordered:
        return factor_column(name, codes, categories, is_ordered=bool(native.type.ordered))
    return sorted_factor(name, codes, categories)


def _code_text(series: nw.Series[Any]) -> tuple[IntVector, list[str]]:
    """Codes and distinct texts in any order."""
    native = series.to_native()
    implementation = series.implementation
    if implementation.is_pandas_like():
        codes, texts = native.factorize()
        return np.asarray(codes, dtype=np.int32), [str(text) for text in texts.tolist()]
    if implementation.is_pyarrow():
        return _arrow_dictionary(native.dictionary_encode())
    if implementation.is_polars():
        texts = series.drop_nulls().unique().to_list()
        return _polars_codes(series.cast(nw.Enum(texts)).to_native()), texts
    column = read_objects(series.name, series.to_list())
    return column.factor_codes, list(column.levels)


def sorted_factor(name: str, codes: IntVector, values: Sequence[Any]) -> Column:
    """Factor with its levels sorted: by their values, or by their labels where these cannot be compared."""
    try:
        order = sorted(range(len(values)), key=values.__getitem__)
    except TypeError:
        order = sorted(range(len(values)), key=lambda i: label(values[i]))
    rank = np.full(len(values) + 1, -1, dtype=np.int32)  # the last place answers for the code -1
    rank[order] = np.arange(len(order))
    return factor_column(name, rank[codes], [values[i] for i in order])


def _polars_codes(native: Any) -> IntVector:
    """Positions in an Enum, -1 where null."""
    codes: IntVector = native.to_physical().cast(int).fill_null(-1).to_numpy().astype(np.int32)
    return codes


def _arrow_dictionary(native: Any) -> tuple[IntVector, list[Any]]:
    """Codes and categories of an Arrow dictionary column, which may come in chunks of different dictionaries."""
    whole = native.unify_dictionaries().combine_chunks()
    if hasattr(whole, "chunks"):  # combine_chunks of no chunks, or of too many, stays chunked
        whole = whole.chunk(0) if whole.num_chunks else None
    if whole is None:
        return np.empty(0, dtype=np.int32), []
    categories = whole.dictionary.to_pylist()
    codes = whole.indices.cast("int32").fill_null(-1).to_numpy()
    if None in categories:  # the dictionary itself may have a place for missing values
        place = categories.index(None)
        codes = np.where(codes == place, -1, codes - (codes > place)).astype(np.int32)
        categories.remove(None)
    return codes, categories
