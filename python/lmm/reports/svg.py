"""A figure as SVG that sits inside an HTML page: same bytes every time, colours and fonts of the page."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from lmm.errors import visible
from lmm.plots.style import ACCENT, GRID, INK, MUTED, PAPER, SECOND, alone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

__all__ = ["inline_svg"]

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
# The page sets these properties, so that one drawing serves light, dark and paper.
_PROPERTIES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    ACCENT: "--accent",
    SECOND: "--second",
    PAPER: "--paper",
}
_COLOUR = re.compile("|".join(_PROPERTIES))
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_TARGET = re.compile(r"url\(#([^)]*)\)")


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """Write a figure as one ``<svg>`` element.

    Parameters
    ----------
    figure
        A matplotlib figure.
    name
        Unique within the page; it keeps the identifiers of two figures apart.
    description
        What a reader who cannot see the figure should hear.

    Returns
    -------
    str
        All text in it is escaped; it takes the width of its container.
    """
    root = _draw(figure, name)
    used = set(_targets(root))
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        identifier = element.attrib.pop("id", None)
        if identifier in used:
            element.set("id", f"{name}-{identifier}")
        link = element.attrib.pop(_LINK, None)
        if link is not None:
            element.set("href", f"#{name}-{link[1:]}")
        _tidy(element, name)
    head = {
        "viewBox": root.get("viewBox", ""),
        "role": "img",
        "aria-label": visible(description),
        "style": "stroke-linejoin: round",
    }
    root.attrib.clear()
    root.attrib.update(head)
    return ET.tostring(root, encoding="unicode")


def _draw(figure: Figure, name: str) -> ET.Element:
    import matplotlib as mpl

    buffer = io.BytesIO()
    with (
        alone(),
        mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}),
        warnings.catch_warnings(),
    ):
        # The reader's fonts show what the font that measures the text has no sign for.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # The page has a paper of its own, white or dark.
        figure.savefig(buffer, format="svg", facecolor="none", metadata={"Date": None, "Creator": None})
    root = ET.fromstring(buffer.getvalue())
    # Both would speak for the whole page: the style sheet to every element, the metadata to nobody.
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{_SVG}style" or not child.tag.startswith(_SVG):
                parent.remove(child)
    for child in list(root):
        if child.tag == f"{_SVG}metadata":
            root.remove(child)
    return root


def _targets(root: ET.Element) -> Iterator[str]:
    """Find the identifiers that something in the drawing refers to."""
    for element in root.iter():
        for attribute, value in element.attrib.items():
            if attribute == _LINK:
                yield value[1:]
            else:
                yield from _TARGET.findall(value)


def _tidy(element: ET.Element, name: str) -> None:
    """Shorten numbers, hand colours and fonts to the page; text itself is not touched."""
    for attribute, value in element.attrib.items():
        if attribute in {"id", "href"}:
            continue
        short = _LONG_NUMBER.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), value)
        element.set(attribute, _TARGET.sub(rf"url(#{name}-\1)", " ".join(short.split())))
    style = element.get("style")
    if style is not None:
        kept = [part for part in style.split("; ") if not part.startswith("font-family")]
        element.set("style", _COLOUR.sub(lambda match: f"var({_PROPERTIES[match[0]]})", "; ".join(kept)))
    if element.tag != "text" and element.text is not None:
        element.text = None
    if element.tail is not None:
        element.tail = None
