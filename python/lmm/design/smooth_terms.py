"""Smooth terms: fixed columns behind those of X, and random pieces as parts of Z."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lmm.bases import Covariate, Smooth, learn_smooths, side_conditions
from lmm.design.covariates import CovariateSpec
from lmm.design.expression import ExpressionSpec
from lmm.design.smooth_arguments import given_names, wanted_of
from lmm.design.smooth_places import MANY_ROWS, Curve, PartSpec, Placing
from lmm.design.wording import listed
from lmm.engine import line_pairs, local_summary
from lmm.errors import DataError, DesignError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmm.design.design import RandomPart
    from lmm.design.effects import RandomSpec
    from lmm.design.evaluator import Evaluator
    from lmm.design.smooth_arguments import Wanted
    from lmm.formula import SmoothTerm
    from lmm.typing import FloatMatrix

__all__ = ["Curve", "SmoothSpec", "SmoothTermSpec"]

_LEVELS_ONLY = frozenset({"mrf"})
"""Bases whose covariate is a factor, numbers too."""


@dataclass(frozen=True, slots=True, eq=False)
class SmoothTermSpec:
    """How one smooth term of a formula is built.

    Attributes
    ----------
    term
        The term as the formula has it.
    wanted
        What it asks for.
    covariates
        Its covariates.
    by
        Its by-variable; None without one.
    curves
        Its curves: one, or one for each level of a factor ``by=``; none if it is a random term.
    random
        The random term that it is, ``s(g, bs="re")``; else None.
    """

    term: SmoothTerm
    wanted: Wanted
    covariates: tuple[CovariateSpec, ...]
    by: CovariateSpec | None
    curves: tuple[Curve, ...]
    random: RandomSpec | None = None

    @property
    def inputs(self) -> tuple[CovariateSpec, ...]:
        """Covariates and by-variable."""
        return self.covariates if self.by is None else (*self.covariates, self.by)

    @property
    def variables(self) -> frozenset[str]:
        """Names of the data columns that the term uses."""
        return frozenset(name for spec in self.inputs for name in spec.expression.variables)

    @property
    def states(self) -> dict[str, Any]:
        """What the calls of the term have learnt."""
        found: dict[str, Any] = {}
        for spec in self.inputs:
            found |= spec.expression.transforms
        return found

    def values(self, evaluator: Evaluator) -> tuple[list[Covariate], Covariate | None]:
        """Covariates and by-variable of other data.

        Raises
        ------
        DataError
            If the by-variable has a level that the fit has not seen.
        """
        by = None if self.by is None else self.by.build(evaluator)
        if by is not None and by.codes is not None and (by.codes < 0).any():
            raise DataError(
                f"{self.term.source}: {by.name} has {int((by.codes < 0).sum())} values that are none of its levels at "
                f"the fit, {listed(by.levels)}. There is no curve for others."
            )
        return [spec.build(evaluator) for spec in self.covariates], by


@dataclass(frozen=True, slots=True, eq=False)
class SmoothSpec:
    """All smooth terms of a model.

    Attributes
    ----------
    terms
        The terms in formula order.
    names
        Names of their fixed columns, which follow the other columns of X.
    parts
        What they make of Z.
    """

    terms: tuple[SmoothTermSpec, ...]
    names: tuple[str, ...]
    parts: tuple[PartSpec, ...]

    @classmethod
    def learn(
        cls,
        terms: Sequence[SmoothTerm],
        evaluator: Evaluator,
        given: Mapping[str, Any],
        random: Sequence[RandomSpec],
        fixed: FloatMatrix,
        *,
        select: bool = False,
    ) -> SmoothSpec:
        """Learn bases from the rows of the fit.

        Parameters
        ----------
        terms
            As the formula has them.
        evaluator
            Evaluates their covariates.
        given
            Objects that they name.
        random
            The random terms of the model, those of bs="re" among them.
        fixed : shape (n, p)
            Columns of the fixed part.
        select
            Whether the null space of every term is penalized too.

        Raises
        ------
        LmmError
            If a basis cannot be learnt from these data.
        """
        _check_used(terms, given)
        _check_selected(terms, select)
        bars = {spec.term.position: spec for spec in random}
        inputs = [_Inputs.of(term, evaluator, given, bars.get(term.position), select) for term in terms]
        learnt = [one.learn(_pooled(one, inputs)) for one in inputs]
        learnt = _apart(inputs, learnt, fixed)
        placing = Placing()
        specs = [
            replace(
                one.spec,
                curves=tuple(
                    placing.curve(one.spec.term.source, one.spec.wanted, smooth) for smooth in smooths
                ),
            )
            for one, smooths in zip(inputs, learnt, strict=True)
        ]
        return cls(tuple(specs), tuple(placing.names), tuple(placing.parts))

    @property
    def variables(self) -> frozenset[str]:
        """Names of the data columns that the terms use."""
        return frozenset[str]().union(*(term.variables for term in self.terms if term.random is None))

    @property
    def states(self) -> dict[str, Any]:
        """What the calls of the terms have learnt."""
        found: dict[str, Any] = {}
        for term in self.terms:
            found |= term.states
        return found

    @property
    def expressions(self) -> tuple[ExpressionSpec, ...]:
        """Covariates and by-variables of all terms."""
        return tuple(spec.expression for term in self.terms if term.random is None for spec in term.inputs)

    def notes(self, fixed: frozenset[str]) -> Iterator[str]:
        """Sentences about what was chosen, and what may be missing.

        Parameters
        ----------
        fixed
            Names of the data columns of the fixed part.
        """
        for term in self.terms:
            yield from dict.fromkeys(note for curve in term.curves for note in curve.smooth.basis.notes)
            by = term.by
            if by is not None and by.levels is not None and not set(by.expression.variables) <= fixed:
                yield (
                    f"The curves of {term.term.source} have mean zero for each level of {by.name}, which is not in the "
                    f"fixed part: all levels have the same mean. Add + {by.name}, unless this is meant."
                )
            if term.wanted.basis == "re" and term.random is None:
                names = ", ".join(term.term.covariates)
                yield (
                    f"{term.term.source} holds numbers only: it is one random slope. For an effect of each level write "
                    f"(1 | {names})."
                )

    def beside(self, fixed: FloatMatrix, evaluator: Evaluator) -> tuple[FloatMatrix, tuple[RandomPart, ...]]:
        """Put fixed columns behind those of the fixed part, (n, p + M), and build the parts of Z."""
        if not self.terms:
            return fixed, ()
        X = np.empty((evaluator.n_rows, len(self.names)))
        Z: list[list[Any]] = [[] for _ in self.parts]
        for term in self.terms:
            if term.curves:
                covariates, by = term.values(evaluator)
                for curve in term.curves:
                    curve.add_to(X, Z, covariates, by)
        parts = zip(self.parts, Z, strict=True)
        return np.hstack([fixed, X]), tuple(spec.part(columns, self) for spec, columns in parts)


def _check_used(terms: Sequence[SmoothTerm], given: Mapping[str, Any]) -> None:
    """Refuse an object that no term names."""
    named = given_names(terms)
    for name in given:
        if name not in named:
            among = f" Named in the formula: {', '.join(named)}." if named else ""
            raise DesignError(
                f"smooths= gives {name!r}, which no smooth term names.{nearest(name, named)}{among}"
            )


def _check_selected(terms: Sequence[SmoothTerm], select: bool) -> None:
    """Refuse to select among no terms."""
    if select and not terms:
        raise DesignError("select=True penalizes smooth terms, and the formula has none. Leave it out.")


class _Inputs(NamedTuple):
    """A term with the values that it is learnt from."""

    spec: SmoothTermSpec
    covariates: list[Covariate]
    by: Covariate | None

    @classmethod
    def of(
        cls,
        term: SmoothTerm,
        evaluator: Evaluator,
        given: Mapping[str, Any],
        random: RandomSpec | None,
        select: bool,
    ) -> _Inputs:
        wanted = wanted_of(term, given, select)
        as_levels = wanted.basis in _LEVELS_ONLY
        pairs = [CovariateSpec.learn(text, evaluator, as_levels=as_levels) for text in term.covariates]
        by = None if term.by is None else CovariateSpec.learn(term.by, evaluator, by=True)
        own = tuple(spec for spec, _ in pairs)
        spec = SmoothTermSpec(term, wanted, own, None if by is None else by[0], (), random)
        return cls(spec, [values for _, values in pairs], None if by is None else by[1])

    def learn(self, pooled: list[Covariate] | None) -> tuple[Smooth, ...]:
        """Learn the curves; none of a random term."""
        term, wanted, by = self.spec.term, self.spec.wanted, self.spec.by
        if self.spec.random is not None:
            return ()
        return learn_smooths(
            f"{term.function}({','.join(term.covariates)})",
            wanted.basis,
            self.covariates,
            wanted.settings,
            by=self.by,
            by_is_ordered=by is not None and by.is_ordered,
            select=wanted.select,
            fx=wanted.fx,
            pc=wanted.pc,
            pooled=pooled,
            summarize=None if self.covariates[0].n < MANY_ROWS else local_summary,
            line=line_pairs,
        )


def _pooled(one: _Inputs, inputs: Sequence[_Inputs]) -> list[Covariate] | None:
    """Rows of all terms of the same id, from which they learn one basis."""
    together = [other for other in inputs if other.spec.wanted.id == one.spec.wanted.id]
    if one.spec.wanted.id is None or len(together) == 1:
        return None
    if any(len(other.covariates) != len(one.covariates) for other in together):
        raise DesignError(
            f"{one.spec.term.source}: id= joins smooths of different numbers of covariates. Give them different ids."
        )
    if any(value.is_factor for other in together for value in other.covariates):
        raise DesignError(f"{one.spec.term.source}: id= joins smooths of numbers only.")
    return [
        replace(own, values=np.concatenate([np.asarray(other.covariates[i].values) for other in together]))
        for i, own in enumerate(one.covariates)
    ]


def _apart(
    inputs: Sequence[_Inputs], learnt: Sequence[tuple[Smooth, ...]], fixed: FloatMatrix
) -> list[tuple[Smooth, ...]]:
    """Take out of curves what curves of fewer covariates have already."""
    flat = [(one, smooth) for one, smooths in zip(inputs, learnt, strict=True) for smooth in smooths]
    seen: list[frozenset[str]] = []
    for _, smooth in flat:
        if smooth.basis.has_sides:
            seen.append(smooth.variables)
    if all(not a & b for i, a in enumerate(seen) for b in seen[:i]):
        return list(learnt)
    columns = [
        smooth.columns(one.covariates, one.by) if smooth.basis.has_sides else np.zeros((1, smooth.p))
        for one, smooth in flat
    ]
    ones = np.ones(len(fixed))
    left = ones - fixed @ np.linalg.lstsq(fixed, ones, rcond=None)[0]
    has_constant = bool(np.abs(left).max() < 1e-8)
    found = iter(side_conditions([smooth for _, smooth in flat], columns, has_constant))
    return [tuple(next(found) for _ in smooths) for smooths in learnt]
