"""From linear functions to estimates, tests and intervals, each family adjusted by itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lmm.means.adjusting.adjustments import (
    FamilyOfTests,
    adjusted_p,
    critical_values,
    settled,
)
from lmm.typing import BoolVector, FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.inference import RowTests
    from lmm.means.functions import LinearFunctions
    from lmm.means.options import Options

__all__ = ["Comparison", "Evaluated", "evaluate"]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Which rows are tested together, and what they compare.

    Attributes
    ----------
    families : shape (r,)
        Number of the family of each row; rows of a family follow each other. A family of one mean may have no rows.
    n_means : shape (n_families,)
        How many means each family compares.
    pairs
        Whether each family is one set of all pairwise comparisons.
    """

    families: IntVector
    n_means: IntVector
    pairs: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """Numbers of each row (r,), missing where it is not estimable, and what to know about them."""

    estimate: FloatVector
    std_error: FloatVector
    df: FloatVector
    statistic: FloatVector
    p_value: FloatVector
    conf_low: FloatVector
    conf_high: FloatVector
    notes: tuple[str, ...]


def evaluate(functions: LinearFunctions, comparison: Comparison, options: Options) -> Evaluated:
    """Test the rows against a null value (with a margin, if there is one), and give their intervals."""
    tests = functions.tests(options.df, options.vcov)
    statistic, side = _statistic(tests, options)
    p_value, width = np.full(len(statistic), np.nan), np.full(len(statistic), np.nan)
    notes = [*tests.notes]
    wants_p, wants_width = options.shows != "intervals", options.shows != "tests"
    names: dict[str, int] = {}
    error = {"p-values": 0.0, "intervals": 0.0}
    for rows in _slices(comparison.families):
        n_means = int(comparison.n_means[comparison.families[rows.start]])
        made = [
            _family(functions, tests, rows, statistic, way, n_means, comparison.pairs, options)
            for way in (side, options.direction)
        ]
        name, note = settled(options.adjust, made[0])
        names[name] = names.get(name, 0) + 1
        if note:
            notes.append(note)
        if wants_p:
            found = adjusted_p(name, made[0])
            p_value[rows] = found.values
            error["p-values"] = max(error["p-values"], found.error)
        if wants_width:
            # A margin makes tests one-sided, not intervals.
            same = made[0] if side == options.direction else made[1]
            found = critical_values(settled(options.adjust, same)[0], same, options.level)
            width[rows] = found.values
            error["intervals"] = max(error["intervals"], found.error)
    low, high = _limits(tests, width, options.direction)
    notes += _adjustment_notes(names, comparison, options, error)
    return Evaluated(
        tests.estimate, tests.std_error, tests.df, statistic, p_value, low, high, tuple(dict.fromkeys(notes))
    )


def _statistic(tests: RowTests, options: Options) -> tuple[FloatVector, int]:
    """Compute t of the tests, and the side on which it counts."""
    difference = tests.estimate - options.null
    side = options.direction
    if options.delta > 0.0:
        if side == 0:
            difference, side = np.abs(difference) - options.delta, -1
        else:
            difference = difference + side * options.delta
    statistic = np.full(len(difference), np.nan)
    np.divide(difference, tests.std_error, out=statistic, where=tests.std_error > 0.0)
    return statistic, side


def _slices(families: IntVector) -> list[slice]:
    edges = np.flatnonzero(np.diff(families)) + 1
    bounds = [0, *edges.tolist(), len(families)]
    return [slice(a, b) for a, b in pairwise(bounds)]


def _family(
    functions: LinearFunctions,
    tests: RowTests,
    rows: slice,
    statistic: FloatVector,
    side: int,
    n_means: int,
    pairs: bool,
    options: Options,
) -> FamilyOfTests:
    usable = np.zeros(len(functions), dtype=bool)
    usable[rows] = ~np.isnan(statistic[rows])

    def correlation() -> FloatMatrix:
        covariance = functions.take(usable).covariance(options.df, options.vcov)
        sd = np.sqrt(np.diag(covariance))
        found: FloatMatrix = covariance / np.outer(sd, sd)
        return found

    return FamilyOfTests(
        statistic=statistic[rows],
        # Degrees of freedom that differ by rounding are the same, and their distributions computed once.
        df=np.round(tests.df[rows], 8),
        side=side,
        n_means=n_means,
        pairs=pairs and options.delta == 0.0,
        correlation=correlation,
        rank=lambda: _rank(functions, usable, n_means if pairs else None),
        seed=options.seed,
    )


def _rank(functions: LinearFunctions, usable: BoolVector, n_pairs: int | None) -> int:
    """Rank of the rows; differences of all of k means have k - 1."""
    n = int(usable.sum())
    if n_pairs is not None and n == n_pairs * (n_pairs - 1) // 2 and functions.combine is not None:
        return n_pairs - 1
    rows = functions.take(usable).rows
    return int(
        np.linalg.matrix_rank(rows / np.linalg.norm(rows, axis=1, keepdims=True), tol=1e-9 * np.sqrt(n))
    )


def _limits(tests: RowTests, width: FloatVector, direction: int) -> tuple[FloatVector, FloatVector]:
    half = width * tests.std_error
    gone = np.where(np.isnan(half), np.nan, 0.0)
    low = tests.estimate - half if direction >= 0 else gone - np.inf
    high = tests.estimate + half if direction <= 0 else gone + np.inf
    return low, high


def _adjustment_notes(
    names: dict[str, int], comparison: Comparison, options: Options, error: dict[str, float]
) -> list[str]:
    notes = []
    used = [name for name in names if name != "none"]
    if used:
        present, sizes = np.unique(comparison.families, return_counts=True)
        what = (
            f"{_range(comparison.n_means[present])} means" if used == ["tukey"] else f"{_range(sizes)} tests"
        )
        where = " in each group" if len(sizes) > 1 else ""
        notes.append(f"Adjusted for {what}{where}: {', '.join(used)}.")
    if "mvt" in used:
        drawn = [f"{what} within {value:.1g}" for what, value in error.items() if value > 0.0]
        if drawn:
            notes.append(
                f"Multivariate t by randomised quasi-Monte Carlo (seed {options.seed}): "
                f"{', '.join(drawn).replace('intervals within', 'critical values within')} with 99 % confidence."
            )
    if options.shows != "intervals":
        notes += _test_notes(options)
    if options.shows != "tests":
        kind = {0: "", 1: " (lower limits only)", -1: " (upper limits only)"}[options.direction]
        notes.append(f"Confidence level: {100 * options.level:g} %{kind}.")
    return notes


def _test_notes(options: Options) -> list[str]:
    null = f" of {options.null:g}" if options.null else " of zero"
    if options.delta > 0.0:
        what = {0: "equivalence", 1: "noninferiority", -1: "nonsuperiority"}[options.direction]
        return [f"Tests of {what}: margin {options.delta:g} around a null value{null}."]
    if options.direction:
        which = "greater" if options.direction > 0 else "less"
        return [f"One-sided tests: {which} than the null value{null}."]
    return [f"Tests against a null value{null}."] if options.null else []


def _range(sizes: IntVector) -> str:
    low, high = int(sizes.min()), int(sizes.max())
    return f"{low}" if low == high else f"{low} to {high}"
