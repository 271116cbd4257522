"""Residuals on the scales that people ask for."""

from __future__ import annotations

from typing import get_args

import numpy as np

from lmm.errors import LmmError, nearest
from lmm.typing import FloatVector, ResidualKind


def residuals_of(
    kind: ResidualKind,
    response: FloatVector,
    fitted: FloatVector,
    weights: FloatVector | None,
    sigma: float,
) -> FloatVector:
    """Give y minus fitted (n,), on one of three scales.

    ``"response"``: as measured. ``"pearson"``: times the root of the prior weight, so that all
    have variance sigma**2. ``"scaled"``: Pearson residuals over sigma.

    Raises
    ------
    LmmError
        If there is no such kind.
    """
    kinds = get_args(ResidualKind)
    if kind not in kinds:
        raise LmmError(
            f"There are no residuals of kind {kind!r}; there are {', '.join(kinds)}."
            f"{nearest(str(kind), kinds)}"
        )
    raw = response - fitted
    if kind == "response":
        return raw
    pearson: FloatVector = raw if weights is None else raw * np.sqrt(weights)
    return pearson if kind == "pearson" else pearson / sigma
