"""Expressions that look at missing values: the value of the whole decides about a row, as in R's ``na.omit``."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.data import read_table
from lmm.design.evaluator import Evaluator
from lmm.design.missing import missing_rows, seeing, texts_of
from lmm.errors import DataError, DesignError, FormulaError
from lmm.formula import parse
from lmm.formula.expression_reader import read_expression
from tests.design.designs import design

N = 60
NO_X, NO_F = [*range(0, N, 7)], [3, 4, 5]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    data = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "z": rng.normal(size=N),
            "f": rng.choice(list("abc"), N),
            "g": np.repeat(list("ABCDEF"), 10),
        }
    )
    data["y"] = 1 + data["x"] + rng.normal(size=N) + np.repeat(2 * rng.normal(size=6), 10)
    data.loc[NO_X, "x"] = np.nan
    data.loc[NO_F, "f"] = None
    return data


# The rows where R's value of the expression is NA, by its documented rules for logic, ifelse() and mean().
MISSING = [
    ("x + z", NO_X),
    ("is.na(x)", []),
    ("as.numeric(is.na(x))", []),
    ("!is.na(f)", []),
    ("is.na(x + z)", []),
    ("ifelse(is.na(x), 0, x)", []),
    ("ifelse(!is.na(x), x, 0)", []),
    ("0 if is.na(x) else x", []),
    ("np.where(np.isnan(x), 0, x)", []),
    ("np.nan_to_num(x)", []),
    ("ifelse(is.na(f), 'none', f)", []),
    ("C(ifelse(is.na(f), 'none', f))", []),
    ("ifelse(is.na(x), x, 1)", NO_X),
    ("ifelse(is.na(f), 0, x)", NO_X),
    ("ifelse(is.na(f), x, 0)", []),
    ("ifelse(x > 0, 1, is.na(f))", NO_X),
    ("ifelse(is.na(x), mean(x), x)", NO_X),
    ("ifelse(is.na(x), x.mean(), x)", []),  # the mean of pandas, of the values that are there
    ("is.na(z) + x", NO_X),
    ("is.na(f) | x > -9", NO_X),  # FALSE | NA
    ("is.na(x) | x > 0", []),  # TRUE | NA
    ("!is.na(x) & x > 0", []),  # FALSE & NA
    ("!is.na(z) & x > 0", NO_X),  # TRUE & NA
    ("np.isfinite(x) & z > 0", []),
    ("log(ifelse(is.na(x), 1, x ** 2))", []),
    ("poly(ifelse(is.na(x), 0, x), 2)", []),
]


@pytest.mark.parametrize(("expression", "rows"), MISSING, ids=[case for case, _ in MISSING])
def test_the_value_of_the_whole_says_where_an_expression_is_missing(table, expression, rows):
    evaluator = Evaluator(read_table(table, list(table)), {})

    found = missing_rows(read_expression(expression), evaluator)

    assert np.flatnonzero(found).tolist() == rows


BY_HAND = [
    ("as.numeric(is.na(x))", lambda d: d.x.isna() * 1.0),
    ("ifelse(is.na(x), 0, x)", lambda d: d.x.fillna(0)),
    ("ifelse(is.na(x), x.mean(), x)", lambda d: d.x.fillna(d.x.mean())),
    ("I(2 * is.na(f) + z)", lambda d: 2.0 * d.f.isna() + d.z),
    ("ifelse(is.na(f), 'none', f)", lambda d: d.f.fillna("none")),
    ("np.nan_to_num(x)", lambda d: d.x.fillna(0)),
    ("scale(ifelse(is.na(x), 0, x))", lambda d: (d.x.fillna(0) - d.x.fillna(0).mean()) / d.x.fillna(0).std()),
    ("ifelse(is.na(x), mean(x), x)", lambda d: d.x),
]


@pytest.mark.parametrize(("expression", "by_hand"), BY_HAND, ids=[case for case, _ in BY_HAND])
def test_a_fit_is_that_of_the_column_made_by_hand(table, expression, by_hand):
    fit = lmm.fit(f"y ~ z + {expression} + (1 | g)", table)
    other = lmm.fit("y ~ z + made + (1 | g)", table.assign(made=by_hand(table)))

    assert fit.n_obs == other.n_obs
    np.testing.assert_allclose(fit.fixef["estimate"], other.fixef["estimate"], rtol=1e-7)
    np.testing.assert_allclose(
        fit.predict(table), other.predict(table.assign(made=by_hand(table))), rtol=1e-7
    )


PLACES = [
    ("y ~ z + is.na(x) + (1 | g)", N),
    (
        "y ~ x + is.na(x) + z + (1 | g)",
        None,
    ),  # x stands alone too: its rows go, and nothing is left to compare
    ("y ~ z + (0 + is.na(x) | g)", N),
    ("y ~ z + (1 | ifelse(is.na(f), 'none', f))", N),
    ("y ~ z + offset(ifelse(is.na(x), 0, x)) + (1 | g)", N),
    ("ifelse(is.na(x), z, x) ~ f + (1 | g)", N - len(NO_F)),
    ("y ~ is.na(f) * x + (1 | g)", N - len(NO_X)),
    ("y ~ is.na(`x`) + Q('z') + (1 | g)", N),
]


@pytest.mark.parametrize(("formula", "n_obs"), PLACES, ids=[case for case, _ in PLACES])
def test_it_holds_in_every_place_of_a_formula(table, formula, n_obs):
    if n_obs is None:
        with pytest.raises(DesignError, match=r'The factor "is.na\(x\)" has one level'):
            design(formula, table)
    else:
        assert design(formula, table).n_obs == n_obs


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ z + is.na(x) + (1 | g)",
        "y ~ z + ifelse(is.na(x), 0, x) + is.na(x) + (1 | g)",
        "y ~ ifelse(is.na(f), 'none', f) + (1 | g)",
        "y ~ z + (is.na(x) | g)",
        "y ~ z + offset(ifelse(is.na(x), 0, x)) + (1 | g)",
    ],
)
def test_new_rows_follow_the_same_rule_also_after_a_file(table, formula, tmp_path):
    fit = lmm.fit(formula, table)
    lmm.save(fit, tmp_path / "a.lmm")

    for one in (fit, lmm.load(tmp_path / "a.lmm")):
        np.testing.assert_allclose(one.predict(table), fit.fitted, rtol=1e-10)
        assert np.isfinite(one.predict(table.iloc[[0, 1, 3, 7]])).all()


WHOLE = [2**60, None, 2**60 + 1, 7] * 15


@pytest.mark.parametrize(
    ("values", "formula"),
    [
        (pd.array(WHOLE, dtype="Int64"), "y ~ is.na(w) + z"),
        (pd.array(WHOLE, dtype="Int64"), "y ~ ifelse(is.na(w), 0, w > 9) + z"),
        (pd.array([True, None, False, True] * 15, dtype="boolean"), "y ~ is.na(w) + z"),
        (pd.Categorical(["a", None, "b", "c"] * 15), "y ~ is.na(w) + z"),
        (["a", None, "b", "c"] * 15, "y ~ is.na(w) + z"),
        (pd.to_datetime(["2020-01-01", None, "2020-01-03", "2020-01-04"] * 15), "y ~ is.na(w) + z"),
    ],
    ids=["whole", "whole compared", "truth", "categories", "text", "dates"],
)
def test_columns_of_every_kind_keep_their_gaps(table, values, formula, tmp_path):
    data = table.assign(w=values)
    fit = lmm.fit(formula, data)
    lmm.save(fit, tmp_path / "a.lmm")
    again = lmm.load(tmp_path / "a.lmm")

    assert fit.n_obs == again.n_obs == N
    np.testing.assert_allclose(again.predict(data), fit.fitted, rtol=1e-10)
    for one in (fit, again):
        shown = one.internals.design.model_frame["w"]
        assert np.flatnonzero(shown.missing).tolist() == list(range(1, N, 4))
        assert shown.integers is None or shown.integers[[0, 2]].tolist() == [2**60, 2**60 + 1]
        assert pd.isna(one.model_frame["w"][1])


def test_rows_without_a_value_are_counted_by_the_expression(table):
    with pytest.raises(
        DataError, match=r'missing in 3 of 60 rows: 3 in "ifelse\(is.na\(x\), 0, f == \'a\'\)"'
    ):
        design("y ~ z + ifelse(is.na(x), 0, f == 'a')", table, missing="raise")
    built = design("y ~ z + ifelse(is.na(x), 0, f == 'a')", table)
    assert built.notes[0].startswith('3 rows of 60 left out because a value is missing: 3 in "ifelse(')


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ("is.na()", FormulaError, "nothing between the parentheses"),
        ("is.na(x, z)", FormulaError, "It is is.na(x)"),
        ("is.na(x)(z)", FormulaError, "nothing can be taken out of a column or called here"),
        ("is.na(z)", DesignError, "has one level, 'False'"),
        ("is.na(f + 1)", DesignError, "it needs numbers, not a factor"),
        ("is.na(c(1, 2))", DesignError, "takes a column or a number as x"),
    ],
)
def test_wrong_calls_are_refused(table, call, error, message):
    with pytest.raises(error) as caught:
        design(f"y ~ z + {call}", table)
    assert message in str(caught.value)


def test_a_covariate_with_missing_values_is_held_at_the_mean_of_the_others(table):
    fit = lmm.fit("y ~ f + is.na(x) + ifelse(is.na(x), 0, x) + (1 | g)", table)

    held = table["x"][table["f"].notna()].mean()
    means = fit.emmeans("f")

    assert f"Held at x = {held:.4g}" in str(means)
    new = pd.DataFrame({"f": list("abc"), "x": held, "g": "A"})
    np.testing.assert_allclose(means["emmean"], fit.predict(new, random=False), rtol=1e-10)


def test_levels_of_a_truth_value_are_no_levels_of_its_column(table):
    fit = lmm.fit("y ~ f + is.na(x) + I(z > 0) + (1 | g)", table)
    assert fit.notes == ('3 rows of 60 left out because a value is missing: 3 in "f".',)


def test_a_column_of_a_smooth_costs_rows_as_any_other():
    sides, others = parse("y ~ is.na(x) + s(x, by=f) + (1 | g)").texts
    assert seeing(texts_of(sides, others), ["y", "x", "f", "g"]) == (["is.na(x)"], frozenset())
