"""One model fitted to many responses."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lmm.engine import Batch, BatchResult
from lmm.errors import LmmError, LmmWarning
from lmm.model.building import fixed_matrix
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["refit_all", "simulated"]

MOST_NUMBERS = 4_000_000
"""Responses are drawn and fitted in pieces of so many numbers."""

PIECE = 100  # fits between two looks at the progress


def refit_all(fit: Fit, responses: FloatMatrix) -> BatchResult:
    """Fit the model of a fit to each column of responses (n_obs, B), as `Fit.refit` does.

    Runs in the compiled core on all cores. Fits with held parameters, restarts, moments or cross-validation are
    refitted one at a time.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> refit_all(fit, fit.simulate(5, seed=1)).beta.shape
    (5, 1)
    """
    design, request = fit.internals.design, fit.internals.request
    is_linear = fit.internals.criterion_function.layout.is_linear
    own_way = fit.method in ("moments", "gcv")
    if own_way or fit.internals.optimum.held.any() or request.restarts or not is_linear:
        return BatchResult.joined([_one(fit, response) for response in responses.T])
    batch = Batch(fixed_matrix(design), [part.block for part in design.random], design.weights)
    Y = responses if design.offset is None else responses - design.offset[:, None]
    start = (
        None
        if request.start is None
        else fit.internals.criterion_function.layout.factors(np.asarray(request.start))
    )
    return batch.fit(Y, fit.internals.criterion_function.reml, start, request.control)


def simulated(
    fit: Fit, n: int, seed: int | np.random.Generator | None, progress: bool = False
) -> Iterator[FloatMatrix]:
    """Draw n responses from a fit, some columns (n_obs, B) at a time; the draws do not depend on the pieces."""
    rng = np.random.default_rng(seed)
    piece = max(1, min(PIECE if progress else n, MOST_NUMBERS // fit.n_obs))
    for done in range(0, n, piece):
        if progress:
            _report(done, n)
        yield fit.simulate(min(piece, n - done), seed=rng)
    if progress:
        _report(n, n)


def _report(done: int, n: int) -> None:
    """Write the line of progress anew."""
    bar = "━" * round(24 * done / n)
    sys.stderr.write(f"\rbootstrap {bar:<24} {done:,} of {n:,}" + ("\n" if done == n else ""))
    sys.stderr.flush()


def _one(fit: Fit, response: FloatVector) -> BatchResult:
    """Fit one response; missing where that fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LmmWarning)
        try:
            own = fit.refit(response)
        except LmmError:
            return BatchResult(
                [np.full((1, *T.shape), np.nan) for T in fit.T],
                np.full(1, np.nan),
                np.full(1, np.nan),
                np.full((1, fit.n_fixed), np.nan),
                np.zeros(1, dtype=bool),
                np.zeros(1, dtype=bool),
            )
    return BatchResult(
        [T[None] for T in own.T],
        np.array([own.criterion]),
        np.array([own.sigma]),
        own.beta[None],
        np.array([own.converged]),
        np.array([own.singular]),
    )
