"""Skewness of the score in the direction in which a parameter moves: the acceleration of BCa intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lmm.engine import CrossProducts, Surface
from lmm.inference.likelihood.holding import surface
from lmm.inference.likelihood.parameters import Parameter
from lmm.inference.resampling.refitting import simulated
from lmm.model.building import fixed_matrix
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["accelerations"]

N_DRAWS = 2000
SEED = 20  # of the draws; any will do


def accelerations(fit: Fit, chosen: Sequence[Parameter]) -> tuple[FloatVector, list[str]]:
    """Compute a sixth of the skewness of the score of each parameter, in the least favourable family (Efron 1987).

    The score of fixed effects is symmetric: zero. That of variance parameters comes from simulated responses. On the
    boundary there is no score: zero, with a note.

    Examples
    --------
    >>> import lmm
    >>> from lmm.inference.likelihood.parameters import select
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> accelerations(fit, select(fit, "sigma"))[0].round(1)
    array([0.1])
    """
    found = np.zeros(len(chosen))
    where = [i for i, p in enumerate(chosen) if p.kind != "beta"]
    if not where:
        return found, []
    if fit.singular or fit.method in ("moments", "gcv"):
        return found, [
            "BCa: no correction for skewness, since the fit is not an inner optimum of a likelihood."
        ]
    reml = fit.internals.criterion_function.reml
    weights = np.column_stack([_direction(surface(fit, [chosen[i]], reml=reml), fit) for i in where])
    scores = np.array([_slope(fit, y, reml) for y in _draws(fit)]) @ weights
    centred = scores - scores.mean(axis=0)
    skewness = (centred**3).mean(axis=0) / (centred**2).mean(axis=0) ** 1.5
    found[where] = skewness / 6.0
    return found, []


def _draws(fit: Fit) -> FloatMatrix:
    """Responses (N_DRAWS, n_obs), minus the offset."""
    drawn = np.concatenate(list(simulated(fit, N_DRAWS, SEED)), axis=1)
    return (drawn if fit.offset is None else drawn - fit.offset[:, None]).T


def _slope(fit: Fit, y: FloatVector, reml: bool) -> FloatVector:
    """Differentiate the deviance of a response at the estimates, by all roots and by log sigma."""
    cross = CrossProducts(
        y,
        fixed_matrix(fit.internals.design),
        fit.internals.criterion_function.cross.blocks,
        fit.internals.design.weights,
    )
    slope = cross.deviance([fit.sigma * T for T in fit.T], float(np.log(fit.sigma)), reml)
    return np.concatenate([*(root.ravel() for root in slope.roots), [slope.log_sigma]])


def _direction(own: Surface, fit: Fit) -> FloatVector:
    """Weights of these derivatives that give the score along the direction in which the parameter moves."""
    along: FloatVector = np.asarray(np.linalg.inv(own.hessian)[:, own.held[0]], dtype=np.float64)
    # The root in these coordinates is that of the estimates, turned.
    parts = [
        (moved @ np.linalg.solve(fit.sigma * T, R).T).ravel()
        for T, R, moved in zip(fit.T, *own.roots(along), strict=True)
    ]
    return -0.5 * np.concatenate([*parts, along[[own.log_sigma]]])
