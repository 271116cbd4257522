"""Public reports from users of other packages, about expressions in formulas: the right values, and their neighbours.

The values were obtained from lme4 1.1-31 in R 4.2.2 with nloptwrap at tolerances of 1e-13, on the tables beside
`cases.json`; where it says so, by a formula that means the same.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lmm

FOLDER = Path(__file__).parent / "reports"
CASES = {case["id"]: case for case in json.loads((FOLDER / "cases.json").read_text())["cases"]}


def frame(name):
    return pd.read_csv(FOLDER / CASES[name]["data"])


@pytest.mark.parametrize(
    "name",
    [
        "column_called_1",
        "precedence_of_modulo",
        "precedence_of_integer_division",
        "logic_in_calls",
        "logical_column_in_arithmetic",
        "dummy",
        "pi",
    ],
)
def test_a_report_has_its_right_values(name):
    case = CASES[name]
    fit = lmm.fit(case["formula"], frame(name))
    right = case["right"]
    assert fit.criterion == pytest.approx(right["criterion"], abs=1e-9, rel=1e-11)
    if "fitted" in right:
        np.testing.assert_allclose(fit.fitted[:5], right["fitted"], rtol=1e-8)
    if "beta" in right:
        np.testing.assert_allclose(fit.beta, right["beta"], rtol=1e-8)


# Two formulas that mean the same: columns called a and b instead of 1 and 2.
NUMBERED = {
    "y ~ `1`*`2` + (1 | g)": "y ~ a*b + (1 | g)",
    "y ~ `2` + (`1` | g)": "y ~ b + (a | g)",
    "y ~ `2` + (0 + `1` | g)": "y ~ b + (0 + a | g)",
    "y ~ `2`:`1` + (1 | g)": "y ~ b:a + (1 | g)",
    "y ~ `1`/`2` + (1 | g)": "y ~ a/b + (1 | g)",
    "y ~ `1` + `2` - `1` + (1 | g)": "y ~ b + (1 | g)",
    "y ~ 0 + `1` + (1 | g)": "y ~ 0 + a + (1 | g)",
    "y ~ I(`1`^2) + (1 | g)": "y ~ I(a^2) + (1 | g)",
    "`1` ~ `2` + (1 | g)": "a ~ b + (1 | g)",
    "y ~ `2` + offset(`1`) + (1 | g)": "y ~ b + offset(a) + (1 | g)",
    "y ~ scale(`1`) + (1 | g)": "y ~ scale(a) + (1 | g)",
}


@pytest.mark.parametrize(("numbered", "named"), NUMBERED.items())
@pytest.mark.parametrize("names", [("1", "2"), ("0", "1"), ("1.0", "0.0"), ("2", "1"), ("1e0", "-1")])
def test_columns_called_like_numbers_are_columns(numbered, named, names):
    data = frame("column_called_1")
    plain = data.rename(columns={"1": "a", "2": "b"})
    odd = plain.rename(columns={"a": names[0], "b": names[1]})
    text = numbered.replace("`1`", "`one`").replace("`2`", f"`{names[1]}`").replace("`one`", f"`{names[0]}`")

    found, expected = lmm.fit(text, odd), lmm.fit(named, plain)

    assert found.criterion == expected.criterion
    np.testing.assert_array_equal(found.beta, expected.beta)
    np.testing.assert_array_equal(found.predict(odd), expected.predict(plain))


def test_without_an_intercept_only_the_number_takes_it_away():
    data = frame("column_called_1")
    assert lmm.fit("y ~ `2` - `1` + (1 | g)", data).internals.design.names == ("Intercept", "2")
    assert lmm.fit("y ~ `1` - 1 + (1 | g)", data).internals.design.names == ("1",)


@pytest.mark.parametrize("name", ["1", "0", "1.0"])
def test_means_of_a_factor_called_like_a_number(name):
    data = frame("column_called_1")
    data["a"] = np.where(data["1"] > 0, "high", "low")
    found = lmm.fit(f"y ~ C(`{name}`) + (1 | g)", data.assign(**{name: data["a"]})).emmeans(f"`{name}`")
    expected = lmm.fit("y ~ C(a) + (1 | g)", data).emmeans("a")
    assert list(found["emmean"]) == list(expected["emmean"])
    assert len(found["emmean"]) == 2


# What is typed, and the same with the parentheses that R's grammar puts.
SAME = {
    "I(10 - 4*x %% 3)": "I(10 - (4 * (x - 3 * floor(x / 3))))",
    "I(x*x %% 4)": "I(x * (x - 4 * floor(x / 4)))",
    "I(x/2 %% 3)": "I(x / 2)",
    "sin(2*x %/% 3)": "sin(2 * floor(x / 3))",
    "I(x %% 4 * x)": "I((x - 4 * floor(x / 4)) * x)",
    "I(-x %% 3)": "I(-x - 3 * floor(-x / 3))",
    "I(x^2 %% 5)": "I(x^2 - 5 * floor(x^2 / 5))",
    "I(x + 1 %% 3)": "I(x + 1)",
    "I((x >= 5 | x == 0)*1)": "ifelse(x >= 5, 1, ifelse(x == 0, 1, 0))",
    "I(!(x > 2))": "I(x <= 2)",
    "I(b*x)": "I(ifelse(b, x, 0))",
    "I(1-b)": "ifelse(b, 0, 1)",
    "log(b+1)": "I(ifelse(b, log(2), 0))",
    "I((b & x > 3)*1)": "ifelse(b, ifelse(x > 3, 1, 0), 0)",
    "as.numeric(b)": "ifelse(b, 1, 0)",
    "as.integer(b)": "ifelse(b == TRUE, 1, 0)",
    "I(trunc(x / 2))": "floor(x / 2)",
    "cos(2*pi*x/12)": "cos(2 * np.pi * x / 12)",
    "I(x %in% c(1, 2) * 1)": "ifelse(x == 1, 1, ifelse(x == 2, 1, 0))",
}


@pytest.mark.parametrize(("typed", "same"), SAME.items())
def test_expressions_that_mean_the_same(typed, same):
    data = frame("precedence_of_modulo")
    found, expected = (lmm.fit(f"y ~ {text} + (1 | g)", data) for text in (typed, same))
    assert found.criterion == pytest.approx(expected.criterion, rel=1e-12)
    np.testing.assert_allclose(found.fitted, expected.fitted, rtol=1e-9)


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("(0 + dummy(cask, 'a') | batch)", "(0 + I((cask == 'a') * 1) | batch)"),
        ('(0 + dummy(cask, "b") | batch)', "(0 + I((cask == 'b') * 1) | batch)"),
        ("(dummy(cask, 'c') | batch)", "(I((cask == 'c') * 1) | batch)"),
        (
            "(0 + dummy(cask, c('a', 'b')) || batch)",
            "(0 + I((cask == 'a') * 1) + I((cask == 'b') * 1) || batch)",
        ),
        ("(0 + dummy(cask) || batch)", "(0 + I((cask == 'b') * 1) + I((cask == 'c') * 1) || batch)"),
    ],
)
def test_dummy_is_a_column_of_zeros_and_ones(typed, same):
    data = frame("dummy")
    found, expected = (lmm.fit(f"strength ~ cask + {text}", data) for text in (typed, same))
    assert found.criterion == pytest.approx(expected.criterion, rel=1e-10)


def test_pi_in_predictions_and_saved_fits(tmp_path):
    data = frame("pi")
    fit = lmm.fit(CASES["pi"]["formula"], data)
    lmm.save(fit, tmp_path / "fit.lmm")
    again = lmm.load(tmp_path / "fit.lmm")
    np.testing.assert_array_equal(again.predict(data), fit.predict(data))
    np.testing.assert_allclose(fit.predict(data), fit.fitted, rtol=1e-12)
    named = data.assign(pi=3.0)
    other = lmm.fit("y ~ cos(2*pi*x/12) + (1 | g)", named)
    assert other.criterion == pytest.approx(lmm.fit("y ~ cos(2*3*x/12) + (1 | g)", data).criterion, rel=1e-12)
