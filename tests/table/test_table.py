"""The object that every labelled result is."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

import lmm
from lmm import ColumnError, DataError, Table


@pytest.fixture
def table() -> Table:
    return Table(
        {
            "term": ["Intercept", "Days", "late"],
            "estimate": [251.4051, 10.46729, None],
            "n": [1, 2, 3],
            "flag": [True, False, None],
        },
        title="Fixed effects",
        notes=["late: aliased"],
    )


def test_columns_keep_their_order(table):
    assert table.columns == ("term", "estimate", "n", "flag")
    assert len(table) == 3
    assert (table.title, table.notes) == ("Fixed effects", ("late: aliased",))


def test_numbers_are_arrays_with_nan_where_missing(table):
    np.testing.assert_array_equal(table["estimate"], [251.4051, 10.46729, np.nan])
    assert table["estimate"].dtype == np.float64
    assert table["n"].dtype == np.int64


def test_text_is_an_array_of_objects_with_none_where_missing():
    values = Table({"term_2": np.array(["Days", None], dtype=object), "level": np.array(["A", "B"])})

    assert values["term_2"].tolist() == ["Days", None]
    assert type(values["level"][0]) is str


def test_arrays_cannot_be_changed(table):
    with pytest.raises(ValueError, match="read-only"):
        table["estimate"][0] = 0.0


def test_the_array_of_the_caller_stays_his_own():
    values = np.ones(2)
    table = Table({"x": values})
    values[0] = 5.0

    assert table["x"].tolist() == [1.0, 1.0]


def test_rows_have_python_values_and_none_where_missing(table):
    rows = list(table)

    assert rows[1] == {"term": "Days", "estimate": 10.46729, "n": 2, "flag": False}
    assert rows[2]["estimate"] is None


def test_dictionary_is_ready_for_json(table):
    assert json.loads(json.dumps(table.to_dict(), allow_nan=False)) == table.to_dict()


@pytest.mark.parametrize(
    "other",
    [
        Table({"a": [1.0, None]}, title="another title"),
        Table({"a": np.array([1.0, np.nan])}),
        {"a": [1, None]},
    ],
)
def test_tables_are_equal_when_their_data_are(other):
    assert Table({"a": [1.0, None]}) == other


@pytest.mark.parametrize("other", [{"a": [1, 2]}, {"b": [1, None]}, {"a": [1]}, 3, None])
def test_tables_differ_when_their_data_do(other):
    assert Table({"a": [1.0, None]}) != other


def test_order_of_columns_is_part_of_the_data():
    assert Table({"a": [1], "b": [2]}) != Table({"b": [2], "a": [1]})


def test_unknown_column_suggests_a_near_one(table):
    with pytest.raises(ColumnError, match=r'no column "Estimate".*Did you mean "estimate"\?'):
        table["Estimate"]


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(DataError, match="one length"):
        Table({"a": [1], "b": [1, 2]})


def test_a_matrix_is_no_column():
    with pytest.raises(DataError, match="one dimension"):
        Table({"a": np.eye(2)})


def test_format_of_an_unknown_column_is_refused():
    with pytest.raises(ColumnError, match='no column "b"'):
        Table({"a": [1.0]}, formats={"b": ".2f"})


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda table: pickle.loads(pickle.dumps(table))])
def test_copies_are_equal_and_print_alike(table, again):
    assert again(table) == table
    assert str(again(table)) == str(table)


def test_conversions_carry_the_values(table):
    frame = table.to_pandas()
    assert list(frame.columns) == list(table.columns)
    assert frame["estimate"].isna().tolist() == [False, False, True]

    assert table.to_polars().to_dict(as_series=False) == table.to_dict()
    assert table.to_arrow().to_pydict() == table.to_dict()


def test_empty_tables_print():
    assert str(Table({})) == ""
    assert len(Table({"a": []})) == 0
    assert str(Table({"a": []}, title="Nothing")) == "Nothing\na\n─"


def test_long_tables_show_both_ends():
    lines = str(Table({"row": range(1000)})).splitlines()

    assert len(lines) == 63
    assert lines[2].strip() == "0"
    assert lines[32] == "⋮ 940 more rows"
    assert lines[-1] == "999"


@pytest.mark.parametrize(
    "table_of",
    [
        lambda fit: fit.fixef,
        lambda fit: fit.varcorr,
        lambda fit: fit.model_frame,
        lambda fit: fit.trace,
        lambda fit: fit.profile("sigma").table,
        lambda fit: fit.emmeans("Batch").table,
        lambda _: Table({"a": [1]}),
    ],
    ids=["fixef", "varcorr", "model frame", "trace", "profile", "means", "own"],
)
def test_a_table_that_is_called_says_that_it_is_there_already(table_of):
    table = table_of(lmm.fit("Yield ~ Batch", lmm.datasets.load("Dyestuff")))
    with pytest.raises(
        lmm.ArgumentError, match="is there already and is not a function: leave the parentheses out"
    ):
        table()
    with pytest.raises(TypeError):
        table("anything", more=1)
