"""The page of all public names, from their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import lmm
from lmm.verbs import Verb
from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "reference.md"

_HEAD = """\
# Reference

All public names with the first line of their docstrings; `help(lmm.fit)` shows the whole, with examples.
This page is written by `make docs`.
"""


def reference() -> str:
    """Write the page."""
    tables = [
        ("The package", [(f"lmm.{name}", getattr(lmm, name)) for name in lmm.__all__ if not _is_error(name)]),
        ("A fit", members(lmm.Fit, "fit")),
        ("A table", members(lmm.Table, "table")),
        (
            "Data sets",
            [(f"datasets.{name}", getattr(lmm.datasets, name)) for name in ("list", "describe", "load")],
        ),
        (
            "Errors and warnings",
            [(f"lmm.{name}", getattr(lmm, name)) for name in lmm.__all__ if _is_error(name)],
        ),
    ]
    return "\n".join([_HEAD, *(_section(title, rows) for title, rows in tables)])


def members(cls: type, called: str) -> list[tuple[str, object]]:
    """Public attributes and methods of a class, its fields included, in the order of the source."""
    names = dict.fromkeys(
        name for base in cls.__mro__ for name in vars(base) if base is not object and not name.startswith("_")
    )
    fields = _attributes(cls)
    return [(f"{called}.{name}", fields.get(name) or _member(cls, name)) for name in names]


def _member(cls: type, name: str) -> object:
    member = inspect.getattr_static(cls, name)
    return getattr(cls, name) if isinstance(member, Verb) else member


def _section(title: str, rows: list[tuple[str, object]]) -> str:
    lines = [f"| `{name}{_call(thing)}` | {_first_line(thing)} |" for name, thing in rows]
    return "\n".join([f"## {title}", "", "| name | what it is |", "|---|---|", *lines, ""])


def _first_line(thing: object) -> str:
    if isinstance(thing, str) and "\n" not in thing:
        # A field, described in the docstring of its class, or the version.
        return thing if " " in thing else "The version."
    line = (inspect.getdoc(thing) or "").partition("\n")[0]
    # reStructuredText marks code with one or two backticks, Markdown with one.
    return line.replace("``", "`").replace("|", "\\|")


def _call(thing: object) -> str:
    return "()" if inspect.isfunction(thing) else ""


def _attributes(cls: type) -> dict[str, str]:
    """Read the sections Attributes of the numpydoc docstrings of a class and its bases."""
    docs = [inspect.cleandoc(base.__doc__ or "") for base in reversed(cls.__mro__)]
    sections = [
        re.search(r"^Attributes\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", doc, re.MULTILINE | re.DOTALL) for doc in docs
    ]
    return {name: text for section in sections if section for name, text in _entries(section[1])}


def _entries(section: str) -> Iterator[tuple[str, str]]:
    for entry in re.finditer(r"^(\w+)[^\n]*\n((?:    [^\n]*\n?)+)", section, re.MULTILINE):
        yield entry[1], " ".join(line.strip() for line in entry[2].splitlines())


def _is_error(name: str) -> bool:
    thing = getattr(lmm, name)
    return inspect.isclass(thing) and issubclass(thing, Exception)
