"""What the data cannot tell apart is refused, with a reason and a way out."""

from __future__ import annotations

import numpy as np
import pytest

from lmm.design import DesignSpec
from lmm.errors import DataError, DesignError
from lmm.formula import parse
from tests.design.designs import N_ROWS, design, table

EXTRA = {
    "one": ["only"] * N_ROWS,
    "id": list(range(N_ROWS)),
    "constant": [2.5] * N_ROWS,
    "digits": ["1.5", "2.5"] * 12,
    "f[T.b]": list(range(N_ROWS)),
}


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (
            "y ~ x + (1 | one)",
            r"factor one of \(1 \| one\) has one level, 'only'.*at least two. Leave the term out",
        ),
        (
            "y ~ x + (1 | id)",
            "id of .* has 24 levels for 24 rows, one for each row: its variance cannot be told apart",
        ),
        ("y ~ x + (0 + x | id)", "has 24 levels for 24 rows"),
        ("y ~ x + (1 | g:h)", "g:h of .* has 24 levels for 24 rows"),
        ("y ~ x + (x + f | g)", r"24 effects \(6 levels of g with 4 each\), but there are only 24 rows"),
        ("y ~ one", "The factor \"one\" has one level, 'only', in the rows used"),
        ("y ~ 0 + one", 'The factor "one" has one level'),
        ("y ~ x + (one | g)", 'The factor "one" has one level'),
        ("constant ~ x + (1 | g)", r'The response "constant" is constant: all 24 values are 2\.5'),
        ("constant ~ x", 'The response "constant" is constant'),
        ("x ~ z + offset(x)", r'The response "x" minus its offset is constant: all 24 values are 0'),
        ("y ~ C(id)", "The fixed part has 24 independent columns for 24 rows: nothing is left"),
        ("y ~ C(id) + x + z", "The fixed part has 24 independent columns for 24 rows"),
        (
            "y ~ np.interp([1, 2], [1, 2], [3, 4])",
            r"np.interp\(x, xp, fp\) takes numbers as x, not a list of 2",
        ),
        ("y ~ C(f, 3)", r'contrasts of "C\(\)" are neither a name nor a matrix'),
        (
            "y ~ poly(f, 2)",
            r'"poly\(f, 2\)" in the formula cannot be computed: .* numbers as x, not a factor with the levels',
        ),
        ("poly(y, 2) ~ x", r'response "poly\(y, 2\)" gives an array of shape \(24, 2\)'),
    ],
)
def test_designs_that_are_refused(formula, words):
    with pytest.raises(DesignError, match=words):
        design(formula, table() | EXTRA)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (
            "f ~ x",
            r'The response "f" is not numeric: it is a factor with the levels \'a\', \'b\', \'c\'\. .*needs numbers',
        ),
        ("digits ~ x", "convert the column first, if its text stands for numbers"),
        ("b ~ x + (1 | g)", r"levels 'False', 'True'\. Convert it to 0 and 1 first"),
        ("I(y > 0) ~ x", r'response "I\(y > 0\)" is not numeric: its values are of type bool'),
        ("y ~ x + offset(f)", r'The offset "f" is not numeric'),
        ("y ~ f + `f[T.b]`", r'Two columns of the model matrix would be called "f\[T.b\]"'),
    ],
)
def test_data_that_are_refused(formula, words):
    with pytest.raises(DataError, match=words):
        design(formula, table() | EXTRA)


def test_a_formula_without_a_response():
    formula = parse("~ x", response_required=False)

    with pytest.raises(DesignError, match=r'"~ x" has no response. Write it as "y ~ x"'):
        DesignSpec.learn(formula, table())


def test_one_row():
    with pytest.raises(DesignError, match="There is only 1 row of data to use"):
        design("y ~ 1", {"y": [1.0]})


def test_a_table_without_rows():
    with pytest.raises(DataError, match="The data have no rows"):
        design("y ~ x", {"y": [], "x": []})


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (x + f || g)",  # without correlations each effect is a term of its own
        "y ~ x + (f | g)",  # 18 effects, 24 rows
        "y ~ x + (0 + f | h)",
        "y ~ 1",
        "y ~ 0 + x",
    ],
)
def test_designs_that_are_accepted(formula):
    assert design(formula).n_obs == N_ROWS


def test_a_user_block_may_have_one_level_or_as_many_columns_as_rows():
    from lmm.design import block

    built = design("y ~ x", random={"one": block(np.ones((24, 1))), "many": block(np.eye(24))})

    assert [len(part.levels) for part in built.random] == [1, 24]


def test_a_grouping_factor_may_have_one_level_less_after_rows_are_left_out():
    data = table()
    data["x"] = np.where(np.array(data["h"]) == "p", data["x"], np.nan)

    with pytest.raises(DesignError, match=r"grouping factor h of .* has one level, 'p'"):
        design("y ~ x + (1 | h)", data)


@pytest.mark.parametrize("term", ["(C(d) | g)", "us(0 + C(d) | g)", "(C(d) | g) + (1 | d)"])
def test_a_random_term_of_very_many_covariances_is_refused(term):
    rng = np.random.default_rng(1)
    data = {"y": rng.normal(size=4000), "d": np.arange(4000) % 110, "g": rng.integers(0, 30, 4000)}
    with pytest.raises(
        DesignError, match=r"has 110 effects, and variances and covariances of them: 6,105 is more"
    ):
        DesignSpec.learn(parse(f"y ~ {term}"), data)


def test_without_covariances_a_random_term_may_have_as_many_effects():
    rng = np.random.default_rng(1)
    data = {"y": rng.normal(size=4000), "d": np.arange(4000) % 110, "g": rng.integers(0, 30, 4000)}
    _, learnt = DesignSpec.learn(parse("y ~ (C(d) || g)"), data)

    assert len(learnt.random[0].columns) == 110
