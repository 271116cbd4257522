"""Coefficients with degrees of freedom and p-values against lmerTest and pbkrtest.

At our optimum, and at the theta where R's search stopped: there Kenward and Roger's formulas agree to rounding, while
Satterthwaite's in lmerTest rest on numerical derivatives.
"""

import numpy as np
import pytest

from lmm.inference import KenwardRoger, joint_test, row_tests
from lmm.inference.df.differences import differences, row_differences
from lmm.inference.df.satterthwaite import single_df
from tests import tolerances
from tests.inference.models import as_estimated
from tests.reference.lme4 import cases, names


def having(key):
    """Cases for which R has the table; where it failed, it left a message."""
    return [case_id for case_id, case in cases.reference().items() if isinstance(case.get(key), list)]


with_satterthwaite = pytest.mark.parametrize("case_id", having("coef_satterthwaite"))
with_kr = pytest.mark.parametrize("case_id", having("coef_kr"))


def at_theta_of_r(case_id):
    return as_estimated(cases.at_theta_of_r(case_id))


def rows_of(case, fit):
    """One row per coefficient of R, in R's order."""
    frame = cases.data(case["id"])
    ours = list(fit.internals.design.names)
    order = [ours.index(names.coefficient(name, frame)) for name in case["beta_names"]]
    return np.eye(len(ours))[order]


def compare(tests, table, *, se, df):
    column = lambda name: np.array([row[name] for row in table])  # noqa: E731
    assert tests.std_error == pytest.approx(column("Std. Error"), rel=se)
    assert (tests.estimate - column("Estimate")) / tests.std_error == pytest.approx(0, abs=se)
    assert tests.df == pytest.approx(column("df"), rel=df)
    assert tests.statistic == pytest.approx(column("t value"), rel=se, abs=se)
    # log p changes by about t² times the relative change of t
    expected = np.maximum(column("Pr(>|t|)"), 1e-300)
    gap = np.abs(np.log(np.maximum(tests.p_value, 1e-300) / expected))
    assert (gap <= (se + df) * (1.0 + np.abs(np.log(expected)) * 10)).all()


def test_all_reference_tables_are_there():
    assert len(having("coef_satterthwaite")) == 35
    assert len(having("coef_kr")) == 21


@with_satterthwaite
def test_satterthwaite_at_our_optimum(case_id):
    fit, case = cases.fitted(case_id), cases.reference()[case_id]
    tests = row_tests(fit, rows_of(case, fit), "satterthwaite")
    compare(tests, case["coef_satterthwaite"], se=tolerances.BETA, df=tolerances.DF)


@with_satterthwaite
def test_satterthwaite_at_the_theta_of_r(case_id):
    fit, case = at_theta_of_r(case_id), cases.reference()[case_id]
    tests = row_tests(fit, rows_of(case, fit), "satterthwaite")
    compare(tests, case["coef_satterthwaite"], se=tolerances.SAME_THETA, df=tolerances.NUMERICAL_DERIVATIVES)


@with_kr
def test_kenward_roger_at_our_optimum(case_id):
    fit, case = cases.fitted(case_id), cases.reference()[case_id]
    tests = row_tests(fit, rows_of(case, fit), "kenward-roger")
    compare(tests, case["coef_kr"], se=tolerances.BETA, df=tolerances.DF)


@with_kr
def test_kenward_roger_at_the_theta_of_r(case_id):
    fit, case = at_theta_of_r(case_id), cases.reference()[case_id]
    tests = row_tests(fit, rows_of(case, fit), "kenward-roger")
    compare(tests, case["coef_kr"], se=tolerances.SAME_THETA, df=tolerances.SAME_THETA)


@with_kr
def test_adjusted_covariance_at_the_theta_of_r(case_id):
    fit, case = at_theta_of_r(case_id), cases.reference()[case_id]
    theirs = np.array(case["vcov_kr"])
    errors = np.sqrt(np.diag(theirs))
    order = np.argmax(rows_of(case, fit)[:, fit.internals.design.kept], axis=1)
    ours = KenwardRoger().vcov(fit)[np.ix_(order, order)]
    assert ours / np.outer(errors, errors) == pytest.approx(
        theirs / np.outer(errors, errors), abs=tolerances.SAME_THETA
    )


@pytest.mark.parametrize(
    ("method", "key"),
    [("satterthwaite", "anova_III_satterthwaite"), ("kenward-roger", "anova_III_kr")],
)
def test_joint_tests_of_the_last_terms(method, key):
    """The hypothesis of a term that no other contains is that its coefficients are zero, in every type."""
    compared = 0
    for case_id in having(key):
        fit, table = cases.fitted(case_id), cases.reference()[case_id][key]
        term = fit.internals.design.terms[-1]
        if not term.parts or not table:
            continue
        test = joint_test(fit, np.eye(len(fit.internals.design.names))[term.columns], method)
        expected = table[-1]
        assert test.num_df == expected["NumDF"]
        assert test.den_df == pytest.approx(expected["DenDF"], rel=tolerances.DF)
        assert test.f_value == pytest.approx(expected["F value"], rel=tolerances.DF)
        assert test.p_value == pytest.approx(expected["Pr(>F)"], rel=10 * tolerances.DF)
        compared += 1
    assert compared >= 17


def test_gap_between_the_optima_is_r_stopping_early():
    """The fit that differs most: our criterion is the lower one, and at the theta of R both agree."""
    case_id = "oxboys_reml"
    fit, case = cases.fitted(case_id), cases.reference()[case_id]
    expected = [row["df"] for row in case["coef_satterthwaite"]]
    rows = rows_of(case, fit)
    ours = row_tests(fit, rows, "satterthwaite").df
    there = row_tests(at_theta_of_r(case_id), rows, "satterthwaite").df
    assert fit.criterion < case["criterion"]
    assert np.abs(ours / expected - 1).max() > 5 * np.abs(there / expected - 1).max()


@pytest.mark.parametrize("case_id", ["insteval_ml", "insteval_three_reml"])
def test_largest_problem(case_id):
    """73,421 rows and 4,100 crossed effects, where R's methods need n × n matrices and give up.

    So much is known about the variances that β̂ has nearly its asymptotic covariance, and all methods agree.
    """
    fit = cases.fitted(case_id)
    satterthwaite = row_tests(fit, np.eye(fit.n_fixed), "satterthwaite")
    if fit.method == "reml":
        kr = row_tests(fit, np.eye(fit.n_fixed), "kenward-roger")
        assert kr.df == pytest.approx(satterthwaite.df, rel=0.05)
        assert kr.std_error == pytest.approx(satterthwaite.std_error, rel=1e-3)
    by_differences = single_df(*row_differences(fit, np.eye(fit.n_fixed)), differences(fit).covariance.W)
    assert by_differences == pytest.approx(satterthwaite.df, rel=1e-4)
