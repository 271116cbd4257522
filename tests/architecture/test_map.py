"""ARCHITECTURE.md is a map of what exists, and of all that exists."""

from __future__ import annotations

import re
import tomllib

from tests.architecture.source import ROOT, rooms

MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
CRATES = sorted((ROOT / "crates").glob("*/Cargo.toml"))


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", MAP, re.MULTILINE | re.DOTALL)
    assert found, f'ARCHITECTURE.md has no section "{title}"'
    return found[1]


def first_cells(text: str) -> list[str]:
    """Names in code font in the first column of a table."""
    cells = re.findall(r"^\| ([^|]*`[^|]*) \|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_room_is_on_the_map_and_every_name_on_the_map_is_a_room():
    named = {name.removesuffix("/").removesuffix(".py") for name in first_cells(section("Rooms"))}

    assert named == rooms()


def test_every_python_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    chosen = [project["project"]["optional-dependencies"], project["dependency-groups"]]
    needed = [
        *project["project"]["dependencies"],
        *project["build-system"]["requires"],
        *(needed for groups in chosen for group in groups.values() for needed in group),
    ]
    names = {re.match(r"[\w-]+", requirement)[0].lower() for requirement in needed} - {"lmm"}

    assert {name.lower() for name in first_cells(section("Dependencies: Python"))} == names


def test_every_rust_dependency_has_its_reason():
    names = set()
    for path in CRATES:
        crate = tomllib.loads(path.read_text(encoding="utf-8"))
        names |= {*crate.get("dependencies", {}), *crate.get("dev-dependencies", {})}

    assert set(first_cells(section("Dependencies: Rust"))) == {
        name for name in names if not name.startswith("lmm")
    }


def test_every_path_that_the_map_names_exists():
    paths = set(re.findall(r"`((?:crates|tests|docs|examples|benchmarks|python)/[\w/.-]*)`", MAP))

    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_extra_all_is_the_union_of_the_others():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    others = {needed for name, extra in extras.items() if name != "all" for needed in extra}

    assert sorted(extras["all"]) == sorted(others)
