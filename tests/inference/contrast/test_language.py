"""Linear hypotheses as text."""

import numpy as np
import pytest

import lmm
from lmm.errors import FormulaError
from lmm.inference.contrast.language import parse_hypotheses

NAMES = (
    "Intercept",
    "Days",
    "Days2",
    "Variety[T.Victory]",
    "Variety[T.Golden Rain]",
    "Variety[T.Victory]:nitro",
    "I(x ** 2)",
    "poly(x, 2)[1]",
    "np.log(x)",
    "f[T.a-b]",
    "f[T.a = b, c]",
    "2nd dose",
)


def unit(**coefficients):
    return [coefficients.get(name, 0.0) for name in NAMES]


def row(*pairs):
    return [dict(pairs).get(name, 0.0) for name in NAMES]


@pytest.mark.parametrize(
    ("text", "expected", "rhs"),
    [
        ("Days = 10", row(("Days", 1)), 10),
        ("Days", row(("Days", 1)), 0),
        ("10 = Days", row(("Days", -1)), -10),
        ("Days - Days2 = 0", row(("Days", 1), ("Days2", -1)), 0),
        ("Days=Days2", row(("Days", 1), ("Days2", -1)), 0),
        ("2 * Days = 3", row(("Days", 2)), 3),
        ("Days * 2 - 1e-1 = .5", row(("Days", 2)), 0.6),
        ("Days / 4 = 1 / 2", row(("Days", 0.25)), 0.5),
        ("-(Days + Intercept) * 2 = -3", row(("Days", -2), ("Intercept", -2)), -3),
        ("+Days - -Days2", row(("Days", 1), ("Days2", 1)), 0),
        ("(Days + Days2) / 2 - Intercept", row(("Days", 0.5), ("Days2", 0.5), ("Intercept", -1)), 0),
        ("Days = 2 * Days2 + 1", row(("Days", 1), ("Days2", -2)), 1),
        ("Variety[T.Victory] = Variety[T.Golden Rain]", row((NAMES[3], 1), (NAMES[4], -1)), 0),
        ("Variety[T.Victory]:nitro - Variety[T.Victory]", row((NAMES[5], 1), (NAMES[3], -1)), 0),
        ("I(x ** 2) = 1", row((NAMES[6], 1)), 1),
        ("I(x**2) = 1", row((NAMES[6], 1)), 1),
        ("poly(x, 2)[1] = 0", row((NAMES[7], 1)), 0),
        ("np.log(x) * 2", row((NAMES[8], 2)), 0),
        ("f[T.a-b] = f[T.a = b, c]", row((NAMES[9], 1), (NAMES[10], -1)), 0),
        ("`2nd dose` = `Days`", row((NAMES[11], 1), ("Days", -1)), 0),
        ("2nd dose = 1", row((NAMES[11], 1)), 1),
    ],
)
def test_one_hypothesis(text, expected, rhs):
    found = parse_hypotheses(text, NAMES)
    assert found.contrast.tolist() == [expected]
    assert found.rhs == pytest.approx([rhs])
    assert found.labels == (text,)


def test_several():
    found = parse_hypotheses("Days - Days2 = 0,  Intercept =  250", NAMES)
    assert found.contrast.tolist() == [row(("Days", 1), ("Days2", -1)), row(("Intercept", 1))]
    assert found.rhs.tolist() == [0.0, 250.0]
    assert found.labels == ("Days - Days2 = 0", "Intercept = 250")


