"""The tables of a designed experiment, as the page shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lmm.reports.writing import page_table
from lmm.table import render
from lmm.table.numbers import MISSING, format_columns

if TYPE_CHECKING:
    from lmm.table import Table

__all__ = ["experiment_table"]

_HEADERS = {
    "source": "Source",
    "role": "Role",
    "df_formula": "df",
    "df": "df",
    "error_term": "Error term",
    "ems": "Expected mean square",
    "stratum": "Stratum",
    "term": "Term",
    "sum_sq": "Sum Sq",
    "mean_sq": "Mean Sq",
    "f_value": "F",
    "p_value": "p-value",
}


def experiment_table(table: Table) -> str:
    """Write a shell or the strata as HTML, with words above the columns and real subscripts.

    Examples
    --------
    >>> import lmm
    >>> plan = lmm.shell("~ Diet + (1 | Room)", {"Diet": 6, "Room": 3})
    >>> "σ²<sub>ε</sub> + d σ²<sub>r</sub>" in experiment_table(plan)
    True
    """
    texts = format_columns({name: table[name] for name in table.columns}, {})
    # Errors have no test: an empty cell says so better than a dash.
    texts = {name: ["" if text == MISSING else text for text in column] for name, column in texts.items()}
    cells = render.Cells(
        [_HEADERS[name] for name in table.columns],
        list(zip(*texts.values(), strict=True)),
        [table[name].dtype.kind in "fiu" for name in table.columns],
        table.title,
        table.notes,
    )
    # The text is escaped by now.
    return re.sub(r"σ²_(.+?)(?= \+ |<)", r"σ²<sub>\1</sub>", page_table(cells, breaks=False))
