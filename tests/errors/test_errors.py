"""The tree of exceptions: what users can catch, and what they read."""

from __future__ import annotations

import copy
import pickle

import pytest

from lmm import errors
from lmm.errors import FormulaError, LmmError, MissingExtraError, nearest, require

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
        (errors.FormulaError, ValueError),
        (errors.DataError, ValueError),
        (errors.DesignError, ValueError),
        (errors.ColumnError, KeyError),
        (errors.DatasetError, KeyError),
        (errors.ConvergenceError, RuntimeError),
        (errors.FileError, OSError),
        (errors.MissingExtraError, ImportError),
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
