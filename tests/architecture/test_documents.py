"""Every number that README and docs print is what the code above it prints."""

from __future__ import annotations

import re

import pytest

from tests.architecture.documents import DOCUMENTS, refreshed
from tests.architecture.reference import PAGE, reference
from tests.architecture.source import ROOT

ALL_DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_documents_show_what_their_code_prints(path):
    document = path.read_text(encoding="utf-8")

    assert refreshed(document) == document, "run: make docs"


@pytest.mark.parametrize("path", ALL_DOCUMENTS, ids=lambda path: path.stem)
def test_links_between_documents_lead_somewhere(path):
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text(encoding="utf-8"))

    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_reference_lists_all_public_names():
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: make docs"
