"""The page of a fit: one HTML file that needs nothing else, for screens of any width and for paper."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from lmm.errors import FileError, UnsupportedError, require
from lmm.reports.sections import anova_section
from lmm.reports.summary import Summary, summarize
from lmm.reports.writing import number_columns
from lmm.table import render

if TYPE_CHECKING:
    from lmm.model import Fit
    from lmm.reports.sections import Section

__all__ = ["check_destination", "page", "write_page"]

_WIDEST_CORRELATION = 5


def page(fit: Fit) -> str:
    """Write the page of a fit.

    Parameters
    ----------
    fit
        Any fit.

    Returns
    -------
    str
        A complete HTML document: summary tables and figures, with all text from the data escaped. It has no date
        and no randomness in it: the same fit gives the same text.

    Raises
    ------
    MissingExtraError
        If Jinja2 or matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.reports import page
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> page(fit).count("<svg")
    9
    """
    _require_extras()
    import jinja2

    from lmm import __version__
    from lmm.reports.figures import parts_of

    folder = files("lmm.reports").joinpath("template")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    template = environment.from_string(folder.joinpath("page.html.j2").read_text("utf-8"))
    summary = summarize(fit)
    return template.render(
        version=__version__,
        css=folder.joinpath("page.css").read_text("utf-8"),
        summary=summary,
        facts=_facts(summary, fit),
        tables=_tables(summary, fit),
        parts=parts_of(fit),
        certificate=fit.certificate.lines(),
    )


def write_page(fit: Fit, path: str | os.PathLike[str]) -> Path:
    """Write the page of a fit to a file; the file appears whole or not at all.

    Parameters
    ----------
    fit
        Any fit.
    path
        Where to write; an existing file is replaced.

    Returns
    -------
    pathlib.Path
        The path.

    Raises
    ------
    FileError
        If the file cannot be written.
    MissingExtraError
        If Jinja2 or matplotlib is not installed.

    Examples
    --------
    >>> import lmm, pathlib, tempfile
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = fit.report(pathlib.Path(folder) / "sleepstudy.html")
    ...     path.stat().st_size > 10_000
    True
    """
    destination = Path(path)
    check_destination(destination)
    text = page(fit)
    try:
        _replace(destination, text)
    except OSError as error:
        raise FileError(f'cannot write "{destination}": {error.strerror or error}') from error
    return destination


def check_destination(path: Path) -> None:
    """Find out whether a page can be written, before the work is done.

    Raises
    ------
    FileError
        If the folder does not exist, or the path is a folder.
    MissingExtraError
        If Jinja2 or matplotlib is not installed.
    """
    if path.is_dir():
        raise FileError(f'cannot write "{path}": it is a folder; give the name of a file in it')
    if not path.parent.is_dir():
        raise FileError(f'cannot write "{path}": there is no folder "{path.parent}"; create it first')
    _require_extras()


def _require_extras() -> None:
    for module in ("jinja2", "matplotlib"):
        require(module, extra="report")


def _replace(destination: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=destination.parent, prefix=f".{destination.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        # mkstemp makes private files; a report has the permissions of any new file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(destination)
    except BaseException:
        # Also when the user interrupts: nothing half written stays behind.
        temporary.unlink(missing_ok=True)
        raise


def _facts(summary: Summary, fit: Fit) -> list[tuple[str, str]]:
    criterion = "−2 log L" if summary.method == "ml" else "REML criterion"
    facts = [("Observations", f"{summary.n_obs:,}")]
    facts += [(f"Levels of {group}", f"{count:,}") for group, count in summary.n_levels.items()]
    row = next(iter(summary.criteria))
    facts += [
        (criterion, f"{row['criterion']:.2f}"),
        ("AIC", f"{row['aic']:.2f}"),
        ("BIC", f"{row['bic']:.2f}"),
    ]
    return [*facts, ("Status", "converged" if fit.converged else "not converged")]


def _tables(summary: Summary, fit: Fit) -> list[tuple[str, int]]:
    """HTML and number of columns of each table."""
    sections = _in_page_order(summary)
    # Without factors its rows would be those of the coefficients once more.
    if fit.design.factors:
        # Some contrasts of one's own allow no such table; the page has all the rest.
        with suppress(UnsupportedError):
            sections.insert(1, anova_section(fit.anova()))
    return [(_table(section), len(section.cells.header)) for section in sections]


def _in_page_order(summary: Summary) -> list[Section]:
    """Estimates first; the head of the page already has the criteria."""
    order = ("fixed", "random", "residuals", "correlation")
    found = {section.key: section for section in summary.sections}
    return [found[key] for key in order if key in found]


def _table(section: Section) -> str:
    cells = section.cells
    if section.key == "correlation" and len(cells.header) > _WIDEST_CORRELATION:
        cells = number_columns(cells)
    if section.key == "random":
        # The counts stand in the head of the page.
        cells = replace(cells, notes=())
    return render.html(cells)
