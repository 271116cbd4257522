"""One model fitted to many responses."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.engine import Batch
from lmm.errors import LmmError, LmmWarning
from lmm.model.building import fixed_matrix
from lmm.typing import BoolVector, FloatArray, FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Refits", "refit_all", "simulated"]

MOST_NUMBERS = 4_000_000
"""Responses are drawn and fitted in pieces of so many numbers."""

PIECE = 100  # fits between two looks at the progress


@dataclass(frozen=True, slots=True, eq=False)
class Refits:
    """What is kept of each of B fits; missing where a response could not be fitted.

    Attributes
    ----------
    T : list of shape (B, k, k)
        Relative covariance factors, one array for each random term.
    criterion, sigma : shape (B,)
    beta : shape (B, n_fixed)
    converged, singular : shape (B,)
    """

    T: list[FloatArray]
    criterion: FloatVector
    sigma: FloatVector
    beta: FloatMatrix
    converged: BoolVector
    singular: BoolVector

    @classmethod
    def joined(cls, parts: list[Refits]) -> Refits:
        """Put pieces one after the other."""
        return cls(
            T=[np.concatenate(arrays) for arrays in zip(*(part.T for part in parts), strict=True)],
            criterion=np.concatenate([part.criterion for part in parts]),
            sigma=np.concatenate([part.sigma for part in parts]),
            beta=np.concatenate([part.beta for part in parts]),
            converged=np.concatenate([part.converged for part in parts]),
            singular=np.concatenate([part.singular for part in parts]),
        )


def refit_all(fit: Fit, responses: FloatMatrix) -> Refits:
    """Fit the model of a fit to each column of responses (n_obs, B), as `Fit.refit` does.

    All on all cores in the compiled core; one by one where the fit has what that does not know: given
    parameters, further starts, the method of moments.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> refit_all(fit, fit.simulate(5, seed=1)).beta.shape
    (5, 1)
    """
    design, request = fit.design, fit.request
    if fit.method == "moments" or fit.optimum.held.any() or request.restarts:
        return Refits.joined([_one(fit, response) for response in responses.T])
    batch = Batch(fixed_matrix(design), [part.block for part in design.random], design.weights)
    Y = responses if design.offset is None else responses - design.offset[:, None]
    start = (
        None if request.start is None else fit.criterion_function.layout.factors(np.asarray(request.start))
    )
    found = batch.fit(Y, fit.method == "reml", start, request.control)
    return Refits(found.T, found.criterion, found.sigma, found.beta, found.converged, found.singular)


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


def _one(fit: Fit, response: FloatVector) -> Refits:
    """Fit one response; missing where that fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LmmWarning)
        try:
            own = fit.refit(response)
        except LmmError:
            return Refits(
                [np.full((1, *T.shape), np.nan) for T in fit.T],
                np.full(1, np.nan),
                np.full(1, np.nan),
                np.full((1, fit.n_fixed), np.nan),
                np.zeros(1, dtype=bool),
                np.zeros(1, dtype=bool),
            )
    return Refits(
        [T[None] for T in own.T],
        np.array([own.criterion]),
        np.array([own.sigma]),
        own.beta[None],
        np.array([own.converged]),
        np.array([own.singular]),
    )
