"""The description of every data set: what it is, where it comes from, and what its columns mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lmm.arguments import a_text, takes
from lmm.errors import DatasetError, nearest
from lmm.table import Table

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["ColumnDescription", "Description", "Kind", "describe", "folder", "list_datasets"]

Kind: TypeAlias = Literal["number", "integer", "factor"]

_SHOWN_LEVELS = 6


@dataclass(frozen=True, slots=True)
class ColumnDescription:
    """One column of a data set.

    Attributes
    ----------
    name
        Name in the table.
    kind
        ``"number"``, ``"integer"`` or ``"factor"``.
    units
        Unit or scale of the values; empty where there is none.
    description
        What was recorded.
    levels
        Levels of a factor in their order; empty for numbers.
    ordered
        Whether the source marks the levels as ordered.
    n_missing
        Number of rows without a value.
    """

    name: str
    kind: Kind
    units: str
    description: str
    levels: tuple[str, ...] = ()
    ordered: bool = False
    n_missing: int = 0

    @property
    def type(self) -> str:
        """The kind in words, with the levels of a factor: ``factor (A, B, C)``."""
        if self.kind != "factor":
            return self.kind
        word = "ordered factor" if self.ordered else "factor"
        if len(self.levels) > _SHOWN_LEVELS:
            return f"{word} ({len(self.levels)} levels)"
        return f"{word} ({', '.join(self.levels)})"


@dataclass(frozen=True, slots=True)
class Description:
    """What is known about a data set; printing it shows all.

    Attributes
    ----------
    name
        Name to load it by.
    title
        One line.
    description
        Design and origin in a sentence or two.
    source
        Where the rows were taken from.
    citation
        Where they were published.
    licence
        Licence of the rows.
    n_rows
        Number of rows.
    columns
        One entry per column.
    sha256
        Checksum of the CSV text.
    """

    name: str
    title: str
    description: str
    source: str
    citation: str
    licence: str
    n_rows: int
    columns: tuple[ColumnDescription, ...]
    sha256: str

    @property
    def table(self) -> Table:
        """The columns as a table: ``column, type, units, missing, description``."""
        return Table(
            {
                "column": [column.name for column in self.columns],
                "type": [column.type for column in self.columns],
                "units": [column.units for column in self.columns],
                "missing": [column.n_missing for column in self.columns],
                "description": [column.description for column in self.columns],
            },
            title=f"{self.name}: {self.title}",
            notes=(
                self.description,
                f"Rows: {self.n_rows}",
                f"Source: {self.source}",
                f"Published: {self.citation}",
                f"Licence: {self.licence}",
                f"SHA-256 of the CSV text: {self.sha256}",
            ),
        )

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table.to_html()


@takes(name=a_text)
def describe(name: str) -> Description:
    """Tell where a data set comes from and what its columns mean.

    Parameters
    ----------
    name
        A name from ``lmm.datasets.list()``.

    Returns
    -------
    Description

    Raises
    ------
    DatasetError
        If there is no data set of this name.

    Examples
    --------
    >>> import lmm
    >>> about = lmm.datasets.describe("sleepstudy")
    >>> about.n_rows, about.licence
    (180, 'GPL (>= 2), as the R package lme4')
    >>> about.columns[0].units
    'ms'
    """
    if name not in _names():
        raise DatasetError(
            f'there is no data set "{name}"; lmm.datasets.list() names the {len(_names())} that there are.'
            f"{nearest(str(name), _names())}"
        )
    return _read(name)


def list_datasets() -> Table:
    """Name the data sets that ship with the package.

    Returns
    -------
    Table
        Columns ``name, rows, columns, title``.

    Examples
    --------
    >>> import lmm
    >>> names = lmm.datasets.list()["name"]
    >>> "sleepstudy" in names
    True
    """
    found = [_read(name) for name in _names()]
    return Table(
        {
            "name": [entry.name for entry in found],
            "rows": [entry.n_rows for entry in found],
            "columns": [len(entry.columns) for entry in found],
            "title": [entry.title for entry in found],
        },
        title="Data sets",
        notes=(
            'lmm.datasets.describe("sleepstudy") tells about one, lmm.datasets.load("sleepstudy") reads it.',
        ),
    )


def folder() -> Traversable:
    """Find the folder of the description and CSV files inside the installed package."""
    return files("lmm.datasets").joinpath("files")


@cache
def _names() -> tuple[str, ...]:
    found = [entry.name.removesuffix(".json") for entry in folder().iterdir() if entry.name.endswith(".json")]
    return tuple(sorted(found, key=str.casefold))


@cache
def _read(name: str) -> Description:
    entry: dict[str, Any] = json.loads(folder().joinpath(f"{name}.json").read_text("utf-8"))
    columns = tuple(
        ColumnDescription(**{**column, "levels": _levels(column.get("levels", []))})
        for column in entry.pop("columns")
    )
    return Description(**entry, columns=columns)


def _levels(stored: list[str] | dict[str, int]) -> tuple[str, ...]:
    """Expand ``{"first": 1, "last": 31022}``, the short form of levels that are consecutive numbers."""
    if isinstance(stored, dict):
        return tuple(str(number) for number in range(stored["first"], stored["last"] + 1))
    return tuple(stored)
