"""Expressions are computed by the functions of one table, and give what NumPy gives."""

from __future__ import annotations

import builtins
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmm.data import open_table
from lmm.design import evaluator as evaluator_module
from lmm.design.evaluator import Evaluator
from lmm.errors import DesignError, LmmError
from lmm.formula.signatures import signature_of
from tests.design.designs import N_ROWS, design, learn, table

X = np.array([0.0, 1.0, 2.5, -3.0, 7.0])
Z = np.array([2.0, -1.0, 0.5, 4.0, 3.0])
DATA = {"x": X, "z": Z, "b": [True, False, True, True, False], "f": list("abcab"), "1": Z + 1, "pi": X + 9}


def value(text, data=DATA, states=None):
    source = open_table(data)
    return Evaluator(source.read(source.names), {}, states).value(text)


B = np.array(DATA["b"])
VALUES = {
    "2 * x %% 3": 2 * (X % 3),
    "-x %% 3": (-X) % 3,
    "2 * x % 3": (2 * X) % 3,
    "x %/% 2 * 3": X // 2 * 3,
    "b * 1": B * 1.0,
    "1 - b": 1.0 - B,
    "b & x > 1": B & (X > 1),
    "b | x > 1 & z > 0": B | ((X > 1) & (Z > 0)),
    "!b": ~B,
    "!(x > 2)": X <= 2,
    "x > 0 & x < 5": (X > 0) & (X < 5),
    "0 < x < 5": (X > 0) & (X < 5),
    "b == TRUE": B,
    "f == 'a'": np.array([True, False, False, True, False]),
    "f != 'a'": np.array([False, True, True, False, True]),
    "f %in% c('a', 'b')": np.array([True, True, False, True, True]),
    "x %in% c(0, 7)": np.array([True, False, False, False, True]),
    "x if b else z": np.where(B, X, Z),
    "ifelse(b, 1, 0)": B * 1.0,
    "ifelse(f == 'a', x, z)": np.array([0.0, -1.0, 0.5, -3.0, 3.0]),
    "as.numeric(b)": B * 1.0,
    "as.integer(x)": np.trunc(X),
    "trunc(x)": np.trunc(X),
    "np.select([x > 2, x > 0], [1, 2], 3)": np.array([3.0, 2.0, 1.0, 3.0, 1.0]),
    "np.select([b], [x])": np.where(B, X, 0.0),
    "np.clip(x, 0, 2)": np.clip(X, 0, 2),
    "x.between(0, 3)": (X >= 0) & (X <= 3),
    "np.digitize(x, [0, 2])": np.digitize(X, [0, 2]),
    "np.interp(x, [0, 10], [0, 1])": np.interp(X, [0, 10], [0, 1]),
    "np.hypot(x, z)": np.hypot(X, Z),
    "lag(x, -1)": np.array([1.0, 2.5, -3.0, 7.0, np.nan]),
    "`1` + 1": Z + 2,
    "pi + 1": X + 10,
    "np.pi * x": np.pi * X,
    "9 ** 0.5 * x": 3 * X,
}


@pytest.mark.parametrize(("text", "expected"), VALUES.items())
def test_values(text, expected):
    found = value(text)
    assert found.dtype == expected.dtype or expected.dtype.kind == "i"
    np.testing.assert_array_equal(found, expected)


def test_pi_is_the_number_where_no_column_is_called_so():
    np.testing.assert_array_equal(value("2 * pi * x", {"x": X}), 2 * np.pi * X)


NUMBERS = st.sampled_from(["x", "z", "`1`", "0.5", "2", "3"])
ARITHMETIC = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "%", "//", "**"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        inner.map(lambda text: f"(-{text})"),
        st.tuples(st.sampled_from(["exp", "sin", "abs", "floor", "sqrt"]), inner).map(
            lambda p: f"{p[0]}({p[1]})"
        ),
    ),
    max_leaves=8,
)
REFERENCE = {name: getattr(np, name) for name in ("exp", "sin", "abs", "floor", "sqrt")}


@settings(max_examples=200, derandomize=True, deadline=None)
@given(ARITHMETIC)
def test_arithmetic_is_that_of_numpy(text):
    """Python itself is the reference: in parentheses its operators mean the same."""
    code = text.replace("`1`", "w")
    for number in ("0.5", "2", "3"):
        code = code.replace(number, f"np.float64({number})")
    with np.errstate(all="ignore"):
        expected = eval(code, {"np": np, "x": X, "z": Z, "w": Z + 1, **REFERENCE})
    try:
        found = value(f"{text} + 0")
    except DesignError:
        assert not np.isfinite(expected).all()  # a constant that is refused
        return
    np.testing.assert_allclose(np.broadcast_to(found, 5), np.broadcast_to(expected, 5), rtol=1e-14)


def _watched(names, name, function):
    def run(*args, **kwargs):
        names.append(name)
        return function(*args, **kwargs)

    return run


