"""What formulas mean: text in, terms out."""

import pickle

import pytest

from lmm.formula import Formula, parse

SIDES = {
    "y ~ x": ("y", "1 + x"),
    "y~x": ("y", "1 + x"),
    "y ~ 1": ("y", "1"),
    "y ~ 0": ("y", "0"),
    "y ~ -1": ("y", "0"),
    "y ~ 0 + a": ("y", "0 + a"),
    "y ~ a - 1": ("y", "0 + a"),
    "y ~ 1 + a - 1": ("y", "0 + a"),
    "y ~ 0 + a + 1": ("y", "1 + a"),
    "y ~ a - 0": ("y", "1 + a"),
    "y ~ a + -1": ("y", "0 + a"),
    "y ~ (0 + a)": ("y", "0 + a"),
    "y ~ +a": ("y", "1 + a"),
    "y ~ -a": ("y", "1 - a"),
    "y ~ (a + b) + c": ("y", "1 + a + b + c"),
    "y ~ a*b": ("y", "1 + a * b"),
    "y ~ a*b - a:b": ("y", "1 + a * b - a:b"),
    "y ~ a*b - (a + b)": ("y", "1 + a * b - (a + b)"),
    "y ~ a/b": ("y", "1 + a / b"),
    "y ~ a:b:c": ("y", "1 + a:b:c"),
    "y ~ (a + b)^2": ("y", "1 + (a + b) ** 2"),
    "y ~ (a + b + c)**3": ("y", "1 + (a + b + c) ** 3"),
    "y ~ a + b %in% a": ("y", "1 + a + a:b"),
    "y ~ (b + c) %in% a": ("y", "1 + a:(b + c)"),
    "y ~ (1 + x):f": ("y", "1 + (1 + x):f"),
    "y ~ 2:x": ("y", "1 + 2:x"),
    "y\n  ~ a\n  + b": ("y", "1 + a + b"),
    "(y) ~ x": ("y", "1 + x"),
    "log(y) ~ x": ("log(y)", "1 + x"),
    "np.log(y) ~ x": ("np.log(y)", "1 + x"),
    "I(y/10) ~ x": ("I(y / 10)", "1 + x"),
    "y/10 ~ x": ("I(y / 10)", "1 + x"),
    "log(y) - log(y0) ~ x": ("I(log(y) - log(y0))", "1 + x"),
    "{y / 10} ~ x": ("I(y / 10)", "1 + x"),
    "`my y` ~ `a b`": ("`my y`", "1 + `a b`"),
    "Ertrag_kg ~ Düngung": ("Ertrag_kg", "1 + Düngung"),
    "yield ~ class": ("yield", "1 + class"),
    "y ~ x + (1 | g)": ("y", "1 + x"),
    "y ~ (1 | g)": ("y", "1"),
    "y ~ 0 + (1 | g)": ("y", "0"),
    "y ~ (x + (1 | g))": ("y", "1 + x"),
    "y ~ x + offset(z) - 1": ("y", "0 + x"),
}


@pytest.mark.parametrize(("text", "sides"), SIDES.items())
def test_sides(text, sides):
    formula = parse(text)
    assert (formula.response, formula.fixed) == sides


