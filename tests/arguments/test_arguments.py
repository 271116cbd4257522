"""The mechanism that checks arguments: what passes, what does not, and what its messages say."""

from __future__ import annotations

import inspect
import math
import pickle
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lmm import arguments
from lmm.arguments import shown, takes
from lmm.errors import ArgumentError, LmmError


@takes(n=arguments.whole_number(1), level=arguments.a_level, others=arguments.a_text)
def measure(fit, *others, n=5, level=0.95):
    """Measure something."""
    return fit, others, n, level


def message(call, *args, **kwargs) -> str:
    with pytest.raises(ArgumentError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


def test_a_function_keeps_its_name_its_text_and_its_signature():
    assert measure.__name__ == "measure"
    assert inspect.getdoc(measure) == "Measure something."
    assert str(inspect.signature(measure)) == "(fit, *others, n=5, level=0.95)"
    assert pickle.loads(pickle.dumps(measure)) is measure


def test_values_arrive_as_the_kind_that_was_checked():
    assert measure(1, "a", n=np.int64(3), level=Fraction(1, 2)) == (1, ("a",), 3, 0.5)


def test_an_unknown_argument_gets_the_nearest_one():
    assert message(measure, 1, levle=0.9) == (
        "Unknown argument levle= of measure(); did you mean level=? It takes fit, n, level."
    )


@pytest.mark.parametrize(("foreign", "ours"), [("nsim", "n"), ("conf_level", "level"), ("alpha", "level")])
def test_words_of_other_packages_lead_to_ours(foreign, ours):
    assert f"did you mean {ours}=?" in message(measure, 1, **{foreign: 3})


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda f: f(), "f() needs a= and b=: it has no default."),
        (lambda f: f(1), "f() needs b=: it has no default."),
        (lambda f: f(1, 2, a=3), "f() has a= twice: once by its place and once by name."),
        (lambda f: f(1, 2, 3), "f() takes 2 arguments by place (a, b), not 3. Write the others by name: c=."),
    ],
)
def test_a_call_with_missing_double_or_too_many_arguments(call, says):
    @takes()
    def f(a, b, *, c=1):
        return a, b, c

    assert message(call, f) == says


def test_a_method_does_not_count_itself():
    class Thing:
        @takes()
        def method(self, a):
            return a

    assert message(Thing().method, 1, 2) == "method() takes 1 argument by place (a), not 2."
    assert "It takes a." in message(Thing().method, b=1)


def test_a_class_is_built_from_checked_arguments():
    @arguments.built_from(n=arguments.whole_number(1))
    class Thing:
        def __init__(self, n: int = 1) -> None:
            self.n = n

    assert Thing(np.int8(4)).n == 4
    assert message(Thing, n=0) == "n= must be a whole number of at least 1, not 0."
    assert "Unknown argument m= of Thing()" in message(Thing, m=0)
    assert str(inspect.signature(Thing)) == "(n: 'int' = 1) -> 'None'"


def test_the_default_is_not_checked():
    @takes(name=arguments.a_text)
    def f(name=None):
        return name

    assert f(None) is None


GOOD = {
    "count": (arguments.whole_number(0), [0, 7, np.int64(3), 10**30]),
    "bounded": (arguments.whole_number(0, 5), [0, 5]),
    "number": (arguments.number(), [-1, 2.5, np.float32(1), Fraction(1, 3)]),
    "positive": (arguments.number(above=0), [1e-300, 3]),
    "level": (arguments.a_level, [0.5, np.float64(0.9), Fraction(9, 10)]),
    "flag": (arguments.yes_or_no, [True, False, np.True_]),
    "word": (arguments.one_of("a", "b", 3), ["a", 3]),
    "texts": (arguments.texts, ["a", ["a", "b"], ("a",), np.array(["a"]), []]),
    "mapping": (arguments.a_mapping, [{}, {"a": 1}]),
    "function": (arguments.a_function, [len, lambda: 1, int]),
    "seed": (arguments.a_seed, [0, 10**30, np.int64(1), np.random.default_rng(1), [1, 2], None]),
    "instance": (arguments.instance_of(lambda: Path, "a path"), [Path("x")]),
}  # fmt: skip

OTHER = [
    -1, 1.5, True, "zz", "a" * 10_000, b"a", object(), [1.5], {3: 4}, math.nan, math.inf, 10**400, 10**5000,
    Decimal("sNaN"), lambda: 1, np.array(3), np.array([1.0, 2.0]), {"a"}, range(3), len, int, ..., 1j, "\x1b[2J\n",
]  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_good_values_pass(kind):
    check, values = GOOD[kind]
    for value in values:
        check(value, "x")


@pytest.mark.parametrize("kind", GOOD)
def test_a_bad_value_gives_one_short_line(kind):
    check, _ = GOOD[kind]
    said = [refusal(check, value) for value in OTHER]
    lines = [line for line in said if line]

    assert len(lines) >= 12
    assert [line for line in lines if not line.startswith("x= must ")] == []
    assert [line for line in lines if not line.isprintable() or len(line) > 300] == []


def refusal(check, value) -> str:
    """What the check says to a value; nothing if it takes it."""
    try:
        check(value, "x")
    except ArgumentError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "value", [-1, 1.5, True, "zz", b"a", object(), math.nan, lambda: 1, [-1], np.array(0.5)], ids=shown
)
def test_what_cannot_be_a_seed(value):
    assert message(arguments.a_seed, value, "seed").startswith("seed= must be a whole number of at least 0")


def test_a_level_in_percent_is_told_how_to_write_it():
    assert message(arguments.a_level, 95, "level").endswith("it is 95. For 95 % write level=0.95.")


def test_a_word_gets_the_nearest_one():
    assert message(arguments.one_of("tukey", "holm"), "tuckey", "adjust") == (
        'adjust= must be "tukey" or "holm"; it is \'tuckey\'. Did you mean "tukey"?'
    )


ENDLESS = range(10**12)


@pytest.mark.parametrize(
    "value", [ENDLESS, [ENDLESS], {"a": ENDLESS}, {"a": [1, (2, ENDLESS)]}, range(0, -(10**30), -2)]
)
def test_a_range_without_end_is_refused_wherever_it_stands(value):
    @arguments.takes()
    def function(first, *, second=None):
        return first, second

    for call in (lambda: function(value), lambda: function(1, second=value)):
        with pytest.raises(LmmError, match=r"(first|second)= has items: .* is more than the 100,000,000"):
            call()


@pytest.mark.parametrize("value", [range(1000), [range(3)], "x", None, {"a": [[[[ENDLESS]]]]}])
def test_other_values_pass(value):
    @arguments.takes()
    def function(first):
        return first

    assert function(value) is value


def test_a_list_that_holds_itself_passes():
    @arguments.takes()
    def function(first):
        return len(first)

    endless = []
    endless.append(endless)
    assert function(endless) == 1
