"""Point predictions, for the rows of a fit and for new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lmm.design import Design, RandomPart
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
    new: Any = None,
    *,
    random: Selection = True,
    new_levels: Literal["error", "population"] = "error",
) -> FloatVector:
    """Predict the response; see `Fit.predict`."""
    if new_levels not in NEW_LEVELS:
        raise LmmError(
            f'new_levels= must be "error" or "population", not {new_levels!r}.'
            f"{nearest(str(new_levels), NEW_LEVELS)}"
        )
    chosen = select_terms(fit.design.random, random)
    design = fit.design if new is None else fit.spec.build(new, response=False)
    parts = [design.random[i] for i in chosen]
    if new is not None and new_levels == "error":
        _refuse_new_levels(parts)
    predicted = _fixed_part(fit, design)
    predicted = predicted + random_part(parts, [fit.effects[i] for i in chosen], design.n_obs)
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


def _refuse_new_levels(parts: list[RandomPart]) -> None:
    for part in parts:
        unknown = 0 if part.codes is None else int(np.count_nonzero(part.codes < 0))
        if unknown:
            raise DataError(
                f"{unknown} rows of the new data have levels of {part.group} that the model has not seen. "
                'Use new_levels="population" to predict with their random effects at zero, '
                "or random=False for the fixed part alone."
            )
