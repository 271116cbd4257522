"""Smooth terms of a formula: text in, covariates and arguments out."""

import pickle

import pytest

from lmm.errors import FormulaError
from lmm.formula import Given, Listed, parse
from lmm.model.changing.rewriting import rewrite

NB = Given("nb")

TERMS = {
    "s(x)": ("s(x)", ("x",), None, {}),
    "s( x )": ("s(x)", ("x",), None, {}),
    "s(x, k=10L, bs='cr')": ("s(x)", ("x",), None, {"k": 10, "bs": "cr"}),
    'te(x, z, k=c(5, 6), bs=c("tp", "cr"))': ("te(x,z)", ("x", "z"), None, {"k": (5, 6), "bs": ("tp", "cr")}),
    "te(x, z, k=[5, 6], bs=('tp', 'cr'))": ("te(x,z)", ("x", "z"), None, {"k": (5, 6), "bs": ("tp", "cr")}),
    "te(x, z, t, d=c(2, 1), np=FALSE)": ("te(x,z,t)", ("x", "z", "t"), None, {"d": (2, 1), "np": False}),
    "t2(x, z, full=T)": ("t2(x,z)", ("x", "z"), None, {"full": True}),
    "ti(x, mc=c(TRUE, FALSE))": ("ti(x)", ("x",), None, {"mc": (True, False)}),
    "te(x, z, m=list(c(2, 1), NA))": ("te(x,z)", ("x", "z"), None, {"m": ((2, 1), None)}),
    "s(x, m=c(-3, 5))": ("s(x)", ("x",), None, {"m": (-3, 5)}),
    "s(log(x), sp=1e-3, fx=True)": ("s(log(x))", ("log(x)",), None, {"sp": 0.001, "fx": True}),
    "s(x^2)": ("s(x ** 2)", ("x ** 2",), None, {}),
    "s(`a b`, by=f)": ("s(a b):f", ("a b",), "f", {}),
    "s(x, by=I(z > 3))": ("s(x):I(z > 3)", ("x",), "I(z > 3)", {}),
    "s(x, by=NA)": ("s(x)", ("x",), None, {}),
    "s(C(g), bs='re')": ("s(C(g))", ("C(g)",), None, {"bs": "re"}),
    "s(x, g, bs='fs', xt='cr')": ("s(x,g)", ("x", "g"), None, {"bs": "fs", "xt": "cr"}),
    "s(r, bs='mrf', xt=list(polys=nb))": (
        "s(r)",
        ("r",),
        None,
        {"bs": "mrf", "xt": Listed(("polys",), (NB,))},
    ),
    "s(r, bs='mrf', xt={'polys': nb})": (
        "s(r)",
        ("r",),
        None,
        {"bs": "mrf", "xt": Listed(("polys",), (NB,))},
    ),
    "s(r, bs='mrf', nb=nb)": ("s(r)", ("r",), None, {"bs": "mrf", "neighbours": NB}),
    "s(r, bs='mrf', polys=my.map)": ("s(r)", ("r",), None, {"bs": "mrf", "polygons": Given("my.map")}),
    "s(x, penalty=`my S`)": ("s(x)", ("x",), None, {"penalty": Given("my S")}),
    "s(x, knots=c(.5, 12.5), pc=0)": ("s(x)", ("x",), None, {"knots": (0.5, 12.5), "pc": 0}),
    "s(x, z, knots=list(x=kx, z=c(0, 1)))": (
        "s(x,z)",
        ("x", "z"),
        None,
        {"knots": Listed(("x", "z"), (Given("kx"), (0, 1)))},
    ),
    "s(x, id=1, select=TRUE, range='estimate')": (
        "s(x)",
        ("x",),
        None,
        {"id": 1, "select": True, "range": "estimate"},
    ),
}


@pytest.mark.parametrize(("text", "expected"), TERMS.items())
def test_a_call_is_read(text, expected):
    formula = parse(f"y ~ v + {text} + (1 | h)")
    (term,) = formula.smooths
    assert (term.label, term.covariates, term.by, dict(term.arguments)) == expected
    assert formula.fixed == "1 + v"
    assert [random.group for random in formula.random] == ["h"]
    assert term.source == text
    assert text.replace(" ", "") in str(formula).replace(" ", "")
    assert pickle.loads(pickle.dumps(formula)) == formula


def test_columns_of_covariates_and_by_are_variables_and_given_objects_are_none():
    formula = parse("y ~ s(log(x), by=f) + te(u, `v w`) + s(r, bs='mrf', xt=list(polys=nb))")
    assert formula.variables == {"y", "x", "f", "u", "v w", "r"}
    assert [term.label for term in formula.smooths] == ["s(log(x)):f", "te(u,v w)", "s(r)"]


def test_a_column_may_be_called_like_a_smooth():
    formula = parse("y ~ s + te + s(s)")
    assert formula.fixed == "1 + s + te"
    assert formula.smooths[0].covariates == ("s",)


