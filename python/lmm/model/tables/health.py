"""The health of a fit: one sentence for each thing that its reader should know, with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lmm.design import Design, RandomPart
from lmm.engine.results import SAME_OPTIMUM
from lmm.estimation import Criterion, ThetaOptimum
from lmm.model.building import fixed_matrix
from lmm.typing import FloatMatrix, IntVector

FEW_LEVELS = 5
ALIKE = 0.9  # two factors with so many levels for each of their combinations group the rows almost alike
FLAT = 1e-3  # smallest eigenvalue of the scaled information: estimates correlated beyond 0.999
STIFF = 1e-5  # standard deviation of a penalty, in units of an ordinary one, that is zero beside the others
NOTHING = 1e-9  # information about the logarithm of a parameter that is rounding
VAGUE = 0.8  # standard error of the logarithm of a variance with three degrees of freedom
COLLINEAR = 1e6  # condition of X with unit columns from which estimates lose more than half their digits
FAR_FROM_ZERO = 100.0  # mean over sd of a slope's covariate from which intercept and slope are one
VALIDATED = (
    "Smoothing parameters by cross-validation: there is no likelihood. The residual variance is RSS/(n - edf), and "
    "standard errors take the smoothing parameters as known."
)


def health_notes(design: Design, criterion: Criterion, optimum: ThetaOptimum) -> tuple[str, ...]:
    """Collect the sentences, most important first."""
    factors = criterion.layout.factors(optimum.theta)
    # These make the criterion flat; where one of them is said, flatness itself is no news.
    reasons = (*similar_groups(design.bars), *far_covariates(design.bars))
    searched = optimum.moments is None  # moments are not an optimum, and say themselves what is zero
    known = _Known.at(criterion, optimum) if searched and not criterion.is_gcv else None
    return (
        *([VALIDATED] if criterion.is_gcv else []),
        *convergence(optimum),
        *several_optima(optimum),
        *(singularity(design, factors, optimum.null_directions) if searched else ()),
        *(flat_zeros(design.random, optimum) if searched else ()),
        *(reasons or (flatness(known, _of_curves(design.random, criterion)) if known else ())),
        *(few_repeats(design.bars, lambda: known.residual_error(criterion, optimum)) if known else ()),
        *few_levels(design.bars),
        *collinearity(design),
    )


def convergence(optimum: ThetaOptimum) -> Iterator[str]:
    """Say that the search did not end at a certified optimum."""
    certificate = optimum.certificate
    if not certificate.converged:
        yield (
            f"{certificate.message} Try control={{'max_iterations': ...}}, restarts=5, "
            "another start=, or a simpler random part. The estimates are those of the last iteration."
        )


def singularity(design: Design, factors: Sequence[FloatMatrix], null: Sequence[FloatMatrix]) -> Iterator[str]:
    """Name the directions of random effects that have no variance."""
    groups = zip(design.groups, design.of_groups(factors), design.of_groups(null), strict=True)
    for part, T, directions in groups:
        if directions.shape[1] > 0 and not part.structure.tells_columns:
            yield from _stiff(part, T)
        elif directions.shape[1] > 0:
            yield from _vanishing(part, T @ T.T, directions)


def _stiff(part: RandomPart, T: FloatMatrix) -> Iterator[str]:
    """Name the penalties that leave no variance to the effects which they touch."""
    family, k = part.structure, len(part.columns)
    gone = family.theta(T) < STIFF * family.start(k)
    if gone.all():
        yield f"Singular: every variance of {part.group} is zero; leave the term out, which gives the same fit."
    elif gone.any():
        names = ", ".join(np.array(family.natural_names(part.columns), dtype=object)[gone])
        yield f"Singular: the variance {names} of {part.group} is zero: the effects that it penalises are zero."


def _vanishing(part: RandomPart, S: FloatMatrix, directions: FloatMatrix) -> Iterator[str]:
    """Say which variances are zero, which correlations perfect, and what else is lost."""
    names, group = part.columns, part.group
    if directions.shape[1] == len(names):
        what = "the variance" if len(names) == 1 else "every variance"
        yield (
            f"Singular: {what} of {', '.join(names)} within {group} is zero; "
            "leave the term out, which gives the same fit."
        )
        return
    # A unit vector lies in the null space where its projection on it has length one.
    lengths = np.einsum("ir,ir->i", directions, directions)
    zero = [i for i, length in enumerate(lengths) if length > 1.0 - 1e-8]
    for i in zero:
        yield (
            f"Singular: the variance of {names[i]} within {group} is zero; "
            f"leave {names[i]} out of this term, which gives the same fit."
        )
    rest = [i for i in range(len(names)) if i not in zero]
    pairs, explained = _perfect_pairs(S, rest)
    for i, j, sign in pairs:
        yield (
            f"Singular: {names[i]} and {names[j]} of {group} are perfectly correlated ({sign}1); the data do "
            f"not support both as they stand: use (... || {group}), which has no correlation, or leave one out."
        )
    if len(zero) + explained < directions.shape[1]:
        yield (
            f"Singular: the covariance of {', '.join(names[i] for i in rest)} within {group} has rank "
            f"{len(names) - directions.shape[1]} only; use (... || {group}), or leave some out."
        )


def _perfect_pairs(S: FloatMatrix, among: Sequence[int]) -> tuple[list[tuple[int, int, str]], int]:
    """Columns perfectly correlated with an earlier one, and how many ranks that explains."""
    pairs = []
    taken: set[int] = set()
    for position, i in enumerate(among):
        for j in among[position + 1 :]:
            if j not in taken and S[i, j] ** 2 > (1.0 - 1e-8) * S[i, i] * S[j, j]:
                pairs.append((i, j, "+" if S[i, j] > 0 else "-"))
                taken.add(j)
    return pairs, len(pairs)


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What the data say about the parameters that are neither held nor zero.

    Attributes
    ----------
    places : shape (m,)
        Which elements of theta they are.
    names
        Their names.
    relative : shape (m, m)
        Average information about their logarithms; the covariance of these is twice its inverse.
    """

    places: IntVector
    names: tuple[str, ...]
    relative: FloatMatrix

    @classmethod
    def at(cls, criterion: Criterion, optimum: ThetaOptimum) -> _Known | None:
        """At an optimum; None where nothing is left."""
        theta = optimum.theta
        places = np.flatnonzero(~optimum.held & (theta != 0.0))
        if len(places) == 0:
            return None
        information = criterion.information(theta)[np.ix_(places, places)]
        names = tuple(criterion.layout.names[i] for i in places)
        return cls(places, names, information * theta[places] * theta[places][:, None])

    def residual_error(self, criterion: Criterion, optimum: ThetaOptimum) -> float:
        """Find the standard error of the logarithm of the residual variance, sqrt(2/df) for df degrees of freedom.

        ``d log r² / d log theta = -2 u'u / r²`` for the term of theta, since u minimizes r² = ‖e‖² + ‖u‖².
        """
        at = criterion.evaluate(optimum.theta, gradient=False)
        m = at.r2 / at.sigma**2
        squares = [
            float(np.square(u).sum()) / len(term.names)
            for u, term in zip(at.u, criterion.layout.terms, strict=True)
            for _ in term.names
        ]
        slope = -2.0 * np.array(squares)[self.places] / at.r2
        values, vectors = np.linalg.eigh(self.relative)
        along = np.square(vectors.T @ slope)
        positive = values > NOTHING
        if np.any(along[~positive] > NOTHING):
            return float("inf")
        return float(np.sqrt(2.0 / m + np.sum(2.0 * along[positive] / values[positive])))


