"""What the Rust core promises of itself."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT

CORE = ROOT / "crates" / "core"
FILES = sorted(CORE.rglob("*.rs"))


def test_the_core_forbids_unsafe_code():
    assert "#![forbid(unsafe_code)]" in (CORE / "src" / "lib.rs").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORE)))
def test_no_unsafe_code_outside_the_bridge(path):
    assert not re.search(r"\bunsafe\b(?!_)", path.read_text(encoding="utf-8"))
