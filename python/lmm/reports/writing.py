"""A summary as plain text, as HTML and as Markdown."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lmm.errors import visible
from lmm.table import render

if TYPE_CHECKING:
    from lmm.reports.summaries import Summary
    from lmm.table.render import Cells

__all__ = ["html", "markdown", "number_columns", "page_table", "text"]

_TEXT_CELL = re.compile(r'(?<=<td style="text-align:left">)[^<]+')
_BREAK = re.compile(r"(?<=[:_])(?=\w)|(?<=\w)(?=\[)")
_WIDEST = 100  # characters that a line of text may take before names give way to numbers


def text(summary: Summary) -> str:
    """Write aligned text, an empty line between the parts."""
    parts = [f"{visible(summary.title)}\nFormula: {_one_line(summary.formula)}"]
    for section in summary.sections:
        cells = section.cells
        if section.key == "correlation" and _width(cells) > _WIDEST:
            cells = number_columns(cells)
        parts.append(render.text(cells))
    if summary.notes:
        parts.append("\n".join(["Notes", *(f"• {_one_line(note)}" for note in summary.notes)]))
    return "\n\n".join(parts)


def html(summary: Summary) -> str:
    """Write one ``<div>`` that needs no style sheet."""
    title, formula = render.escape_html(summary.title), render.escape_html(summary.formula)
    parts = [
        '<div class="lmm-summary">',
        f"<p><strong>{title}</strong><br>Formula: <code>{formula}</code></p>",
        *(render.html(section.cells) for section in summary.sections),
    ]
    if summary.notes:
        parts.append("<p>Notes</p>")
        parts.append(f"<ul>{''.join(f'<li>{render.escape_html(note)}</li>' for note in summary.notes)}</ul>")
    return "\n".join([*parts, "</div>"])


def markdown(summary: Summary) -> str:
    """Write a heading, the formula as code, and pipe tables."""
    fence = "``" if "`" in summary.formula else "`"
    pad = " " if len(fence) > 1 else ""
    parts = [f"## {summary.title}", f"Formula: {fence}{pad}{_one_line(summary.formula)}{pad}{fence}"]
    parts += [render.markdown(section.cells) for section in summary.sections]
    if summary.notes:
        parts += ["**Notes**", "\n".join(f"- {render.escape_markdown(note)}" for note in summary.notes)]
    return "\n\n".join(parts)


def page_table(cells: Cells, *, breaks: bool = True) -> str:
    """Write a table for the page: it scrolls where it is too wide, its notes below it do not.

    With ``breaks`` long names may break after colons and underscores, and before brackets.
    """
    table = render.html(replace(cells, notes=()))
    if breaks:
        table = _TEXT_CELL.sub(lambda cell: _BREAK.sub("<wbr>", cell[0]), table)
    notes = "".join(f'\n<p class="note">{render.escape_html(note)}</p>' for note in cells.notes)
    return f'<div class="scroll">\n{table}\n</div>{notes}'


def number_columns(cells: Cells) -> Cells:
    """Let numbers stand above the columns of a square table, and before its rows, instead of long names."""
    n = len(cells.header) - 1
    first = f"1 {cells.header[1]}"
    rows = [(first, *[""] * n), *((f"{i} {row[0]}", *row[1:]) for i, row in enumerate(cells.rows, start=2))]
    return replace(cells, header=("", *(str(i) for i in range(1, n + 1))), rows=rows)


def _width(cells: Cells) -> int:
    widths = [max(map(len, column)) for column in zip(cells.header, *cells.rows, strict=True)]
    return sum(widths) + 2 * (len(widths) - 1)


def _one_line(line: str) -> str:
    return visible(" ".join(line.split()))
