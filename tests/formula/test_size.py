"""Formulas of any length are read; those whose terms have no end are refused before anything is written out."""

from __future__ import annotations

import sys
from itertools import combinations

import pytest

from lmm.errors import FormulaError
from lmm.formula import parse
from lmm.formula.expansion import expand

NAMES = [f"x{i}" for i in range(5000)]
LETTERS = "abcdefghij"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        (" + ".join(NAMES), "1 + " + " + ".join(NAMES)),
        ("0 + " + " + ".join(NAMES), "0 + " + " + ".join(NAMES)),
        ("(" + " + ".join(NAMES) + ")", "1 + " + " + ".join(NAMES)),
        (" - ".join(NAMES), "1 + " + " - ".join(NAMES)),
        ("-" * 5000 + "x0", "1 + x0"),
        (" + ".join(f"a{i}:b" for i in range(5000)), "1 + " + " + ".join(f"a{i}:b" for i in range(5000))),
    ],
    ids=["sum", "no intercept", "parentheses", "differences", "signs", "interactions"],
)
def test_thousands_of_terms_are_read(text, terms):
    assert parse(f"y ~ {text}").fixed == terms


def test_thousands_of_columns_with_odd_names_are_told_apart():
    names = [f"x {i}" for i in range(3000)]
    found = parse("y ~ " + " + ".join(f"log(`{name}`)" for name in names))

    assert found.variables == {"y", *names}


def test_thousands_of_terms_are_read_behind_a_bar():
    (term,) = parse(f"y ~ ({' + '.join(NAMES)} | g)").random

    assert term.effects == "1 + " + " + ".join(NAMES)
    assert term.source == f"({' + '.join(NAMES)} | g)"


def at_depth(depth: int, compute):
    """Call when only so many calls are left to Python."""
    if len(frames := sys._current_frames()) and depth:
        del frames
        return at_depth(depth - 1, compute)
    return compute()


@pytest.mark.parametrize("left", [60, 100, 300])
def test_a_caller_who_has_used_nearly_all_of_the_stack_reads_long_formulas_too(left):
    frame, used = sys._getframe(), 0
    while frame is not None:
        frame, used = frame.f_back, used + 1
    found = at_depth(
        sys.getrecursionlimit() - used - left, lambda: parse(f"y ~ {' + '.join(NAMES[: 3000 + left])}")
    )

    assert len(found.variables) == 3001 + left


ENDLESS = {
    "*".join(f"f{i}" for i in range(16)): "there are 65,535 terms when the products are written out",
    "*".join(f"f{i}" for i in range(20)): "there are 1,048,575 terms",
    "*".join(f"f{i}" for i in range(30)): "there are 1,073,741,823 terms",
    "*".join(f"f{i}" for i in range(51)): "there are about 10",
    "*".join(f"f{i}" for i in range(5000)): "nested too deeply",
    ":".join(f"f{i}" for i in range(20)): "there is an interaction of 20 factors, at most 14",
    "/".join(f"f{i}" for i in range(20)): "there is an interaction of 20 factors",
    "/".join(f"f{i}" for i in range(5000)): "nested too deeply",
    "%in%".join(f"f{i}" for i in range(20)): "there is an interaction of 20 factors",
    "(f1 + f2)^1000000000": "the power is more than 100",
    "(f1 + f2)^" + "9" * 5000: "the power is more than 100",
    "(f1 + f2)^101": "one above the number of its terms, here 2, adds nothing",
    "(" + "+".join(NAMES[:200]) + ")^3": "there are 1,333,500 terms",
    "(" + "+".join(NAMES[:200]) + "):(" + "+".join(NAMES[200:400]) + ")": "there are 40,000 terms",
    "((a + b + c)^3*(d + e + f)^3)^4*(g + h + i)^3*(k + l + m)^9": "there are",
    "((((((a + b)^2)^3)^9)^9)^9)^9": "there are",
    "(1 | "
    + "*".join(f"g{i}" for i in range(20))
    + ")": "there are 1,048,575 grouping factors behind the bar",
    "(1 | " + "/".join(f"g{i}" for i in range(5000)) + ")": "nested too deeply",
    " + ".join(
        f"(1 | g{i})" for i in range(1001)
    ): "The number of random terms, 1,001 is more than the 1,000",
    "(" + "*".join(f"f{i}" for i in range(20)) + " | g)": "there are 1,048,575 terms",
    "+".join(f"x{i}" for i in range(10_001)): "there are 10,001 terms",
    "(" * 51
    + "x"
    + ")" * 51: "nested too deeply: 51 parentheses or operators stand inside one another, at most 50",
    "(" * 5000 + "x" + ")" * 5000: "nested too deeply",
    "log(" * 51 + "x" + ")" * 51: "nested too deeply: at most 50 brackets",
    "I(" + "(" * 5000 + "x" + ")" * 5000 + ")": "nested too deeply",
    "{" + "[" * 5000 + "x" + "]" * 5000 + "}": "nested too deeply",
    "us(" * 51 + "x | g" + ")" * 51: "nested too deeply",
    "x" * 1_000_000: "has 1,000,004 characters; at most 1,000,000 are read",
    "1e999:x": "this number is too large",
}


@pytest.mark.parametrize(("text", "message"), ENDLESS.items(), ids=lambda text: text[:20])
def test_what_has_no_end_is_refused_by_name(text, message):
    with pytest.raises(FormulaError) as caught:
        parse(f"y ~ {text}")

    assert message in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("size", [2, 3, 5, 8, 10])
@pytest.mark.parametrize("power", [1, 2, 3, 9, 100])
def test_a_power_is_all_products_of_so_many_terms(size, power):
    found = expand(parse(f"y ~ 0 + ({' + '.join(LETTERS[:size])})^{power}").fixed)
    expected = {
        frozenset(chosen)
        for k in range(1, min(power, size) + 1)
        for chosen in combinations(LETTERS[:size], k)
    }

    assert {frozenset(factor.name for factor in term) for term in found} == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    "text",
    ["(a + b*c)^7", "(a + b/c)^20", "((a + b)^2 + c)^9", "(a*b)^30", "(1 + a + b)^30", "(a*b*c - a:b)^40"],
)
def test_a_power_above_the_number_of_terms_adds_nothing(text):
    base, _ = text.rsplit("^", 1)
    found, expected = (
        {frozenset(factor.name for factor in term) for term in expand(parse(f"y ~ {each}").fixed)}
        for each in (text, f"{base} * {base} * {base}")
    )

    assert found == expected


def test_products_of_ordinary_size_are_read():
    assert parse("y ~ " + "*".join(LETTERS)).fixed == "1 + " + " * ".join(LETTERS)
    assert parse("y ~ " + "/".join(LETTERS)).fixed == "1 + " + " / ".join(LETTERS)
    assert len(parse("y ~ (1 | " + "*".join(LETTERS[:9]) + ")").random) == 511
    assert len(parse("y ~ (1 | " + "/".join(LETTERS) + ")").random) == 10
