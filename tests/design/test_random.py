"""Random terms: effects, levels and the blocks of Z."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmm.data import Column
from lmm.design import block
from lmm.design.grouping import Grouping
from lmm.errors import DesignError
from tests.design.designs import N_ROWS, design, table


def one_hot(values) -> np.ndarray:
    return (np.asarray(values)[:, None] == np.unique(values)).astype(float)


def test_a_random_intercept_is_the_indicator_of_its_levels():
    part = design("y ~ x + (1 | g)").random[0]

    assert (part.source, part.group, part.columns, part.structure.name) == (
        "(1 | g)",
        "g",
        ("Intercept",),
        "us",
    )
    assert part.levels == ("0", "1", "2", "3", "4", "5")
    np.testing.assert_array_equal(part.block.to_dense(), one_hot(table()["g"]))


def test_a_random_slope_has_two_columns_per_level():
    part = design("y ~ x + (x | h)").random[0]

    data = table()
    rows = np.arange(N_ROWS)
    expected = np.zeros((N_ROWS, 4, 2))
    expected[rows, rows % 4] = np.column_stack([np.ones(N_ROWS), data["x"]])
    assert part.columns == ("Intercept", "x")
    np.testing.assert_array_equal(part.block.to_dense(), expected.reshape(N_ROWS, 8))


@pytest.mark.parametrize(
    ("effects", "columns", "structure"),
    [
        ("0 + x", ("x",), "us"),
        ("f", ("Intercept", "f[T.b]", "f[T.c]"), "us"),
        ("0 + f", ("f[a]", "f[b]", "f[c]"), "us"),
        ("b * x", ("Intercept", "b[T.True]", "x", "b[T.True]:x"), "us"),
        ("x - 1", ("x",), "us"),
        ("I(x^2)", ("Intercept", "I(x ** 2)"), "us"),
        ("poly(x, 2)", ("Intercept", "poly(x, 2)[1]", "poly(x, 2)[2]"), "us"),
    ],
)
def test_effects(effects, columns, structure):
    part = design(f"y ~ x + ({effects} | h)").random[0]

    assert part.columns == columns
    assert part.structure.name == structure
    assert part.block.n_effects == 4 * len(columns)


def test_no_correlations():
    part = design("y ~ x + (x + f || h)").random[0]

    assert part.structure.name == part.block.structure == "diag"
    assert part.columns == ("Intercept", "x", "f[T.b]", "f[T.c]")


def test_nested_factors_give_combinations_that_occur_first_factor_slowest():
    data = table() | {"class": list("qpqp") * 6, "school": ["B", "A"] * 12}

    outer, inner = design("y ~ x + (1 | school/class)", data).random

    assert (outer.group, outer.levels) == ("school", ("A", "B"))
    assert (inner.group, inner.levels) == ("school:class", ("A:p", "B:q"))


def test_crossed_combinations_are_ordered_by_the_first_factor():
    part = design("y ~ x + (1 | b:f)").random[0]

    assert part.levels == ("False:a", "False:b", "False:c", "True:a", "True:b", "True:c")


def test_several_terms_keep_their_order():
    built = design("y ~ x + (0 + x | g) + (1 | h) + (1 | g)")

    assert [(part.group, part.columns) for part in built.random] == [
        ("g", ("x",)),
        ("h", ("Intercept",)),
        ("g", ("Intercept",)),
    ]


def test_grouping_by_an_expression():
    part = design("y ~ z + (1 | {x > 3})").random[0]

    assert part.levels == ("False", "True")


factor_codes = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=30
)


@given(factor_codes, st.randoms())
def test_combinations_do_not_depend_on_the_order_of_rows(rows, random):
    def learn(order):
        columns = [
            Column(f"f{j}", "factor", codes=np.array(codes, dtype=np.int32), levels=tuple("abcde"))
            for j, codes in enumerate(zip(*order, strict=True))
        ]
        return columns, *Grouping.learn(columns)

    columns, grouping, codes = learn(rows)
    shuffled = random.sample(range(len(rows)), len(rows))
    _, again, codes_again = learn([rows[i] for i in shuffled])

    assert (
        grouping.labels == again.labels == tuple(sorted({":".join("abcde"[i] for i in row) for row in rows}))
    )
    np.testing.assert_array_equal(codes[shuffled], codes_again)
    assert [grouping.labels[code] for code in codes] == [":".join("abcde"[i] for i in row) for row in rows]
    np.testing.assert_array_equal(grouping.code(columns), codes)


def test_many_combinations_are_found_by_sorting():
    """Two factors of 5,000 levels each: a table of all combinations would not do."""
    codes = np.random.default_rng(5).integers(0, 5_000, size=(2, 300)).astype(np.int32)
    levels = tuple(f"{i:04d}" for i in range(5_000))

    grouping, found = Grouping.learn([Column("f", "factor", codes=part, levels=levels) for part in codes])

    expected = [f"{levels[a]}:{levels[b]}" for a, b in codes.T]
    assert [grouping.labels[code] for code in found] == expected
    assert list(grouping.labels) == sorted(set(expected))


def test_a_block_of_the_user_follows_the_terms_of_the_formula():
    Z = np.random.default_rng(2).normal(size=(N_ROWS, 5))

    built = design("y ~ x + (1 | g)", random={"spline": block(Z)})

    part = built.random[1]
    assert (part.source, part.group, part.columns) == ("spline", "spline", ("spline",))
    assert part.levels == ("1", "2", "3", "4", "5")
    assert part.codes is None
    np.testing.assert_array_equal(part.block.to_dense(), Z)


def test_a_block_of_the_user_loses_the_rows_that_the_table_loses():
    Z = np.arange(48.0).reshape(24, 2)
    data = table()
    data["x"][7] = np.nan

    built = design("y ~ x", data, random={"mine": block(Z, k=2, levels=["only"])})

    np.testing.assert_array_equal(built.random[0].block.to_dense(), np.delete(Z, 7, axis=0))
    assert built.random[0].columns == ("mine[1]", "mine[2]")


@pytest.mark.parametrize(
    ("random", "words"),
    [
        ({"g": block(np.ones((24, 2)))}, 'The block "g" of random= is called like a grouping factor'),
        ({"s": block(np.ones((23, 2)))}, 'The block "s" has 23 rows, but the data have 24'),
        ({"s": np.ones((24, 2))}, 'random= has a ndarray as "s", not a block; write .*lmm.block'),
        ([1], "random= must be a dict from names to blocks"),
    ],
)
def test_blocks_that_cannot_be_used(random, words):
    with pytest.raises(DesignError, match=words):
        design("y ~ x + (1 | g)", random=random)
