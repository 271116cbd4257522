"""What the Rust core promises of itself."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

CORE = ROOT / "crates" / "core"
SOURCE = CORE / "src"
FILES = sorted(CORE.rglob("*.rs"))
MOST_FILES = 14


def test_the_core_forbids_unsafe_code():
    assert "#![forbid(unsafe_code)]" in (SOURCE / "lib.rs").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORE)))
def test_no_unsafe_code_outside_the_bridge(path):
    assert not re.search(r"\bunsafe\b(?!_)", path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """Module of a file: ``blocks::tail`` for ``blocks/tail/mod.rs``."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return "::".join(parts[:-1] if parts[-1] == "mod" else parts)


def mathematics(path: Path) -> str:
    """Code of a file without its tests and comments."""
    text = path.read_text(encoding="utf-8").partition("#[cfg(test)]\nmod tests {")[0]
    return re.sub(r"//.*", "", text)


# lib.rs only names the modules, and so do the files of tests.
MODULES = {name_of(path): path for path in SOURCE.rglob("*.rs") if path.stem not in {"lib", "tests"}}


def spread_out(tree: str) -> list[str]:
    """Paths of a use-tree: ``a::{b, c::{d, e}}`` has three."""
    found = re.match(r"\s*([\w:]*?)(?:::)?\{(.*)\}\s*$", tree, re.DOTALL)
    if not found:
        return [tree.strip()]
    inside, depth, parts = found[2], 0, [""]
    for letter in inside:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    paths = [path for part in parts if part.strip() for path in spread_out(part)]
    return [f"{found[1]}::{path}" if found[1] else path for path in paths]


def absolute(path: str, own: str) -> str:
    """A path from the crate's root; other crates and names of the file itself give nothing."""
    steps = own.split("::")
    here = steps if MODULES[own].name == "mod.rs" else steps[:-1]
    first, _, rest = path.partition("::")
    if first == "crate":
        return rest
    if first == "super":
        base = steps[:-1]
        while rest.startswith("super"):
            base, rest = base[:-1], rest.partition("::")[2]
        return "::".join([*base, rest])
    inner = "::".join([*here, path]) if MODULES[own].name == "mod.rs" else ""
    return inner if inner.rpartition("::")[0] in MODULES else ""


def used(own: str) -> set[str]:
    """Modules that a file uses, by ``use`` or by a path in its code."""
    text = mathematics(MODULES[own])
    trees = re.findall(r"^\s*(?:pub(?:\(\w+\))? )?use ([^;]+);", text, re.MULTILINE)
    paths = [path for tree in trees for path in spread_out(tree)]
    paths += re.findall(r"\b(?:crate|super)(?:::\w+)+", re.sub(r"\buse [^;]+;", "", text))
    found = set()
    for path in paths:
        target = absolute(path, own)
        while target and target not in MODULES:
            target = target.rpartition("::")[0]
        found |= {target} - {"", own}
    return found


GRAPH = {name: used(name) for name in MODULES}


def floors() -> list[set[str]]:
    """Folders and files of the core from the top down, as the table of lib.rs has them."""
    text = (SOURCE / "lib.rs").read_text(encoding="utf-8")
    rows = re.findall(r"^//! \| (`.+?) \|", text, re.MULTILINE)
    return [set(re.findall(r"`(\w+)/?`", row)) for row in rows]


def test_the_graph_sees_what_files_use():
    assert "blocks::chain" in GRAPH["blocks::tail::full"]
    assert "matrix::row_major" in GRAPH["problem"]
    assert "search::walk" in GRAPH["search::searches"]
    assert all(GRAPH[name] for name in ("profile::curve", "blocks::accumulate", "single::reduction"))


def test_files_of_the_core_use_each_other_one_way():
    list(TopologicalSorter(GRAPH).static_order())  # a circle raises, and names itself


def test_the_table_of_the_core_names_all_that_there_is():
    named = [name for floor in floors() for name in floor]

    assert sorted(named) == sorted({name.split("::")[0] for name in MODULES})


def test_arrows_between_the_floors_of_the_core_run_down():
    height = {name: i for i, floor in enumerate(floors()) for name in floor}
    top = {name: name.split("::")[0] for name in MODULES}
    up = {
        (name, target)
        for name, targets in GRAPH.items()
        for target in targets
        if height[top[target]] < height[top[name]]
    }

    assert not up


@pytest.mark.parametrize(
    "folder",
    sorted({path.parent for path in FILES if path.is_relative_to(SOURCE)}),
    ids=lambda path: str(path.relative_to(CORE)),
)
def test_a_folder_of_the_core_has_few_files(folder):
    assert len([path for path in folder.glob("*.rs") if path.stem not in {"mod", "lib"}]) <= MOST_FILES


@pytest.mark.parametrize(
    "folder",
    sorted(path.parent for path in SOURCE.rglob("mod.rs")),
    ids=lambda path: str(path.relative_to(SOURCE)),
)
def test_the_table_of_a_folder_names_its_files(folder):
    table = re.findall(r"^//! \| (`.+?) \|", (folder / "mod.rs").read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for row in table for name in re.findall(r"`(\w+)/?`", row)}
    there = {path.stem for path in folder.iterdir()} - {"mod", "tests"}

    assert named == there