def _of_curves(parts: Sequence[RandomPart], criterion: Criterion) -> IntVector:
    """Find which elements of theta are smoothing parameters."""
    places = [place for part, place in zip(parts, criterion.layout.places, strict=True) if part.is_smooth]
    theta = np.arange(criterion.layout.n_theta)
    return np.concatenate([theta[:0], *(theta[place] for place in places)])


def flatness(known: _Known, of_curves: IntVector) -> Iterator[str]:
    """Say which parameters the data can hardly tell apart, and of which they say nothing.

    Parameters
    ----------
    known
        What the data say.
    of_curves
        Which elements of theta are smoothing parameters.
    """
    sizes = np.sqrt(np.abs(np.diag(known.relative)))
    silent = sizes < np.sqrt(NOTHING)
    idle = silent & np.isin(known.places, of_curves)
    if idle.any():
        listed = ", ".join(known.names[i] for i in np.flatnonzero(idle))
        yield (
            f"Without weight: the curve and the criterion are the same for all values of the smoothing parameter of "
            f"{listed} near the one shown, as other penalties, or none, shape the curve there."
        )
    for i in np.flatnonzero(silent & ~idle):
        yield (
            f"Not identified: the criterion is the same for all values of {known.names[i]}; the one shown is where the "
            "search began. The term cannot be told apart from the residuals; leave it out."
        )
    rest = np.flatnonzero(~silent)
    if len(rest) == 0:
        return
    scaled = known.relative[np.ix_(rest, rest)] / sizes[rest] / sizes[rest][:, None]
    values, vectors = np.linalg.eigh(scaled)
    if values[0] < FLAT:
        listed = ", ".join(known.names[rest[i]] for i in np.flatnonzero(np.abs(vectors[:, 0]) > 0.1))
        yield (
            f"Nearly unidentified: the data hardly tell apart the parameters {listed}; the criterion is "
            "flat there. Leave one of these terms out, or collect more levels or more rows per level."
        )


