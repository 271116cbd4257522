"""Point predictions, for the rows of a fit and for new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lmm.design import Design, RandomPart
from lmm.engine import Block
from lmm.errors import DataError, LmmError, nearest
from lmm.model.building import fixed_matrix
from lmm.model.matrices import random_part
from lmm.model.selection import Selection, select_terms
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model.result import Fit

NEW_LEVELS = ("error", "population")


def predict(
    fit: Fit,
    new: Any,
    random: Selection,
    new_levels: Literal["error", "population"],
    offset: Any,
    blocks: Mapping[str, Block] | None,
) -> FloatVector:
    """Predict the response; see `Fit.predict`."""
    if new_levels not in NEW_LEVELS:
        raise LmmError(
            f'new_levels= must be "error" or "population", not {new_levels!r}.'
            f"{nearest(str(new_levels), NEW_LEVELS)}"
        )
    chosen = select_terms(fit.design.random, random)
    effects = [fit.effects[i] for i in chosen]
    if new is None:
        if offset is not None or blocks is not None:
            raise LmmError(
                "offset= and blocks= belong to new data; without new the rows of the fit are predicted."
            )
        return _total(fit, fit.design, [fit.design.random[i] for i in chosen], effects)
    design = _new_design(fit, new, chosen, offset, blocks)
    if new_levels == "error":
        _refuse_new_levels(design.random)
    predicted = np.full(design.n_rows, np.nan)
    predicted[design.rows] = _total(fit, design, design.random, effects)
    return predicted


def _new_design(
    fit: Fit, new: Any, chosen: Sequence[int], offset: Any, blocks: Mapping[str, Block] | None
) -> Design:
    """Build the design of the new rows with the chosen random terms, in their order."""
    n_bars = len(fit.spec.random)
    needed = {fit.design.random[i].group: fit.design.random[i] for i in chosen if i >= n_bars}
    given = dict(blocks or {})
    for name, part in needed.items():
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
    used = {name: given.pop(name) for name in needed}
    # What is left over is unknown or not chosen; the spec refuses the unknown.
    design = fit.spec.build(
        new, random=[i for i in chosen if i < n_bars], offset=offset, blocks={**used, **given}
    )
    return replace(design, random=design.random[: len(chosen)])


def _total(
    fit: Fit, design: Design, parts: Sequence[RandomPart], effects: Sequence[FloatMatrix]
) -> FloatVector:
    predicted = _fixed_part(fit, design) + random_part(parts, effects, design.n_obs)
    return predicted if design.offset is None else predicted + design.offset


def _fixed_part(fit: Fit, design: Design) -> FloatVector:
    """X beta (n,); missing in rows where the aliased columns make it depend on what is unknown."""
    product: FloatVector = design.X[:, fit.design.kept] @ fit.beta
    if design is not fit.design and fit.design.aliased:
        product[~_estimable(fit.design, design.X)] = np.nan
    return product


def _estimable(learnt: Design, X: FloatMatrix) -> np.ndarray:
    """Rows of X (n,) whose aliased columns are the same combination of the others as in the fit."""
    kept = fixed_matrix(learnt)
    aliased = np.setdiff1d(np.arange(learnt.X.shape[1]), learnt.kept)
    combination = np.linalg.lstsq(kept, learnt.X[:, aliased], rcond=None)[0]  # (rank, n_aliased)
    difference = np.abs(X[:, aliased] - X[:, learnt.kept] @ combination)
    scale = np.abs(X[:, aliased]) + np.abs(X[:, learnt.kept]) @ np.abs(combination)
    estimable: np.ndarray = (difference <= 1e-8 * scale).all(axis=1)
    return estimable


def _refuse_new_levels(parts: Sequence[RandomPart]) -> None:
    for part in parts:
        unknown = 0 if part.codes is None else int(np.count_nonzero(part.codes < 0))
        if unknown:
            raise DataError(
                f"{unknown} rows of the new data have levels of {part.group} that the model has not seen. "
                'Use new_levels="population" to predict with their random effects at zero, '
                "or random=False for the fixed part alone."
            )
