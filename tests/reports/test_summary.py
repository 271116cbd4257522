"""The summary: numbers printed by lme4 for the same models, and what must be said about a fit."""

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.reports.writing import number_columns
from lmm.table.render import Cells


def _data():
    return lmm.datasets.load("sleepstudy")


def test_parts_stand_in_the_order_of_r(sleepstudy):
    text = str(sleepstudy.summary())
    places = [
        text.index(part)
        for part in (
            "Linear mixed model fit by REML",
            "Formula: Reaction ~ Days + (Days | Subject)",
            "REML criterion",
            "Scaled residuals",
            "Random effects",
            "Number of observations: 180; groups: Subject, 18",
            "Fixed effects",
            "Correlation of fixed effects",
        )
    ]
    assert places == sorted(places)


def test_numbers_are_those_that_lme4_prints(sleepstudy):
    """Bates, Mächler, Bolker & Walker (2015), Journal of Statistical Software 67(1), model fm1."""
    summary = sleepstudy.summary()
    assert [round(summary.residuals[name][0], 3) for name in summary.residuals.columns] == [
        -3.954,
        -0.463,
        0.023,
        0.463,
        5.179,
    ]
    lines = {line.split()[0]: line.split() for line in str(summary).splitlines() if line.strip()}
    assert lines["Residual"] == ["Residual", "654.94", "25.592"]
    assert lines["1755.63"] == ["1755.63", "1774.79", "-871.81", "1743.63"]
    text = str(summary)
    assert "Subject   Intercept    612.09    24.740" in text
    assert "          Days          35.07     5.922  0.066" in text
    # With Kenward and Roger's degrees of freedom as lmerTest prints them.
    assert "Intercept   251.405      6.825  17      36.84   <2e-16" in text
    assert "Days         10.467      1.546  17       6.77  3.3e-06" in text
    assert "Days     -0.138" in text


def test_method_is_named():
    text = str(lmm.fit("Reaction ~ Days + (1 | Subject)", _data(), method="ml").summary())
    assert text.startswith("Linear mixed model fit by maximum likelihood\n")
    assert "-2 log L" in text
    assert "REML" not in text


def test_linear_model_gives_the_residual_standard_error_of_lm(linear):
    """R: lm(Reaction ~ Days, sleepstudy) prints 47.71 on 178 degrees of freedom."""
    summary = linear.summary()
    text = str(summary)
    assert summary.random is None
    assert "Residual standard error: 47.71 on 178 degrees of freedom" in text
    assert "Random effects" not in text
    assert "groups" not in text


def test_maximum_likelihood_of_a_linear_model_is_not_called_a_standard_error():
    text = str(lmm.fit("Reaction ~ Days", _data(), method="ml").summary())
    assert "Residual standard deviation: 47.45 (maximum likelihood: divided by n)" in text


def test_aliased_coefficient_is_missing_not_zero():
    data = _data().assign(twice=lambda d: 2 * d["Days"])
    summary = lmm.fit("Reaction ~ Days + twice + (1 | Subject)", data).summary()
    assert np.isnan(summary.coefficients["estimate"][2])
    row = next(line for line in str(summary).splitlines() if line.startswith("twice"))
    assert row.split() == ["twice", "—", "—", "—", "—", "—"]
    assert any("twice" in note for note in summary.notes)
    assert "twice" not in summary.correlation.columns


@pytest.mark.parametrize(
    ("formula", "df", "label"),
    [
        ("Reaction ~ Days + (1 | Subject)", "auto", "Kenward–Roger (expected information)"),
        ("Reaction ~ Days + (1 | Subject)", "satterthwaite", "Satterthwaite"),
        ("Reaction ~ Days + (1 | Subject)", "containment", "containment"),
        ("Reaction ~ Days", "auto", "residual"),
        ("Reaction ~ Days", "normal", "infinite (normal, χ²)"),
    ],
)
def test_method_for_degrees_of_freedom_is_named_in_every_form(formula, df, label):
    summary = lmm.fit(formula, _data()).summary(df=df)
    for text in (summary.to_text(), summary.to_html(), summary.to_markdown()):
        assert f"Degrees of freedom: {label}." in text


