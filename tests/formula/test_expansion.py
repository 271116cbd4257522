"""Terms of a side written out, against formulaic's parser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from formulaic import Formula
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lmm.errors import FormulaError
from lmm.formula import parse
from lmm.formula.expansion import Factor, expand

ATOMS = st.sampled_from(["a", "b", "c", "x", "log(x)", "C(a)"])


def _compound(inner):
    two = st.tuples(inner, st.sampled_from(["*", ":", "/"]), inner).map(lambda p: f"{p[0]}{p[1]}{p[2]}")
    sums = st.tuples(inner, st.sampled_from("+-"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
    powers = st.tuples(inner, inner, st.sampled_from("123")).map(lambda p: f"({p[0]} + {p[1]})^{p[2]}")
    return st.one_of(two, sums, powers)


SIDES = st.lists(st.recursive(ATOMS, _compound, max_leaves=5), min_size=1, max_size=3).map(" + ".join)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(SIDES, st.sampled_from(["", " - 1"]))
def test_terms_and_their_order_are_those_of_formulaic(side, intercept):
    text = parse(f"y ~ {side}{intercept}").fixed
    try:
        theirs = [tuple(factor.expr for factor in term.factors) for term in Formula(text)]
    except TypeError:
        assume(False)  # formulaic has no product of nothing, as in (a - a)/b

    assert [tuple(factor.name for factor in term) for term in expand(text)] == [
        () if term == ("1",) else term for term in theirs
    ]


def test_a_column_called_1_is_a_factor_like_any_other():
    one, two = Factor("1", "column"), Factor("2", "column")
    assert expand("1 + `1` * `2`") == ((), (one,), (two,), (one, two))
    assert expand("1 + `1` + `2` - `1`") == ((), (two,))
    assert expand("0 + `1` + 2:`1`:`2`") == ((one,), (Factor("2", "number"), one, two))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1 + (1 + x) * f", ["", "x", "f", "x:f"]),
        ("1 + (x + 1):f", ["", "f", "x:f"]),
        ("1 + 1:x", ["", "x"]),
        ("0 + {x + 1}:f", ["x + 1:f"]),
        ("0 + {x}", ["x"]),
        ("1 + `a b`.clip(0, 1)", ["", "`a b`.clip(0, 1)"]),
        ("0 + 1", [""]),
        ("0", []),
    ],
)
def test_numbers_braces_and_methods(text, names):
    assert [":".join(factor.name for factor in term) for term in expand(text)] == names


@pytest.mark.parametrize("text", ["1 + x + 2:x", "1 + 2:x + 3:x", "1 + a:x + 2:x:a"])
def test_one_term_with_two_numbers_is_refused(text):
    with pytest.raises(FormulaError, match="stands twice with different numbers"):
        expand(text)


TERMS_OF_R = json.loads((Path(__file__).parent / "r" / "terms.json").read_text())
TERMS_OF_R.pop("r")


@pytest.mark.parametrize("text", TERMS_OF_R)
def test_sums_in_parentheses_are_expanded_on_their_own_as_in_r(text):
    intercept, *terms = TERMS_OF_R[text]

    found = [":".join(factor.name for factor in term) for term in expand(parse(f"y ~ {text}").fixed)]

    assert found == ([""] if intercept else []) + terms


@pytest.mark.parametrize(
    ("text", "fixed", "groups"),
    [
        ("x + (a - x + (1 | g))", ["", "x", "a"], ["g"]),
        ("x + ((1 | g) - x + a + 0)", ["x", "a"], ["g"]),
        ("x + (a - x + offset(x))", ["", "x", "a"], []),
        ("(a + (1 | g) - a) + (1 | h)", [""], ["g", "h"]),
        ("x + (a - x + us(a | g))", ["", "x", "a"], ["g"]),
    ],
)
def test_random_terms_and_offsets_are_found_in_any_sum(text, fixed, groups):
    formula = parse(f"y ~ {text}")
    assert [":".join(factor.name for factor in term) for term in expand(formula.fixed)] == fixed
    assert [term.group for term in formula.random] == groups
    assert formula.offsets == (("x",) if "offset" in text else ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x - (a + (1 | g))", "a random term cannot be subtracted"),
        ("x + (a - (1 | g))", "a random term cannot be subtracted"),
        ("x + (a - offset(x))", "an offset cannot be subtracted"),
        ("x + (y - a)", "the response y stands on the right side too"),
        ("x + (a - 2)", "2 is not a term"),
        ("x + ((1 + x - a | g) + (0 + x | g))", "x varies by g in two terms"),
    ],
)
def test_what_is_refused_in_a_sum_is_refused_in_parentheses_too(text, message):
    with pytest.raises(FormulaError) as caught:
        parse(f"y ~ {text}")
    assert message in str(caught.value)
