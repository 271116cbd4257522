"""Counts and sizes are refused with the number, the limit and what to do."""

from __future__ import annotations

import numpy as np
import pytest

from lmm import limits
from lmm.errors import DesignError, FormulaError, LmmError


@pytest.mark.parametrize("value", [1, 7, np.int64(3), np.uint8(10)])
def test_whole_numbers_of_any_kind_are_counts(value):
    number = limits.whole_number(value, "n=", most=10, advice="Take fewer.")

    assert number == value
    assert type(number) is int


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "3", None, [1], np.float64(4), np.array([1, 2]), 1j])
def test_what_is_no_count_is_named(value):
    with pytest.raises(LmmError, match="n= must be a whole number of at least 1, not"):
        limits.whole_number(value, "n=", most=10, advice="Take fewer.")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(11, "11"), (10**12, "1,000,000,000,000"), (10**5000, r"about 10\^5000")],
    ids=["few", "many", "absurd"],
)
def test_a_count_above_the_limit_says_the_number_the_limit_and_the_way_out(value, shown):
    with pytest.raises(LmmError, match=rf"n= {shown} is more than the 10 that are possible. Take fewer."):
        limits.whole_number(value, "n=", most=10, advice="Take fewer.")


@pytest.mark.parametrize("rows", [1e15, 10**18, float("inf")])
def test_a_matrix_larger_than_the_memory_is_refused(rows):
    with pytest.raises(DesignError, match=r"X would have .* rows and 3 columns, .* GB; .* GB of memory"):
        limits.check_memory("X", rows, 3, "Take fewer rows.")


def test_an_ordinary_matrix_has_room():
    limits.check_memory("X", 1000, 10, "Take fewer rows.")
    assert limits.memory() > 2**20


def test_a_text_without_end_is_refused_and_shown_in_short():
    with pytest.raises(FormulaError, match="has 1,000,001 characters; at most 1,000,000") as caught:
        limits.check_text("x" * 1_000_001, "The formula")

    assert len(str(caught.value)) < 300
