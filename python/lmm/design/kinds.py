"""Columns of new data in the kinds that they had at the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmm.data import Columns
from lmm.design.wording import listed
from lmm.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lmm.design.matrix import MatrixSpec

__all__ = ["conformed"]


def conformed(columns: Columns, kinds: Mapping[str, str], matrices: Sequence[MatrixSpec]) -> Columns:
    """Make factors of what was one at the fit.

    Parameters
    ----------
    columns
        Of new data.
    kinds
        ``"numeric"`` or ``"factor"``, by column.
    matrices
        Of the fixed part and of effects: what stands there as a number has to be one.

    Raises
    ------
    DataError
        If a covariate is now a factor.
    """
    factors = {factor.name for matrix in matrices for factor in matrix.factors}
    parts = {part for matrix in matrices for term in matrix.terms for part in term.parts}
    found = {}
    for name, column in columns.items():
        # Behind a bar and in C() a number may come as text: levels are found by their labels.
        if column.kind == "factor" and name in parts - factors:
            raise DataError(
                f'Column "{name}" was numeric at the fit; now it is a factor with the levels '
                f"{listed(column.levels)}. Give numbers."
            )
        found[name] = column.as_factor() if kinds[name] == "factor" else column
    return Columns(found, columns.n_rows, columns.available)