RANDOM = {
    "(1 | g)": [("1", "g", "us")],
    "(1|g)": [("1", "g", "us")],
    "(x | g)": [("1 + x", "g", "us")],
    "(1 + x | g)": [("1 + x", "g", "us")],
    "(0 + x | g)": [("0 + x", "g", "us")],
    "(-1 + x | g)": [("0 + x", "g", "us")],
    "(x - 1 | g)": [("0 + x", "g", "us")],
    "((x) | (g))": [("1 + x", "g", "us")],
    "(x || g)": [("1 + x", "g", "diag")],
    "(0 + f || g)": [("0 + f", "g", "diag")],
    "diag(x | g)": [("1 + x", "g", "diag")],
    "diag(0 + x || g)": [("0 + x", "g", "diag")],
    "us(x | g)": [("1 + x", "g", "us")],
    "us (x | a/b)": [("1 + x", "a", "us"), ("1 + x", "a:b", "us")],
    "(1 | g) + (0 + x | g)": [("1", "g", "us"), ("0 + x", "g", "us")],
    "(0 + x | g) + (1 | h) + (1 | g)": [("0 + x", "g", "us"), ("1", "h", "us"), ("1", "g", "us")],
    "(f | g)": [("1 + f", "g", "us")],
    "(0 + f | g)": [("0 + f", "g", "us")],
    "(a*b | g)": [("1 + a * b", "g", "us")],
    "(a:b - 1 | g)": [("0 + a:b", "g", "us")],
    "(x + I(x^2) | g)": [("1 + x + I(x ** 2)", "g", "us")],
    "(1 | a/b)": [("1", "a", "us"), ("1", "a:b", "us")],
    "(1 | a/b/c)": [("1", "a", "us"), ("1", "a:b", "us"), ("1", "a:b:c", "us")],
    "(1 | (a/b))": [("1", "a", "us"), ("1", "a:b", "us")],
    "(1 | a/(b/c))": [("1", "a", "us"), ("1", "a:b", "us"), ("1", "a:b:c", "us")],
    "(1 | a/b:c)": [("1", "a", "us"), ("1", "a:b:c", "us")],
    "(1 | (a:b)/c)": [("1", "a:b", "us"), ("1", "a:b:c", "us")],
    "(x || a/b)": [("1 + x", "a", "diag"), ("1 + x", "a:b", "diag")],
    "(1 | a:b)": [("1", "a:b", "us")],
    "(1 | b:a)": [("1", "b:a", "us")],
    "(1 | a*b)": [("1", "a", "us"), ("1", "b", "us"), ("1", "a:b", "us")],
    "(1 | b %in% a)": [("1", "a:b", "us")],
    "(1 | a) + (1 | a:b)": [("1", "a", "us"), ("1", "a:b", "us")],
    "(1 | C(g))": [("1", "g", "us")],
    "(1 | factor(g))": [("1", "g", "us")],
    "(1 | as.factor(a):b)": [("1", "a:b", "us")],
    "(1 | my.g)": [("1", "my.g", "us")],
    "(1 | `my g`)": [("1", "my g", "us")],
    "(1 | I(x > 3))": [("1", "I(x > 3)", "us")],
    "(1 | {x > 3})": [("1", "I(x > 3)", "us")],
}


@pytest.mark.parametrize(("text", "terms"), RANDOM.items())
def test_random_terms(text, terms):
    found = parse(f"y ~ x + {text}").random
    assert [(term.effects, term.group, term.structure) for term in found] == terms


SOURCES = {
    "(Days|Subject)": "(Days | Subject)",
    "( 0+Days  ||Subject )": "(0 + Days || Subject)",
    "(-1+x|a/b)": "(-1 + x | a/b)",
    "(a*b|c:d)": "(a * b | c:d)",
    "(I(x^2)|g)": "(I(x^2) | g)",
    "(1|(a/b))": "(1 | (a/b))",
    "diag( x|g )": "diag(x | g)",
    "(`a b`|g)": "(`a b` | g)",
}


@pytest.mark.parametrize(("typed", "shown"), SOURCES.items())
def test_a_random_term_is_shown_as_typed_with_usual_spacing(typed, shown):
    assert parse(f"y ~ {typed}").random[0].source == shown


def test_position_of_random_terms():
    assert [term.position for term in parse("y ~ x + (1 | a/b) + diag(x | g)").random] == [8, 8, 20]


def test_factors_of_a_group_keep_their_order():
    assert parse("y ~ (1 | Lot:Wafer)").random[0].factors == ("Lot", "Wafer")


def test_offsets():
    formula = parse("y ~ offset(z) + x + offset(log(n)) + offset(2 * w) + offset(my.z)")
    assert formula.offsets == ("z", "log(n)", "I(2 * w)", "`my.z`")
    assert formula.fixed == "1 + x"


VARIABLES = {
    "y ~ x + (z | g)": "y x z g",
    "log(y) ~ poly(x, degree=2) + np.sqrt(z)": "y x z",
    "y ~ C(f, contr.sum) + C(g, Treatment('a'), levels=['a', 'b'])": "y f g",
    "y ~ C(f, Sum) + Diff": "y f Diff",
    "y ~ offset(log(n)) + (1 | a/b)": "y n a b",
    "y ~ I(x.y + 1) + `a b`:c": "y x.y|a b|c",
    "y ~ {x.clip(0, w)}": "y x w",
    "y ~ Q('a b')": "y|a b",
    "y ~ x.clip(0, 1)": "y x",
}


@pytest.mark.parametrize(("text", "names"), VARIABLES.items())
def test_variables_are_the_columns_used(text, names):
    expected = {part for word in names.split("|") for part in ([word] if word == "a b" else word.split())}
    assert parse(text).variables == expected


def test_a_formula_without_response_is_read_on_request():
    for text in ("~ x + (1 | g)", "x + (1 | g)"):
        formula = parse(text, response_required=False)
        assert (formula.response, formula.fixed, len(formula.random)) == ("", "1 + x", 1)
    assert parse("y ~ x", response_required=False).response == "y"


def test_a_formula_prints_as_typed_and_pickles():
    formula = parse("y ~ x+(1|g)")
    assert str(formula) == "y ~ x+(1|g)"
    assert pickle.loads(pickle.dumps(formula)) == formula
    assert isinstance(formula, Formula)
