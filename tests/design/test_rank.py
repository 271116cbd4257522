"""Aliased columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmm.design.rank import independent_columns
from tests.design.designs import design, table


@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(0, 5))
def test_combinations_of_earlier_columns_are_found_wherever_they_stand(seed, n_free, n_aliased):
    random = np.random.default_rng(seed)
    free = random.normal(size=(12, n_free)) * 10.0 ** random.integers(-6, 7, size=n_free)
    columns, expected = [free[:, 0]], [0]
    waiting = list(range(1, n_free))
    for is_aliased in random.permutation([True] * n_aliased + [False] * len(waiting)):
        if is_aliased:
            columns.append(np.column_stack(columns) @ random.normal(size=len(columns)))
        else:
            expected.append(len(columns))
            columns.append(free[:, waiting.pop(0)])

    assert independent_columns(np.column_stack(columns)).tolist() == expected


@given(st.integers(0, 10_000))
def test_weights_do_not_change_what_is_aliased(seed):
    random = np.random.default_rng(seed)
    X = random.normal(size=(10, 3)) @ random.normal(size=(3, 5))
    weights = random.uniform(0.1, 10, size=10)

    assert independent_columns(X, weights).tolist() == independent_columns(X).tolist() == [0, 1, 2]


def test_columns_that_nearly_agree_are_kept():
    x = np.linspace(0, 1, 50)

    assert independent_columns(np.column_stack([x, x + 1e-7 * x**2])).tolist() == [0, 1]
    assert independent_columns(np.column_stack([x, x + 1e-13 * x**2])).tolist() == [0]


def test_high_powers_are_kept():
    """The Gram matrix of these is singular to working precision; the columns are not."""
    x = np.linspace(0, 1, 200)

    assert independent_columns(np.vander(x, 9, increasing=True)).tolist() == list(range(9))


def test_columns_of_zeros_and_huge_columns():
    x = np.array([1.0, 2.0, 3.0])

    assert independent_columns(np.column_stack([0 * x, 1e300 * x, x, x**2])).tolist() == [1, 3]


def test_no_columns_at_all():
    assert independent_columns(np.empty((5, 0))).tolist() == []


def test_more_columns_than_rows():
    assert independent_columns(np.random.default_rng(1).normal(size=(3, 6))).tolist() == [0, 1, 2]


def test_aliased_columns_stay_in_the_design_with_a_note():
    built = design("y ~ x + I(2*x) + z")

    assert built.names == ("Intercept", "x", "I(2 * x)", "z")
    assert built.kept.tolist() == [0, 1, 3]
    assert built.aliased == ("I(2 * x)",)
    assert built.notes == (
        "The column I(2 * x) is a linear combination of earlier ones; its coefficient is missing.",
    )


@pytest.mark.parametrize(("right_side", "aliased"), [("x + I(x + 0)", "I(x + 0)"), ("I(x + 0) + x", "x")])
def test_the_first_of_two_equal_columns_is_kept(right_side, aliased):
    assert design(f"y ~ {right_side}").aliased == (aliased,)


def test_an_empty_cell_of_two_factors_is_an_aliased_column():
    data = table()
    data["h"] = ["p" if f == "a" else h for f, h in zip(data["f"], data["h"], strict=True)]

    assert design("y ~ f * h", data).rank == 9  # the cells (a, p), and four each with b and c
