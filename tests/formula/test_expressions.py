"""Python and R inside of calls."""

import pytest

from lmm.formula import parse

TRANSLATED = {
    "I(x^2)": "I(x ** 2)",
    "I(x**2)": "I(x ** 2)",
    "I(x %% 2 + x %/% 2)": "I(x % 2 + x // 2)",
    "poly(x, 2, raw=TRUE)": "poly(x, 2, raw=True)",
    "poly(x, 2, raw = T)": "poly(x, 2, raw=True)",
    "poly(x, 2L)": "poly(x, 2)",
    "scale(x, scale=FALSE)": "scale(x, scale=False)",
    "bs(x, knots=NULL, df=5)": "bs(x, knots=None, df=5)",
    "ns(x, knots=c(2, 4.5))": "ns(x, knots=[2, 4.5])",
    "ns(x, knots = c(1), Boundary.knots = c(0, 9))": "ns(x, knots=[1], boundary_knots=[0, 9])",
    "factor(f)": "C(f)",
    "as.factor(f)": "C(f)",
    "factor(f, levels=c('b', 'a'))": "C(f, levels=['b', 'a'])",
    "C(f, contr.sum)": "C(f, contr.sum)",
    'C(f, contr.treatment("b"))': 'C(f, contr.treatment("b"))',
    "log(x)": "log(x)",
    "log (x)": "log(x)",
    "np.log(x + 1)": "np.log(x + 1)",
    "I(np.pi * x)": "I(np.pi * x)",
    "{x ** 2}": "{x ** 2}",
    "x.clip(0, 1)": "x.clip(0, 1)",
    "x.clip(0, 1).round()": "I(x.clip(0, 1).round())",
    "log(Informed.liking)": "log(`Informed.liking`)",
    "log(`Weight (kg)`)": "log(`Weight (kg)`)",
    "Informed.liking": "`Informed.liking`",
    "log(yield)": "log(Q('yield'))",
    "I(x if z else w)": "I(x if z else w)",
    "I((x > 3) | (z < 2))": "I((x > 3) | (z < 2))",
    "I(f == 'a|b')": "I(f == 'a|b')",
    "cs(x, df=4)": "cs(x, df=4)",
}


@pytest.mark.parametrize(("typed", "written"), TRANSLATED.items())
def test_calls_are_written_for_formulaic(typed, written):
    term = parse(f"y ~ {typed}").fixed.removeprefix("1 + ")
    assert " ".join(term.split()) == written


@pytest.mark.parametrize(
    ("columns", "written", "variables"),
    [
        (None, "log(`a.b`)", {"a.b"}),
        (["a.b", "y"], "log(`a.b`)", {"a.b"}),
        (["a.b", "a", "y"], "log(`a.b`)", {"a.b"}),
        (["y"], "log(`a.b`)", {"a.b"}),
    ],
)
def test_columns_decide_what_a_dotted_name_is(columns, written, variables):
    formula = parse("y ~ log(a.b)", columns=columns)
    assert formula.fixed == f"1 + {written}"
    assert formula.variables == {"y"} | variables


def test_a_method_of_a_dotted_column():
    formula = parse("y ~ a.b.clip(0, 1)", columns=["y", "a.b"])
    assert formula.fixed == "1 + `a.b`.clip(0, 1)"
    assert formula.variables == {"y", "a.b"}


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("I(x.1 + x.10)", "I(`x.1` + `x.10`)"),
        ("log(a.b) + a_b", "log(`a.b`) + a_b"),
        ("log(a.b) + log(a)", "log(`a.b`) + log(a)"),
        ("I(`a b` + a_b)", "I(`a b` + a_b)"),
        ("C + C(f)", "C + C(f)"),
        ("log(log) + log", "log(log) + log"),
    ],
)
def test_names_that_look_alike_are_written_as_they_are(typed, written):
    assert parse(f"y ~ {typed}").fixed == f"1 + {written}"