ALONE = "a smooth term stands alone on the right side"
MESSAGES = [
    ("y ~ s()", "    ^  ", "the smooth has no covariate: write s(x)"),
    ("y ~ te(k=5)", "    ^      ", "the smooth has no covariate: write te(x)"),
    ("y ~ s(x, k='a')", "         ^     ", "k= takes whole numbers, not a"),
    ("y ~ s(x, k=2.5)", "         ^     ", "k= takes whole numbers, not 2.5"),
    ("y ~ s(x, bs=cr)", "         ^     ", "bs= takes text, such as 'cr', not the name cr: write bs='cr'"),
    ("y ~ s(x, fx=1)", "         ^    ", "fx= takes TRUE or FALSE, not 1"),
    ("y ~ s(x, penalty=3)", "         ^         ", "penalty= takes the name of an object that smooths="),
    ("y ~ s(x, 5)", "         ^ ", "5 is not a covariate: name the argument, as in s(x, k=10, bs='cr')"),
    ("y ~ s(x, kk=3)", "         ^    ", 's() takes no kk=. Did you mean "k"?'),
    ("y ~ s(x, df=3)", "         ^    ", "s() takes no df=. Here it is k=."),
    ("y ~ s(x, full=TRUE)", "         ^         ", "s() takes no full=."),
    ("y ~ s(x, k=3, k=4)", "              ^   ", "k= is given twice"),
    ("y ~ s(x, nb=n, neighbours=n)", "               ^            ", "neighbours= is given twice"),
    ("y ~ s(x, k=rep(1, 2))", "           ^         ", "rep() has no place here"),
    ("y ~ s(x, k=-'a')", "           ^    ", "a sign stands before numbers only"),
    ("y ~ s(x, k=3, z)", "              ^ ", "a covariate stands behind arguments with names"),
    ("y ~ s(x, by=3)", "            ^ ", "by= names no column"),
    ("y ~ s(x, k=)", "           ^", "something is missing after '='"),
    ("y ~ s(x, k=1 2)", "             ^ ", "an operator or a comma is missing before '2'"),
    ("y ~ s(x", "     ^ ", "'(' is never closed"),
    ("y ~ s(.)", "      ^ ", "'.' is not a covariate"),
    ("y ~ s(x | g)", "      ^     ", "a smooth has no bar: curves of the levels of g are s(x, g, bs='fs')"),
    ("y ~ s(foo(x))", "      ^      ", "unknown function foo()"),
    ("y ~ s[x]", "    ^   ", "a smooth term stands alone, as in y ~ s(x) + z"),
    ("y ~ s(x).abs()", "    ^         ", "a smooth term stands alone, as in y ~ s(x) + z"),
    ("y ~ a*s(x)", "      ^   ", ALONE),
    ("y ~ a:te(x, z)", "      ^       ", ALONE),
    ("y ~ (a + s(x))^2", "         ^      ", ALONE),
    ("y ~ log(s(x))", "        ^    ", ALONE),
    ("y ~ offset(s(x))", "           ^    ", ALONE),
    ("y ~ (s(x) | g)", "     ^        ", "random curves s(x, g, bs='fs')"),
    ("y ~ (1 | s(g))", "         ^    ", ALONE),
    ("y ~ s(s(x))", "      ^    ", ALONE),
    ("s(y) ~ x", "^       ", ALONE),
    ("y ~ a - s(x)", "        ^   ", "a smooth term cannot be subtracted: leave it out"),
    ("y ~ s(x) + s(x, bs='cr')", "           ^            ", "the smooth s(x) stands twice: leave one out"),
    ("y ~ s(y)", "    ^   ", "the response y stands on the right side too"),
    ("y ~ s(x, by=y)", "    ^         ", "the response y stands on the right side too"),
]


@pytest.mark.parametrize(("text", "place", "message"), MESSAGES)
def test_message_and_place(text, place, message):
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert message in caught.value.message
    assert caught.value.position == place.index("^")


def test_a_changed_formula_keeps_its_smooths():
    old = "y ~ s(x, bs='cr', k=5) + z + (1 | g)"
    assert rewrite(old, ". ~ . - z") == "y ~ s(x, bs='cr', k=5) + (1 | g)"
    assert rewrite(old, ". ~ . + te(u, v, m=c(2, .5))") == old + " + te(u, v, m=c(2, .5))"
    assert rewrite(old, "log(.) ~ . - s(x, bs = 'cr', k = 5)") == "log(y) ~ z + (1 | g)"


def test_a_smooth_that_is_not_there_cannot_be_taken_away():
    with pytest.raises(
        FormulaError, match=r"there is no smooth term s\(x\) to take away; there are: s\(x, k=5\)"
    ):
        rewrite("y ~ s(x, k=5) + z", ". ~ . - s(x)")
