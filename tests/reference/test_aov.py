"""Strata of balanced experiments against aov() of R, and types of sums of squares against car."""

import functools
import json
import pathlib

import numpy as np
import pandas as pd
import pytest

import lmm

PATH = pathlib.Path(__file__).with_name("aov") / "values.json"
VALUES = json.loads(PATH.read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in VALUES["strata"]}
TYPES = VALUES["types"]
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def table_of(case):
    """The rows that R had."""
    return pd.DataFrame(case["rows"]) if "rows" in case else lmm.datasets.load(case["data"])


@functools.cache
def strata(case_id):
    return lmm.strata(CASES[case_id]["formula"], table_of(CASES[case_id]))


def in_words_of_r(term):
    return term.replace("C(", "").replace(")", "")


@each_case
def test_rows_are_those_of_aov(case):
    table = strata(case["id"])
    ours = [(row["stratum"], in_words_of_r(row["term"]), row["df"]) for row in table]
    theirs = [(name, row["row"], row["Df"]) for name, rows in case["strata"].items() for row in rows]

    assert sorted(ours) == sorted(theirs)
    assert list(dict.fromkeys(table["stratum"])) == list(case["strata"])


@each_case
def test_numbers_are_those_of_aov(case):
    ours = {(row["stratum"], in_words_of_r(row["term"])): row for row in strata(case["id"])}
    for name, rows in case["strata"].items():
        for row in rows:
            mine = ours[name, row["row"]]
            assert mine["sum_sq"] == pytest.approx(row["Sum Sq"], rel=1e-8)
            assert mine["mean_sq"] == pytest.approx(row["Mean Sq"], rel=1e-8)
            assert mine["f_value"] == (row["F value"] and pytest.approx(row["F value"], rel=1e-8))
            assert mine["p_value"] == (row["Pr(>F)"] and pytest.approx(row["Pr(>F)"], rel=1e-8))


@pytest.mark.parametrize("case_id", ["oats", "pigs_room", "pigs_split", "cake", "penicillin", "machines"])
@pytest.mark.parametrize("kind", [2, 3])
def test_types_agree_in_balanced_data(case_id, kind):
    case = CASES[case_id]
    table = lmm.strata(case["formula"], table_of(case), type=kind)

    np.testing.assert_allclose(table["sum_sq"], strata(case_id)["sum_sq"], rtol=1e-9)
    assert table["ems"].tolist() == strata(case_id)["ems"].tolist()


@functools.cache
def unbalanced(kind):
    oats = lmm.datasets.load(TYPES["data"]).drop(index=TYPES["dropped"])
    return lmm.strata(TYPES["formula"], oats, type=kind)


def sum_sq(table, name):
    """Sum of squares of a term, or of the error of a stratum."""
    for row in table:
        if name in (in_words_of_r(row["term"]), row["stratum"] if row["term"] == "Residuals" else None):
            return row["sum_sq"]
    raise KeyError(name)


@pytest.mark.parametrize("kind", ["II", "III"])
def test_partial_sums_of_squares_are_those_of_car(kind):
    table = unbalanced(kind)
    expected = {row["row"]: row["Sum Sq"] for row in TYPES["tables"][kind]}
    names = {"Variety:Block": "Block:Variety", "Residuals": "Within"}

    for theirs, value in expected.items():
        if theirs != "(Intercept)":
            assert sum_sq(table, names.get(theirs, theirs)) == pytest.approx(value, rel=1e-8), theirs


def test_sequential_sums_of_squares_have_random_terms_last():
    """R puts Block before the interaction, which changes the two and what they add up to not at all."""
    table = unbalanced("I")
    expected = {row["row"]: row["Sum Sq"] for row in TYPES["tables"]["I"]}

    assert sum_sq(table, "Variety") == pytest.approx(expected["Variety"], rel=1e-8)
    assert sum_sq(table, "nitro") == pytest.approx(expected["nitro"], rel=1e-8)
    both = expected["Block"] + expected["Variety:nitro"]
    assert sum_sq(table, "Block") + sum_sq(table, "Variety:nitro") == pytest.approx(both, rel=1e-8)
    assert sum_sq(table, "Block:Variety") == pytest.approx(expected["Variety:Block"], rel=1e-8)
