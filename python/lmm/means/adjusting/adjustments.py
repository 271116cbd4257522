"""Adjustments for several tests at once: p-values, and critical values of the intervals that belong to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lmm.arguments import a_text, shown
from lmm.errors import LmmError, nearest
from lmm.inference import t_p_value, t_quantile
from lmm.means.adjusting import stepwise
from lmm.means.adjusting.multivariate_t import Directions, check_family, sample_directions
from lmm.means.adjusting.studentized_range import range_quantile, range_tail
from lmm.typing import FloatMatrix, FloatVector

__all__ = [
    "ADJUSTMENTS",
    "Adjusted",
    "FamilyOfTests",
    "adjusted_p",
    "adjustment_named",
    "critical_values",
    "settled",
]


@dataclass(frozen=True, eq=False)
class FamilyOfTests:
    """Tests that are adjusted together.

    Attributes
    ----------
    statistic, df : shape (r,)
        Missing where a row is not estimable.
    side
        0 for two-sided tests, 1 where large statistics count, -1 where small ones do.
    n_means
        Number of means that are compared.
    pairs
        Whether these are all their pairwise comparisons, once each.
    correlation
        Gives the correlation (s, s) of the s rows that are not missing.
    rank
        Gives its rank.
    seed
        For the adjustment that draws.
    """

    statistic: FloatVector
    df: FloatVector
    side: int
    n_means: int
    pairs: bool
    correlation: Callable[[], FloatMatrix]
    rank: Callable[[], int]
    seed: int = 0

    @property
    def n(self) -> int:
        """Number of tests, missing ones included."""
        return len(self.statistic)

    @cached_property
    def directions(self) -> Directions:
        """The sample that both p-values and critical values by ``mvt`` are made of."""
        check_family(self.n)
        return sample_directions(self.correlation(), two_sided=self.side == 0, seed=self.seed)


class Adjusted(NamedTuple):
    """Numbers (r,), and the error of those that were drawn (0 otherwise)."""

    values: FloatVector
    error: float = 0.0


def adjustment_named(name: str) -> str:
    """Write the name as this room does; ``"BH"`` and ``"fdr"`` are ``"bh"``.

    Raises
    ------
    LmmError
        If there is no such adjustment.
    """
    key = a_text(name, "adjust").lower()
    key = {"fdr": "bh", "bonf": "bonferroni", "dunnett": "dunnettx"}.get(key, key)
    if key == "auto":
        raise LmmError(
            'adjust="auto" is the default of a contrast family; these rows are not contrasts. Name one: '
            f"{', '.join(ADJUSTMENTS)}."
        )
    if key not in ADJUSTMENTS:
        raise LmmError(
            f"There is no adjustment {shown(name)}; there are {', '.join(ADJUSTMENTS)}."
            f"{nearest(name, ADJUSTMENTS)}"
        )
    return key


def settled(name: str, tests: FamilyOfTests) -> tuple[str, str]:
    """Decide which adjustment a family gets, and the sentence about it if that is another than asked for.

    One test needs none. Tukey's is for one set of pairwise comparisons; Tukey's, Scheffé's and Dunnett's are
    two-sided. Where they do not fit, Šidák's takes their place, as in emmeans.
    """
    if tests.n <= 1 or name == "none":
        return "none", ""
    if tests.side and name in ("tukey", "scheffe", "dunnettx"):
        return "sidak", f'Adjustment "{name}" was changed to "sidak": it is not defined for one-sided tests.'
    if name == "tukey" and not tests.pairs:
        return (
            "sidak",
            'Adjustment "tukey" was changed to "sidak": it is made for one set of pairwise comparisons only.',
        )
    return name, ""


def adjusted_p(name: str, tests: FamilyOfTests) -> Adjusted:
    """Adjust the p-values (r,) of a family; missing where the statistic is."""
    t, df = tests.statistic, tests.df
    found = np.full(t.shape, np.nan)
    usable = ~np.isnan(t) & (df > 0.0)
    if not usable.any():
        return Adjusted(found)
    values, error = ADJUSTMENTS[name].p_values(tests, t[usable], df[usable])
    found[usable] = np.clip(values, 0.0, 1.0)
    return Adjusted(found, error)


def critical_values(name: str, tests: FamilyOfTests, level: float) -> Adjusted:
    """Half-widths (r,) of the intervals of a family, in standard errors; of one-sided ones their only side."""
    df = tests.df
    found = np.full(df.shape, np.nan)
    usable = ~np.isnan(tests.statistic) & (df > 0.0)
    if not usable.any():
        return Adjusted(found)
    values, error = ADJUSTMENTS[name].critical(tests, df[usable], level)
    found[usable] = values
    return Adjusted(found, error)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One way to adjust.

    Attributes
    ----------
    p_values
        From a family and the statistics and degrees of freedom (s,) of its rows that are not missing.
    critical
        From a family, degrees of freedom (s,), and the level.
    """

    p_values: Callable[[FamilyOfTests, FloatVector, FloatVector], Adjusted]
    critical: Callable[[FamilyOfTests, FloatVector, float], Adjusted]


