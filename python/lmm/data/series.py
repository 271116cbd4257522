"""Columns from the series of any data frame library, through narwhals.

Text and categories are coded by the library that holds them, so that no string passes through Python more than once
per level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from lmm.data.arrays import boolean_column, factor_column, integer_column, read_objects, unusable
from lmm.data.column import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.typing import IntVector


def read_series(name: str, series: nw.Series[Any]) -> Column:
    """Column of one narwhals series.

    Raises
    ------
    DataError
        If it holds times, lists, structures or a mixture of types.
    """
    dtype = series.dtype
    if isinstance(dtype, nw.Categorical | nw.Enum):
        return _read_categories(name, series)
    if dtype == nw.String:
        return _sorted_factor(name, *_code_text(series))
    if dtype == nw.Boolean or dtype.is_integer():
        if series.null_count() == 0:
            array = series.to_numpy()
            return (
                integer_column(name, array)
                if dtype.is_integer()
                else boolean_column(name, array.astype(bool))
            )
        missing = series.is_null().to_numpy().astype(bool)
        if dtype.is_integer():
            return integer_column(name, _integers(series.fill_null(0)), missing)
        return boolean_column(name, series.fill_null(value=False).to_numpy().astype(bool), missing)
    if dtype.is_float() or dtype.is_decimal():
        floats = series.cast(nw.Float64) if dtype.is_decimal() else series
        return Column(name, "numeric", values=np.array(floats.to_numpy(), dtype=np.float64))
    if dtype.is_temporal():
        raise unusable(name, f"times ({dtype})", "time")
    if isinstance(dtype, nw.Object | nw.Unknown):
        return read_objects(name, series.to_list())
    raise unusable(name, f"values of type {dtype}", "other")


def _integers(series: nw.Series[Any]) -> Any:
    array = series.to_numpy()
    return array if array.dtype.kind in "iu" else np.array(series.to_list())


def _read_categories(name: str, series: nw.Series[Any]) -> Column:
    """Factor whose levels have an order of their own: pandas and Arrow categories, enums."""
    native = series.to_native()
    implementation = series.implementation
    if implementation.is_pyarrow():
        return factor_column(name, *_arrow_dictionary(native))
    if implementation.is_pandas_like():
        if hasattr(native, "cat") and hasattr(native.cat, "codes"):
            return factor_column(
                name, native.cat.codes.to_numpy().astype(np.int32), native.cat.categories.tolist()
            )
        # An Arrow dictionary inside pandas.
        import pyarrow as pa

        return factor_column(name, *_arrow_dictionary(pa.chunked_array(native.array.__arrow_array__())))
    if isinstance(series.dtype, nw.Enum) and implementation.is_polars():
        return factor_column(name, _polars_codes(native), list(series.dtype.categories))
    # A polars Categorical has no order of its own: its categories are those of the whole process.
    return _sorted_factor(name, *_code_text(series.cast(nw.String)))


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


def _sorted_factor(name: str, codes: IntVector, texts: Sequence[str]) -> Column:
    """Factor with its levels sorted."""
    order = sorted(range(len(texts)), key=texts.__getitem__)
    rank = np.full(len(texts) + 1, -1, dtype=np.int32)  # the last place answers for the code -1
    rank[order] = np.arange(len(order))
    return factor_column(name, rank[codes], [texts[i] for i in order])


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
    return codes, categories
