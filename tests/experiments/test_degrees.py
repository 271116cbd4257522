"""Degrees of freedom as formulas."""

import pytest

from lmm.experiments.degrees import Polynomial, letters_for

ONE = Polynomial({(): 1})


def product(*letters):
    return Polynomial({letters: 1})


def test_products_are_found():
    crossed = product("a", "b") - product("a") - product("b") + ONE
    assert crossed.text() == "(a-1)(b-1)"
    assert (product("a", "b") - product("a")).text() == "a(b-1)"
    assert (product("a") - ONE).text() == "a-1"
    three = product("a", "b", "c") - product("a", "b") - product("a", "c") + product("a")
    assert three.text() == "a(b-1)(c-1)"


def test_sums_have_what_is_subtracted_behind():
    assert (product("p") - product("t")).text() == "p - t"
    assert (product("p") - product("r") - product("t") + ONE).text() == "p - r - t + 1"
    assert Polynomial({}).text() == "0"
    assert Polynomial({(): 3}).text() == "3"


def test_behind_a_minus_sign():
    assert product("d", "t").subtracted() == "d t"
    assert (product("r") - ONE).subtracted() == "(r-1)"
    assert (product("d", "t") - product("d") - product("t") + ONE).subtracted() == "(d-1)(t-1)"
    assert (product("p") - product("t")).subtracted() == "(p - t)"


def test_values():
    assert (product("a", "b") - ONE).value({"a": 3, "b": 4}) == 11


@pytest.mark.parametrize(
    ("names", "letters"),
    [
        (["Diet", "Time", "Room"], "dtr"),
        (["Block", "B"], "lb"),
        (["trt", "time", "tent"], "tie"),
        (["处理", "块"], "ab"),
        (["1", "2"], "ab"),
    ],
)
def test_letters_are_distinct_and_their_own_where_possible(names, letters):
    assert letters_for(names) == dict(zip(names, letters, strict=True))


def test_letters_do_not_run_out():
    names = [f"x{i}" for i in range(60)]
    assert len(set(letters_for(names).values())) == 60
