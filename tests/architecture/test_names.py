"""Files are named by their idea, public names are documented, and the documents name what exists."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

import pytest

import lmm
from tests.architecture.reference import members
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


@pytest.mark.parametrize("room", sorted(rooms()))
def test_no_file_takes_the_name_of_what_its_room_gives(room: str):
    """An import of the file would replace the name in the room."""
    files = {module.name.rpartition(".")[2] for module in modules() if module.name.startswith(f"lmm.{room}.")}

    assert not files & set(getattr(importlib.import_module(f"lmm.{room}"), "__all__", ()))


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
        ours = (getattr(thing, "__module__", None) or "").startswith("lmm.")
        if ours and (inspect.isclass(thing) or inspect.isroutine(thing)):
            assert inspect.getdoc(thing), f"{module.name}.{name} has no docstring"
        if inspect.isclass(thing) and thing.__module__ == module.name:
            for member, value in vars(thing).items():
                if not member.startswith("_") and (inspect.isroutine(value) or isinstance(value, property)):
                    assert inspect.getdoc(getattr(thing, member)), (
                        f"{module.name}.{name}.{member} has no docstring"
                    )


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_documents_name_only_what_exists(path):
    """Inline code such as `fit.ranef()` and `lmm.load` in prose and translation tables."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    inline = " ".join(re.findall(r"`([^`\n]+)`", text))

    existing = {name.removeprefix("fit.") for name, _ in members(lmm.Fit, "fit")}
    # "fit.json" and the like are files.
    named = set(re.findall(r"\bfit\.(?!json|html)(\w+)", inline))
    assert named <= existing, named - existing
    names = set(re.findall(r"\blmm\.(\w+)", inline))
    assert names <= {*lmm.__all__, *rooms()}, names - {*lmm.__all__, *rooms()}


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_docstrings_say_the_thing_and_do_not_give_it(module: Module):
    """``Give …`` says nothing that the type of the result does not."""
    docs = (
        ast.get_docstring(node)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    )

    assert [doc.partition("\n")[0] for doc in docs if doc and re.match(r"Gives?\b", doc)] == []
