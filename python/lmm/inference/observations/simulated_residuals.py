"""Residuals as probabilities: where each response lies among those that the model would draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from lmm.arguments import a_seed, takes
from lmm.model import a_fit, check_count
from lmm.typing import FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["quantile_residuals"]

_MOST_NUMBERS = 10_000_000  # of responses that are drawn at a time


@takes(fit=a_fit, seed=a_seed)
def quantile_residuals(
    fit: Fit,
    n: int = 1000,
    *,
    random: Literal["new", "fitted"] = "new",
    seed: int | np.random.Generator | None = None,
) -> FloatVector:
    """Simulate responses and give the part of them below each observed one, after Dunn and Smyth (1996).

    Where the model holds they are uniform between 0 and 1: too many near 0 and 1 mean outliers or heavy tails, a
    trend along a covariate a missing term. With new random effects ``fit.residuals("quantile")`` is what they
    tend to as n grows, without any noise.

    Parameters
    ----------
    fit
        A fit.
    n
        How many responses to draw for each row.
    random
        ``"new"`` draws new random effects too, ``"fitted"`` keeps those of the fit.
    seed
        For `numpy.random.default_rng`.

    Returns
    -------
    shape (n_obs,)
        Strictly between 0 and 1: a uniform number within the step of height 1/(n + 1) at the
        observed response.

    Raises
    ------
    LmmError
        If n is not a whole number of at least one, or ``random`` no such choice.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> lmm.quantile_residuals(fit, 2000, seed=1)[:2].round(1), fit.residuals("quantile")[:2].round(1)
    (array([0.6, 0.1]), array([0.6, 0.1]))
    """
    check_count(n)
    rng = np.random.default_rng(seed)
    below = np.zeros(fit.n_obs)
    ties = np.zeros(fit.n_obs)
    at_a_time = max(1, _MOST_NUMBERS // fit.n_obs)
    left = int(n)
    while left > 0:
        drawn = fit.simulate(min(left, at_a_time), random=random, seed=rng)
        below += (drawn < fit.y[:, None]).sum(axis=1)
        ties += (drawn == fit.y[:, None]).sum(axis=1)
        left -= drawn.shape[1]
    probability: FloatVector = (below + rng.uniform(size=fit.n_obs) * (ties + 1.0)) / (n + 1.0)
    return probability
