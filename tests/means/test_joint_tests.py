"""Joint tests of terms: rows for all that the columns of the terms can describe, and curves as a whole."""

import functools
import warnings

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.means.grid.reference import reference_grid
from lmm.means.joint import hypotheses
from lmm.means.terms import sets_to_test


@functools.cache
def frame():
    rng = np.random.default_rng(3)
    n = 240
    data = pd.DataFrame({name: rng.choice(list(levels), n) for name, levels in LEVELS.items()})
    return data.assign(x=rng.normal(2.0, 1.0, n), z=rng.uniform(1.0, 9.0, n), y=rng.normal(size=n))


LEVELS = {"a": "uvw", "b": "pq", "c": "rs", "g": "abcdefgh"}


@functools.cache
def fitted(right):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        return lmm.fit(f"y ~ {right} + (1 | g)", frame())


def rows_of(fit):
    grid = reference_grid(fit)
    sets = sets_to_test(fit.internals.design, grid.variables, grid.nests, ())
    return [part.functions.rows for names in sets for part in hypotheses(grid, names, ())]


def table(fit, **options):
    return {row["term"]: row for row in fit.joint_tests(**options)}


def same(ours, theirs):
    for column in ("num_df", "den_df", "f_value", "p_value"):
        assert ours[column] == pytest.approx(theirs[column], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("alone", "full"),
    [
        ("a:b", "a * b"),
        ("0 + a:b", "a * b"),
        ("a:b:c", "a * b * c"),
        ("c + a:b", "c + a * b"),
        ("a + a:x", "a * x"),
        ("b:c + a", "a + b * c"),
        ("a:log(z) + a", "a * log(z)"),
        ("a + a:poly(x, 2)", "a * poly(x, 2)"),
    ],
)
def test_the_same_model_in_other_columns_has_the_same_tests(alone, full):
    ours, theirs = table(fitted(alone)), table(fitted(full))
    assert set(ours) == set(theirs)
    for term, row in ours.items():
        same(row, theirs[term])


@pytest.mark.parametrize("alone", ["a:b:c", "0 + a:b:c", "a:b:c + a"])
def test_groups_have_the_same_tests_too(alone):
    ours, theirs = (list(fitted(right).joint_tests(by="c")) for right in (alone, "a * b * c"))
    assert {(row["term"], row["c"]) for row in ours} >= {("a", "r"), ("a:b", "s")}
    if "+ a" not in alone:
        for mine, row in zip(ours, theirs, strict=True):
            assert (mine["term"], mine["c"]) == (row["term"], row["c"])
            same(mine, row)


@pytest.mark.parametrize(
    "right",
    [
        "a",
        "a * b",
        "a:b",
        "a:b:c",
        "a / b",
        "a / b / c",
        "a:b + a:b:c",
        "a:x",
        "a + a:x",
        "x:z",
        "x * z",
        "a * x * z",
        "I(x + z)",
        "log(x^2 + z)",
        "I(x * (a == 'u'))",
        "poly(x, 3)",
        "bs(z, df = 7)",
        "ns(z, df = 4) + x",
        "a:ns(z, df = 3)",
        "a * poly(x, 2) + b",
        "poly(x, 2):poly(z, 2)",
        "poly(x, 2) * poly(z, 2)",
        "b * (x + I(x^2) + log(z))",
        "I(x > 2)",
        "C(b):x + x",
    ],
)
def test_the_rows_together_test_all_but_the_level(right):
    """They span what the analysis of variance tests: all columns of X, without what changes all means alike."""
    fit = fitted(right)
    rows = np.vstack(rows_of(fit))
    scaled = rows / np.abs(fit.internals.design.X).max(axis=0)
    # Without an intercept in X, or in the span of its columns, there is nothing to take out.
    level = np.linalg.lstsq(fit.X, np.ones(fit.n_obs), rcond=None)
    free = fit.n_fixed - (np.abs(fit.X @ level[0] - 1.0).max() < 1e-8)
    assert np.linalg.matrix_rank(scaled, tol=1e-8 * np.abs(scaled).max()) == free


@pytest.mark.parametrize(
    "curve", ["poly({}, 2)", "poly({}, 4)", "bs({}, df=6)", "ns({}, df=3)", "log({})", "I({} > 4)"]
)
@pytest.mark.parametrize("df", ["kenward-roger", "satterthwaite"])
def test_a_curve_by_itself_is_tested_as_in_the_analysis_of_variance(curve, df):
    fit = fitted(curve.format("z") + " + b")
    (term,) = [row for row in fit.anova(type=3, df=df) if row["term"] != "b"]
    same(table(fit, df=df)["z"], term)
    several = term["num_df"] > 1
    assert any("z is a curve" in note for note in fit.joint_tests(df=df).notes) == several


@pytest.mark.parametrize("column", ["year", "second", "small"])
def test_covariates_far_from_zero(column):
    data = frame().assign(
        year=2000.0 + np.arange(240) % 12, second=1.7e9 + np.arange(240) * 60.0, small=np.arange(240) * 1e-9
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        raw = lmm.fit(f"y ~ a * {column}", data)
        curve = lmm.fit(f"y ~ poly({column}, 3)", data)
    assert {row["term"]: row["num_df"] for row in raw.joint_tests()} == {"a": 2, column: 1, f"a:{column}": 2}
    assert curve.joint_tests()["num_df"].tolist() == [3]


def test_where_an_expression_has_no_value_everywhere():
    data = frame().assign(w=lambda data: data["z"] + 0.2)
    fit = lmm.fit("y ~ log(w - z + 0.1) + b", data.assign(w=data["w"] + np.arange(240) % 7 / 10))
    terms = table(fit)
    assert terms["w"]["f_value"] == pytest.approx(terms["z"]["f_value"], rel=1e-6)


@pytest.mark.parametrize("bent", ["poly(z, 2)", "log(z)", "ns(z, df=3)", "I(z^2)", "a * bs(z, df=4)"])
def test_slopes_say_where_they_are(bent):
    notes = fitted(f"{bent} + b").emtrends("b", "z", at={"z": 4.0}).notes
    assert any("z is not a straight line: its slope at z = 4." in note for note in notes)


@pytest.mark.parametrize("straight", ["z", "a * z", "a:z", "b:z + x:z", "I(3 * z)"])
def test_slopes_of_lines_are_the_same_everywhere(straight):
    assert not any("straight" in note for note in fitted(f"{straight} + b").emtrends("b", "z").notes)


@pytest.mark.parametrize("right", ["a * b", "a:b", "a + b + a:b"])
@pytest.mark.parametrize("gone", [("u", "p"), ("w", "q"), ("uv", "q"), ("", "")])
def test_what_empty_cells_confound_is_counted(right, gone):
    """All functions of the means that are in X, without the level: those in rows and those that are not."""
    levels, other = gone
    data = frame()[lambda data: ~(data["a"].isin(list(levels)) & (data["b"] == other))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        fit = lmm.fit(f"y ~ {right}", data)
    table = fit.joint_tests()
    cells = len(set(zip(data["a"], data["b"], strict=True)))
    left = cells - 1 - int(table["num_df"].sum())
    found = [note for note in table.notes if note.startswith("In no row")]
    words = f"In no row: {left} of {cells - 1} degrees of freedom, in which empty cells confound the terms."
    assert found == ([words] if left else [])
    assert (left > 0) == bool(levels)
