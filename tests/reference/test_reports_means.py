"""Marginal means and tables on inputs of the shape of public reports, with values from R."""

import json
import warnings
from pathlib import Path

import pandas as pd
import pytest

import lmm

FOLDER = Path(__file__).parent / "reports"
CASES = {case["id"]: case for case in json.loads((FOLDER / "cases.json").read_text())["cases"]}


def fitted(case, formula=None, text=(), **renamed):
    frame = pd.read_csv(FOLDER / case["data"])
    frame = frame.astype(dict.fromkeys(text, str)).rename(columns=renamed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        return lmm.fit(formula or case["formula"], frame)


def check_rows(ours, theirs):
    assert len(ours) == len(theirs)
    for mine, row in zip(ours, theirs, strict=True):
        assert (mine["term"], mine["num_df"]) == (row["term"], row["num_df"])
        assert mine["den_df"] == pytest.approx(row["den_df"], rel=1e-4)
        assert mine["f_value"] == pytest.approx(row["f_value"], rel=1e-4)
        if "p_value" in row:
            assert mine["p_value"] == pytest.approx(row["p_value"], rel=1e-4)


@pytest.mark.parametrize(
    "formula", ["y ~ a:b + (1 | g)", "y ~ 0 + a:b + (1 | g)", "y ~ a * b + (1 | g)", "y ~ b:a + (1 | g)"]
)
def test_joint_tests_of_an_interaction_without_main_effects(formula):
    """Public report: emmeans and others list a, b and a:b. lmerTest's type III of y ~ a * b, the same model."""
    case = CASES["joint_tests_of_an_interaction_alone"]
    ours = {row["term"].replace("b:a", "a:b"): row for row in fitted(case, formula).joint_tests()}
    check_rows(
        [{**ours[row["term"]], "term": row["term"]} for row in case["right"]["rows"]], case["right"]["rows"]
    )
    assert len(ours) == 3


@pytest.mark.parametrize("formula", ["poly(z, 2)", "z + I(z^2)", "poly(z, 2, raw=True)", "I(z^2) + z"])
def test_joint_tests_of_a_curve(formula):
    """Public report: one slope at the mean was tested (F = 0.02). lmerTest's type III with Kenward and Roger's df."""
    case = CASES["joint_tests_of_a_curve"]
    fit = fitted(case, f"y ~ {formula} + (1 | g)")
    check_rows(fit.joint_tests(), case["right"]["either"])
    assert any("curve" in note for note in fit.joint_tests().notes)


@pytest.mark.parametrize("name", ["df", "emmean", "std_error", "conf_low", "conf_high", "method"])
def test_a_factor_called_like_a_column_of_means(name):
    """Public report: levels were overwritten by numbers. emmeans, R 4.2.2."""
    case = CASES["factor_called_df"]
    fit = fitted(case, f"response ~ {name} + (1 | g)", text=["method"], method=name)
    means, right = fit.emmeans(name), case["right"]
    assert [str(level) for level in means[name if name == "method" else f"{name}_"]] == right["levels"]
    for column in ("emmean", "std_error", "df"):
        assert means[column] == pytest.approx(right[column], rel=1e-5)
    assert (name == "method") != any(f'"{name}" is called "{name}_" here' in note for note in means.notes)


@pytest.mark.parametrize("method", ["bootstrap", "profile", "wald"])
def test_a_predictor_called_sigma(method):
    """Public report: the bootstrap showed the residual standard deviation in both rows. lme4 1.1-31."""
    case = CASES["predictor_called_sigma"]
    fit, right = fitted(case), case["right"]
    options = {"n": 200, "seed": 1} if method == "bootstrap" else {}
    rows = {row["term"]: row for row in fit.confint(method=method, **options)}
    for name, value in (("sigma", right["residual sigma"]), ("sigma_", right["fixed effect sigma"])):
        assert rows[name]["estimate"] == pytest.approx(value, rel=1e-5)
        assert rows[name]["conf_low"] < value < rows[name]["conf_high"]
        (alone,) = fit.confint(method=method, terms=name, **options)
        assert alone["estimate"] == rows[name]["estimate"]
