"""The data that a model used, as a table."""

from __future__ import annotations

from lmm.data import Columns
from lmm.table import Table


def frame_table(frame: Columns) -> Table:
    """Tabulate the columns that the model uses, factors by their values."""
    return Table({name: column.to_array() for name, column in frame.items()}, title="Model frame")
