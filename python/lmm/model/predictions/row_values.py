"""Values that a user gives beside a fit: one for each row of its table, or of the rows that it used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.data import in_rows_of, open_table, row_labels
from lmm.errors import DataError

if TYPE_CHECKING:
    from lmm.model.result import Fit

__all__ = ["beside_rows", "labels_of_table"]


def beside_rows(fit: Fit, values: Any, what: str) -> np.ndarray:
    """Find the values (n_obs,) of the rows used.

    Parameters
    ----------
    values
        One for each row used or for each row of the table. A pandas Series finds its rows by its labels.
    what
        Name of the values, for messages.

    Raises
    ------
    DataError
        If there is another number of them, or the labels are not those of the table.
    """
    if row_labels(values) is not None:
        values = in_rows_of(_labels(fit, len(values)), values, what)
    try:
        found = np.asarray(values)
    except ValueError:  # lists of different lengths
        raise DataError(f"{what} holds lists; it needs one entry for each row.") from None
    if found.shape == (fit.internals.design.n_rows,):
        found = found[fit.internals.design.rows]
    if found.shape != (fit.n_obs,):
        raise DataError(
            f"{what} has the shape {found.shape}; it needs one entry for each of the {fit.n_obs} rows used, or of the "
            f"{fit.internals.design.n_rows} rows of the table."
        )
    return found


def labels_of_table(fit: Fit) -> Any:
    """Labels of the rows of the table that was fitted; None if there are none, or the fit does not hold its table."""
    return None if fit.internals.request.data is None else open_table(fit.internals.request.data).labels


def _labels(fit: Fit, n: int) -> Any:
    """Labels of the rows of the table, or of those used if there are so many."""
    labels = labels_of_table(fit)
    if labels is None or n == fit.internals.design.n_rows or n != fit.n_obs:
        return labels
    return labels[fit.internals.design.rows]
