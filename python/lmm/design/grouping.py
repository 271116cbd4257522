"""Levels of a grouping factor: those of one column, or the combinations of several that occur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.engine import GroupBlock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.covariance import Structure
    from lmm.data import Column
    from lmm.typing import FloatMatrix, IntVector


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """A grouping factor as it was learnt, so that rows of other data find their level.

    Attributes
    ----------
    factor_levels
        Levels of each factor, in formula order.
    occurring : shape (n_levels,)
        Which combinations occur, ascending: the first factor varies slowest.
    labels
        Labels of the levels: ``"A1"``, or ``"A1:B2"`` for combinations.
    """

    factor_levels: tuple[tuple[str, ...], ...]
    occurring: IntVector
    labels: tuple[str, ...]

    @classmethod
    def learn(cls, factors: Sequence[Column]) -> tuple[Grouping, IntVector]:
        """Learn the levels of factors (without missing values); also the code of each row, int32."""
        levels = tuple(factor.levels for factor in factors)
        if len(factors) == 1:
            return cls(levels, np.arange(len(levels[0])), levels[0]), factors[0].factor_codes
        combined = _combine([factor.factor_codes for factor in factors], levels)
        occurring, codes = _distinct(combined)
        parts = np.unravel_index(occurring, [len(names) for names in levels])
        labels = tuple(
            ":".join(names[i] for names, i in zip(levels, place, strict=True))
            for place in zip(*(part.tolist() for part in parts), strict=True)
        )
        return cls(levels, occurring, labels), codes

    def code(self, factors: Sequence[Column]) -> IntVector:
        """Code of each row of other data, int32; -1 where the level or combination is new."""
        codes = [factor.recode(levels) for factor, levels in zip(factors, self.factor_levels, strict=True)]
        combined = _combine(codes, self.factor_levels)
        place = np.minimum(np.searchsorted(self.occurring, combined), self.occurring.size - 1)
        return np.where(self.occurring[place] == combined, place, -1).astype(np.int32)

    def extended(self, factors: Sequence[Column]) -> tuple[tuple[str, ...], IntVector]:
        """Labels of the levels with those that only other data have after them, and the code of each row, int32.

        A row that lacks the level of a factor has a new level for itself: nothing says that two such rows are of one.
        """
        codes = self.code(factors)
        new = np.flatnonzero(codes < 0)
        places = np.column_stack([factor.factor_codes[new] for factor in factors]).astype(np.int64)
        lacking = (places < 0).any(axis=1)
        alone = np.where(lacking, new, -1)
        distinct, which = np.unique(np.column_stack([alone, places]), axis=0, return_inverse=True)
        codes[new] = len(self.labels) + which.ravel()
        return (*self.labels, *(_written(factors, place) for _, *place in distinct.tolist())), codes


def group_block(
    codes: IntVector, values: FloatMatrix | None, levels: tuple[str, ...], family: Structure
) -> GroupBlock:
    """Make the block of a grouping factor; rows of unknown levels (codes below 0) have no effects.

    Parameters
    ----------
    codes : shape (n,)
    values : shape (n, k)
        None for an intercept alone.
    levels
        Their labels.
    family
        The structure of the covariance.
    """
    unknown = codes < 0
    if unknown.any():
        values = np.ones((codes.size, 1)) if values is None else values
        values = np.where(unknown[:, None], 0.0, values)
        codes = np.where(unknown, 0, codes).astype(np.int32)
    return GroupBlock(codes, values, len(levels), structure=family.pattern, labels=levels)


def _written(factors: Sequence[Column], place: Sequence[int]) -> str:
    """Label of a new level."""
    return ":".join(
        factor.levels[i] if i >= 0 else "(missing)" for factor, i in zip(factors, place, strict=True)
    )


def _combine(codes: Sequence[IntVector], levels: Sequence[Sequence[str]]) -> IntVector:
    """One number per combination, first factor slowest; -1 if any code is -1."""
    combined = codes[0].astype(np.int64)
    unknown = codes[0] < 0
    for part, names in zip(codes[1:], levels[1:], strict=True):
        combined = combined * len(names) + part
        unknown |= part < 0
    combined[unknown] = -1
    return combined


def _distinct(combined: IntVector) -> tuple[IntVector, IntVector]:
    """Distinct numbers in ascending order, and the position of each row's number among them (int32)."""
    size = int(combined.max()) + 1
    if size > 4 * combined.size + 1024:
        occurring, codes = np.unique(combined, return_inverse=True)
        return np.asarray(occurring, dtype=np.int64), codes.astype(np.int32)
    # A table of all combinations is cheaper than sorting where it is small.
    present = np.zeros(size, dtype=bool)
    present[combined] = True
    position = np.cumsum(present, dtype=np.int32) - np.int32(1)
    return np.flatnonzero(present), position[combined]
