"""The same table from every library reads the same."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lmm
from lmm.data import Columns, open_table, read_table
from lmm.data.levels import label
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


def dictionary(codes: list[Any], values: list[Any], *, ordered: bool) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(codes, type=pa.int8()), pa.array(values), ordered=ordered)


def arrow_dictionary(*, ordered: bool = True) -> pa.Table:
    return pa.table({"dose": dictionary([1, 2, None, 1], CATEGORIES, ordered=ordered)})


def chunks_with_different_dictionaries(*, ordered: bool = True) -> pa.Table:
    first = dictionary([1, 2], CATEGORIES, ordered=ordered)
    second = dictionary([None, 0], ["low"], ordered=ordered)
    return pa.table({"dose": pa.chunked_array([first, second])})


def of_pandas() -> pd.DataFrame:
    return pd.DataFrame({"dose": pd.Categorical(ORDERED, categories=CATEGORIES)})


def duckdb_enum() -> Any:
    connection = duckdb.connect()
    connection.execute("create type dose as enum ('none', 'low', 'high')")
    return connection.sql("select unnest(['low', 'high', null, 'low'])::dose as dose")


CATEGORICALS = {
    "pandas": of_pandas,
    "Arrow from pandas": lambda: pa.Table.from_pandas(of_pandas()),
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


APPEARED = ["m", "b", None, "m"]


def dictionary_as_it_appeared(values: list[Any] = APPEARED) -> pa.Table:
    return pa.table({"x": pa.array(values).dictionary_encode()})


UNORDERED = {
    "text": lambda: {"x": APPEARED},
    "Arrow dictionary": dictionary_as_it_appeared,
    "Arrow dictionary in another order of rows": lambda: dictionary_as_it_appeared(["b", "m", None, "m"]),
    "Arrow dictionary in chunks": lambda: pa.concat_tables(
        [dictionary_as_it_appeared(["m"]), dictionary_as_it_appeared(["b", None, "m"])]
    ),
    "Arrow dictionary with a place for missing values": lambda: pa.table(
        {"x": dictionary([0, 2, 1, 0], ["m", None, "b"], ordered=False)}
    ),
    "pandas with an Arrow dictionary": lambda: dictionary_as_it_appeared().to_pandas(
        types_mapper=pd.ArrowDtype
    ),
    "an Arrow dictionary in a dict": lambda: {"x": pa.array(APPEARED).dictionary_encode()},
    "polars Categorical": lambda: pl.DataFrame({"x": pl.Series(APPEARED, dtype=pl.Categorical)}),
    "DuckDB of an Arrow dictionary": lambda: duckdb.from_arrow(dictionary_as_it_appeared()),
}


@pytest.mark.parametrize("make", UNORDERED.values(), ids=UNORDERED.keys())
def test_categories_without_an_order_of_their_own_are_sorted(make):
    """Public report on Arrow columns: the reference level was that of the first row."""
    column = read_table(make(), ["x"])["x"]

    assert column.levels == ("b", "m")


@given(st.permutations(["c", "a", "b", "a", "d"]))
def test_levels_of_a_dictionary_do_not_depend_on_the_order_of_rows(values):
    column = read_table(dictionary_as_it_appeared(list(values)), ["x"])["x"]

    assert column.levels == ("a", "b", "c", "d")
    assert [column.levels[code] for code in column.factor_codes] == list(values)


@pytest.mark.parametrize("name", ["Oats", "cake", "sleepstudy"])
def test_a_data_set_has_the_same_levels_in_every_library(name):
    tables = [lmm.datasets.load(name, backend=backend) for backend in ("pandas", "polars", "arrow")]
    tables += [pa.Table.from_pandas(tables[0]), tables[2].to_pandas(), tables[1].to_arrow()]
    read = [read_table(table, tables[1].columns) for table in tables[:5]]

    for columns in read[1:]:
        assert [column.levels for column in columns.values()] == [c.levels for c in read[0].values()]


def test_numbers_in_a_dictionary_are_sorted_as_numbers():
    column = read_table(pa.table({"x": pa.array([10, 2, 10]).dictionary_encode()}), ["x"])["x"]

    assert column.levels == ("2", "10")


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


DAYS = ["2026-01-03", None, "2026-01-02", "2026-01-03"]
MOMENTS = [None if day is None else dt.datetime.fromisoformat(day) for day in DAYS]
DATES = [None if day is None else day.date() for day in MOMENTS]
KINDS_OF_DATES = {
    "dict": lambda: {"when": DATES},
    "moments in a dict": lambda: {"when": MOMENTS},
    "array": lambda: {"when": np.array(DAYS, dtype="datetime64[D]")},
    "array of nanoseconds": lambda: {"when": np.array(DAYS, dtype="datetime64[ns]")},
    "array of hours": lambda: {"when": np.array(DAYS, dtype="datetime64[h]")},
    "masked array": lambda: {
        "when": np.ma.array(
            ["2026-01-03", "2026-01-02", "2026-01-02", "2026-01-03"], mask=[0, 1, 0, 0]
        ).astype("datetime64[D]")
    },
    "pandas": lambda: pd.DataFrame({"when": pd.to_datetime(DAYS)}),
    "pandas index": lambda: {"when": pd.DatetimeIndex(DAYS)},
    "pandas objects": lambda: pd.DataFrame({"when": pd.Series(DATES, dtype=object)}),
    "pandas periods": lambda: pd.DataFrame({"when": pd.PeriodIndex(DAYS, freq="D")}),
    "pandas categories": lambda: pd.DataFrame({"when": pd.Categorical(pd.to_datetime(DAYS))}),
    "pandas with Arrow": lambda: pd.DataFrame({"when": pd.array(DATES, dtype=pd.ArrowDtype(pa.date32()))}),
    "polars": lambda: pl.DataFrame({"when": DATES}),
    "polars moments": lambda: pl.DataFrame({"when": MOMENTS}),
    "Arrow": lambda: pa.table({"when": DATES}),
    "Arrow moments": lambda: pa.table({"when": MOMENTS}),
    "DuckDB": lambda: duckdb.from_arrow(pa.table({"when": DATES})),
}


@pytest.mark.parametrize("make", KINDS_OF_DATES.values(), ids=KINDS_OF_DATES.keys())
def test_dates_are_the_same_levels_from_every_library(make):
    factor = read_table(make(), ["when"])["when"].as_factor()

    assert factor.levels == ("2026-01-02", "2026-01-03")
    assert factor.factor_codes.tolist() == [1, -1, 0, 1]


LABELS = {
    "moments": (
        [dt.datetime(2026, 1, 2, 10, 30), dt.datetime(2026, 1, 2, 9, 0, 0, 500_000)],
        ("2026-01-02 09:00:00.5", "2026-01-02 10:30:00"),
    ),
    "times of day": ([dt.time(10), dt.time(9, 30)], ("09:30:00", "10:00:00")),
    "durations": ([dt.timedelta(hours=36), dt.timedelta(days=1)], ("1 day", "1 day 12:00:00")),
    "short durations": (
        [dt.timedelta(seconds=1), dt.timedelta(milliseconds=20)],
        ("00:00:00.02", "00:00:01"),
    ),
    "months": (list(pd.period_range("2014-02", periods=2, freq="M")), ("2014-02", "2014-03")),
    "tuples": ([("b", 1), ("a", 10), ("a", 2)], ("(a, 2)", "(a, 10)", "(b, 1)")),
    "tuples that cannot be compared": ([("a", None), ("a", 2)], ("(a, 2)", "(a, None)")),
    "identifiers": ([uuid.UUID(int=2), uuid.UUID(int=1)], (str(uuid.UUID(int=1)), str(uuid.UUID(int=2)))),
    "intervals": ([pd.Interval(1, 2), pd.Interval(0, 1)], ("(0, 1]", "(1, 2]")),
    "zones": (
        [dt.datetime(2026, 1, 2, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)],
        ("2026-01-01 00:00:00+00:00", "2026-01-02 00:00:00+00:00"),
    ),
}


@pytest.mark.parametrize(("values", "levels"), LABELS.values(), ids=LABELS.keys())
@pytest.mark.parametrize("as_table", [dict, pd.DataFrame])
def test_labels_are_levels_in_their_order(values, levels, as_table):
    column = read_table(as_table({"x": values}), ["x"])["x"]

    assert column.as_factor().levels == levels
    assert [column.as_factor().level_values[code] for code in column.as_factor().factor_codes] == [
        label(value) for value in values
    ]


@pytest.mark.parametrize("table", [pl.DataFrame, pa.table], ids=["polars", "Arrow"])
@pytest.mark.parametrize("kind", ["moments", "times of day", "durations", "short durations"])
def test_times_of_other_libraries_have_the_same_labels(table, kind):
    values, levels = LABELS[kind]

    assert read_table(table({"x": values}), ["x"])["x"].as_factor().levels == levels


@pytest.mark.parametrize("make", KINDS_OF_DATES.values(), ids=KINDS_OF_DATES.keys())
def test_as_numbers_and_as_covariates_dates_are_refused_with_a_way_out(make):
    column = read_table(make(), ["when"])["when"]

    if column.kind == "factor":  # categories are levels already
        return
    for use in (lambda: column.numbers, lambda: column.factor_codes):
        with pytest.raises(
            DataError, match=r'Column "when" holds .*C\(when\).*days since a start.*text for a factor'
        ):
            use()


def test_labels_keep_their_levels_when_rows_are_taken():
    columns = read_table({"when": DATES, "x": [1, 2, 3, 4]}, ["when", "x"]).take(np.array([0, 3]))

    assert columns["when"].kind == "labels"
    assert columns["when"].as_factor().levels == ("2026-01-03",)
    assert columns["when"].to_array().tolist() == ["2026-01-03", "2026-01-03"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, "a"], r"a mixture of int, str \(1 of type int, such as 1\)"),
        ([1.5, 2.5, "a"], r"a mixture of float, str \(1 of type str, such as 'a'\)"),
        ([dt.date(2026, 1, 1), "later"], "a mixture of date, str"),
        ([1j, 2j], "values of type complex"),
        ([b"a", b"b"], "values of type bytes"),
        ([(1, [2]), (1, [3])], "values of type tuple that cannot be told apart"),
        ([np.timedelta64(3), np.timedelta64(4)], "values of type timedelta64 that cannot be told apart"),
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
        (
            "sleepstudy",
            "the text 'sleepstudy', which is neither a table nor a file that exists.*lmm.datasets.load",
        ),
        (3, "a value of type int, not a table"),
        (None, "a value of type NoneType"),
        ([1, 2], "a value of type list"),
        (np.zeros((3, 2)), r"a value of type ndarray and shape \(3, 2\)"),
        (pd.Series([1.0]), "a value of type Series"),
        ({"x": 1.0}, r'Column "x" is the single value 1\.0'),
        ({"x": "text"}, 'Column "x" is the single value'),
        ({"x": [1, 2], "y": [1]}, 'differ in length: "x" has 2, "y" has 1'),
        ({"x": np.zeros((2, 2))}, r'Column "x" is an array of shape \(2, 2\)'),
        ({"x": np.array(3.0)}, 'Column "x" is the single value'),
        ({"x": {1, 2}}, 'Column "x" is a set, whose values have no order'),
        ({"x": {"a": 1}}, 'Column "x" is a dict, whose values have no order'),
        ({"x": [[1], [2]]}, 'Column "x" holds values of type list'),
        ({"x": [np.array([1]), np.array([2])]}, 'Column "x" holds values of type ndarray'),
        ([[1, 2], [3, 4]], "rows without names of columns.*pandas.DataFrame"),
        ([(1, 2), (3, 4)], "rows without names of columns"),
        ({}, r"The data are empty: they have no columns and no rows\. The model needs x\."),
        ([], "The data are empty"),
        ([{}], "The data are empty"),
        (pd.DataFrame(), "The data are empty"),
        (pl.DataFrame(), "The data are empty"),
        (pd.DataFrame({"x": []}), "The data have no rows"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), 'the same name, "x"'),
        (pd.DataFrame([[1, 2, 3]], columns=["x", "x", "x"]), 'the same name, "x"'),
        (pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]), 'the same name, "x"'),
        ({"x": [10**25, 10**25 + 1]}, "too large to be told apart as numbers, such as 1000"),
        ({"x": [2**53 + 1, 2**53, 0.5]}, "too large to be told apart as numbers"),
        (
            {"x": [1, ".", 2.5]},
            r'a mixture of float, int, str: numbers, and "\."\. If this means missing, put None',
        ),
        (pd.DataFrame({"x": pd.Categorical([1, "1"])}), "both written '1'"),
    ],
)
def test_what_is_no_table_is_refused(data, words):
    with pytest.raises(DataError, match=words):
        read_table(data, ["x"])


def test_a_structured_array_is_a_table():
    data = np.array([(1.5, 2), (2.5, 3)], dtype=[("x", "f8"), ("g", "i4")])

    assert read_table(data, ["g"])["g"].as_factor().levels == ("2", "3")


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame([[1, 2, 3]], columns=["a", "x", "a"]),
        pd.DataFrame([[1, 2, 3]], columns=[1, "x", "1"]),
        pa.Table.from_arrays([pa.array([i]) for i in (1, 2, 3)], names=["a", "x", "a"]),
        {1: [1], "x": [2], "1": [3]},
    ],
    ids=["pandas", "pandas numbers", "Arrow", "dict"],
)
def test_columns_of_one_name_matter_when_they_are_asked_for(data):
    source = open_table(data)

    assert source.read(["x"])["x"].numbers.tolist() == [2.0]
    assert source.names == ("x",)
    (name,) = source.twice
    with pytest.raises(DataError, match=f'the same name, "{name}"'):
        source.read([name])


@pytest.mark.parametrize("index", ["g", ["g", "h"], ["h", "g"]])
def test_a_column_that_is_the_index_is_hinted_at(index):
    data = pd.DataFrame({"g": [1, 2], "h": [3, 4], "x": [5, 6]}).set_index(index)

    with pytest.raises(ColumnError, match=r'"g" is the index of the pandas table.*reset_index\(\)'):
        read_table(data, ["g"])


BROKEN = "caf\udce9"


@pytest.mark.parametrize(
    "data",
    [
        {"x": [BROKEN, "b"]},
        pd.DataFrame({"x": pd.Series([BROKEN, "b"], dtype=object)}),
        [{"x": BROKEN}, {"x": "b"}],
    ],
    ids=["dict", "pandas", "records"],
)
def test_halves_of_characters_are_written_as_escapes(data):
    """Python reads such text from broken files, but cannot print it."""
    column = read_table(data, ["x"])["x"]

    assert column.levels == ("b", "caf\\udce9")
    assert column.level_values == column.levels
    assert column.levels[1].encode("utf-8")


@pytest.mark.parametrize(
    "nothing", [decimal.Decimal("sNaN"), decimal.Decimal("NaN"), np.datetime64("NaT"), pd.NA]
)
def test_every_nothing_is_missing(nothing):
    assert read_table({"x": [1.5, nothing]}, ["x"])["x"].missing.tolist() == [False, True]


LARGE = [2**64 - 1, 2**64 - 2, None]


@pytest.mark.parametrize(
    "data",
    [
        {"id": LARGE},
        pa.table(
            {"id": pa.array([None if v is None else decimal.Decimal(v) for v in LARGE], pa.decimal128(38, 0))}
        ),
        pl.DataFrame({"id": pl.Series(LARGE, dtype=pl.Int128)}),
        pl.DataFrame({"id": pl.Series(LARGE, dtype=pl.UInt64)}),
        duckdb.sql(f"select unnest([{LARGE[0]}, {LARGE[1]}, null])::hugeint as id"),
    ],
    ids=["dict", "decimals", "128 bits", "unsigned", "DuckDB"],
)
def test_identifiers_of_more_than_63_bits_stay_apart(data):
    factor = read_table(data, ["id"])["id"].as_factor()

    assert factor.levels == (str(2**64 - 2), str(2**64 - 1))
    assert factor.factor_codes.tolist() == [1, 0, -1]


def test_whole_numbers_without_end_are_infinite():
    assert read_table({"x": [10**400, -(10**400)]}, ["x"])["x"].numbers.tolist() == [np.inf, -np.inf]


@pytest.mark.parametrize("mark", [".", "NA", "", " ", "-", "N/A", "null"])
def test_a_mark_of_missing_values_among_numbers_is_hinted_at(mark):
    column = read_table({"x": ["1.5", mark, "20"]}, ["x"])["x"]

    assert f'numbers but for "{mark}"' in column.hint
    assert f'na_values=["{mark}"]' in column.hint


@pytest.mark.parametrize("values", [["a", ".", "b"], ["1", "2"], ["1", "2a", "."], [".", "NA"], [1.0, 2.0]])
def test_other_text_is_not_hinted_at(values):
    assert read_table({"x": values}, ["x"])["x"].hint == ""


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