def flat_zeros(parts: Sequence[RandomPart], optimum: ThetaOptimum) -> Iterator[str]:
    """Say that the criterion does not change when a variance that is zero grows."""
    slope = optimum.certificate.details.get("min_boundary_slope", np.inf)
    if abs(slope) > NOTHING:
        return
    pairs = zip(parts, optimum.null_directions, strict=True)
    listed = ", ".join(part.source for part, directions in pairs if directions.shape[1] > 0)
    yield (
        f"Not identified: the criterion is the same when a variance of {listed} is above zero. The term cannot "
        "be told apart from the residuals or from other terms; leave it out."
    )


def few_repeats(parts: Sequence[RandomPart], residual_error: Callable[[], float]) -> Iterator[str]:
    """Say which variances rest on a handful of levels with more than one row, where these do not tell much.

    Repeats of a few levels are enough where they are many, as the checks of augmented trials: what counts is how well
    the residual variance is known, not how many levels repeat.
    """
    for part in parts:
        if len(part.columns) > 1 or len(part.levels) < FEW_LEVELS:
            continue
        repeated = int(np.count_nonzero(np.bincount(part.level_of_row) > 1))
        if repeated < FEW_LEVELS and residual_error() > VAGUE:
            yield (
                f"Nearly unidentified: only {repeated} of the {len(part.levels)} levels of {part.group} have more "
                "than one row, so that its variance can hardly be told from that of the residuals; leave it out."
            )


def several_optima(optimum: ThetaOptimum) -> Iterator[str]:
    """Say that the criterion has other minima, or that searches failed."""
    details = optimum.certificate.details
    above = details.get("other_optima_above", 0.0)
    if above > SAME_OPTIMUM:
        yield (
            f"Several optima: searches from other starts ended at optima up to {above:.2g} higher; these estimates "
            "are those of the lowest. restarts=20 looks further."
        )
    failed = details.get("starts_failed", 0)
    if failed:
        yield (
            f"{failed} of {optimum.certificate.starts_tried + failed} searches ended where the criterion could not be "
            "computed; their ends are not compared. restarts=20 looks further."
        )


def similar_groups(parts: Sequence[RandomPart]) -> Iterator[str]:
    """Say which grouping factors divide the rows almost alike."""
    groups = {part.group: part for part in parts}
    for one, other in combinations(groups.values(), 2):
        n_one, n_other = len(one.levels), len(other.levels)
        if min(n_one, n_other) <= ALIKE * max(n_one, n_other):
            continue
        pairs = np.unique(one.level_of_row.astype(np.int64) * n_other + other.level_of_row).size
        if pairs == max(n_one, n_other) == min(n_one, n_other):
            yield (
                f"Not identified: {one.group} and {other.group} divide the rows in the same way, so that only the "
                "sum of their variances is determined; keep one."
            )
        elif min(n_one, n_other) > ALIKE * pairs:
            yield (
                f"Nearly unidentified: {one.group} and {other.group} divide the rows almost alike ({n_one} and "
                f"{n_other} levels, {pairs} combinations), so that their variances can hardly be told apart; keep one."
            )


def few_levels(parts: Sequence[RandomPart]) -> Iterator[str]:
    """Say which variances rest on a handful of levels."""
    counts = {part.group: len(part.levels) for part in parts}
    for group, count in counts.items():
        if count < FEW_LEVELS:
            yield (
                f"Few levels: {group} has only {count}, so its variance is known poorly; "
                f"consider {group} as a fixed effect."
            )


def collinearity(design: Design) -> Iterator[str]:
    """Say that columns of X are nearly dependent, after scaling each to unit length."""
    X = fixed_matrix(design)
    products = X.T @ X
    norms = np.sqrt(np.diag(products))
    # Eigenvalues of X'X see condition numbers up to 1e8, which is beyond the limit.
    values, vectors = np.linalg.eigh(products / norms / norms[:, None]) if X.size else (np.ones(1), None)
    if vectors is None or values[-1] < COLLINEAR**2 * max(values[0], 0.0):
        return
    names = [design.names[j] for j in design.kept]
    involved = ", ".join(names[i] for i in np.flatnonzero(np.abs(vectors[:, 0]) > 0.1))
    yield (
        f"Scale: the fixed effects {involved} are nearly linearly dependent, which costs digits; "
        "center covariates far from zero, or use poly() instead of raw powers."
    )


def far_covariates(parts: Sequence[RandomPart]) -> Iterator[str]:
    """Say which random slopes lie so far from zero that they repeat the intercept."""
    for part in parts:
        values = getattr(part.block, "values", None)
        if values is None or not part.structure.is_correlated or "Intercept" not in part.columns:
            continue
        mean, sd = np.abs(values.mean(axis=0)), values.std(axis=0)
        for i, name in enumerate(part.columns):
            if name != "Intercept" and mean[i] > FAR_FROM_ZERO * sd[i]:
                yield (
                    f"Scale: {name} lies far from zero (mean {mean[i] / sd[i]:.0f} standard deviations), so that "
                    f"intercepts and slopes of {part.group} are almost perfectly correlated; center {name}."
                )
