"""Sums of squares of types I, II and III, and what they estimate.

The expectation of a mean square is ``sigma² + sum_c k_c sigma_c² +`` a quadratic form of the fixed effects, with
``k_c = tr(Z_c'P Z_c) / df`` for the projection P of its sum of squares (H. O. Hartley, "Expectations,
variances and covariances of ANOVA mean squares by synthesis", Biometrics 23, 1967).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from lmm.arguments import shown
from lmm.design import Design
from lmm.errors import LmmError
from lmm.estimation.component import RESIDUAL, VarianceComponent, variance_components
from lmm.estimation.effects import Effect, contains, effects_of
from lmm.estimation.projections import INTERCEPT, Gain, Projections, Space
from lmm.estimation.type_three import type_three_gain
from lmm.typing import FloatVector

SumsOfSquares: TypeAlias = Literal[1, 2, 3]
"""Each effect after those before it (1), after all that do not contain it (2), as SAS's type III (3)."""

_ROUNDING = 1e-12  # of the sum of squares of a component's columns


@dataclass(frozen=True, slots=True, eq=False)
class QuadraticForm:
    """One row of an analysis of variance.

    Attributes
    ----------
    name
        The term, the component, or ``"Residual"``.
    kind
        ``"fixed"``, ``"random"`` or ``"residual"``.
    df
        Degrees of freedom.
    sum_sq
        Sum of squares.
    coefficients : shape (n_components + 1,)
        What the mean square estimates, of the components in the order of theta and of the residual variance;
        missing without degrees of freedom.
    """

    name: str
    kind: Literal["fixed", "random", "residual"]
    df: int
    sum_sq: float
    coefficients: FloatVector

    @property
    def mean_sq(self) -> float:
        """Mean square; missing without degrees of freedom."""
        return self.sum_sq / self.df if self.df else np.nan


class Anova:
    """The analysis of variance of a design with independent random effects.

    Parameters
    ----------
    design
        With its response.

    Attributes
    ----------
    components
        The variance components, in the order of theta.
    effects
        Fixed terms, then components, in the order of their sums of squares.
    projections
        The cross-products behind it.

    Raises
    ------
    UnsupportedError
        If random effects are correlated, or the factors have too many levels.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> batch, residual = Anova(fit.internals.design).forms(1)
    >>> batch.df, round(batch.mean_sq, 1), batch.coefficients
    (5, 11271.5, array([5., 1.]))
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self.components: tuple[VarianceComponent, ...] = variance_components(design)
        self.effects = effects_of(design, self.components)
        self.projections = Projections(design, self.components)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the components, the residual last."""
        return (*(c.name for c in self.components), RESIDUAL)

    def forms(self, kind: SumsOfSquares = 1) -> tuple[QuadraticForm, ...]:
        """Compute the rows: fixed terms but the intercept, components, residual."""
        gains = self._sequential() if kind == 1 else self._partial(kind)
        sizes = self.projections.sizes
        rows = [
            _form(effect.name, effect.kind, gain, sizes) for effect, gain in gains if effect.name != INTERCEPT
        ]
        return (*rows, _form(RESIDUAL, "residual", self.projections.residual(), sizes))

    def space(self, effects: Sequence[Effect]) -> Space:
        """Space that some effects span."""
        terms = self.design.terms
        slices = [terms[e.position].columns for e in effects if e.kind == "fixed"]
        columns = [j for s in slices for j in range(s.start, s.stop)]
        return Space(self.projections.fixed_basis(columns), _components(effects))

    def _sequential(self) -> Iterator[tuple[Effect, Gain]]:
        identity = np.eye(self.projections.n_fixed)
        smaller = Space(identity[:, :0], ())
        stop = 0
        for effect in self.effects:
            if effect.kind == "fixed":
                columns = self.design.terms[effect.position].columns
                kept = self.design.kept
                stop += int(np.count_nonzero((kept >= columns.start) & (kept < columns.stop)))
                larger = Space(identity[:, :stop], ())
            else:
                larger = Space(identity, (*smaller.random, effect.position))
            yield effect, self.projections.gain(smaller, larger)
            smaller = larger

    def _partial(self, kind: SumsOfSquares) -> Iterator[tuple[Effect, Gain]]:
        for effect in self.effects:
            containing = [other for other in self.effects if contains(other, effect)]
            others = [e for e in self.effects if e is not effect and e not in containing]
            if kind == 3 and containing and effect.name != INTERCEPT:
                yield effect, type_three_gain(self.design, self.components, others, effect, containing)
            else:
                smaller, larger = self.space(others), self.space([*others, effect])
                yield effect, self.projections.gain(smaller, larger)


def checked_sums(kind: object) -> SumsOfSquares:
    """Read ``type=``: 1, 2, 3, or the Roman numeral.

    Raises
    ------
    LmmError
        If it is none of these.

    Examples
    --------
    >>> checked_sums("III")
    3
    """
    known: dict[object, SumsOfSquares] = {1: 1, 2: 2, 3: 3, "I": 1, "II": 2, "III": 3, "1": 1, "2": 2, "3": 3}
    if isinstance(kind, bool) or not isinstance(kind, int | str) or kind not in known:
        raise LmmError(f"type= must be 1, 2 or 3 (types of sums of squares), not {shown(kind)}.")
    return known[kind]


def _components(effects: Sequence[Effect]) -> tuple[int, ...]:
    return tuple(sorted(e.position for e in effects if e.kind == "random"))


def _form(
    name: str, kind: Literal["fixed", "random", "residual"], gain: Gain, sizes: FloatVector
) -> QuadraticForm:
    if not gain.df:
        return QuadraticForm(name, kind, 0, 0.0, np.full(len(sizes) + 1, np.nan))
    # What is zero but for rounding is zero: the projection is orthogonal to these columns.
    traces = np.where(gain.traces > _ROUNDING * sizes, gain.traces, 0.0)
    return QuadraticForm(name, kind, gain.df, gain.sum_sq, np.append(traces / gain.df, 1.0))
