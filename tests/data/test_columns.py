"""Columns, their levels and their rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmm.data import Column, Columns, read_array
from lmm.errors import ColumnError

numbers = st.lists(
    st.one_of(st.floats(allow_nan=False, width=32), st.integers(-50, 50).map(float), st.just(float("nan"))),
    min_size=1,
    max_size=40,
)


@given(numbers)
def test_levels_of_numbers_give_the_numbers_back(values):
    factor = Column("x", "numeric", values=np.array(values)).as_factor()

    assert list(factor.level_values) == sorted({value for value in values if value == value})
    back = [np.nan if code < 0 else factor.level_values[code] for code in factor.factor_codes]
    np.testing.assert_array_equal(back, values)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30))
def test_levels_of_whole_numbers_are_exact(values):
    factor = read_array("x", np.array(values, dtype=np.int64)).as_factor()

    assert [int(factor.levels[code]) for code in factor.factor_codes] == values


def test_levels_of_unsigned_numbers_are_exact():
    values = [2**64 - 1, 2**64 - 2, 0]

    factor = read_array("x", np.array(values, dtype=np.uint64)).as_factor()

    assert factor.levels == ("0", str(2**64 - 2), str(2**64 - 1))


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=20), st.randoms())
def test_the_order_of_rows_does_not_matter_for_levels(values, random):
    shuffled = random.sample(values, len(values))

    assert read_array("x", values).levels == read_array("x", shuffled).levels


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([308.0, 1.0], ("1", "308")),
        ([0.2, 0.0, 0.4], ("0", "0.2", "0.4")),
        ([10, 2], ("2", "10")),
        ([-1.5, 1e20], ("-1.5", "1e+20")),
    ],
)
def test_labels_of_numbers(values, levels):
    assert read_array("x", np.array(values)).as_factor().levels == levels


def factor(codes, levels="abc"):
    return Column(
        "f", "factor", codes=np.array(codes, dtype=np.int32), levels=tuple(levels), level_values=tuple(levels)
    )


def test_levels_without_rows_are_dropped_and_the_order_is_kept():
    column = factor([2, 0, -1], "cba").drop_unused_levels()

    assert column.levels == ("c", "a")
    np.testing.assert_array_equal(column.codes, [1, 0, -1])


def test_taking_rows_of_a_table_drops_levels():
    columns = Columns({"f": factor([0, 1, 2, 0])}, 4)

    taken = columns.take(np.array([0, 2]))

    assert taken["f"].levels == ("a", "c")
    assert taken.n_rows == 2


def test_recoding_marks_levels_that_are_not_known():
    np.testing.assert_array_equal(factor([0, 1, 2, -1]).recode(("c", "a")), [1, -1, 0, -1])


def test_values_come_back_as_one_array():
    assert factor([1, -1, 0]).to_array().tolist() == ["b", None, "a"]
    assert read_array("x", np.array([1, 2])).to_array().dtype == np.int64


def test_asking_for_the_wrong_kind_fails():
    with pytest.raises(TypeError, match="is a factor"):
        _ = factor([0]).numbers
    with pytest.raises(TypeError, match="is numeric"):
        _ = Column("x", "numeric", values=np.zeros(1)).factor_codes


def test_a_column_that_was_not_read_is_an_error():
    with pytest.raises(ColumnError, match=r'no column "F"\. Did you mean "f"'):
        Columns({"f": factor([0])}, 1)["F"]
