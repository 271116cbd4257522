"""Cells of text to a table in plain text, HTML, Markdown or LaTeX; text from data is always escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from lmm.errors import visible

__all__ = ["Cells", "escape_html", "escape_markdown", "html", "latex", "markdown", "text"]


@dataclass(frozen=True, slots=True)
class Cells:
    """A table whose numbers have become text.

    Attributes
    ----------
    header
        Names of the columns.
    rows
        Cells of each row.
    numeric
        For each column whether it is right-aligned.
    title
        One line above, or ``""``.
    notes
        Lines below.
    n_left_out
        Rows between the first and the last of ``rows`` that are not shown.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]
    title: str
    notes: Sequence[str]
    n_left_out: int = 0


def _width(cell: str) -> int:
    """Columns of a terminal that the text takes: wide characters take two."""
    return len(cell) + sum(east_asian_width(char) in "WF" for char in cell)


def text(cells: Cells) -> str:
    """Write aligned plain text."""
    lines = [[_one_line(cell) for cell in row] for row in [cells.header, *cells.rows] if row]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    body = [_text_row(row, widths, cells.numeric) for row in lines]
    if body:
        body.insert(1, "─" * (sum(widths) + 2 * (len(widths) - 1)))
    if cells.n_left_out:
        middle = 2 + (len(cells.rows) + 1) // 2
        body.insert(middle, left_out(cells.n_left_out))
    title = [cells.title] if cells.title else []
    return "\n".join([*map(visible, title), *body, *map(visible, cells.notes)])


def _text_row(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = [
        " " * (width - _width(cell)) + cell if right else cell + " " * (width - _width(cell))
        for cell, width, right in zip(row, widths, numeric, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _one_line(cell: str) -> str:
    """Show line breaks and other control characters instead of obeying them."""
    if cell.isprintable():
        return cell
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in cell)


def left_out(count: int) -> str:
    """Line between the first and the last rows of a table that shows no more."""
    return f"⋮ {count:,} more rows" if count > 1 else "⋮ 1 more row"


def escape_html(cell: str) -> str:
    """Keep text from being read as HTML, or from turning the text around it; control characters are written out."""
    return escape(visible(cell))


def html(cells: Cells) -> str:
    """Write one ``<table>`` element with the title as caption and the notes as footer."""

    def row(tag: str, texts: Sequence[str]) -> str:
        inner = "".join(
            f'<{tag} style="text-align:{"right" if right else "left"}">{escape_html(cell)}</{tag}>'
            for cell, right in zip(texts, cells.numeric, strict=True)
        )
        return f"<tr>{inner}</tr>"

    caption = f"<caption>{escape_html(cells.title)}</caption>" if cells.title else ""
    span = max(len(cells.header), 1)
    foot = "".join(
        f'<tr><td colspan="{span}" style="text-align:left">{escape_html(note)}</td></tr>'
        for note in cells.notes
    )
    body = [row("td", texts) for texts in cells.rows]
    if cells.n_left_out:
        line = f'<tr><td colspan="{span}" style="text-align:left">{left_out(cells.n_left_out)}</td></tr>'
        body.insert((len(body) + 1) // 2, line)
    parts = [
        f'<table class="lmm-table">{caption}',
        f"<thead>{row('th', cells.header)}</thead>",
        "<tbody>",
        *body,
        "</tbody>",
        f"<tfoot>{foot}</tfoot>" if foot else "",
        "</table>",
    ]
    return "\n".join(part for part in parts if part)


def markdown(cells: Cells) -> str:
    """Write a pipe table."""
    lines = [[escape_markdown(cell) for cell in row] for row in [cells.header, *cells.rows]]
    widths = [max(3, *map(_width, column)) for column in zip(*lines, strict=True)]
    marks = [
        "-" * (width - 1) + (":" if right else "-")
        for width, right in zip(widths, cells.numeric, strict=True)
    ]
    lines.insert(1, marks)
    body = [
        "| "
        + " | ".join(
            " " * (width - _width(cell)) + cell if right else cell + " " * (width - _width(cell))
            for cell, width, right in zip(line, widths, cells.numeric, strict=True)
        )
        + " |"
        for line in lines
    ]
    title = [f"**{escape_markdown(cells.title)}**", ""] if cells.title else []
    # An empty line between notes: otherwise they would run together into one paragraph.
    notes = [part for note in cells.notes for part in ("", escape_markdown(note))]
    return "\n".join([*title, *body, *notes])


# Brackets and underscores stay readable where they cannot form a link or emphasis.
_MARKDOWN = re.compile(r"[\\`*|<>&]|\](?=[(\[])|(?<!\w)_|_(?!\w)|~(?=\S)|(?<=\S)~")


def escape_markdown(cell: str) -> str:
    """Keep text from being read as Markdown, on one line."""
    return _MARKDOWN.sub(lambda match: "\\" + match.group(), _one_line(cell))


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "—": "---",
    **{char: "\\" + char for char in "&%$#_{}"},
}


def _escape_latex(cell: str) -> str:
    return "".join(_LATEX.get(char, char) for char in _one_line(cell))


def latex(cells: Cells) -> str:
    """Write a ``tabular`` with the rules of the LaTeX package booktabs."""

    def row(texts: Sequence[str]) -> str:
        escaped = [
            # A hyphen is not a minus sign in LaTeX.
            re.sub(r"^-(?=[\d.i])", "$-$", _escape_latex(cell)) if right else _escape_latex(cell)
            for cell, right in zip(texts, cells.numeric, strict=True)
        ]
        return " & ".join(escaped) + r" \\"

    inner = [
        rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in cells.numeric)}}}",
        r"\toprule",
        row(cells.header),
        r"\midrule",
        *map(row, cells.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if not cells.title and not cells.notes:
        return "\n".join(inner)
    caption = [rf"\caption{{{_escape_latex(cells.title)}}}"] if cells.title else []
    notes = [rf"\par\smallskip {_escape_latex(note)}" for note in cells.notes]
    return "\n".join([r"\begin{table}", r"\centering", *caption, *inner, *notes, r"\end{table}"])
