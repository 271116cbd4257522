"""The search for theta, from one start or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmm.arguments import near_names
from lmm.covariance import ThetaLayout
from lmm.engine import Block, Chart, Control, Optimum
from lmm.engine.results import other_optima
from lmm.errors import DesignError
from lmm.estimation.certificate import Certificate
from lmm.estimation.criterion import Criterion
from lmm.estimation.given import Given
from lmm.estimation.moments import Moments
from lmm.estimation.progress import ProgressLine, watch
from lmm.estimation.rank import null_directions
from lmm.typing import BoolVector, FloatMatrix, FloatVector


@near_names("An optimum")
@dataclass(frozen=True, slots=True, eq=False)
class ThetaOptimum:
    """Where the search ended.

    Attributes
    ----------
    theta : shape (n_theta,)
    held : shape (n_theta,)
        Marks of the parameters that the user gave.
    certificate
        Whether it converged, and why.
    null_directions
        Per term, orthonormal directions (k, r) of random effects without variance.
    path : shape (n_iterations, n_theta)
        Theta at each iteration.
    criterion, sigma, step, decrement : shape (n_iterations,)
        The value there, the residual standard deviation that goes with it, the length of the step that
        led there, and the fall of the criterion that was still predicted.
    moments
        What theta was solved from; None if it was searched or given.
    """

    theta: FloatVector
    held: BoolVector
    certificate: Certificate
    null_directions: tuple[FloatMatrix, ...]
    path: FloatMatrix
    criterion: FloatVector
    sigma: FloatVector
    step: FloatVector
    decrement: FloatVector
    moments: Moments | None = None


_ALMOST = 1e-7
"""Scale that is zero, relative to that at which its effects vary as the residuals do."""
_LITTLE = 10.0
"""Rise of the criterion without a parameter, up to which there may be a lower optimum at its zero."""


def optimize(
    criterion: Criterion,
    blocks: Sequence[Block],
    given: Given,
    start: FloatVector | None,
    control: Control,
    restarts: int = 0,
    doubtful: Sequence[int] = (),
) -> ThetaOptimum:
    """Minimize the criterion over the free parameters; where none is free, only look.

    Parameters
    ----------
    start
        Theta to begin with; by default the engine's own start.
    restarts
        How many further starts to try; the lowest criterion wins, the first of equals.
    doubtful
        Parameters that may have an optimum at zero beside one above it: where little is lost without one of them, a
        search begins there too.
    """
    if given.held.all():
        return _evaluated(criterion, blocks, given)
    layout = criterion.layout
    if criterion.is_gcv or not layout.is_linear:
        return _charted(criterion, blocks, given, start, control, restarts)
    hold = layout.held_elements(given.held) if given.held.any() else None
    begin = _begin(criterion, blocks, given, start)
    starts = [begin, *_further_starts(criterion, blocks, given, restarts)]
    factors = [None if s is None else layout.factors(s) for s in starts]
    optima = []
    with ProgressLine() as line:
        told = watch(control, line)
        for number, T in enumerate(factors, start=1):
            line.begin(number, len(factors))
            optima.append(criterion.cross.optimize(criterion.reml, T, hold, control, told))
        best = min(optima, key=lambda found: found.criterion)
        optima += _from_zeros(criterion, given, best, doubtful, control, told)
    best = min(optima, key=lambda found: found.criterion)
    theta = np.where(given.held, given.theta, layout.theta(best.T))
    return _summarized(given, optima, theta, [layout.theta(T) for T in best.trace["T"]])


def _from_zeros(
    criterion: Criterion,
    given: Given,
    best: Optimum,
    doubtful: Sequence[int],
    control: Control,
    told: Callable[[int, float], None] | None,
) -> list[Optimum]:
    """Search from where one parameter is zero and the others are best."""
    layout, found = criterion.layout, []
    hold = layout.held_elements(given.held) if given.held.any() else None
    for j in doubtful:
        theta, held = layout.theta(best.T), given.held.copy()
        if theta[j] == 0.0 or held[j]:
            continue
        theta[j], held[j] = 0.0, True
        if criterion.evaluate(theta, gradient=False).criterion - best.criterion > _LITTLE:
            continue
        factors = layout.factors(theta)
        others = criterion.cross.optimize(criterion.reml, factors, layout.held_elements(held), control, told)
        found.append(criterion.cross.optimize(criterion.reml, others.T, hold, control, told))
    return found


def _charted(
    criterion: Criterion,
    blocks: Sequence[Block],
    given: Given,
    start: FloatVector | None,
    control: Control,
    restarts: int,
) -> ThetaOptimum:
    """Search over the free parameters themselves where the covariances of a term do not form a cone.

    Cross-validation is always searched in this way. It often has optima at zeros of single parameters: where little is
    lost without one of them, a search begins there too.

    Raises
    ------
    DesignError
        If the data say nothing about some of the parameters.
    """
    layout = criterion.layout.curved() if criterion.is_gcv else criterion.layout
    values = np.where(given.held, given.theta, layout.start)
    chart = Chart(layout.to_core(), values, ~given.held)
    scaled = [scaled_start(criterion, blocks, theta) for theta in (layout.start, *layout.further_starts())]
    starts = scaled if start is None else [start]
    starts += _further_starts(criterion, blocks, given, restarts)
    with ProgressLine() as line:
        line.begin(1, 1)
        told = watch(control, line)
        optima = [criterion.search_chart(chart, [chart.eta(theta) for theta in starts], control, told)]
        best = chart.theta(np.asarray(optima[0].eta))
        zeros = _zeros(criterion, given, best, optima[0].criterion) if criterion.is_gcv else []
        optima += [criterion.search_chart(chart, [chart.eta(theta)], control, told) for theta in zeros]
    found = min(optima, key=lambda optimum: optimum.criterion)
    ended = chart.theta(np.asarray(found.eta))
    # The search comes near zero, which means zero.
    ended = np.where((layout.lower_bounds == 0.0) & (ended < _ALMOST * scaled[0]), 0.0, ended)
    if found.flat is not None:
        _refuse_flat(layout, ~given.held, found.flat, ended)
    path = [chart.theta(eta) for eta in found.trace["eta"]]
    return _summarized(given, optima, np.where(given.held, given.theta, ended), path)


def _zeros(criterion: Criterion, given: Given, theta: FloatVector, least: float) -> list[FloatVector]:
    """Places with one free parameter at zero from which the way to the least criterion is not far."""
    found = []
    for j in np.flatnonzero(~given.held & (theta > 0.0)):
        there = theta.copy()
        there[j] = 0.0
        if criterion.evaluate(there, gradient=False).criterion - least <= _LITTLE:
            found.append(there)
    return found


def _refuse_flat(layout: ThetaLayout, free: BoolVector, flat: FloatVector, ended: FloatVector) -> None:
    """Refuse parameters that the data say nothing about, unless a zero within their terms makes them meaningless."""
    involved = np.zeros(len(ended), dtype=bool)
    involved[free] = np.abs(flat) > 0.05 * np.abs(flat).max()
    zero = (layout.lower_bounds == 0.0) & (ended == 0.0)
    if all(zero[place].any() for place in layout.places if involved[place].any()):
        return
    names = [name for name, own in zip(layout.names, involved, strict=True) if own]
    raise DesignError(
        f"The data cannot tell {' and '.join(names)} apart from the other variances: the criterion does not change "
        "along a direction of them. With one row for each level and position a structure with an intercept in it, "
        "such as cs(), leaves nothing for the residual variance. Use fewer parameters, or leave the term out."
    )


def _begin(
    criterion: Criterion, blocks: Sequence[Block], given: Given, start: FloatVector | None
) -> FloatVector | None:
    """Choose the first start; held values need one to stand in."""
    if start is None and not given.held.any():
        return None
    first = scaled_start(criterion, blocks) if start is None else start
    return np.where(given.held, given.theta, first)


def scaled_start(
    criterion: Criterion, blocks: Sequence[Block], theta: FloatVector | None = None
) -> FloatVector:
    """Theta at which each random column contributes the variance of the residual; or ``theta`` in these units."""
    layout = criterion.layout
    scales = [1.0 / column_scales(block) for block in blocks]
    return layout.rescaled(layout.start if theta is None else theta, scales)


def column_scales(block: Block) -> FloatVector:
    """Root mean square of the k columns of a term over the rows; 1 for a column of zeros."""
    scales = np.sqrt(block.squares() / block.n_rows)
    return np.where(scales > 0.0, scales, 1.0)


def _further_starts(
    criterion: Criterion, blocks: Sequence[Block], given: Given, restarts: int
) -> list[FloatVector]:
    """Large, equal, small, then scattered in size and direction; the same every time."""
    if restarts == 0:
        return []
    layout, rng = criterion.layout, np.random.default_rng(0)
    scattered = np.exp(rng.normal(0.0, 1.5, size=(restarts, 1))) * rng.normal(size=(restarts, layout.n_theta))
    scattered = np.where(layout.lower_bounds == 0.0, np.abs(scattered), scattered)
    bounded = np.isfinite(layout.upper_bounds)
    low, high = layout.lower_bounds[bounded], layout.upper_bounds[bounded]
    scattered[:, bounded] = low + (high - low) / (1.0 + np.exp(-scattered[:, bounded]))
    starts = [*np.outer([10.0, 1.0, 0.3], layout.start), *scattered][:restarts]
    return [np.where(given.held, given.theta, scaled_start(criterion, blocks, theta)) for theta in starts]


def _summarized(
    given: Given, optima: list[Optimum], theta: FloatVector, path: Sequence[FloatVector]
) -> ThetaOptimum:
    """Put the ends of searches together: theta, and the way there, are those of the lowest."""
    best = min(optima, key=lambda optimum: optimum.criterion)
    trace = best.trace
    in_all = sum(optimum.n_evaluations_in_all for optimum in optima)
    details: dict[str, Any] = {**best.certificate, "evaluations_in_all": in_all}
    details["other_optima_above"] = _spread(best, optima)
    details["starts_failed"] = sum(optimum.starts_failed for optimum in optima)
    falls = [optimum.falls for optimum in optima if optimum.falls is not None]
    if falls:
        details["falls"] = falls[0]
    certificate = Certificate(
        converged=bool(best.converged),
        singular=bool(best.singular),
        message=best.message if len(optima) == 1 else _compared(best, optima),
        n_iterations=max(len(trace["iteration"]) - 1, 0),
        n_evaluations=best.n_evaluations,
        starts_tried=sum(optimum.starts_tried for optimum in optima),
        details=details,
    )
    return ThetaOptimum(
        theta=theta,
        held=given.held,
        certificate=certificate,
        null_directions=tuple(np.asarray(N, dtype=float) for N in best.null_directions),
        path=np.array(path).reshape(-1, len(theta)),
        criterion=np.array(trace["criterion"], dtype=float),
        sigma=_finite(trace["sigma"]),
        step=_finite(trace["step"]),
        decrement=_finite(trace["decrement"]),
    )


def _compared(best: Optimum, optima: Sequence[Optimum]) -> str:
    """Say what the restarts tell about other optima."""
    spread = _spread(best, optima)
    starts = sum(optimum.starts_tried for optimum in optima)
    few_levels = any(optimum.few_levels for optimum in optima)
    others = other_optima(starts, spread, few_levels, "More restarts look further.")
    return f"{best.verdict} {others if best.converged else ''}".rstrip()


def _spread(best: Optimum, optima: Sequence[Optimum]) -> float:
    """How far above the best the other searches ended."""
    ends = [end.criterion + end.spread for end in optima if end.converged]
    return float(max(ends, default=best.criterion) - best.criterion)


def _finite(values: Sequence[float]) -> FloatVector:
    """Numbers, missing where the search had none yet."""
    array = np.array(values, dtype=float)
    return np.where(np.isfinite(array), array, np.nan)


def _evaluated(criterion: Criterion, blocks: Sequence[Block], given: Given) -> ThetaOptimum:
    """Look at the place that the user gave, or that needs no search."""
    theta = given.theta
    T = criterion.layout.factors(theta)
    null = tuple(
        null_directions(factor @ factor.T, column_scales(block))
        for factor, block in zip(T, blocks, strict=True)
    )
    message = (
        "Theta was given: nothing was optimized."
        if len(theta)
        else "No random terms: the estimates are exact, without iterations."
    )
    singular = any(N.shape[1] > 0 for N in null)
    value = criterion.evaluate(theta, gradient=False)
    return ThetaOptimum(
        theta=theta,
        held=given.held,
        certificate=Certificate(True, singular, message, 0, 1, 0, {}),
        null_directions=null,
        path=theta[None, :],
        criterion=np.array([value.criterion]),
        sigma=np.array([value.sigma]),
        step=np.array([np.nan]),
        decrement=np.array([np.nan]),
    )
