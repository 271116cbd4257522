"""Exact tests of single variances of a fit: from what is left out to a p-value with its simulation error."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lmm.inference.random_terms.null_spectrum import null_spectrum
from lmm.inference.random_terms.reductions import Reduction
from lmm.inference.random_terms.simulated_ratio import draw_ratios
from lmm.typing import FloatMatrix

if TYPE_CHECKING:
    from lmm.design import RandomPart
    from lmm.model import Fit

__all__ = ["ExactTest", "exact_test"]

MOST_EFFECTS = 3_000
"""Effects of a tested variance: their eigenvalues take seconds."""


class ExactTest(NamedTuple):
    """Result of one test.

    Attributes
    ----------
    p_value
        Missing where there is no test.
    error
        Its standard error by simulation.
    held
        Whether other random effects are in the model, with variances that are held at their estimates.
    missing
        Why there is no test, in words; empty where there is one.
    """

    p_value: float
    error: float
    held: bool
    missing: str


def exact_test(
    fit: Fit, reduction: Reduction, small: Fit, lrt: float, n_draws: int, rng: np.random.Generator
) -> ExactTest:
    """Test one variance, and fixed effects that are left out with it, by draws from the null distribution.

    Parameters
    ----------
    fit, small
        The larger fit and the smaller one.
    reduction
        What is left out.
    lrt
        Their likelihood ratio.
    n_draws
        Number of draws; the observed ratio is counted among them.
    rng
        Where they come from.
    """
    tested = _unit(fit, reduction)
    if tested is None:
        return ExactTest(np.nan, np.nan, False, "more than one variance or covariance")
    held = _held(fit, reduction, small)
    n_effects = fit.internals.design.random[reduction.position].block.n_levels * int(tested.any(axis=0).sum())
    if n_effects > MOST_EFFECTS:
        return ExactTest(np.nan, np.nan, False, f"more than {MOST_EFFECTS:,} effects")
    others = any(T.any() for T in held)
    if not lrt > 0.0:
        return ExactTest(1.0, 0.0, others, "")
    units = [np.zeros_like(T) for T in held]
    units[reduction.position] = tested
    ratios = draw_ratios(null_spectrum(fit, small, units, held), n_draws, rng)
    p_value = (1 + int(np.count_nonzero(ratios >= lrt))) / (1 + n_draws)
    return ExactTest(p_value, float(np.sqrt(p_value * (1.0 - p_value) / n_draws)), others, "")


def _unit(fit: Fit, reduction: Reduction) -> FloatMatrix | None:
    """T (k, k) of the tested part at a variance of one; None where more than one parameter is left out."""
    part = fit.internals.design.random[reduction.position]
    k, family = len(part.columns), part.structure
    if reduction.also or not _is_one_variance(part, reduction):
        return None
    n_theta = family.n_theta(k)
    if reduction.left is None:
        return family.factor(np.ones(n_theta), k)
    gone = reduction.columns_left_out(fit)
    for unit in np.eye(n_theta):
        T = family.factor(unit, k)
        if np.flatnonzero(T.any(axis=0)).tolist() == gone:
            return T
    return None


def _is_one_variance(part: RandomPart, reduction: Reduction) -> bool:
    """Whether the part has one parameter less, which is a variance."""
    left = 0 if reduction.left is None else reduction.left.structure.n_theta(len(reduction.left.columns))
    return part.structure.n_theta(len(part.columns)) - left == 1


def _held(fit: Fit, reduction: Reduction, small: Fit) -> list[FloatMatrix]:
    """T of all parts of the larger fit as the smaller one has them, zero where they are left out."""
    found, estimated = [], iter(small.T)
    for part, left in zip(fit.internals.design.random, reduction.kept(fit), strict=True):
        T = np.zeros((len(part.columns),) * 2)
        if left is not None:
            kept = [part.columns.index(name) for name in left.columns]
            T[np.ix_(kept, kept)] = next(estimated)
        found.append(T)
    return found
