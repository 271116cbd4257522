"""Imports point down the table of rooms; foreign things have one door each."""

from __future__ import annotations

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source import ROOT, Module, imports, modules

each_module = pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)


def test_contracts_of_the_import_linter_are_kept(capsys):
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)

    assert status == 0, capsys.readouterr().out


@each_module
def test_only_the_engine_imports_the_compiled_core(module: Module):
    if module.room == "engine":
        return
    found = [
        line
        for home, name, line in imports(module)
        if home == "lmm._core" or (home, name) == ("lmm", "_core")
    ]

    assert not found, f"{module.name} imports lmm._core in lines {found}; go through lmm.engine"


@each_module
def test_inner_names_of_formulaic_appear_in_one_file(module: Module):
    if module.name == "lmm.formula._formulaic":
        return
    found = [line for home, _, line in imports(module) if home.startswith("formulaic.")]

    assert not found, (
        f"{module.name} reaches into formulaic in lines {found}; go through formula/_formulaic.py"
    )


@each_module
def test_no_private_name_crosses_a_room(module: Module):
    crossing = []
    for home, name, line in imports(module):
        parts = [*home.split("."), name]
        if parts[0] != "lmm" or len(parts) < 3 or parts[1] == module.room or not module.room:
            continue
        if any(part.startswith("_") and not part.startswith("__") for part in parts[1:] if part != "_core"):
            crossing.append(f"line {line}: {'.'.join(parts)}")

    assert not crossing, f"{module.name} uses private names of another room: {crossing}"


@each_module
def test_rooms_do_not_import_the_front_door(module: Module):
    """``from lmm import fit`` inside a room would make everything depend on everything."""
    found = [
        f"line {line}: {name}"
        for home, name, line in imports(module)
        if home == "lmm" and name not in {"", "_core", "__version__"} and module.room
    ]

    assert not found, f"{module.name} imports from the package's front door: {found}"
