"""Values in messages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lmm.arguments import shown
from lmm.wording import described


class Loud:
    def __repr__(self):
        raise RuntimeError("the repr of a stranger ran")


class LoudText(str):
    def __repr__(self):
        raise RuntimeError("the repr of a stranger ran")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (1.5, "1.5"),
        ("a", "'a'"),
        (b"a", "b'a'"),
        ([1, "b", None], "[1, 'b', None]"),
        ({"a": [1]}, "{'a': [1]}"),
        (object(), "an object"),
        ([Loud()], "[a Loud]"),
        (LoudText("abc"), "'abc'"),
        (np.zeros((2, 3)), "an array of shape (2, 3)"),
        (pd.Series([1]), "a Series"),
        (len, "the function len"),
        (lambda: 1, "a function"),
        (int, "the class int"),
        (10**5000, "a number of thousands of digits"),
        ("\x1b[2J", r"'\x1b[2J'"),
        ("a\u202eb", r"'a\u202eb'"),
    ],
    ids=range(17),
)
def test_values_are_written_without_their_own_code(value, text):
    assert described(value) == text
    assert shown(value) == text


def test_long_values_are_cut():
    escapes, nested, mapping = "\x1b" * 10_000, [["b" * 500] * 500] * 500, {i: i for i in range(10_000)}
    for value in ("a" * 10_000, escapes, nested, mapping, b"c" * 10_000, 10**200, range(10**9)):
        assert len(shown(value)) <= 80
        assert shown(value).isprintable()
