"""New responses drawn from a fitted model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.errors import LmmError
from lmm.typing import FloatMatrix

if TYPE_CHECKING:
    from lmm.model.result import Fit


def simulate(fit: Fit, n: int = 1, *, seed: int | np.random.Generator | None = None) -> FloatMatrix:
    """Draw responses with new random effects and new errors; see `Fit.simulate`."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise LmmError(f"n must be a whole number of at least 1, not {n!r}.")
    rng = np.random.default_rng(seed)
    design = fit.design
    mean = fit.X @ fit.beta
    if design.offset is not None:
        mean = mean + design.offset
    q = sum(part.block.n_effects for part in design.random)
    # One column per simulation, so that the first ones do not depend on how many are drawn.
    u = np.array([rng.standard_normal(q + design.n_obs) for _ in range(n)]).T
    errors = u[q:] if design.weights is None else u[q:] / np.sqrt(design.weights)[:, None]
    total: FloatMatrix = mean[:, None] + fit.sigma * (fit.Z @ (fit.Lambda @ u[:q]) + errors)
    return total
