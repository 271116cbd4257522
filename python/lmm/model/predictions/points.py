"""Point predictions, for the rows of a fit and for new ones."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lmm.arguments import one_of
from lmm.design import Design, RandomPart
from lmm.engine import Block
from lmm.errors import DataError, LmmError, LmmWarning
from lmm.model.building import fixed_matrix
from lmm.model.matrices import random_part
from lmm.model.predictions.rows import Rows
from lmm.model.predictions.selection import select_terms
from lmm.typing import BoolVector, FloatMatrix, FloatVector, NewLevels

if TYPE_CHECKING:
    from lmm.model.result import Fit

__all__ = [
    "NEW_LEVELS",
    "Target",
    "aim",
    "at_rows",
    "check_block",
    "mean_of",
    "missing_note",
    "point_of",
    "point_predictions",
    "warn_of_missing",
]

NEW_LEVELS: tuple[NewLevels, ...] = ("error", "population", "sample")


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What is to be predicted: rows, and the random terms that take part.

    Attributes
    ----------
    design
        The rows; its random terms are those that take part, levels that the fit has not seen after the others.
    chosen
        Their positions among the random terms of the fit.
    is_new
        Whether the rows are other than those of the fit.
    """

    design: Design
    chosen: tuple[int, ...]
    is_new: bool

    def unseen(self, fit: Fit, place: int) -> BoolVector:
        """Mark the rows (n,) whose level of the term at this place of the design is new."""
        part = self.design.random[place]
        if not part.is_group:
            return np.zeros(self.design.n_obs, dtype=bool)
        marks: BoolVector = (
            part.level_of_row >= fit.internals.design.random[self.chosen[place]].block.n_levels
        )
        return marks


def point_predictions(fit: Fit, rows: Rows) -> FloatVector:
    """Predict the response by point; see `lmm.predict`."""
    target = aim(fit, rows)
    point = point_of(fit, target)
    warn_of_missing(fit, target, point, stacklevel=5)
    return at_rows(target, point) if target.is_new else point


def aim(
    fit: Fit,
    rows: Rows,
    advice: str = (
        'Use new_levels="population" to predict with their random effects at zero, or random=False for the fixed part '
        "alone."
    ),
) -> Target:
    """Build the rows to be predicted.

    Parameters
    ----------
    advice
        What to do about levels that are new and may not be.

    Raises
    ------
    LmmError
        If an option does not exist, a column is missing, or a level is new and may not be.
    """
    one_of(*NEW_LEVELS)(rows.new_levels, "new_levels")
    chosen = select_terms(fit.internals.design.random, rows.random)
    if rows.new is None:
        if rows.offset is not None or rows.blocks is not None:
            raise LmmError(
                "offset= and blocks= belong to new data; without new the rows of the fit are predicted."
            )
        parts = tuple(fit.internals.design.random[i] for i in chosen)
        return Target(replace(fit.internals.design, random=parts), tuple(chosen), is_new=False)
    design = _new_design(fit, rows, chosen)
    target = Target(design, tuple(chosen), is_new=True)
    if rows.new_levels == "error":
        _refuse_new_levels(fit, target, advice)
    return target


def point_of(fit: Fit, target: Target) -> FloatVector:
    """Predict the rows of the target (n,); missing where they cannot be estimated."""
    return mean_of(fit, target) + _effects_of(fit, target, smooth=False)


def _effects_of(fit: Fit, target: Target, *, smooth: bool) -> FloatVector:
    """Sum the effects (n,) of the smooth terms of the target, or of its random terms."""
    own = zip(target.chosen, target.design.random, strict=True)
    chosen = [(part, _padded(fit.effects[i], part)) for i, part in own if part.is_smooth == smooth]
    return random_part([part for part, _ in chosen], [b for _, b in chosen], target.design.n_obs)


def mean_of(fit: Fit, target: Target) -> FloatVector:
    """Sum X beta, smooth terms and the offset (n,); missing where aliased columns make them depend on the unknown."""
    X, offset = target.design.X, target.design.offset
    mean: FloatVector = X[:, fit.internals.design.kept] @ fit.beta
    if target.is_new and fit.internals.design.aliased:
        mean[~_estimable(fit.internals.design, X)] = np.nan
    mean = mean + _effects_of(fit, target, smooth=True)
    return mean if offset is None else mean + offset


def at_rows(target: Target, values: FloatMatrix) -> FloatMatrix:
    """Put values of the rows that were kept at their rows of the table; the others are missing."""
    design = target.design
    placed = np.full((design.n_rows, *values.shape[1:]), np.nan)
    placed[design.rows] = values
    return placed


