"""Files are named by their idea, public names are documented, and the documents name what exists."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

import lmm
from tests.architecture.source import ROOT, Module, modules, rooms

BANNED = {"utils", "util", "helpers", "helper", "common", "misc", "internals", "core", "base"}
FOLDERS = ("python", "crates", "tests", "benchmarks", "docs", "examples")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def test_no_file_has_a_name_without_an_idea():
    named = [
        path.relative_to(ROOT)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.stem in BANNED and path.suffix in {".py", ".rs"}
    ]

    assert not named


def test_no_room_takes_the_name_of_a_public_function():
    """An import of the room would replace the function."""
    functions = {name for name in lmm.__all__ if inspect.isroutine(getattr(lmm, name))}

    assert not functions & rooms()


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_modules_say_what_they_hold(module: Module):
    doc = importlib.import_module(module.name).__doc__

    assert doc, f"{module.name} has no docstring"
    assert doc.strip()


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_public_names_exist_and_have_docstrings(module: Module):
    imported = importlib.import_module(module.name)
    for name in getattr(imported, "__all__", ()):
        thing = getattr(imported, name)
        if inspect.isclass(thing) or inspect.isroutine(thing):
            assert inspect.getdoc(thing), f"{module.name}.{name} has no docstring"
        if inspect.isclass(thing) and thing.__module__ == module.name:
            for member, value in vars(thing).items():
                if not member.startswith("_") and (inspect.isroutine(value) or isinstance(value, property)):
                    assert inspect.getdoc(getattr(thing, member)), (
                        f"{module.name}.{name}.{member} has no docstring"
                    )


def test_public_names_are_those_of_the_reference():
    listed = re.findall(
        r"^\| `lmm\.(\w+)", (ROOT / "docs" / "reference.md").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert sorted(listed) == sorted(lmm.__all__)


def test_members_of_fit_are_those_of_the_reference():
    listed = re.findall(
        r"^\| `fit\.(\w+)", (ROOT / "docs" / "reference.md").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert sorted(listed) == sorted(public_members(lmm.Fit))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_documents_name_only_what_exists(path):
    """Inline code such as `fit.ranef()` and `lmm.load` in prose and translation tables."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    inline = " ".join(re.findall(r"`([^`\n]+)`", text))

    members = set(re.findall(r"\bfit\.(\w+)", inline))
    assert members <= public_members(lmm.Fit), members - public_members(lmm.Fit)
    names = set(re.findall(r"\blmm\.(\w+)", inline))
    assert names <= {*lmm.__all__, *rooms()}, names - {*lmm.__all__, *rooms()}


def public_members(cls: type) -> set[str]:
    annotated = {name for base in cls.__mro__ for name in vars(base).get("__annotations__", {})}
    return {name for name in {*dir(cls), *annotated} if not name.startswith("_")}
