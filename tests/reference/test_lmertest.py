"""Data without balance, where definitions part: lmerTest, car, stats, and SAS as lmerTest's own tests quote it."""

import numpy as np
import pandas as pd
import pytest

import lmm
from tests import tolerances
from tests.reference import rows
from tests.reference.lmertest import cases

TYPES = {"I": 1, "II": 2, "III": 3}
METHODS = {"satterthwaite": "satterthwaite", "kr": "kenward-roger"}
SUMS = ("sum_sq", "mean_sq")
ANOVA = [
    (case_id, kind, method)
    for case_id, case in cases.MIXED.items()
    for kind in TYPES
    for method in METHODS
    if f"anova_{kind}_{method}" in case
]
each_mixed = pytest.mark.parametrize("case_id", list(cases.MIXED))
each_linear = pytest.mark.parametrize("case_id", list(cases.LINEAR))


@pytest.mark.parametrize(("case_id", "kind", "method"), ANOVA)
def test_anova(case_id, kind, method):
    table = cases.mixed(case_id).anova(type=TYPES[kind], df=METHODS[method])
    # lmerTest's sums of squares are those of the F that Kenward and Roger's factor has not touched.
    leave_out = SUMS if method == "kr" else ()
    expected = cases.MIXED[case_id][f"anova_{kind}_{method}"]
    rows.check(table, expected, rows.F_COLUMNS, tolerances.ANOVA_ROWS, leave_out=leave_out)


@each_mixed
def test_sums_of_squares_are_those_of_the_f_beside_them(case_id):
    fit = cases.mixed(case_id)
    table = fit.anova(df="satterthwaite")
    assert table["mean_sq"] == pytest.approx(table["f_value"] * fit.sigma**2)
    assert table["sum_sq"] == pytest.approx(table["mean_sq"] * table["num_df"])


@each_mixed
def test_drop1(case_id):
    table = lmm.drop1(cases.mixed(case_id), df="satterthwaite")
    expected = cases.MIXED[case_id]["drop1_satterthwaite"]
    rows.check(table, expected, rows.F_COLUMNS, tolerances.ANOVA_ROWS)
    assert len(table) == len(expected)


@each_mixed
def test_drop1_by_likelihood_ratios(case_id):
    table = lmm.drop1(cases.mixed(case_id), test="lrt")
    columns = {"LRT": "lrt", "AIC": "aic", "npar": "df", "Pr(Chi)": "p_value"}
    expected = cases.MIXED[case_id]["drop1_lrt"]
    rows.check(table, expected, columns, tolerances.ANOVA)
    assert len(table) == len(expected)


@each_mixed
def test_type_2_of_car(case_id):
    fit, case = cases.mixed(case_id), cases.MIXED[case_id]
    table = fit.anova(type=2, containment="marginal", test="chisq")
    rows.check(table, case["car_II_Chisq"], {"Chisq": "chisq", "Df": "df"}, tolerances.ANOVA)
    if "car_II_F" in case:
        table = fit.anova(type=2, containment="marginal", df="kenward-roger")
        rows.check(table, case["car_II_F"], rows.F_COLUMNS, tolerances.ANOVA)


@pytest.mark.parametrize(("key", "reduce"), [("ranova", True), ("ranova_whole", False)])
@each_mixed
def test_random_anova(case_id, key, reduce):
    table = lmm.random_anova(cases.mixed(case_id), reduce=reduce)
    expected = cases.MIXED[case_id][key]
    rows.check(table, expected, rows.RATIO_COLUMNS, tolerances.RATIO_P_VALUE, name=rows.bar)
    assert len(table) == len(expected)


@each_linear
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_classical_tables(case_id, method):
    """Sums of squares are exact, and F too, by whatever criterion the linear model was fitted."""
    fit, case = cases.linear(case_id, method), cases.LINEAR[case_id]
    columns = {
        "Sum Sq": "sum_sq",
        "Mean Sq": "mean_sq",
        "Df": "num_df",
        "F value": "f_value",
        "Pr(>F)": "p_value",
    }
    exact = tolerances.CLASSICAL
    rows.check(fit.anova(type=1), case["anova_I"], columns, exact)
    rows.check(fit.anova(type=2, containment="marginal"), case["anova_II"], columns, exact)
    rows.check(fit.anova(type=3), case["anova_III"], columns, exact)
    dropped = [row for row in case["drop1"] if row["row"] != "<none>"]
    rows.check(lmm.drop1(fit), dropped, {"Sum of Sq": "sum_sq", "F value": "f_value"}, exact)
    last = list(fit.anova())[-1]
    assert last["term"] == "Residuals"
    assert last["sum_sq"] == pytest.approx(np.sum(fit.residuals("pearson") ** 2), rel=exact)
    assert (last["den_df"], last["f_value"], last["p_value"]) == (None, None, None)


