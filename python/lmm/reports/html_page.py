"""The page of a fit: one HTML file that needs nothing else, for screens of any width and for paper."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lmm.arguments import takes
from lmm.errors import FileError, UnsupportedError, require, visible
from lmm.files import check_place, checked_path, write_whole
from lmm.model import a_fit
from lmm.reports.sections import anova_section
from lmm.reports.summaries import Summary, summary
from lmm.reports.writing import number_columns, page_table

if TYPE_CHECKING:
    from pathlib import Path

    from lmm.model import Fit, a_fit
from lmm.reports.sections import Section

__all__ = ["check_destination", "page", "report"]

_WIDEST_CORRELATION = 5
_ENDINGS = (".html", ".htm")


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
    from lmm.plots.style import alone

    with alone():  # the page has one drawing after the other, all in the same settings
        return _page(fit)


def _page(fit: Fit) -> str:
    import jinja2

    from lmm import __version__
    from lmm.reports.figures import parts_of

    folder = files("lmm.reports").joinpath("template")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, finalize=_shown
    )
    template = environment.from_string(folder.joinpath("page.html.j2").read_text("utf-8"))
    found = summary(fit)
    return template.render(
        version=__version__,
        css=folder.joinpath("page.css").read_text("utf-8"),
        summary=found,
        facts=_facts(found, fit),
        tables=_tables(found, fit),
        parts=parts_of(fit),
        certificate=fit.certificate.lines(),
    )


def _shown(value: Any) -> Any:
    """Write out what a browser would obey or not show, but for what is HTML already."""
    return visible(value) if type(value) is str else value


@takes(fit=a_fit)
def report(fit: Fit, path: str | os.PathLike[str]) -> Path:
    """Write the page of a fit to a file; the file appears whole or not at all.

    Parameters
    ----------
    fit
        Any fit.
    path
        Where to write, a name that ends in ``.html`` or ``.htm``; an existing file is replaced.

    Returns
    -------
    pathlib.Path
        The path.

    Raises
    ------
    FileError
        If the file cannot be written, or its name has another ending.
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
    destination = checked_path(path, "fit.html")
    check_destination(destination)
    write_whole(destination, page(fit).encode("utf-8"), "The page")
    return destination


def check_destination(path: Path) -> None:
    """Find out whether a page can be written, before the work is done.

    Parameters
    ----------
    path
        Where to write.

    Raises
    ------
    FileError
        If the name has another ending, the folder does not exist, or the path is a folder.
    MissingExtraError
        If Jinja2 or matplotlib is not installed.
    """
    if path.suffix.lower() not in _ENDINGS:
        # A folder, or a name that no file can have, is the first thing to say.
        check_place(path, "The page")
        ending = f'not in "{path.suffix}"' if path.suffix else "which this name has not"
        raise FileError(
            f'"{path}" cannot be the page: it is HTML, whose name ends in .html or .htm, {ending}. '
            f"Write {path.with_suffix('.html').name}; a browser prints it as PDF, and word processors open it."
        )
    check_place(path, "The page")
    _require_extras()


def _require_extras() -> None:
    for module in ("jinja2", "matplotlib"):
        require(module, extra="report")


def _facts(summary: Summary, fit: Fit) -> list[tuple[str, str]]:
    facts = [("Observations", f"{summary.n_obs:,}")]
    facts += [(f"Levels of {group}", f"{count:,}") for group, count in summary.n_levels.items()]
    row = next(iter(summary.criteria))
    if summary.method == "gcv":
        facts.append(("GCV score", f"{row['criterion']:.6g}"))
    else:
        name = "−2 log L" if summary.method == "ml" else "REML criterion"
        facts += [
            (name, f"{row['criterion']:.2f}"),
            ("AIC", f"{row['aic']:.2f}"),
            ("BIC", f"{row['bic']:.2f}"),
        ]
    return [*facts, ("Status", "converged" if fit.converged else "not converged")]


def _tables(summary: Summary, fit: Fit) -> list[tuple[str, int]]:
    """HTML and number of columns of each table."""
    sections = _in_page_order(summary)
    # Without factors its rows would be those of the coefficients once more.
    if fit.internals.design.factors:
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
    return page_table(cells)
