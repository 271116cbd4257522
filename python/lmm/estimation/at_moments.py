"""Estimates at variance components that mean squares gave, in the form in which a search ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lmm.design import Design
from lmm.engine import Evaluation
from lmm.estimation.certificate import Certificate
from lmm.estimation.criterion import Criterion
from lmm.estimation.moments import Moments
from lmm.estimation.optimum import ThetaOptimum, column_scales
from lmm.estimation.rank import null_directions
from lmm.estimation.signed import signed_evaluation

MESSAGE = "The components solve the equations of the mean squares (type I): nothing was optimized."


def solved(criterion: Criterion, design: Design, moments: Moments) -> tuple[ThetaOptimum, Evaluation]:
    """Evaluate a model at its moments.

    Parameters
    ----------
    criterion
        REML's, of the same design.
    design
        The design.
    moments
        Its components.

    Returns
    -------
    ThetaOptimum
        With theta zero where a component is negative.
    Evaluation
        Generalised least squares with these components; ``criterion`` is -2 REML log-likelihood at them, with
        the residual variance of the moments instead of the profiled one.

    Raises
    ------
    DesignError
        If negative components that are kept give no covariance.
    """
    evaluation = (
        signed_evaluation(design, moments)
        if moments.keeps_negative
        else _with_sigma(criterion.evaluate(moments.theta, gradient=False), design, moments.sigma)
    )
    # A negative component that is kept is not zero.
    sizes = np.sqrt(np.abs(moments.components[:-1]) / moments.components[-1])
    null = tuple(
        null_directions(factor @ factor.T, column_scales(part.block))
        for factor, part in zip(criterion.layout.factors(sizes), design.random, strict=True)
    )
    singular = any(directions.shape[1] > 0 for directions in null)
    optimum = ThetaOptimum(
        theta=moments.theta,
        held=np.zeros(len(moments.theta), dtype=bool),
        certificate=Certificate(True, singular, MESSAGE, 0, 1, 0, {}),
        null_directions=null,
        path=moments.theta[None, :],
        criterion=np.array([evaluation.criterion]),
        sigma=np.array([evaluation.sigma]),
        step=np.array([np.nan]),
        decrement=np.array([np.nan]),
        moments=moments,
    )
    return optimum, evaluation


def _with_sigma(at: Evaluation, design: Design, sigma: float) -> Evaluation:
    """Replace the residual variance that the criterion is profiled over."""
    m = design.n_obs - design.rank
    profiled = m * (1.0 + float(np.log(2.0 * np.pi * at.r2 / m)))
    own = m * float(np.log(2.0 * np.pi * sigma**2)) + at.r2 / sigma**2
    return replace(at, criterion=at.criterion - profiled + own, sigma=sigma)
