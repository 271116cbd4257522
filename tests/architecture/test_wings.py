"""The grown wings have rooms: few files in a folder, and imports that go one way among them."""

import ast
from graphlib import TopologicalSorter

import pytest

from tests.architecture.source import ROOT

WINGS = ("bases", "inference", "means", "model")
MOST_FILES = 14
# A table of means answers questions of its own, a fit is saved and read, and a check finds its class when first used.
COURTESY = {("means", "result", "joint"), ("means", "families", "result"), ("model", "result", "files")}


def folders():
    for wing in WINGS:
        top = ROOT / "python" / "lmm" / wing
        yield top
        yield from sorted(path for path in top.iterdir() if path.is_dir() and (path / "__init__.py").exists())


@pytest.mark.parametrize("folder", list(folders()), ids=lambda path: path.name)
def test_a_folder_has_few_files(folder):
    files = [path.name for path in folder.glob("*.py")]
    assert len(files) <= MOST_FILES + 1, "give the folder sub-rooms"


INFERENCE = ROOT / "python" / "lmm" / "inference"


@pytest.mark.parametrize(
    "path", sorted(INFERENCE.rglob("*.py")), ids=lambda path: path.relative_to(INFERENCE).as_posix()
)
def test_each_file_of_inference_has_its_test_file(path):
    if path.name != "__init__.py":
        twin = path.relative_to(INFERENCE).with_name(f"test_{path.name}")
        assert (ROOT / "tests" / "inference" / twin).exists()


def imported(path, wing):
    """Rooms and files of the wing that a file imports at run time, functions included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in for_types:
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            for parts in (name.split(".") for name in names):
                if parts[:2] == ["lmm", wing] and len(parts) > 2:
                    yield parts[2]


@pytest.mark.parametrize("wing", WINGS)
def test_imports_inside_a_wing_go_one_way(wing):
    top = ROOT / "python" / "lmm" / wing
    graph = {}
    for path in sorted(top.rglob("*.py")):
        own = path.relative_to(top).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        known = {item.name.removesuffix(".py") for item in top.iterdir()}
        targets = {name for name in imported(path, wing) if name in known and name != own}
        graph.setdefault(own, set()).update(t for t in targets if (wing, own, t) not in COURTESY)

    list(TopologicalSorter(graph).static_order())  # a circle raises, and names itself
