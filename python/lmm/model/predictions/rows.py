"""The rows that are predicted or simulated, as the user names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lmm.engine import Block
from lmm.model.predictions.selection import Selection
from lmm.typing import NewLevels

__all__ = ["Rows"]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of the fit or of a new table, and what counts for them.

    Attributes
    ----------
    new
        A table with the columns of the right side; None for the rows of the fit.
    random
        Which random effects take part.
    new_levels
        What levels do that the fit has not seen.
    offset
        Array for new rows, where the fit had an array.
    blocks
        The user's blocks for new rows, by name.
    weights
        Of new rows: a column, an array, or one number; None for the column that the fit used.
    """

    new: Any = None
    random: Selection = True
    new_levels: NewLevels = "error"
    offset: Any = None
    blocks: Mapping[str, Block] | None = None
    weights: Any = None
