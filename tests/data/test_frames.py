"""The same table from every library reads the same."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lmm.data import Columns, open_table, read_table
from lmm.errors import ColumnError, DataError

NUMBERS = [1.5, None, -2.0, 4.0]
WHOLE = [3, 1, None, 3]
TEXT = ["b", "a", None, "b"]
TRUTHS = [True, None, False, True]
NAMES = ("number", "whole", "text", "truth")


def plain() -> dict[str, list[Any]]:
    return dict(zip(NAMES, (NUMBERS, WHOLE, TEXT, TRUTHS), strict=True))


def pandas_nullable() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "number": pd.array(NUMBERS, dtype="Float64"),
            "whole": pd.array(WHOLE, dtype="Int64"),
            "text": pd.array(TEXT, dtype="string"),
            "truth": pd.array(TRUTHS, dtype="boolean"),
        }
    )


def masked_arrays() -> dict[str, Any]:
    return {
        "number": np.array([1.5, np.nan, -2.0, 4.0]),
        "whole": np.ma.array([3, 1, 0, 3], mask=[False, False, True, False]),
        "text": np.ma.array(["b", "a", "", "b"], mask=[False, False, True, False]),
        "truth": np.ma.array([True, False, False, True], mask=[False, True, False, False]),
    }


def records() -> list[dict[str, Any]]:
    rows = [dict(zip(NAMES, row, strict=True)) for row in zip(*plain().values(), strict=True)]
    del rows[2]["text"]
    return rows


def series_of_three_libraries() -> dict[str, Any]:
    return {
        "number": pl.Series(NUMBERS),
        "whole": pd.array(WHOLE, dtype="Int64"),
        "text": pa.array(TEXT),
        "truth": pd.Series(TRUTHS, dtype=object),
    }


TABLES = {
    "dict of lists": plain,
    "dict of masked arrays": masked_arrays,
    "dict of series": series_of_three_libraries,
    "list of dicts": records,
    "pandas": lambda: pd.DataFrame(plain()),
    "pandas objects": lambda: pd.DataFrame(plain(), dtype=object),
    "pandas nullable": pandas_nullable,
    "pandas with Arrow": lambda: pandas_nullable().convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda: pl.DataFrame(plain()),
    "polars lazy": lambda: pl.LazyFrame(plain()),
    "Arrow": lambda: pa.table(plain()),
    "Arrow in chunks": lambda: pa.concat_tables([pa.table(plain()).slice(0, 2), pa.table(plain()).slice(2)]),
    "DuckDB": lambda: duckdb.from_arrow(pa.table(plain())),
    "narwhals": lambda: nw.from_native(pl.DataFrame(plain())),
}


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES.keys())
class TestEveryTable:
    def test_numbers_are_numbers_with_nan_where_missing(self, make):
        column = read_table(make(), NAMES)["number"]

        assert column.kind == "numeric"
        np.testing.assert_array_equal(column.values, [1.5, np.nan, -2.0, 4.0])

    def test_whole_numbers_are_numbers_in_front_and_levels_behind_a_bar(self, make):
        column = read_table(make(), NAMES)["whole"]

        np.testing.assert_array_equal(column.values, [3, 1, np.nan, 3])
        factor = column.as_factor()
        assert factor.levels == ("1", "3")
        np.testing.assert_array_equal(factor.codes, [1, 0, -1, 1])

    def test_text_is_a_factor_with_sorted_levels(self, make):
        column = read_table(make(), NAMES)["text"]

        assert (column.kind, column.levels) == ("factor", ("a", "b"))
        np.testing.assert_array_equal(column.codes, [1, 0, -1, 1])

    def test_booleans_are_a_factor(self, make):
        column = read_table(make(), NAMES)["truth"]

        assert (column.kind, column.levels) == ("factor", ("False", "True"))
        np.testing.assert_array_equal(column.codes, [1, -1, 0, 1])

    def test_missing_values_are_marked(self, make):
        columns = read_table(make(), NAMES)

        assert [columns[name].missing.tolist().index(True) for name in NAMES] == [1, 2, 2, 1]


ORDERED = ["low", "high", None, "low"]
CATEGORIES = ["none", "low", "high"]


def arrow_dictionary() -> pa.Table:
    indices = pa.array([1, 2, None, 1], type=pa.int8())
    return pa.table({"dose": pa.DictionaryArray.from_arrays(indices, pa.array(CATEGORIES))})


def chunks_with_different_dictionaries() -> pa.Table:
    first = pa.DictionaryArray.from_arrays(pa.array([1, 2], type=pa.int8()), pa.array(CATEGORIES))
    second = pa.DictionaryArray.from_arrays(pa.array([None, 0], type=pa.int8()), pa.array(["low"]))
    return pa.table({"dose": pa.chunked_array([first, second])})


def duckdb_enum() -> Any:
    connection = duckdb.connect()
    connection.execute("create type dose as enum ('none', 'low', 'high')")
    return connection.sql("select unnest(['low', 'high', null, 'low'])::dose as dose")


CATEGORICALS = {
    "pandas": lambda: pd.DataFrame({"dose": pd.Categorical(ORDERED, categories=CATEGORIES)}),
    "pandas ordered": lambda: pd.DataFrame(
        {"dose": pd.Categorical(ORDERED, categories=CATEGORIES, ordered=True)}
    ),
    "pandas with an Arrow dictionary": lambda: arrow_dictionary().to_pandas(types_mapper=pd.ArrowDtype),
    "a pandas categorical in a dict": lambda: {"dose": pd.Categorical(ORDERED, categories=CATEGORIES)},
    "polars enum": lambda: pl.DataFrame({"dose": pl.Series(ORDERED, dtype=pl.Enum(CATEGORIES))}),
    "Arrow dictionary": arrow_dictionary,
    "Arrow dictionaries that differ": chunks_with_different_dictionaries,
    "DuckDB enum": duckdb_enum,
}


@pytest.mark.parametrize("make", CATEGORICALS.values(), ids=CATEGORICALS.keys())
def test_categories_keep_their_order(make):
    column = read_table(make(), ["dose"])["dose"]

    assert column.levels == ("none", "low", "high")
    np.testing.assert_array_equal(column.codes, [1, 2, -1, 1])
    assert column.drop_unused_levels().levels == ("low", "high")


def test_a_polars_categorical_has_no_order_and_is_sorted():
    pl.Series(["zebra", "a", "m"], dtype=pl.Categorical)  # other categories of the process leave no trace
    column = read_table(pl.DataFrame({"x": pl.Series(["m", "b", None], dtype=pl.Categorical)}), ["x"])["x"]

    assert column.levels == ("b", "m")
    np.testing.assert_array_equal(column.codes, [1, 0, -1])


def test_categories_that_are_numbers_keep_their_values():
    column = read_table(pd.DataFrame({"x": pd.Categorical([2, 10, 2])}), ["x"])["x"]

    assert column.levels == ("2", "10")
    assert column.level_values == (2, 10)


IDENTIFIERS = [2**62, 2**62 + 1, None, 7]


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"id": pd.array(IDENTIFIERS, dtype="Int64")}),
        pl.DataFrame({"id": IDENTIFIERS}),
        pa.table({"id": IDENTIFIERS}),
        {"id": IDENTIFIERS},
    ],
    ids=["pandas", "polars", "Arrow", "dict"],
)
def test_large_identifiers_stay_apart(table):
    """Two whole numbers that are the same float are still two levels."""
    factor = read_table(table, ["id"])["id"].as_factor()

    assert factor.levels == ("7", str(2**62), str(2**62 + 1))


def test_decimals_are_numbers():
    table = pa.table({"x": pa.array([None, decimal.Decimal("1.25")])})

    np.testing.assert_array_equal(read_table(table, ["x"])["x"].values, [np.nan, 1.25])


@pytest.mark.parametrize(
    "data",
    [
        {"when": [dt.date(2026, 1, 2), None]},
        {"when": np.array(["2026-01-02", "2026-01-03"], dtype="datetime64[D]")},
        pd.DataFrame({"when": pd.to_datetime(["2026-01-02", "2026-01-03"])}),
        pl.DataFrame({"when": [dt.timedelta(days=1), None]}),
        pa.table({"when": [dt.datetime(2026, 1, 2), None]}),
    ],
    ids=["dict", "array", "pandas", "polars", "Arrow"],
)
def test_times_are_refused_with_a_way_out(data):
    with pytest.raises(DataError, match=r'Column "when" holds .*days since a start.*text for a factor'):
        read_table(data, ["when"])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, "a"], "a mixture of int, str"),
        ([1j, 2j], "values of type complex"),
        ([[1], [2]], "values of type list"),
        ([True, "yes"], "a mixture of bool, str"),
        ([True, 2], "a mixture of bool, int"),
    ],
)
def test_other_values_are_refused(values, words):
    with pytest.raises(DataError, match=f'Column "x" holds {words}.*convert the column first'):
        read_table({"x": values}, ["x"])


def test_columns_that_are_not_asked_for_are_not_read():
    columns = read_table({"y": [1.0, 2.0], "junk": [object(), object()]}, ["y"])

    assert list(columns) == ["y"]
    assert columns.available == ("y", "junk")


def test_an_unknown_column_brings_the_nearest_name():
    with pytest.raises(
        ColumnError, match=r'no column "reaction"\. Did you mean "Reaction"\? Columns: Reaction'
    ):
        read_table({"Reaction": [1.0]}, ["reaction"])


@pytest.mark.parametrize(
    "data",
    [{}, [], {"x": []}, pl.DataFrame({"x": []}), pl.LazyFrame({"x": []}), pd.DataFrame()],
    ids=["dict", "list", "dict of an empty list", "polars", "lazy", "pandas"],
)
def test_an_empty_table_is_refused(data):
    with pytest.raises(DataError, match="The data have no rows"):
        read_table(data, ())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("sleepstudy", "the text 'sleepstudy', not a table.*lmm.datasets.load"),
        (3, "a value of type int, not a table"),
        (None, "a value of type NoneType"),
        ([1, 2], "a value of type list"),
        (np.zeros((3, 2)), r"a value of type ndarray and shape \(3, 2\)"),
        (pd.Series([1.0]), "a value of type Series"),
        ({"x": 1.0}, r'Column "x" is the single value 1\.0'),
        ({"x": "text"}, 'Column "x" is the single value'),
        ({"x": [1, 2], "y": [1]}, 'differ in length: "x" has 2, "y" has 1'),
        ({"x": np.zeros((2, 2))}, r'Column "x" is an array of shape \(2, 2\)'),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), "Two columns of the data have the same name"),
        (pd.DataFrame({"x": pd.Categorical([1, "1"])}), "both written '1'"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else None,
)
def test_what_is_no_table_is_refused(data, words):
    with pytest.raises(DataError, match=words):
        read_table(data, ["x"])


def test_a_structured_array_is_a_table():
    data = np.array([(1.5, 2), (2.5, 3)], dtype=[("x", "f8"), ("g", "i4")])

    assert read_table(data, ["g"])["g"].as_factor().levels == ("2", "3")


def test_names_that_are_no_text_are_read_as_text():
    assert read_table(pd.DataFrame({0: [1.0, 2.0]}), ["0"])["0"].numbers.tolist() == [1.0, 2.0]


def test_the_caller_may_change_his_arrays_afterwards():
    x = np.array([1.0, 2.0])
    column = read_table({"x": x}, ["x"])["x"]
    x[0] = 99.0

    assert column.numbers.tolist() == [1.0, 2.0]


def test_a_source_is_a_table():
    source = open_table({"x": [1.0]})

    assert open_table(source) is source
    assert isinstance(source.read(["x"]), Columns)
