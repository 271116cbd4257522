"""Expressions are read by R's precedence, written so that they read the same, and refused if they are anything else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmm.errors import FormulaError
from lmm.formula import parse
from lmm.formula.expression_reader import ExpressionReader, read_expression
from lmm.formula.expression_writer import write
from lmm.formula.names import Names

# What is typed, and the same with all parentheses that R's grammar puts: ?Syntax of R 4.2.2.
PRECEDENCE = {
    "2*x %% 3": "2*(x %% 3)",
    "2*x %/% 3": "2*(x %/% 3)",
    "10 - 4*x %% 3": "10 - (4*(x %% 3))",
    "x*x %% 4": "x*(x %% 4)",
    "x/2 %% 3": "x/(2 %% 3)",
    "x %% 4 * x": "(x %% 4)*x",
    "x %% 4 %/% 2": "(x %% 4) %/% 2",
    "-x %% 3": "(-x) %% 3",
    "-x^2": "-(x^2)",
    "x^2 %% 5": "(x^2) %% 5",
    "x + 1 %% 3": "x + (1 %% 3)",
    "2^-1": "2^(-1)",
    "2^3^2": "2^(3^2)",
    "-x*y": "(-x)*y",
    "x - y - z": "(x - y) - z",
    "x / y * z": "(x / y) * z",
    "x > 2 & x < 5": "(x > 2) & (x < 5)",
    "x >= 5 | x == 0": "(x >= 5) | (x == 0)",
    "x > 1 | y > 2 & z > 3": "(x > 1) | ((y > 2) & (z > 3))",
    "!x > 2": "!(x > 2)",
    "!a & b": "(!a) & b",
    "x + 1 > y * 2": "(x + 1) > (y * 2)",
    "x %in% c(1, 2) & b": "(x %in% c(1, 2)) & b",
    "2 * x %in% 1": "2 * (x %in% 1)",
}


@pytest.mark.parametrize(("typed", "meant"), PRECEDENCE.items())
def test_operators_bind_as_in_r(typed, meant):
    assert read_expression(typed) == read_expression(meant)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2*x % 3", "(2*x) % 3"),
        ("2*x // 3", "(2*x) // 3"),
        ("not x > 2", "not (x > 2)"),
        ("a and b or c", "(a and b) or c"),
        ("~a & b", "(~a) & b"),
        ("x if a else y if b else z", "x if a else (y if b else z)"),
        ("x ** -2", "x ** (-2)"),
    ],
)
def test_operators_of_python_bind_as_in_python(typed, meant):
    assert read_expression(typed) == read_expression(meant)


WRITTEN = {
    "2*x %% 3": "2 * (x % 3)",
    "(2*x) %% 3": "2 * x % 3",
    "x > 2 & x < 5": "(x > 2) & (x < 5)",
    "!(x > 2)": "~(x > 2)",
    "x - (y - z)": "x - (y - z)",
    "(x^2)^3": "(x ** 2) ** 3",
    "x^(2^3)": "x ** 2 ** 3",
    "(-x)^2": "(-x) ** 2",
    "f %in% c('a', 'b')": "np.isin(f, ['a', 'b'])",
    "x.clip(0,1)": "x.clip(0, 1)",
    "(x+1).clip(0)": "(x + 1).clip(0)",
    "factor(f)": "C(f)",
    "as.double(b)": "as.numeric(b)",
    "`TRUE` + TRUE": "`TRUE` + True",
    "Q('a b')": "Q('a b')",
    "(1, 2)": "(1, 2)",
    "{'a': [1, 2]}": "{'a': [1, 2]}",
    "1e3*x": "1000.0 * x",
    '"it\'s"': '"it\'s"',
}


@pytest.mark.parametrize(("typed", "text"), WRITTEN.items())
def test_text_of_an_expression(typed, text):
    assert write(read_expression(typed)) == text


OPERATORS = [
    *("+", "-", "*", "/", "^", "**", "%%", "%/%", "%", "//"),
    *("&", "|", "&&", "==", "!=", "<", ">=", "%in%", "and", "or"),
]
NAMES = st.sampled_from(["x", "y", "`a b`", "np.pi", "2", "0.5", "1e3", "TRUE", "'a'", "Q('c')"])


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(
        [
            "+",
            "-",
            "*",
            "/",
            "^",
            "**",
            "%%",
            "%/%",
            "%",
            "//",
            "&",
            "|",
            "&&",
            "==",
            "!=",
            "<",
            ">=",
            "%in%",
            "and",
            "or",
        ]
    )
    two = st.tuples(inner, operators, inner).map(lambda parts: f"{parts[0]} {parts[1]} {parts[2]}")
    signs = st.tuples(st.sampled_from(["-", "+", "!", "~", "not "]), inner).map("".join)
    calls = st.tuples(st.sampled_from(["log", "I", "scale", "np.exp", "C"]), inner).map(
        lambda p: f"{p[0]}({p[1]})"
    )
    choice = st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})")
    methods = inner.map(lambda text: f"({text}).clip(0, 1)")
    return st.one_of(two, two, signs, calls, choice, methods, inner.map(lambda text: f"({text})"))


EXPRESSIONS = st.recursive(NAMES, _compound, max_leaves=12)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(EXPRESSIONS)
def test_what_is_written_reads_the_same(text):
    tree = read_expression(text)
    assert read_expression(write(tree)) == tree
    assert read_expression(write(tree, as_typed=True)) == tree


REFUSED = [
    *(
        "(lambda: 0)()",
        "(lambda eval: 0)(0)",
        "[i for i in x]",
        "{i for i in x}",
        "(i for i in x)",
        "(x := 3)",
    ),
    *(
        "f'{x}'",
        "x[0]",
        "c(1, 2)[0]",
        "log(x)[0]",
        "log(x)(2)",
        "(log)(x)",
        "[log](x)",
        "[eval][0]('1')",
        "*x",
    ),
    *(
        "log(*x)",
        "log(**x)",
        "x.__class__",
        "`x`.__class__",
        "x.tofile('a')",
        "np.load('a')",
        "np.lib.x",
        "np.log",
    ),
    *(
        "np.__dict__",
        "contr.__class__",
        "__import__('os')",
        "eval('1')",
        "exec('1')",
        "open('a')",
        "getattr(x, 'a')",
    ),
    *(
        "x.clip.__self__",
        "x.clip",
        "''.format(x)",
        "'a'.join(x)",
        "print(x)",
        "x; y",
        "x = 3",
        "await x",
        "yield x",
    ),
    *(
        "lambda",
        "x is y",
        "x in y",
        "import os",
        "...",
        "x.y.z()",
        "x@y",
        "x\\y",
        "x ? y",
        "x -> y",
        "$x",
    ),
    *(
        "log(x",
        "log)x(",
        "'abc",
        "`abc",
        "log(x,,2)",
        "log(base=2, x)",
        "x y",
        "2 3",
        "'a' 'b'",
        "1_000",
        "0x10",
    ),
    *("1j", "x.real", "x.T", "-", "", "()", "if x else y", "x if y"),
]


@pytest.mark.parametrize("text", REFUSED)
def test_nothing_else_is_read(text):
    with pytest.raises(FormulaError):
        parse(f"y ~ I({text})", columns=["x", "y", "i"])


@pytest.mark.parametrize("text", [text for text in REFUSED if not re.match(r"x\.[\w.]+$", text)])
def test_nothing_else_is_read_in_normal_form(text):
    with pytest.raises(FormulaError):
        read_expression(text)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("log(x, 2, 3)", "of arguments without a name it takes at most 2, not 3. It is log(x, base=None)"),
        ("poly(x, degre=2)", 'it takes no degre=. Did you mean "degree"? It is poly(x, degree=1, raw=False)'),
        ("poly(x, 2, degree=2)", "degree is given twice"),
        ("scale(x, center=1, center=2)", "center is given twice"),
        ("np.hypot(x)", "y is missing. It is np.hypot(x, y)"),
        ("ifelse(x > 1, x)", "no is missing. It is ifelse(condition, yes, no)"),
        ("C(f, contr.sum, levels=c('a'), 3)", "an argument without a name stands after levels="),
        ("contr.sum(1)", "of arguments without a name it takes none, not 1"),
        ("x.between(1)", "upper is missing. It is x.between(lower, upper)"),
        ("I(x = 3)", "to compare write '=='"),
        ("Q(x)", "Q() takes the name of a column in quotes"),
        ("cut(x, 3)", "unknown function cut(). Cut the column in the table first."),
    ],
)
def test_wrong_calls_say_how_the_function_is_called(call, message):
    with pytest.raises(FormulaError) as caught:
        parse(f"y ~ I(1 + {call})")
    assert message in caught.value.message


@pytest.mark.parametrize("name", ["cutt", "bincount", "arrange", "group_by", "digitise"])
def test_suggestions_are_near(name):
    with pytest.raises(FormulaError) as caught:
        parse(f"y ~ {name}(x)")
    assert "bincount" not in caught.value.message.removeprefix(f"unknown function {name}")


def test_pi_is_a_number_unless_a_column_is_called_so():
    assert parse("y ~ cos(pi*x)", columns=["x", "y"]).variables == {"x", "y"}
    assert parse("y ~ cos(pi*x)", columns=["x", "y", "pi"]).variables == {"x", "y", "pi"}
    assert parse("y ~ cos(pi*x)").variables == {"x", "y", "pi"}


def test_names_that_were_used_are_known():
    names = Names(["a.b", "x", "yield"])
    ExpressionReader(text := "a.b.clip(0) + log(yield) + `q r`", 0, len(text), names).read()
    assert set(names.variables) == {"a.b", "yield", "q r"}


@pytest.mark.parametrize(
    "text", ["-" * 3000 + "x", "!" * 3000 + "x", "^".join(["x"] * 3000), "not " * 3000 + "x"]
)
def test_depth_without_brackets_has_an_end(text):
    with pytest.raises(FormulaError, match="nested too deeply"):
        parse(f"y ~ I({text})")


@pytest.mark.parametrize("operator", ["+", "*", "&", "|", "%%", "-"])
def test_thousands_of_operands_in_a_row(operator):
    text = f" {operator} ".join(["x"] * 3000)
    tree = read_expression(text)
    assert read_expression(write(tree)) == tree
