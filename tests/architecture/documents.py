"""Run the code of a Markdown document and put its real output below it.

A fenced block ``python`` is run, all blocks of a document in one namespace; a block ``text`` right after it
shows what it printed. A block ``console`` holds commands after ``$ `` and what they print. Other blocks are
left alone. ``python -m tests.architecture.documents`` writes the outputs into README.md and docs/, the page
of public names from their docstrings, and the stubs of methods.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import matplotlib as mpl

from tests.architecture.reference import PAGE, reference
from tests.architecture.source import ROOT
from tests.architecture.stubs import write

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])

_PYTHON = r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n.*?^```\n)?"
_CONSOLE = r"^```console\n(?P<commands>.*?)^```\n"
_BLOCK = re.compile(f"{_PYTHON}|{_CONSOLE}", re.MULTILINE | re.DOTALL)


def refreshed(document: str, figures: Path | None = None) -> str:
    """Run a document: the same text with the output that its code prints now.

    Figures that it saves and shows from the folder ``figures`` are put there.
    """
    namespace: dict[str, Any] = {"__name__": "document"}

    def run(block: re.Match[str]) -> str:
        if block["commands"] is not None:
            return f"```console\n{_run_commands(block['commands'])}```\n"
        printed = _printed(lambda: exec(compile(block["code"], "<document>", "exec"), namespace))
        shown = f"\n```text\n{printed}```\n" if printed else ""
        return f"```python\n{block['code']}```\n{shown}"

    # The same figure is the same file.
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    mpl.rcParams["svg.hashsalt"] = "lmm"
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        after = _BLOCK.sub(run, document)
        for name in re.findall(r"\]\(\.\./figures/(\S+?)\)", document) if figures else []:
            if Path(name).exists():
                shutil.copy(name, figures)
        return after


def _run_commands(code: str) -> str:
    from lmm.cli import main

    lines = []
    for command in re.findall(r"^\$ (.*)$", code, re.MULTILINE):
        lines.append(f"$ {command}\n")
        name, *arguments = shlex.split(command)
        assert name == "lmm", command
        lines.append(_printed(lambda arguments=arguments: main(arguments)))
    return "".join(lines)


def _printed(run: Callable[[], object]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        run()
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "".join(f"{line}\n" for line in lines)


def main() -> None:
    write()
    PAGE.write_text(reference(), encoding="utf-8")
    for path in DOCUMENTS:
        before = path.read_text(encoding="utf-8")
        after = refreshed(before, ROOT / "docs" / "figures")
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"rewrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
