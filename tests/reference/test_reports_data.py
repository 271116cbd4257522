"""Inputs on which users of other packages reported faults: tables, labels, levels and predictions.

Public reports, retold in ``reports/cases.json``, which says for each how the right answer was obtained.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import lmm
from lmm.errors import ColumnError, DataError

REPORTS = Path(__file__).parent / "reports"
CASES = {case["id"]: case for case in json.loads((REPORTS / "cases.json").read_text())["cases"]}


def table(name):
    return pd.read_csv(REPORTS / CASES[name]["data"])


# coef_of_one_term_spelled_in_two_ways: the right values are those of lme4 with the product as a column


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ b*a + (a*b || su)",
        "y ~ a*b + (b*a || su)",
        "y ~ a + b + b:a + (a + b + a:b || su)",
        "y ~ a*b + (1 | su) + (0 + a | su) + (0 + b | su) + (0 + b:a | su)",
        "y ~ `b`*a + (a*`b` || su)",
    ],
)
def test_a_product_has_one_coefficient_whatever_its_order(formula):
    case = "coef_of_one_term_spelled_in_two_ways"
    found = lmm.fit(formula, table(case)).coef()
    products = [row for row in found if ":" in row["term"]]

    np.testing.assert_allclose(
        [row["estimate"] for row in products],
        CASES[case]["right"]["slope of a:b, levels 1 to 9 of su"],
        atol=2e-6,
    )
    assert len({row["term"] for row in found}) == 4


# series_in_another_order: labels, not positions, belong together (the rule of pandas)


def weighted():
    return table("series_in_another_order")


FORMULA = "y ~ 1 + (1 | g)"


@pytest.mark.parametrize("index", ["range", "names", "numbers", "shuffled"])
def test_a_series_finds_its_rows(index):
    data = weighted()
    labels = {
        "range": data.index,
        "names": [f"row {i}" for i in range(len(data))],
        "numbers": np.arange(len(data)) * 3 + 7,
        "shuffled": np.random.default_rng(1).permutation(len(data)),
    }[index]
    data.index = pd.Index(labels)
    expected = lmm.fit(FORMULA, data, weights="w", offset="w")
    found = lmm.fit(FORMULA, data, weights=data["w"].sort_values(), offset=data["w"].sort_values())

    assert found.criterion == pytest.approx(expected.criterion, rel=1e-13)
    assert found.refit(data["y"].sort_values()).criterion == pytest.approx(expected.criterion, rel=1e-13)


@pytest.mark.parametrize("role", ["weights", "offset"])
def test_a_series_of_another_slice_is_refused(role):
    data = weighted()
    one, other = data.iloc[: len(data) // 2], data.iloc[-(len(data) // 2) :]

    with pytest.raises(
        DataError, match=rf"{role}= is a pandas object whose labels are not those of the table"
    ):
        lmm.fit(FORMULA, one, **{role: other["w"]})


# missing_group_in_new_data: numbers of lme4's predict(allow.new.levels = TRUE)


def test_missing_groups_are_new_levels():
    case = "missing_group_in_new_data"
    fit = lmm.fit(CASES[case]["formula"], table(case))
    new = {"a": [None, "a1"], "b": ["b1", None]}

    np.testing.assert_allclose(
        fit.predict(new, new_levels="population"), CASES[case]["right"]["lme4"], atol=1e-6
    )


# dates_as_levels: criterion of lme4


def dates(kind):
    data = table("dates_as_levels")
    days = pd.to_datetime(data["Date"])
    converted = {
        "text": data["Date"],
        "moments": days,
        "dates": pd.Series([day.date() for day in days], dtype=object),
        "periods": days.dt.to_period("D"),
        "categories": pd.Categorical(days),
        "tuples": pd.Series([(day.year, day.month, day.day) for day in days], dtype=object),
    }[kind]
    return data.assign(Date=converted)


KINDS = ["text", "moments", "dates", "periods", "categories", "tuples"]


@pytest.mark.parametrize("kind", KINDS)
def test_dates_are_groups(kind):
    right = CASES["dates_as_levels"]["right"]["criterion of (1 | Date)"]

    assert lmm.fit("log(Conc) ~ Trt + (1 | Date)", dates(kind)).criterion == pytest.approx(right, abs=1e-6)


def test_dates_of_polars_are_groups():
    right = CASES["dates_as_levels"]["right"]["criterion of (1 | Date)"]
    data = pl.from_pandas(dates("text")).with_columns(pl.col("Date").str.to_date())

    assert lmm.fit("log(Conc) ~ Trt + (1 | Date)", data).criterion == pytest.approx(right, abs=1e-6)


@pytest.mark.parametrize("kind", ["moments", "dates", "periods", "tuples"])
@pytest.mark.parametrize(
    "formula", ["log(Conc) ~ Date", "log(Conc) ~ Trt + (0 + Date | Block)", "Date ~ Trt"]
)
def test_dates_as_covariates_are_refused(kind, formula):
    with pytest.raises(DataError, match=r'Column "Date" holds .*Write C\(Date\)'):
        lmm.fit(formula, dates(kind))


# notes_of_predictions: by hand


@pytest.mark.parametrize("interval", ["confidence", "prediction"])
@pytest.mark.parametrize("random", [True, False])
def test_predictions_that_are_not_estimable_say_so(interval, random):
    case = CASES["notes_of_predictions"]
    fit = lmm.fit(case["formula"], table("notes_of_predictions"))
    new = {"a": [3], "b": [0.5], "c": [0.2], "category": [1]}
    found = fit.predict(new, interval=interval, random=random)

    assert np.isnan(found["estimate"]).all()
    assert any("not estimable" in note and "(a)" in note for note in found.notes)


# advice_of_simulate and unused_columns_of_one_name: by hand


def test_advice_for_new_subjects():
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))

    with pytest.raises(DataError, match=r'new_levels="sample".*new_levels="population".*random="new"'):
        fit.simulate(1, {"Days": [1.0], "Subject": ["new"]}, random="fitted")


def twins(*names):
    data = lmm.datasets.load("sleepstudy")
    return pd.concat([data, *(pd.DataFrame({name: np.arange(len(data))}) for name in names)], axis=1)


@pytest.mark.parametrize("names", [("note", "note"), ("note", "note", "note"), (1, 1), (1, "1")])
def test_unused_columns_of_one_name_do_not_matter(names):
    right = lmm.fit("Reaction ~ Days + (1 | Subject)", lmm.datasets.load("sleepstudy")).criterion

    assert lmm.fit("Reaction ~ Days + (1 | Subject)", twins(*names)).criterion == right


@pytest.mark.parametrize("name", ["Days", "Subject", "Reaction"])
def test_used_columns_of_one_name_are_refused(name):
    with pytest.raises(DataError, match=f'Two columns of the data have the same name, "{name}"'):
        lmm.fit("Reaction ~ Days + (1 | Subject)", twins(name))


@pytest.mark.parametrize("index", ["Subject", ["Subject", "Days"], ["Days", "Subject"]])
def test_a_group_that_is_the_index_is_hinted_at(index):
    with pytest.raises(ColumnError, match=r"is the index of the pandas table.*reset_index\(\)"):
        lmm.fit("Reaction ~ Days + (1 | Subject)", lmm.datasets.load("sleepstudy").set_index(index))


def test_labels_of_dates_do_not_depend_on_the_time_of_day_of_others():
    moments = [dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, 12), dt.datetime(2026, 1, 2)] * 4
    fit = lmm.fit("y ~ 1 + (1 | when)", {"y": np.arange(12.0) % 5, "when": moments})

    assert [row["level"] for row in fit.ranef()] == ["2026-01-01", "2026-01-01 12:00:00", "2026-01-02"]
