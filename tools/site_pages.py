"""Pages of the site that are made from other files: the start, the reference, the command line, the project.

MkDocs calls `on_files` before it reads the pages (``hooks:`` of mkdocs.yml). The reference is made from
``lmm.__all__``, so that no public function can be left out of it.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import lmm
from lmm import plots, reports
from lmm.cli import main

ROOT = Path(__file__).parent.parent
PROJECT = {
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
_LINK = re.compile(r"(?<=\]\()(?P<target>[^)#\s]+)(?P<anchor>#[^)]*)?(?=\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to those of docs/."""
    for path, text in generated():
        files.append(File.generated(config, path, content=text))
    return files


def generated() -> Iterator[tuple[str, str]]:
    """Path and text of each page that is not a file of docs/."""
    yield "index.md", _from_root("README.md")
    for source, path in PROJECT.items():
        yield path, _from_root(source)
    for room, (title, words) in PAGES.items():
        names = "\n\n".join(f"::: {name}" for name in _names(room))
        yield f"reference/{room}.md", f"# {title}\n\n{words}\n\n{names}\n"
    yield "reference/command_line.md", _command_line()


PAGES = {
    "fitting": ("Fitting", "From a formula and a table to a fit, and from a file to a fit."),
    "inference": ("Inference", "Tests, intervals, comparisons, predictions. All tests go through one door."),
    "means": ("Marginal means", "Estimated marginal means (least-squares means), trends, contrasts."),
    "experiments": ("Designed experiments", "Plans, strata, expected mean squares, variance components."),
    "results": ("Results", "The objects that functions return."),
    "pictures": ("Pictures and pages", "Each picture has a function that gives its data as a table."),
    "datasets": ("Data sets", "Small data sets that ship with the package and work offline."),
    "errors": ("Errors", "Every error of the package is a `LmmError`; a warning is a `LmmWarning`."),
}


def _names(room: str) -> list[str]:
    """Full names of the public things of one page, in alphabetical order."""
    if room == "datasets":
        return [f"lmm.datasets.{name}" for name in lmm.datasets.__all__]
    if room == "pictures":
        return _of_modules(plots, reports)
    public = {name: getattr(lmm, name) for name in lmm.__all__ if not name.startswith("_")}
    found = {name: _place(thing) for name, thing in public.items() if hasattr(thing, "__module__")}
    return [name for name in found.values() if _page(name) == room]


def _of_modules(*modules: ModuleType) -> list[str]:
    return [
        _place(getattr(module, name))
        for module in modules
        for name in module.__all__
        if _documented(module, name)
    ]


def _documented(module: ModuleType, name: str) -> bool:
    return callable(getattr(module, name))


def _place(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _page(place: str) -> str:
    """Page of a public name, by its room and by what it is."""
    room, name = place.split(".")[1], place.rsplit(".", 1)[1]
    if room == "errors":
        return "errors"
    if name[0].isupper():
        return "results"
    return {"engine": "fitting", "model": "fitting"}.get(room, room)


def _from_root(name: str) -> str:
    """Text of a page in the root of the repository, with its links as they are in docs/."""

    def moved(link: re.Match[str]) -> str:
        target, anchor = link["target"], link["anchor"] or ""
        if target in PROJECT:
            return PROJECT[target] + anchor
        return target.removeprefix("docs/") + anchor

    return _LINK.sub(moved, (ROOT / name).read_text(encoding="utf-8"))


def _command_line() -> str:
    text = ["# Command line", ""]
    for command in ([], ["fit"], ["anova"], ["means"], ["shell"], ["data"]):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
            main([*command, "--help"])
        text += [f"## {' '.join(['lmm', *command])}", "", "```text", out.getvalue().rstrip(), "```", ""]
    return "\n".join(text)