def test_tests_are_those_of_the_coefficients(sleepstudy):
    summary, table = sleepstudy.summary(df="satterthwaite"), sleepstudy.coefficients(df="satterthwaite")
    for name in ("estimate", "std_error", "df", "statistic", "p_value"):
        assert summary.coefficients[name].tolist() == table[name].tolist()


def test_singular_fit_is_noted(singular):
    summary = singular.summary()
    assert "Singular" in str(summary)
    assert "Singular" in summary.to_html()
    assert "Singular" in summary.to_markdown()


def test_left_out_rows_are_noted():
    data = _data()
    data.loc[[3, 5], "Reaction"] = np.nan
    text = str(lmm.fit("Reaction ~ Days + (1 | Subject)", data).summary())
    assert "Number of observations: 178" in text
    assert "2 " in text.partition("Notes")[2]


@pytest.mark.parametrize(("n_terms", "has_correlation"), [(19, True), (20, False)])
def test_correlations_of_many_coefficients_are_left_out_with_a_note(n_terms, has_correlation):
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(80, n_terms)), columns=[f"x{i}" for i in range(n_terms)])
    data["y"] = rng.normal(size=80)
    summary = lmm.fit("y ~ " + " + ".join(f"x{i}" for i in range(n_terms)), data).summary()
    assert (summary.correlation is not None) == has_correlation
    assert any("correlations of the 21 fixed effects" in note for note in summary.notes) != has_correlation


def test_only_correlated_terms_have_a_correlation():
    summary = lmm.fit("Reaction ~ Days + (Days || Subject)", _data()).summary()
    assert "Corr\n" not in str(summary).replace("Correlation", "")


def test_three_effects_show_the_lower_triangle():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": np.repeat(np.arange(12), 10), "x": np.tile(np.arange(10.0) - 4.5, 12)})
    b = rng.normal(size=(12, 3))[data["g"]]
    data["y"] = b[:, 0] + b[:, 1] * data["x"] + b[:, 2] * data["x"] ** 2 + 0.5 * rng.normal(size=120)
    summary = lmm.fit("y ~ x + I(x**2) + (x + I(x**2) | g)", data).summary()
    random = next(section.cells for section in summary.sections if section.key == "random")
    assert tuple(random.header) == ("Group", "Name", "Variance", "Std.Dev.", "Corr", "")
    correlations = {(r["term"], r["term_2"]): r["sdcor"] for r in summary.random if r["term_2"]}
    assert list(random.rows[2][4:]) == [
        f"{correlations['Intercept', 'I(x ** 2)']:.3f}",
        f"{correlations['x', 'I(x ** 2)']:.3f}",
    ]
    assert list(random.rows[1][4:]) == [f"{correlations['Intercept', 'x']:.3f}", ""]


def test_text_from_data_is_escaped(hostile):
    html = hostile.summary().to_html()
    assert "<b>y</b>" not in html
    assert "x &amp; z" in html
    assert "x \\& z" in hostile.summary().to_markdown()


def test_notebooks_show_html(sleepstudy):
    summary = sleepstudy.summary()
    assert summary._repr_html_() == summary.to_html()
    assert repr(summary) == str(summary)


def test_markdown_code_survives_backticks(hostile):
    assert "Formula: `` `<b>y</b>` ~ `x & z` + (1 | g) ``" in hostile.summary().to_markdown()


def test_long_names_give_way_to_numbers():
    cells = Cells(("", "a", "b"), [("b", "0.1", ""), ("c", "0.2", "0.3")], [False, True, True], "", ())
    numbered = number_columns(cells)
    assert tuple(numbered.header) == ("", "1", "2")
    assert [row[0] for row in numbered.rows] == ["1 a", "2 b", "3 c"]
    assert numbered.rows[2][1:] == ("0.2", "0.3")


def test_no_number_is_minus_zero():
    rows = [{"y": y, "x": x} for y, x in [(1.0, 0.0), (2.0, 1.0), (4.0, 2.0), (2.0, 1.0), (0.0, 2.0)]]
    assert "-0.0000" not in str(lmm.fit("y ~ x", rows).summary())


def test_model_without_fixed_effects_has_no_table_of_them():
    text = str(lmm.fit("Yield ~ 0 + (1 | Batch)", lmm.datasets.load("Dyestuff")).summary())
    assert "Fixed effects" not in text
    assert "Random effects" in text
