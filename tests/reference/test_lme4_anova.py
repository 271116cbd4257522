"""Analysis of variance of the 38 fits: lmerTest, pbkrtest, car."""

import dataclasses

import numpy as np
import pytest

import lmm
from tests import tolerances
from tests.reference import rows
from tests.reference.lme4 import cases, names

TYPES = {"I": 1, "II": 2, "III": 3}
METHODS = {"satterthwaite": "satterthwaite", "kr": "kenward-roger"}


def with_tables(key):
    return [case_id for case_id, case in cases.reference().items() if isinstance(case.get(key), list)]


ANOVA_CASES = [
    (case_id, kind, method)
    for kind in TYPES
    for method in METHODS
    for case_id in with_tables(f"anova_{kind}_{method}")
]


def where_r_stopped(case_id):
    """Our fit at R's theta, with parameters that count as estimated."""
    fit = cases.at_theta_of_r(case_id)
    optimum = dataclasses.replace(fit.internals.optimum, held=np.zeros(len(fit.theta), dtype=bool))
    return lmm.Fit(dataclasses.replace(fit.internals, optimum=optimum))


@pytest.mark.parametrize(("case_id", "kind", "method"), ANOVA_CASES)
def test_anova(case_id, kind, method):
    table = cases.fitted(case_id).anova(type=TYPES[kind], df=METHODS[method])
    expected = cases.reference()[case_id][f"anova_{kind}_{method}"]
    rows.check(table, expected, rows.F_COLUMNS, tolerances.ANOVA)
    assert len(table) == len(expected)


@pytest.mark.parametrize("case_id", with_tables("anova_III_kr"))
def test_anova_where_r_stopped(case_id):
    """The same theta on both sides: what is left is rounding, and the 1e-7 that lmerTest rounds type III to."""
    table = where_r_stopped(case_id).anova(df="kenward-roger")
    expected = cases.reference()[case_id]["anova_III_kr"]
    # lmerTest's sums of squares are those of the unscaled F.
    rows.check(table, expected, rows.F_COLUMNS, tolerances.ANOVA_SAME_THETA, leave_out=("sum_sq", "mean_sq"))


@pytest.mark.parametrize("case_id", with_tables("car_II_F"))
def test_type_2_of_car(case_id):
    table = cases.fitted(case_id).anova(type=2, containment="marginal", df="kenward-roger")
    rows.check(table, cases.reference()[case_id]["car_II_F"], rows.F_COLUMNS, tolerances.ANOVA)


@pytest.mark.parametrize("case_id", with_tables("car_II_Chisq"))
def test_type_2_of_car_by_chisq(case_id):
    table = cases.fitted(case_id).anova(type=2, containment="marginal", test="chisq")
    columns = {"Chisq": "chisq", "Df": "df"}
    rows.check(table, cases.reference()[case_id]["car_II_Chisq"], columns, tolerances.ANOVA)


@pytest.mark.parametrize("case_id", with_tables("ranova"))
def test_random_anova(case_id):
    """Naive columns; where a ratio is nothing but rounding, its size is compared with that of the criterion."""
    fit = cases.fitted(case_id)
    table = lmm.random_anova(fit)
    expected = cases.reference()[case_id]["ranova"]
    if "||" in fit.formula:
        # lme4 writes a term without correlations out as several.
        labels = ["<none>", "Intercept in (Days || Subject)", "Days in (Days || Subject)"]
        expected = [row | {"row": label} for row, label in zip(expected, labels, strict=True)]
    ratios = {name: column for name, column in rows.RATIO_COLUMNS.items() if name != "Pr(>Chisq)"}
    rows.check(table, expected, ratios, tolerances.ANOVA, name=rows.bar, floor=tolerances.CRITERION_ABOVE)
    p_value = {"Pr(>Chisq)": "p_value_naive"}
    rows.check(
        table, expected, p_value, tolerances.RATIO_P_VALUE, name=rows.bar, floor=tolerances.CRITERION_ABOVE
    )
    assert len(table) == len(expected)
    smaller = table["p_value"][1:] <= table["p_value_naive"][1:]
    assert smaller.all()


def test_names_of_the_terms_are_those_of_the_formula():
    case_id = "oxboys_reml"
    expected = [
        names.coefficient(row["row"], cases.data(case_id))
        for row in cases.reference()[case_id]["anova_I_satterthwaite"]
    ]
    assert list(cases.fitted(case_id).anova()["term"]) == expected == ["age", "I(age ** 2)"]