PIECES = st.sampled_from(
    [
        *("x", "z", "f", "b", "`1`", "1", "'a'", "TRUE", "c(1, 2)", "[1]", "np", "contr.sum", "np.pi"),
        *(
            "log(",
            "I(",
            "scale(",
            "poly(",
            "C(",
            "ns(",
            "bs(",
            "ifelse(",
            "dummy(",
            "np.exp(",
            "x.clip(",
            "mean(",
        ),
        *(
            ")",
            "(",
            ",",
            "+",
            "*",
            "%%",
            "^",
            "&",
            "|",
            "!",
            "==",
            "<",
            "%in%",
            "if",
            "else",
            "=",
            "df=",
            "degree=",
        ),
        *(
            "eval(",
            "exec(",
            "__import__(",
            "open(",
            "lambda",
            "for",
            "in",
            ".__class__",
            "[",
            "]",
            "{",
            "}",
            ":=",
        ),
        *("getattr(", "np.load(", "np.lib.", ".format(", "print(", "x.tofile("),
    ]
)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12).map(" ".join))
def test_whatever_is_typed_nothing_is_called_that_is_not_on_the_list(text):
    for warm in ("bs(x, df=4)", "ns(x, df=2)", "C(f, contr.sum)"):
        value(warm)  # importing modules is allowed to run code
    with pytest.MonkeyPatch.context() as patch:
        names: list[str] = []
        for table_name in ("ELEMENTWISE", "FACTOR_CALLS", "LEARNED_FACTOR_CALLS", "LEARNED"):
            functions = getattr(evaluator_module, table_name)
            watched = {name: _watched(names, name, function) for name, function in functions.items()}
            patch.setattr(evaluator_module, table_name, watched)

        patch.setattr(builtins, "eval", None)
        with suppress(LmmError):
            value(text)
    assert all(signature_of(name) is not None for name in names)


MISFITS = {
    "log(f)": "log(x, base=None) takes numbers as x, not a factor with the levels 'a', 'b', 'c': convert the column",
    "f + 1": "it needs numbers, not a factor with the levels 'a', 'b', 'c': convert the column first",
    "-f": "it needs numbers, not a factor",
    "f > 'a'": "'>' needs numbers, not a factor",
    "x == 'a'": "the text 'a' cannot be compared with numbers",
    "f & b": "it needs truth values such as x > 3, not a factor",
    "ifelse(f, 1, 0)": "takes truth values such as x > 3 as condition, not a factor",
    "ifelse(b, 'a', 1)": "it needs two values of one kind, not the text 'a' and 1",
    "pmin(x, f)": "pmin(x, y) takes numbers as y",
    "round(x, 1.5)": "takes a whole number as digits, not 1.5",
    "log(x, base='a')": "takes a number as base, not the text 'a'",
    "scale(x, center='a')": "takes a number as center, not the text 'a'",
    "poly(x, 2, raw=1)": "takes TRUE or FALSE as raw, not 1",
    "poly(x, 0)": "the degree of poly() is a whole number of at least 1, not 0",
    "poly(x, -1)": "the degree of poly() is a whole number of at least 1, not -1",
    "poly(x, 5)": "must be less than the number of distinct values, which is 5, not 5",
    "poly(x, 1000000)": "must be less than the number of distinct values, which is 5, not 1,000,000",
    "poly(x, 10**20)": "takes a whole number as degree",
    "poly(b, 2)": "must be less than the number of distinct values, which is 2",
    "bs(x, df=10**7)": "df of bs() is 10,000,000, more than the 5 distinct values",
    "ns(x, df=10**7)": "df of ns() is 10,000,000, more than the 5 distinct values",
    "cr(x, df=10**7)": "df of cr() is 10,000,000, more than the 5 distinct values",
    "bs(x, degree=10**7)": "the degree of bs() is a whole number from 0 to 30",
    "bs(x, df=2)": "df of bs() is at least 3 here, not 2",
    "bs(x, df=4, knots=1)": "bs() takes df or knots, not both",
    "bs(x, knots=100)": "bs() needs distinct inner knots between -3 and 7, not 100",
    "bs(x, knots=c(1, 1))": "bs() needs distinct inner knots",
    "cr(x, knots=-9)": "cr() needs distinct inner knots between -3 and 7, not -9",
    "ns(x, knots=99)": "ns() needs distinct inner knots within -3 and 7, not 99",
    "cr(x)": "cr() needs df or knots, such as cr(x, df=4)",
    "bs(x, df=4, extrapolation='clp')": 'Did you mean "clip"?',
    "bs(x, df=4, lower_bound=0)": "1 values lie beyond the bounds 0 and 7 of bs()",
    "hashed(f, 10**9)": "hashed() makes from 2 to 10,000 levels, not 1,000,000,000",
    "dummy(f, 'z')": "'z' is not a level of the factor. Its levels: 'a', 'b', 'c'",
    "dummy(f, c('a', 'a'))": "dummy() needs at least one level, and each once",
    "C(f, levels=c('a', 'b', 'b', 'c'))": "levels= in C() names the level 'b' twice",
    "C(f, levels=c('a', 'b'))": "leaves out the level 'c'",
    "C(f, 3)": "neither a name nor a matrix of numbers: 3",
    "as.numeric(f)": "as.numeric() takes numbers or truth values",
    "I(None)": "takes a column or a number as x, not None",
    "I([1, 2])": "takes a column or a number as x, not a list of 2",
    "np.select([b], [1, 2])": "np.select() takes one value for each condition, not 2 for 1",
    "np.interp(x, [1, 2], [3])": "np.interp() needs ascending xp, and as many fp",
    "np.digitize(x, [3, 1, 2])": "the bins of np.digitize() must ascend or descend",
    "9**9**9": "too large, or a division by zero",
    "x * 9**9**9": "too large, or a division by zero",
    "1/0": "too large, or a division by zero",
    "scale(x - x)": "the column has one value only: its standard deviation is 0",
}


