"""The tree of exceptions: what users can catch, and what they read."""

from __future__ import annotations

import copy
import pickle

import pytest

from lmm import errors
from lmm.errors import FormulaError, LmmError, MissingExtraError, brief, nearest, require, visible

CLASSES = [
    thing
    for name in errors.__all__
    if isinstance(thing := getattr(errors, name), type) and issubclass(thing, Exception)
]


@pytest.mark.parametrize("error", [cls for cls in CLASSES if not issubclass(cls, Warning)])
def test_one_clause_catches_every_error(error):
    with pytest.raises(LmmError):
        raise error("the message")


@pytest.mark.parametrize("error", CLASSES)
def test_message_prints_as_it_was_written(error):
    assert str(error('no column "days"')) == 'no column "days"'


@pytest.mark.parametrize("rebuild", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize("error", CLASSES)
def test_errors_travel_between_processes(error, rebuild):
    again = rebuild(error("the message"))

    assert type(again) is error
    assert str(again) == "the message"


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.ArgumentError, TypeError),
        (errors.ArgumentError, ValueError),
        (errors.UnknownNameError, AttributeError),
        (errors.FormulaError, ValueError),
        (errors.DataError, ValueError),
        (errors.DesignError, ValueError),
        (errors.ColumnError, KeyError),
        (errors.DatasetError, KeyError),
        (errors.ConvergenceError, RuntimeError),
        (errors.FileError, OSError),
        (errors.MissingExtraError, ImportError),
        (errors.OutOfMemoryError, MemoryError),
        (errors.LmmWarning, UserWarning),
    ],
)
def test_errors_are_the_builtin_that_they_specialise(error, builtin):
    assert issubclass(error, builtin)


def test_formula_error_points_at_the_character():
    error = FormulaError("a bar needs a group", "y ~ x + (1 | )", 13)

    assert str(error).splitlines() == ["a bar needs a group", "    y ~ x + (1 | )", "                 ^"]
    assert str(error).splitlines()[2].index("^") - 4 == error.position


def test_formula_error_keeps_the_caret_in_place_over_line_breaks():
    lines = str(FormulaError("no", "y ~\n\tx", 5)).splitlines()

    assert lines == ["no", "    y ~  x", "         ^"]


def test_formula_error_survives_pickling_with_its_position():
    again = pickle.loads(pickle.dumps(FormulaError("no", "y ~ x", 4)))

    assert (again.message, again.formula, again.position) == ("no", "y ~ x", 4)


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [("reaction", "Reaction"), ("Raection", "Reaction"), ("subjekt", "Subject"), ("price", None), ("", None)],
)
def test_nearest_suggests_what_was_probably_meant(typed, suggested):
    expected = f' Did you mean "{suggested}"?' if suggested else ""

    assert nearest(typed, ["Reaction", "Days", "Subject"]) == expected


def test_require_returns_the_module():
    assert require("json.decoder", extra="io").__name__ == "json.decoder"


def test_require_names_the_extra():
    with pytest.raises(
        MissingExtraError, match=r'needs the package nonesuch.*pip install "lmm\[plot\]"'
    ) as caught:
        require("nonesuch.inner", extra="plot")

    assert caught.value.name == "nonesuch"


def test_require_leaves_a_broken_package_its_own_message(tmp_path, monkeypatch):
    (tmp_path / "halfinstalled.py").write_text("import nonesuch")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ModuleNotFoundError, match="nonesuch"):
        require("halfinstalled", extra="plot")


@pytest.mark.parametrize("error", CLASSES)
@pytest.mark.parametrize("char", ["\x1b", "\x07", "\r", "\x9b", "\u202e", "\u200b", "\x00"])
def test_messages_show_what_a_terminal_would_obey(error, char):
    text = str(error(f"no column a{char}[31mb"))

    assert char not in text
    assert char.encode("unicode_escape").decode() in text


@pytest.mark.parametrize("error", CLASSES)
@pytest.mark.parametrize("text", ["x" * 10_000, "ab " * 10_000, "x" * 10_000 + " and a way out"], ids=len)
def test_no_message_is_without_end(error, text):
    shown = str(error(f"begin {text} end"))

    assert len(shown) < 5000
    assert shown.startswith("begin")
    assert shown.endswith("end")
    assert "…" in shown


def test_of_a_long_formula_the_picture_shows_what_is_near_the_place():
    formula = "y ~ " + " + ".join(f"x{i}" for i in range(5000))
    place = formula.index("x2500 ")
    lines = str(FormulaError("this one", formula, place)).splitlines()

    assert max(map(len, lines)) < 300
    assert lines[1][lines[2].index("^") :].startswith("x2500 +")


def test_the_caret_stands_below_its_character_behind_an_escape():
    lines = str(FormulaError("this one", "y ~ a\x1b[0m + b", 12)).splitlines()

    assert lines[1].strip() == r"y ~ a\x1b[0m + b"
    assert lines[1][lines[2].index("^")] == "b"


class Rude:
    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Days", "Days"),
        (["Days"], "['Days']"),
        (10**5000, "a number of thousands of digits"),
        (Rude(), "a Rude"),
        ("a\x1b", r"a\x1b"),
        ("x" * 100, "x" * 30 + "…" + "x" * 29),
    ],
    ids=["text", "list", "number", "rude", "escape", "long"],
)
def test_what_was_typed_is_shown_in_short(value, shown):
    assert brief(value) == shown


@pytest.mark.parametrize("text", ["Days", "é ü 日本", "two\nlines\tand a tab"])
def test_ordinary_text_is_visible_as_it_is(text):
    assert visible(text) == text


def test_no_near_name_is_sought_for_a_name_without_end():
    assert nearest("a" * 10_000, ["a" * 10_000 + "b"]) == ""
