"""Means and contrasts as tables, on the scale that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lmm.table import Table
from lmm.table.naming import beside
from lmm.typing import FloatVector

if TYPE_CHECKING:
    from lmm.means.result import Means

__all__ = ["Scaled", "label_columns", "scaled", "tabulate"]


class Scaled(NamedTuple):
    """Numbers on the scale that they are shown on.

    Attributes
    ----------
    name
        Of the column of estimates.
    estimate, std_error, conf_low, conf_high : shape (r,)
    null
        What the tests compare with.
    note
        About the scale; may be empty.
    """

    name: str
    estimate: FloatVector
    std_error: FloatVector
    conf_low: FloatVector
    conf_high: FloatVector
    null: float
    note: str


def tabulate(means: Means, **more: Any) -> Table:
    """Make the table of means, contrasts or trends, with more columns at the end."""
    found, options = means.evaluated, means.options
    shown = scaled(means)
    columns: dict[str, Any] = {shown.name: shown.estimate, "std_error": shown.std_error, "df": found.df}
    if options.shows != "intervals":
        if shown.null:
            columns["null"] = np.full(len(found.df), shown.null)
        columns |= {"statistic": found.statistic, "p_value": found.p_value}
    if options.shows != "tests":
        columns |= {"conf_low": shown.conf_low, "conf_high": shown.conf_high}
    columns |= more
    labels = beside(columns, label_columns(means))
    notes = [*means.remarks, *labels.notes, *found.notes, *([shown.note] if shown.note else [])]
    return Table({**labels.columns, **columns}, title=means.heading, notes=notes)


def label_columns(means: Means) -> dict[str, Any]:
    """Write the columns of levels as numbers where all of them are numbers."""
    return {name: column.tolist() for name, column in means.labels.items()}


def scaled(means: Means) -> Scaled:
    """Bring estimates and intervals to the scale that was asked for; tests stay those of the model."""
    found, options = means.evaluated, means.options
    link = means.link if options.response else None
    if link is None:
        return Scaled(
            means.value, found.estimate, found.std_error, found.conf_low, found.conf_high, options.null, ""
        )
    ratios = means.kind == "contrast"

    def back(eta: FloatVector) -> tuple[FloatVector, FloatVector]:
        with np.errstate(over="ignore", invalid="ignore"):
            return link.ratio(eta) if ratios else link.back(eta, options.bias_variance)

    estimate, slope = back(found.estimate)
    ends = np.stack([back(found.conf_low)[0], back(found.conf_high)[0]])
    if ratios:
        note = f"Ratios, from differences of {link.text}; tests are those of the differences."
    else:
        note = f"Transformed back from the scale of {link.text}; intervals and tests are those of that scale."
        if options.bias_variance:
            note += f" Adjusted for bias with a variance of {options.bias_variance:.4g}."
    return Scaled(
        name="ratio" if ratios else "response",
        estimate=estimate,
        std_error=np.abs(slope) * found.std_error,
        conf_low=ends.min(axis=0),
        conf_high=ends.max(axis=0),
        null=float(back(np.array([options.null]))[0][0]),
        note=note,
    )
