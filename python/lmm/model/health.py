"""The health of a fit: one sentence for each thing that its reader should know, with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from lmm.design import Design, RandomPart
from lmm.estimation import Criterion, ThetaOptimum
from lmm.model.building import fixed_matrix
from lmm.typing import FloatMatrix

FEW_LEVELS = 5
ALIKE = 0.9  # two factors with so many levels for each of their combinations group the rows almost alike
FLAT = 1e-3  # smallest eigenvalue of the scaled information: estimates correlated beyond 0.999
COLLINEAR = 1e6  # condition of X with unit columns from which estimates lose more than half their digits
FAR_FROM_ZERO = 100.0  # mean over sd of a slope's covariate from which intercept and slope are one


def health_notes(design: Design, criterion: Criterion, optimum: ThetaOptimum) -> tuple[str, ...]:
    """Collect the sentences, most important first."""
    factors = criterion.layout.factors(optimum.theta)
    # These make the criterion flat; where one of them is said, flatness itself is no news.
    reasons = (*similar_groups(design.random), *far_covariates(design.random))
    searched = optimum.moments is None  # moments are no optimum, and say themselves what is zero
    return (
        *convergence(optimum),
        *(singularity(design.random, factors, optimum.null_directions) if searched else ()),
        *(reasons or (flatness(criterion, optimum) if searched else ())),
        *few_repeats(design.random),
        *few_levels(design.random),
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


def singularity(
    parts: Sequence[RandomPart], factors: Sequence[FloatMatrix], null: Sequence[FloatMatrix]
) -> Iterator[str]:
    """Name the directions of random effects that have no variance."""
    for part, T, directions in zip(parts, factors, null, strict=True):
        if directions.shape[1] > 0:
            yield from _vanishing(part, T @ T.T, directions)


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


def flatness(criterion: Criterion, optimum: ThetaOptimum) -> Iterator[str]:
    """Say which parameters the data can hardly tell apart."""
    free = np.flatnonzero(~optimum.held)
    if len(free) == 0 or optimum.certificate.singular:
        return
    information = criterion.information(optimum.theta)[np.ix_(free, free)]
    sizes = np.sqrt(np.abs(np.diag(information)))
    if not np.all(sizes > 0.0):
        return
    values, vectors = np.linalg.eigh(information / sizes / sizes[:, None])
    if values[0] < FLAT:
        names = criterion.layout.names
        involved = np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)
        listed = ", ".join(names[free[i]] for i in involved)
        yield (
            f"Nearly unidentified: the data hardly tell apart the parameters {listed}; the criterion is "
            "flat there. Leave one of these terms out, or collect more levels or more rows per level."
        )


def few_repeats(parts: Sequence[RandomPart]) -> Iterator[str]:
    """Say which variances rest on a handful of levels with more than one row."""
    for part in parts:
        if part.codes is None or len(part.columns) > 1 or len(part.levels) < FEW_LEVELS:
            continue
        repeated = int(np.count_nonzero(np.bincount(part.codes) > 1))
        if repeated < FEW_LEVELS:
            yield (
                f"Nearly unidentified: only {repeated} of the {len(part.levels)} levels of {part.group} have more "
                "than one row, so that its variance can hardly be told from that of the residuals; leave it out."
            )


def similar_groups(parts: Sequence[RandomPart]) -> Iterator[str]:
    """Say which grouping factors divide the rows almost alike."""
    groups = {part.group: part for part in parts if part.codes is not None}
    for one, other in combinations(groups.values(), 2):
        n_one, n_other = len(one.levels), len(other.levels)
        if min(n_one, n_other) <= ALIKE * max(n_one, n_other) or one.codes is None or other.codes is None:
            continue
        pairs = np.unique(one.codes.astype(np.int64) * n_other + other.codes).size
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
    counts = {part.group: len(part.levels) for part in parts if part.codes is not None}
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
