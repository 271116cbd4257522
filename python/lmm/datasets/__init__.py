"""Data sets that ship with the package, each with source, licence, units and checksum; all work offline.

``list()`` names them, ``describe(name)`` tells about one, ``load(name)`` reads it. A set is two files in
``files/``: a description (JSON) and the rows (CSV, gzip), written by ``tools/make_datasets.py``. Each set
has the licence that its description names, which is mostly not that of the package.
"""

from __future__ import annotations

from lmm.datasets.catalog import ColumnDescription, Description, describe
from lmm.datasets.catalog import list_datasets as list  # noqa: A004 (read as lmm.datasets.list)
from lmm.datasets.reader import load

__all__ = ["ColumnDescription", "Description", "describe", "list", "load"]
