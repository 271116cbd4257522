"""Rows that are left out, weights and offsets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lmm.errors import ColumnError, DataError, DesignError
from tests.design.designs import N_ROWS, design, table


def with_missing(**rows_by_column: list[int]) -> dict:
    data = table()
    for name, rows in rows_by_column.items():
        values = list(data[name])
        for row in rows:
            values[row] = None
        data[name] = values
    return data


def test_rows_with_a_missing_value_are_left_out_counted_and_said():
    built = design("y ~ x + (1 | h)", with_missing(y=[0], x=[0, 5], h=[7]))

    assert built.rows.tolist() == [row for row in range(N_ROWS) if row not in (0, 5, 7)]
    assert (built.n_rows, built.n_obs, built.n_dropped_missing) == (24, 21, 3)
    assert built.notes == ('3 rows of 24 left out because a value is missing: 1 in "h", 2 in "x", 1 in "y".',)
    for array in (built.y, built.X, built.random[0].codes, built.model_frame["x"].values):
        assert len(array) == 21


def test_a_missing_value_in_a_column_that_is_not_used_does_not_matter():
    assert design("y ~ x", with_missing(z=[0, 1])).n_obs == N_ROWS


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("y ~ f", {}),
        ("y ~ x + (1 | f)", {}),
        ("y ~ x + (0 + f | g)", {}),
        ("y ~ x + offset(z)", {}),
        ("y ~ x", {"weights": "z"}),
        ("y ~ x", {"offset": "z"}),
        ("y ~ x", {"weights": [None] + [1.0] * 23}),
        ("y ~ x", {"offset": [np.nan] + [1.0] * 23}),
    ],
    ids=["fixed", "grouping", "effects", "offset term", "weights", "offset", "weights array", "offset array"],
)
def test_every_used_column_counts(formula, options):
    assert design(formula, with_missing(f=[0], z=[0]), **options).rows.tolist() == list(range(1, N_ROWS))


def test_missing_values_may_be_refused():
    with pytest.raises(DataError, match=r'missing in 2 of 24 rows: 1 in "x", 1 in "y".*missing="drop"'):
        design("y ~ x", with_missing(x=[3], y=[4]), missing="raise")


def test_complete_data_may_be_demanded():
    assert design("y ~ x", missing="raise").n_obs == N_ROWS


def test_an_unknown_treatment_of_missing_values():
    with pytest.raises(DesignError, match=r'missing= must be "drop" or "raise", not \'omit\''):
        design("y ~ x", missing="omit")


def test_no_complete_row():
    with pytest.raises(DataError, match=r'None of the 24 rows is complete\. Missing values: 24 in "x"'):
        design("y ~ x", with_missing(x=list(range(24))))


def test_weights_belong_to_the_rows_that_are_kept():
    weights = np.arange(24.0)

    built = design("y ~ x", with_missing(x=[3]), weights=weights)

    assert built.rows.tolist() == [1, 2, *range(4, 24)]
    np.testing.assert_array_equal(built.weights, built.rows)
    assert (built.n_dropped_missing, built.n_dropped_weight) == (1, 1)
    assert built.notes[1] == "1 row left out because the weight is zero."


@pytest.mark.parametrize(
    "weights", ["w", np.full(24, 2.0), [2] * 24, pd.Series([2.0] * 24, index=range(100, 124))]
)
def test_weights_are_a_column_or_an_array_of_any_kind(weights):
    built = design("y ~ x", table() | {"w": [2] * 24}, weights=weights)

    np.testing.assert_array_equal(built.weights, np.full(24, 2.0))


def test_without_weights_and_offset_there_are_none():
    built = design("y ~ x")

    assert built.weights is None
    assert built.offset is None


def test_offsets_are_added_up():
    built = design("y ~ x + offset(z) + offset(log(z))", offset="x")

    data = table()
    np.testing.assert_allclose(built.offset, data["z"] + np.log(data["z"]) + data["x"])
    assert built.names == ("Intercept", "x")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": [1.0, 2.0]}, "weights= has 2 values, but the data have 24 rows"),
        ({"offset": np.zeros(25)}, "offset= has 25 values, but the data have 24 rows"),
        ({"weights": [-1.0] + [1.0] * 23}, r"weights= has 1 negative value \(first: -1\).*must be positive"),
        ({"weights": [np.inf] + [1.0] * 23}, r"weights= has 1 infinite value \(first: inf\)"),
        ({"offset": [np.inf] + [1.0] * 23}, r"offset= has 1 infinite value\b"),
        ({"weights": [0.0] * 24}, "All weights are zero"),
        ({"weights": 2.0}, "weights= must be the name of a column or an array"),
        ({"weights": ["a"] * 24}, "weights= is not numeric: it has the levels 'a'"),
        ({"weights": "f"}, "weights=\"f\" is not numeric: it has the levels 'a', 'b', 'c'"),
        ({"weights": np.ones((24, 1))}, r"an array of shape \(24, 1\)"),
    ],
)
def test_weights_and_offsets_that_cannot_be_used(options, words):
    with pytest.raises(DataError, match=words):
        design("y ~ x", **options)


@pytest.mark.parametrize("role", ["weights", "offset"])
def test_a_column_of_weights_or_offset_that_does_not_exist(role):
    with pytest.raises(ColumnError, match=rf'{role}="zz": the data have no such column\. Did you mean "z"'):
        design("y ~ x", **{role: "zz"})


def test_an_unknown_column_of_the_formula():
    with pytest.raises(ColumnError, match='no column "offs"'):
        design("y ~ x + offset(offs)")


def test_infinite_values_are_refused_with_column_and_row():
    data = table()
    data["z"][[4, 9]] = np.inf

    with pytest.raises(
        DataError, match=r'Column "z" has 2 infinite values \(first in row 4, counted from 0\)'
    ):
        design("y ~ x + (z | g)", data)


def test_an_infinite_value_in_a_row_that_is_left_out_does_not_matter():
    data = with_missing(x=[4])
    data["z"][4] = np.inf

    assert design("y ~ x + z", data).n_obs == 23


@pytest.mark.parametrize(
    ("formula", "where"),
    [
        ("log(x) ~ z", r'"log\(x\)" in the response'),
        ("y ~ log(x)", r'"log\(x\)" in the fixed part'),
        ("y ~ z + (log(x) | g)", r'"log\(x\)" in \(log\(x\) \| g\)'),
        ("y ~ z + offset(log(x))", r'"offset" in the formula'),
    ],
)
def test_computed_values_that_are_no_numbers(formula, where):
    with pytest.raises(
        DesignError, match=where + r" is not a finite number in 4 of 24 rows \(first in row 0"
    ):
        design(formula)


def test_a_level_of_numbers_that_goes_with_its_missing_rows_is_named():
    rows = [i for i, dose in enumerate(table()["dose"]) if dose == 10]
    words = "The level '10' of \"dose\" went with the rows left out"

    for formula in ("y ~ x + C(dose)", "y ~ x + (1 | dose)", "y ~ x + C(dose):z"):
        assert words in design(formula, with_missing(x=rows)).notes[1]
    assert len(design("y ~ x + dose", with_missing(x=rows)).notes) == 1


@pytest.mark.parametrize("formula", ["y ~ x", "y ~ x + f", "y ~ 1 + (1 | g)", "y ~ C(dose) + (x | h)"])
def test_one_row_of_data_is_the_culprit(formula):
    with pytest.raises(DesignError, match="There is only 1 row of data to use: the table has no more"):
        design(formula, {name: values[:1] for name, values in table().items()})


def test_one_row_that_is_left_is_the_culprit():
    with pytest.raises(
        DesignError, match=r"There is only 1 row of data to use: 23 rows of 24 left out because"
    ):
        design("y ~ x + f", with_missing(x=list(range(1, 24))))


@pytest.mark.parametrize("role", ["response", "offset"])
def test_a_mark_of_missing_values_in_the_response_is_hinted_at(role):
    values = [str(value) for value in table()["z"]]
    values[3] = "."
    formula = "v ~ x" if role == "response" else "y ~ x + offset(v)"

    with pytest.raises(
        DataError, match=rf'The {role} "v" is not numeric\. Column "v" is text, whose values are numbers'
    ):
        design(formula, table() | {"v": values})


@pytest.mark.parametrize("formula", ["y ~ x + f", "y ~ x + (1 | f)", "y ~ x:f", "y ~ x + C(f)"])
def test_a_level_that_goes_with_its_missing_rows_is_named(formula):
    rows = [i for i, level in enumerate(table()["f"]) if level == "b"]

    built = design(formula, with_missing(x=rows))

    assert built.notes[1] == ("The level 'b' of \"f\" went with the rows left out: no row of it is complete.")


def test_levels_that_go_with_rows_of_weight_zero_are_named():
    weights = [0.0 if level == "b" else 1.0 for level in table()["f"]]

    assert "The level 'b' of \"f\" went" in design("y ~ x + f", weights=weights).notes[1]


def test_levels_that_stay_are_not_named():
    assert len(design("y ~ x + f + (1 | g)", with_missing(x=[0, 5])).notes) == 1


def test_a_mark_of_missing_values_in_a_covariate_is_a_note():
    x = [str(value) for value in table()["x"]]
    x[3] = "."

    (note,) = design("y ~ z + (1 | x)", table() | {"x": x}).notes

    assert note.startswith('Column "x" is text, whose values are numbers but for "."')


def test_array_weights_with_missing_values_beside_a_column_called_weights():
    weights = np.full(24, 2.0)
    weights[3] = np.nan

    built = design("y ~ weights", table() | {"weights": table()["x"]}, weights=weights)

    assert built.notes == ("1 row of 24 left out because a value is missing: 1 in weights=.",)


@pytest.mark.parametrize("weights", [np.array(2.0), 2.0, {1, 2}])
def test_weights_without_one_value_for_each_row_are_refused(weights):
    with pytest.raises(DataError, match="weights="):
        design("y ~ x", weights=weights)
