"""Weights of rows that are predicted or simulated: what says how precise a new observation is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.data import in_rows_of, open_table, row_labels
from lmm.errors import ColumnError, DataError, LmmError, nearest
from lmm.model.predictions.points import Target
from lmm.model.predictions.rows import Rows
from lmm.typing import FloatVector

if TYPE_CHECKING:
    from lmm.model.result import Fit

__all__ = ["weights_of"]


def weights_of(fit: Fit, target: Target, rows: Rows) -> FloatVector | None:
    """Find the weights (n,) of the rows of a target; None stands for ones.

    Raises
    ------
    LmmError
        If the fit had weights and those of the new rows are not known, or they are not positive numbers.
    """
    weights = rows.weights
    if not target.is_new:
        if weights is not None:
            raise LmmError("weights= belongs to new data; the rows of the fit have theirs.")
        return fit.weights
    if weights is None:
        if fit.weights is None:
            return None
        weights = _same_column(fit, rows.new)
    values = _read(rows.new, weights, target.design.n_rows)
    if (values <= 0.0).any() or np.isinf(values).any():
        raise DataError(
            "weights= must be positive and finite: the variance of a row is sigma squared divided by its weight."
        )
    return values[target.design.rows]


def _same_column(fit: Fit, new: Any) -> str:
    name = fit.internals.request.weights
    if isinstance(name, str) and name in open_table(new).names:
        return name
    raise LmmError(
        "The fit had weights, so those of the new rows are needed: weights= with a column of the new data, "
        "an array, or one number for all rows (weights=1 for the variance sigma squared)."
    )


def _read(new: Any, weights: Any, n_rows: int) -> FloatVector:
    if isinstance(weights, str):
        source = open_table(new)
        if weights not in source.names:
            raise ColumnError(
                f'weights="{weights}": the new data have no such column.{nearest(weights, source.names)}'
            )
        column = source.read([weights])[weights]
        if column.kind != "numeric":
            raise DataError(f'weights="{weights}" is not numeric. Give numbers.')
        return column.numbers
    if row_labels(weights) is not None:
        weights = in_rows_of(open_table(new).labels, weights, "weights=")
    try:
        values: FloatVector = np.asarray(weights, dtype=float)
    except (TypeError, ValueError):
        raise DataError(f"weights= must be a column, an array or a number, not {weights!r}.") from None
    if values.shape not in ((), (n_rows,)):
        raise DataError(f"weights= has the shape {values.shape}, but the new data have {n_rows} rows.")
    return np.broadcast_to(values, (n_rows,)).astype(np.float64)
