"""Text, HTML, Markdown and LaTeX; what comes from data cannot break out of its cell."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from lmm import Table

NASTY = '<script>alert("&")</script> | *x* _y_ \\ [a](http://b) 50% $1 #2 {3} ~4 ^5'


@pytest.fixture
def nasty() -> Table:
    return Table({NASTY: [NASTY, None], "n": [-1.5, None]}, title=NASTY, notes=[NASTY])


def test_text_is_aligned():
    table = Table(
        {"group": ["Subject", "Residual"], "vcov": [612.1, 654.9], "n": [18, 2]},
        title="Random effects",
        notes="REML",
    )

    assert str(table).splitlines() == [
        "Random effects",
        "group      vcov   n",
        "───────────────────",
        "Subject   612.1  18",
        "Residual  654.9   2",
        "REML",
    ]


def test_wide_characters_keep_columns_straight():
    rows = str(Table({"level": ["日本", "ab"], "n": [1, 2]})).splitlines()

    assert rows[2:] == ["日本   1", "ab     2"]


def test_control_characters_are_shown_not_obeyed():
    assert "a\\n\\x1b[31mb" in str(Table({"level": ["a\n\x1b[31mb"]}))


def test_html_escapes_all_text(nasty):
    table = ET.fromstring(nasty.to_html())

    assert table.tag == "table"
    assert {element.tag for element in table.iter()} == {
        "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
    }  # fmt: skip
    assert table.findtext("caption") == NASTY
    assert table.findtext("tbody/tr/td") == NASTY


def test_notebooks_get_html(nasty):
    assert nasty._repr_html_() == nasty.to_html()


def test_markdown_keeps_its_cells(nasty):
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark").enable("table").render(nasty.to_markdown())
    page = ET.fromstring(f"<div>{html}</div>")

    assert {element.tag for element in page.iter()} == {
        "div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert page.findtext("p/strong") == NASTY
    assert page.findtext("table/tbody/tr/td") == NASTY
    assert page.findall("p")[1].text == NASTY


def test_markdown_leaves_ordinary_names_readable():
    markdown = Table({"std_error": [1.5], "term": ["Variety[T.Victory]:nitro"]}).to_markdown()

    assert "std_error" in markdown
    assert "Variety[T.Victory]:nitro" in markdown


def test_latex_escapes_all_text(nasty):
    latex = nasty.to_latex()

    escaped = (
        r'$<$script$>$alert("\&")$<$/script$>$ | *x* \_y\_ \textbackslash{} [a](http://b) 50\% \$1 \#2 \{3\} '
        r"\textasciitilde{}4 \textasciicircum{}5"
    )
    assert latex.count(escaped) == 4
    assert r"\caption{" in latex
    assert r" & $-$1.5 \\" in latex
    assert r" & --- \\" in latex