def _from_p(
    change: Callable[[FloatVector, int], FloatVector], share: Callable[[float, int], float]
) -> Adjustment:
    """Make an adjustment of p-values alone; ``share`` is the error rate that one interval of n may have."""

    def p_values(tests: FamilyOfTests, t: FloatVector, df: FloatVector) -> Adjusted:
        return Adjusted(change(t_p_value(t, df, tests.side), tests.n))

    def critical(tests: FamilyOfTests, df: FloatVector, level: float) -> Adjusted:
        alpha = share(1.0 - level, tests.n)
        return Adjusted(t_quantile(1.0 - (alpha if tests.side else alpha / 2.0), df))

    return Adjustment(p_values, critical)


def _sidak(p: FloatVector, n: int) -> FloatVector:
    with np.errstate(divide="ignore"):
        adjusted: FloatVector = -np.expm1(n * np.log1p(-p))
    return adjusted


def _sidak_share(alpha: float, n: int) -> float:
    return float(-np.expm1(np.log1p(-alpha) / n))


def _bonferroni(p: FloatVector, n: int) -> FloatVector:
    return np.minimum(n * p, 1.0)


def _divided(alpha: float, n: int) -> float:
    return alpha / n


def _tukey_p(tests: FamilyOfTests, t: FloatVector, df: FloatVector) -> Adjusted:
    return Adjusted(range_tail(np.sqrt(2.0) * np.abs(t), tests.n_means, df))


def _tukey_critical(tests: FamilyOfTests, df: FloatVector, level: float) -> Adjusted:
    return Adjusted(range_quantile(level, tests.n_means, df) / np.sqrt(2.0))


def _scheffe_p(tests: FamilyOfTests, t: FloatVector, df: FloatVector) -> Adjusted:
    from scipy.special import chdtrc, fdtrc

    rank = tests.rank()
    finite = np.where(np.isinf(df), 1.0, df)
    return Adjusted(np.where(np.isinf(df), chdtrc(rank, t**2), fdtrc(rank, finite, t**2 / rank)))


def _scheffe_critical(tests: FamilyOfTests, df: FloatVector, level: float) -> Adjusted:
    from scipy.special import chdtri, fdtri

    rank = tests.rank()
    finite = np.where(np.isinf(df), 1.0, df)
    square = np.where(np.isinf(df), chdtri(rank, 1.0 - level), rank * fdtri(rank, finite, level))
    return Adjusted(np.sqrt(square))


def _dunnettx_p(tests: FamilyOfTests, t: FloatVector, df: FloatVector) -> Adjusted:
    return Adjusted(_dunnettx(np.abs(t), tests.n, df))


def _dunnettx(t: FloatVector, n: int, df: FloatVector) -> FloatVector:
    """Approximate tail for n comparisons with a control.

    Between Tukey's for as many means as have n pairwise comparisons and Šidák's, in the parts (n - 1)/n and 1/n: the
    approximation that emmeans uses, good where the comparisons have correlations near one half.
    """
    tukey = range_tail(np.sqrt(2.0) * t, (1.0 + np.sqrt(1.0 + 8.0 * n)) / 2.0, df)
    tail: FloatVector = tukey * (n - 1) / n + _sidak(t_p_value(t, df), n) / n
    return tail


def _dunnettx_critical(tests: FamilyOfTests, df: FloatVector, level: float) -> Adjusted:
    from scipy.optimize import brentq

    found = np.empty(df.size)
    for v in np.unique(df):
        one = np.array([v])
        upper = float(t_quantile(1.0 - _sidak_share(1.0 - level, tests.n) / 2.0, one)[0])
        found[df == v] = brentq(
            lambda c, one=one: _dunnettx(np.array([c]), tests.n, one)[0] - (1.0 - level),
            0.0,
            1.01 * upper,
            xtol=1e-10,
        )
    return Adjusted(found)


def _mvt_p(tests: FamilyOfTests, t: FloatVector, df: FloatVector) -> Adjusted:
    found = tests.directions.tail(np.abs(t) if tests.side == 0 else tests.side * t, df)
    return Adjusted(found.value, float(found.error.max()))


def _mvt_critical(tests: FamilyOfTests, df: FloatVector, level: float) -> Adjusted:
    found = tests.directions.quantile(level, df)
    return Adjusted(found.value, float(found.error.max()))


ADJUSTMENTS: dict[str, Adjustment] = {
    "none": _from_p(lambda p, _: p, lambda alpha, _: alpha),
    "tukey": Adjustment(_tukey_p, _tukey_critical),
    "sidak": _from_p(_sidak, _sidak_share),
    "bonferroni": _from_p(_bonferroni, _divided),
    "holm": _from_p(stepwise.holm, _divided),
    "hochberg": _from_p(stepwise.hochberg, _divided),
    "hommel": _from_p(stepwise.hommel, _divided),
    "bh": _from_p(stepwise.benjamini_hochberg, _divided),
    "by": _from_p(stepwise.benjamini_yekutieli, _divided),
    "scheffe": Adjustment(_scheffe_p, _scheffe_critical),
    "dunnettx": Adjustment(_dunnettx_p, _dunnettx_critical),
    "mvt": Adjustment(_mvt_p, _mvt_critical),
}
"""By name. Intervals of the stepwise adjustments are Bonferroni's, as there are no better ones for all of them."""
