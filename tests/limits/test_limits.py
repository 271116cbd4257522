"""Counts and sizes are refused with the number, the limit and what to do."""

from __future__ import annotations

import pytest

from lmm import limits
from lmm.errors import DesignError, FormulaError, LmmError


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (11, "11"),
        (10**12, "1,000,000,000,000"),
        (10**5000, r"about 10\^5000"),
        (float("inf"), r"more than 10\^308"),
    ],
    ids=["few", "many", "absurd", "infinite"],
)
def test_a_count_above_the_limit_says_the_number_the_limit_and_the_way_out(count, shown):
    limits.check_limit("n=", 10, 10, "Take fewer.")
    with pytest.raises(LmmError, match=rf"n= {shown} is more than the 10 that are possible. Take fewer."):
        limits.check_limit("n=", count, 10, "Take fewer.")


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


@pytest.mark.parametrize(
    "given", [range(10**9), range(0, -(10**30), -1), range(0, 10**20, 3), [1] * 101, "x" * 101]
)
def test_what_is_too_long_is_refused_before_it_becomes_a_list(given):
    with pytest.raises(LmmError, match=r"levels= has numbers: .* is more than the 100 that are possible"):
        limits.check_length("levels= has numbers:", given, 100, "Give fewer.")


@pytest.mark.parametrize("given", [range(100), range(0), range(10, 0), [1] * 100, None, 3.0, iter([1])])
def test_what_is_short_or_has_no_length_passes(given):
    limits.check_length("levels= has numbers:", given, 100, "Give fewer.")
