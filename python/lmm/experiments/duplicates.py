"""Plots that are in a table twice."""

from __future__ import annotations

import numpy as np

from lmm.data import Column
from lmm.design import Design
from lmm.errors import DataError
from lmm.typing import IntVector

__all__ = ["check_duplicates", "duplicated_plot"]


def check_duplicates(design: Design) -> tuple[str, ...]:
    """Refuse rows that repeat another one, response included, where plots occur once.

    In a table with one row for almost every combination of its factors, two equal rows are one plot entered
    twice: it would count as a replicate. Tables with real replicates pass.

    Returns
    -------
    tuple of str
        A sentence about plots that are there twice with different responses.

    Raises
    ------
    DataError
        Naming the plot.
    """
    if design.y is None:
        return ()
    frame = design.model_frame
    described = {name: column for name, column in frame.items() if not _is_response(column, design)}
    plot = _combined([column.as_factor().factor_codes for column in described.values()], design.n_obs)
    rows = _repeated(plot)
    if rows is None:
        return ()
    y = design.y
    same = [int(i) for i in rows if y[i] == y[np.flatnonzero(plot == plot[i])[0]]]
    if same:
        raise DataError(_message(described, same[0], design, len(same)))
    plot_name = describe_row(described, int(rows[0]))
    return (
        f"The plot {plot_name} is in the table more than once, most are not: its rows count as replicates.",
    )


def duplicated_plot(columns: dict[str, Column]) -> int | None:
    """Row that repeats an earlier one in a plan where most combinations occur once; None if there is none."""
    if not columns:
        return None
    complete = np.flatnonzero(~np.any([column.missing for column in columns.values()], axis=0))
    codes = [column.as_factor().factor_codes[complete] for column in columns.values()]
    rows = _repeated(_combined(codes, len(complete))) if len(complete) else None
    return None if rows is None else int(complete[rows[0]])


def describe_row(columns: dict[str, Column], row: int) -> str:
    """Name a plot by its levels."""
    return ", ".join(
        f"{name} {column.as_factor().levels[column.as_factor().factor_codes[row]]}"
        for name, column in columns.items()
    )


def _is_response(column: Column, design: Design) -> bool:
    return (
        column.kind == "numeric"
        and not any(column.name in term.variables for term in design.terms)
        and not any(column.name in part.group.split(":") for part in design.groups)
    )


def _combined(codes: list[IntVector], n: int) -> IntVector:
    combined = np.zeros(n, dtype=np.int64)
    for part in codes:
        _, combined = np.unique(combined * (int(part.max(initial=0)) + 1) + part, return_inverse=True)
    return combined


def _repeated(plot: IntVector) -> IntVector | None:
    """Rows after the first of their plot; None where repeated plots are no exception."""
    counts = np.bincount(plot)
    n_repeated = int(np.count_nonzero(counts > 1))
    if n_repeated == 0 or n_repeated > max(1, len(counts) // 5):
        return None
    _, first = np.unique(plot, return_index=True)
    later = np.ones(len(plot), dtype=bool)
    later[first] = False
    return np.flatnonzero(later)


def _message(columns: dict[str, Column], row: int, design: Design, count: int) -> str:
    others = "" if count == 1 else f" ({count} such rows)"
    return (
        f"The plot {describe_row(columns, row)} is in the table twice with the same response (again in row "
        f"{int(design.rows[row])}, counted from 0){others}, other plots are there once: a copy is not a replicate. "
        "Leave it out; give real replicates a column of their own that tells them apart."
    )