def test_a_chain_is_one_hypothesis_for_each_sign():
    found = parse_hypotheses("Intercept = Days = Days2 = 1", NAMES)
    assert found.contrast.tolist() == [
        row(("Intercept", 1), ("Days", -1)),
        row(("Days", 1), ("Days2", -1)),
        row(("Days2", 1)),
    ]
    assert found.rhs.tolist() == [0.0, 0.0, 1.0]
    assert len(set(found.labels)) == 3


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        (
            "days = 10",
            'there is no coefficient "days"; there are Intercept, Days, .* Did you mean "Days"?',
            0,
        ),
        ("Days = Dayz", 'there is no coefficient "Dayz"', 7),
        (
            "Variety[T.Victry] = 0",
            r'no coefficient "Variety\[T.Victry\]".* Did you mean "Variety\[T.Victory\]"',
            0,
        ),
        ("Days3", 'there is no coefficient "Days3"', 0),
        ("`days`", 'there is no coefficient "days"', 0),
        ("Days * Days2 = 0", "a hypothesis must be linear in the coefficients", 5),
        ("1 / Days", "a hypothesis must be linear", 2),
        ("Days / 0", "division by zero", 5),
        ("Days = ", "a coefficient or a number is missing here", 7),
        ("(Days = 1", r'expected "\)" here, found "="', 6),
        ("Days Days2", 'expected "," here, found "Days2"', 5),
        ("Days = 1,", "a coefficient or a number is missing here", 9),
        ("1 = 2", "this hypothesis has no coefficient in it", 0),
        ("Days = 1, Days - Days", "this hypothesis has no coefficient in it", 10),
        ("", "a coefficient or a number is missing here", 0),
        ("2Days", 'there is no coefficient "2Days"', 0),
    ],
)
def test_errors_point_at_the_character(text, message, position):
    with pytest.raises(lmm.FormulaError, match=message) as error:
        parse_hypotheses(text, NAMES)
    assert error.value.position == position


def test_error_shows_where():
    with pytest.raises(lmm.FormulaError) as error:
        parse_hypotheses("Days = dais", ["Intercept", "Days"])
    assert str(error.value) == (
        'there is no coefficient "dais"; there are Intercept, Days. Did you mean "Days"?\n'
        "    Days = dais\n"
        "           ^"
    )


def test_many_names():
    names = [f"x{i}" for i in range(1000)]
    found = parse_hypotheses("x999 - x99 = x9", names)
    assert np.flatnonzero(found.contrast[0]).tolist() == [9, 99, 999]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 5000 + "x1" + ")" * 5000, "nested too deeply: at most 50 parentheses"),
        ("(" * 51 + "x1" + ")" * 51, "nested too deeply"),
        ("2*(" * 60 + "x1" + ")" * 60, "nested too deeply"),
        ("x1 = 1e999", "a number of this hypothesis is too large"),
        ("1e308*10*x1 = 0", "a number of this hypothesis is too large"),
        ("1e308*x1 + 1e308*x1", "a number of this hypothesis is too large"),
        ("x1/5e-324", "a number of this hypothesis is too large"),
        ("x" * 1_000_001, "has 1,000,001 characters; at most 1,000,000"),
        ("y" * 10_000, "there is no coefficient"),
        ("`x1", "the backtick is not closed"),
        ("x1 = x2 = " * 400_000 + "x1", "characters"),
    ],
    ids=lambda text: text[:20],
)
def test_what_has_no_end_is_refused(text, message):
    with pytest.raises(FormulaError, match=message) as caught:
        parse_hypotheses(text, ["x1", "x2"])

    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("signs", ["-" * 5000, "+-" * 2500, "- " * 10_000])
def test_signs_in_a_row_are_any_number(signs):
    found = parse_hypotheses(signs + "x1 + x2", ["x1", "x2"])

    assert found.contrast.tolist() == [[(-1.0) ** signs.count("-"), 1.0]]


def test_sums_of_thousands_of_coefficients_are_read():
    names = [f"x{i}" for i in range(5000)]
    found = parse_hypotheses(" + ".join(names) + " = x1 + 2", names)

    assert found.contrast.sum() == 4999
    assert found.rhs.tolist() == [2.0]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("x1", "x1"),
        ("x10", "x10"),
        ("I(x**2)", "I(x ** 2)"),
        ("I(x  **  2)", "I(x ** 2)"),
        ("I(x ** 2):b", "I(x ** 2):b"),
        ("f[T.a b]", "f[T.a b]"),
        ("f[T.a]", "f[T.a]"),
        ("f[T.a]:b", "f[T.a]:b"),
    ],
)
def test_the_longest_name_counts_spaces_or_not(text, name):
    names = ["x1", "x10", "I(x ** 2)", "I(x ** 2):b", "f[T.a b]", "f[T.a]", "f[T.a]:b", "b"]
    found = parse_hypotheses(f" {text} = 1", names)

    assert found.contrast[0].tolist() == [float(each == name) for each in names]
