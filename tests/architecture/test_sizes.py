"""Small files and small functions: tripwires, not targets."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Module, functions, modules

MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 60

# Functions that may be longer, each with its reason.
LONGER: dict[str, str] = {}

RUST = sorted(path for path in (ROOT / "crates").rglob("*.rs") if "target" not in path.parts)


def code_lines(text: str) -> set[int]:
    """Lines that hold code: neither empty nor comment only."""
    quiet = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in quiet:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines


def n_code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: set[int]) -> int:
    """Count lines of code from ``def`` to the end, without the docstring."""
    own = {line for line in lines if function.lineno <= line <= (function.end_lineno or 0)}
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        own -= set(range(docstring.lineno, (docstring.end_lineno or 0) + 1))
    return len(own)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_modules_are_small(module: Module):
    assert len(module.text.splitlines()) <= MOST_LINES_OF_A_MODULE


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_functions_are_small(module: Module):
    lines = code_lines(module.text)
    too_long = {
        f"{module.name}.{name}": length
        for name, function in functions(module)
        if (length := n_code_lines(function, lines)) > MOST_LINES_OF_A_FUNCTION
    }

    assert set(too_long) <= set(LONGER), too_long


def test_every_exception_still_needs_to_be_one():
    existing = {f"{module.name}.{name}" for module in modules() for name, _ in functions(module)}

    assert set(LONGER) <= existing


@pytest.mark.parametrize("path", RUST, ids=lambda path: str(path.relative_to(ROOT / "crates")))
def test_rust_files_are_small(path: Path):
    mathematics, _, _tests = path.read_text(encoding="utf-8").partition("#[cfg(test)]\nmod tests {")

    assert len(mathematics.splitlines()) <= MOST_LINES_OF_A_MODULE