def _padded(effects: FloatMatrix, part: RandomPart) -> FloatMatrix:
    """Append effects of zero for new levels of a term, (l, k)."""
    n_new = part.block.n_levels - len(effects)
    return np.vstack([effects, np.zeros((n_new, effects.shape[1]))]) if n_new else effects


def _new_design(fit: Fit, rows: Rows, chosen: Sequence[int]) -> Design:
    """Build the design of the new rows with the chosen random terms, in their order."""
    parts = [fit.internals.design.random[i] for i in chosen]
    needed = {part.group: part for part in parts if part.kind == "block"}
    given = dict(rows.blocks or {})
    for name, part in needed.items():
        check_block(name, part, given)
    used = {name: given.pop(name) for name in needed}
    # What is left over is unknown or not chosen; the spec refuses the unknown.
    design = fit.internals.spec.build(
        rows.new,
        random=[part.spec for part in parts if part.is_group],
        offset=rows.offset,
        blocks={**used, **given} or None,
        extend=True,
        missing_groups=rows.new_levels != "error",
    )
    return replace(design, random=_in_order_of(parts, design.random))


def _in_order_of(parts: Sequence[RandomPart], built: Sequence[RandomPart]) -> tuple[RandomPart, ...]:
    """Find the parts of new data that are those of the fit; one recipe makes its parts in the same order."""
    rest, found = list(built), []
    for part in parts:
        found.append(next(new for new in rest if new.spec is part.spec and new.group == part.group))
        rest.remove(found[-1])
    return tuple(found)


def check_block(name: str, part: RandomPart, given: Mapping[str, Block]) -> None:
    """Refuse new data without the rows of a user's block, or with other columns.

    Raises
    ------
    LmmError
        With what to give.
    """
    if name not in given:
        raise LmmError(
            f"The random term {name!r} is a block of your own: give its rows for the new data, "
            f"blocks={{{name!r}: lmm.block(Z)}}, or leave it out with random=."
        )
    if given[name].n_effects != part.block.n_effects:
        raise LmmError(
            f"The block {name!r} has {given[name].n_effects} columns for the new data, "
            f"{part.block.n_effects} in the fit; they must be the same effects."
        )


def _estimable(learnt: Design, X: FloatMatrix) -> np.ndarray:
    """Rows of X (n,) whose aliased columns are the same combination of the others as in the fit."""
    kept = fixed_matrix(learnt)
    aliased = np.setdiff1d(np.arange(learnt.X.shape[1]), learnt.kept)
    combination = np.linalg.lstsq(kept, learnt.X[:, aliased], rcond=None)[0]  # (rank, n_aliased)
    difference = np.abs(X[:, aliased] - X[:, learnt.kept] @ combination)
    scale = np.abs(X[:, aliased]) + np.abs(X[:, learnt.kept]) @ np.abs(combination)
    estimable: np.ndarray = (difference <= 1e-8 * scale).all(axis=1)
    return estimable


def missing_note(aliased: Sequence[str], count: int) -> str:
    """Say why numbers of this many rows are missing, of which no value is; empty where none are.

    Examples
    --------
    >>> from lmm.model import missing_note
    >>> missing_note(["a", "b"], 1)
    'Missing: One row is not estimable from these data, since columns of X depend on each other (a, b).'
    """
    if not count:
        return ""
    what = "One row is" if count == 1 else f"{count} rows are"
    listed = ", ".join(aliased[:5]) + (", …" if len(aliased) > 5 else "")
    return (
        f"Missing: {what} not estimable from these data, since columns of X depend on each other ({listed})."
    )


def warn_of_missing(fit: Fit, target: Target, values: FloatVector, stacklevel: int) -> None:
    """Warn where predictions (n,) are missing that no table can say so of.

    Warns
    -----
    LmmWarning
        With the reason.
    """
    note = missing_note(fit.internals.design.aliased, int(np.count_nonzero(np.isnan(values))))
    if note and target.is_new:
        warnings.warn(note, LmmWarning, stacklevel=stacklevel)


def _refuse_new_levels(fit: Fit, target: Target, advice: str) -> None:
    for place, part in enumerate(target.design.random):
        unseen = int(np.count_nonzero(target.unseen(fit, place)))
        if not unseen:
            continue
        first = ", ".join(part.levels[len(fit.internals.design.random[target.chosen[place]].levels) :][:3])
        rows = (
            "1 row of the new data has a level"
            if unseen == 1
            else f"{unseen} rows of the new data have levels"
        )
        raise DataError(f"{rows} of {part.group} that the model has not seen ({first}). {advice}")