@pytest.mark.parametrize(("text", "message"), MISFITS.items())
def test_what_cannot_be_computed_says_why(text, message):
    with pytest.raises(DesignError) as caught:
        value(text)
    assert "in the formula cannot be computed: " in str(caught.value)
    assert message in str(caught.value)
    assert not any(
        word in str(caught.value) for word in ("ufunc", "TypeError", "ValueError", "dtype", "Categorical")
    )


@pytest.mark.parametrize(
    "position", ["{0} ~ x", "y ~ {0}", "y ~ x:{0}", "y ~ x + ({0} | g)", "y ~ x + (1 | {{{0}}})"]
)
@pytest.mark.parametrize("text", ["log(f)", "poly(x, 0)", "I(f + 1)", "bs(x, df=10**7)", "9**9**9 + x"])
def test_every_position_is_computed_by_the_same_evaluator(position, text):
    text = f"I({text})" if "+" in text else text
    with pytest.raises(LmmError, match="cannot be computed"):
        design(position.format(text))


@pytest.mark.parametrize("text", ["I(3)", "I(pi)", "C(1)", "I(TRUE)", "np.exp(2)", "I('a')"])
def test_a_term_without_a_column_is_refused(text):
    with pytest.raises(LmmError):
        design(f"y ~ x + {text}")


@pytest.mark.parametrize(
    "text",
    [
        *("poly(x, 3)", "poly(x, 2, raw=TRUE)", "scale(x)", "center(z)", "standardize(x)", "ns(x, df=3)"),
        *(
            "bs(x, df=5)",
            "cr(x, df=4)",
            "cc(x, df=4)",
            "cs(x, df=4, constraints='center')",
            "dummy(f)",
            "dummy(f, 'b')",
        ),
        *(
            "I(x - mean(x))",
            "I(x / sd(x))",
            "I(x - median(x))",
            "I(x - min(x))",
            "I(x / max(x))",
            "I(x - x.mean())",
        ),
        *(
            "cos(2 * pi * x)",
            "I(x / np.std(x))",
            "I(x / x.std())",
            "scale(log(x + 1))",
            "I(scale(x) * z)",
            "poly(scale(x), 2)",
        ),
    ],
)
def test_single_new_rows_are_computed_with_what_the_fit_learnt(text):
    spec, whole = learn(f"y ~ {text}")
    for row in (0, 5, N_ROWS - 1):
        one = {name: [values[row]] for name, values in table().items()}
        np.testing.assert_allclose(spec.build(one).X, whole.X[[row]], rtol=1e-13, atol=1e-13)


def test_new_data_are_never_learnt_from():
    with pytest.raises(DesignError, match='The fit has not kept what "mean\\(x\\)" learnt'):
        value("x - mean(x)", states={})


def test_each_expression_is_computed_once(monkeypatch):
    runs: list[str] = []
    watched = {name: _watched(runs, name, f) for name, f in evaluator_module.LEARNED.items()}
    monkeypatch.setattr(evaluator_module, "LEARNED", watched)

    design("scale(y) ~ scale(x) + f:scale(x) + (scale(x) | g) + (0 + scale(x) | h)")

    assert runs == ["scale", "scale"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("I(x.1 + x.10)", "I(a + b)"),
        ("log(`a b`) + a_b", "log(a) + b"),
        ("C + C(f)", "a + f"),
        ("log(log) + log", "log(a) + a"),
        ("I(I) + scale(scale)", "I(a) + scale(b)"),
        ("np + np.log(np)", "a + np.log(a)"),
    ],
)
def test_columns_whose_names_look_alike_or_are_functions_are_told_apart(text, plain):
    rng = np.random.default_rng(4)
    a, b = rng.uniform(1, 2, 12), rng.uniform(1, 2, 12)
    names = {"x.1": a, "x.10": b, "a b": a, "a_b": b, "C": a, "log": a, "I": a, "scale": b, "np": a}
    data = {"f": list("pq") * 6, "y": rng.normal(size=12)}

    found = design(f"y ~ {text}", data | names)

    np.testing.assert_array_equal(found.X, design(f"y ~ {plain}", data | {"a": a, "b": b}).X)