def test_comparison_of_fits():
    case = cases.VALUES["compared"]
    data = lmm.datasets.load(case["data"])
    fits = [lmm.fit(formula, data, method="ml") for formula in case["formulas"]]
    table = lmm.compare(*reversed(fits))
    columns = {
        "npar": "n_parameters",
        "AIC": "aic",
        "BIC": "bic",
        "logLik": "loglik",
        "deviance": "criterion",
        "Chisq": "chisq",
        "Df": "df",
        "Pr(>Chisq)": "p_value",
    }
    expected = [row | {"row": formula} for row, formula in zip(case["table"], case["formulas"], strict=True)]
    rows.check(table, expected, columns, tolerances.ANOVA, key="model")
    assert list(table["model"]) == case["formulas"]


# SAS PROC MIXED, as quoted in tests/test_compare_sas.R of lmerTest.


def test_sas_type_2_of_the_example_of_glm_101():
    data = {
        "a": list("1112222212"),
        "b": list("1121222221"),
        "f": list("1212121212"),
        "y": [12, 14, 11, 20, 17, 23, 35, 46, 15, 16],
    }
    for formula, order in (("y ~ a*b + (1 | f)", [0, 1, 2]), ("y ~ b*a + (1 | f)", [1, 0, 2])):
        f_value = lmm.fit(formula, data).anova(type=2, df="satterthwaite")["f_value"][order]
        assert f_value == pytest.approx([3.90131, 1.32753, 0.99565], rel=1e-5)


def test_sas_types_2_and_3_of_carrots():
    carrots = lmm.datasets.load("carrots")
    slopes = lmm.fit("Preference ~ sens2 * Homesize + (1 + sens2 | Consumer)", carrots)
    expected = [54.8361, 5.16138, 1.03035]
    assert slopes.anova(type=2, df="satterthwaite")["f_value"] == pytest.approx(expected, rel=1e-5)
    fit = lmm.fit("Preference ~ sens2 * Homesize * sens1 + (1 | Product)", carrots)
    expected = [16.4842, 14.0010, 0.526076, 1.18144, 0.107570, 0.335177, 1.05946]
    assert fit.anova(type=2, df="satterthwaite")["f_value"] == pytest.approx(expected, rel=1e-4)
    expected = [16.9140, 14.0010, 0.481148, 1.18144, 0.074201, 0.335177, 1.05946]
    assert fit.anova(type=3, df="satterthwaite")["f_value"] == pytest.approx(expected, rel=1e-4)


def test_sas_types_1_and_3_without_an_intercept():
    fit = lmm.fit("Preference ~ 0 + sens2 + Homesize + (1 + sens2 | Consumer)", lmm.datasets.load("carrots"))
    assert fit.anova(type=1, df="satterthwaite")["f_value"] == pytest.approx([56.5394, 4169.87], rel=1e-5)
    assert fit.anova(type=3, df="satterthwaite")["f_value"] == pytest.approx([54.8206, 4169.87], rel=1e-5)


def test_sas_types_of_the_unbalanced_two_way_example():
    """Kutner (1974), the unbalanced two-way analysis of variance in the manual of SAS PROC GLM."""
    cells = """
        42 44 36 13 19 22 | 33  . 26  . 33 21 | 31 -3  . 25 25 24
        28  . 23 34 42 13 |  . 34 33 31  . 36 |  3 26 28 32  4 16
         .  .  1 29  . 19 |  . 11  9  7  1 -6 | 21  1  .  9  3  .
        24  .  9 22 -2 15 | 27 12 12 -5 16 15 | 22  7 25  5 12  .
    """
    table = [line.split("|") for line in cells.strip().splitlines()]
    data = pd.DataFrame(
        [
            (f"drug {i}", f"disease {j}", float(y))
            for i, line in enumerate(table, start=1)
            for j, cell in enumerate(line, start=1)
            for y in cell.split()
            if y != "."
        ],
        columns=["drug", "disease", "y"],
    )
    fit = lmm.fit("y ~ drug * disease", data)
    expected = {
        1: [3133.238506, 418.833741, 707.266259, 5080.816667],
        2: [3063.432863, 418.833741, 707.266259, 5080.816667],
        3: [2997.471860, 415.873046, 707.266259, 5080.816667],
    }
    for kind, sum_sq in expected.items():
        assert fit.anova(type=kind)["sum_sq"] == pytest.approx(sum_sq, abs=1e-6)
