"""Smooth terms: fixed columns behind those of X, and random pieces as parts of Z."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lmm.bases import Covariate, MixedForm, Smooth, learn_smooths, mixed_form
from lmm.covariance import structure
from lmm.design.covariates import CovariateSpec
from lmm.design.design import RandomPart
from lmm.design.expression import ExpressionSpec
from lmm.design.smooth_arguments import given_names, wanted_of
from lmm.design.wording import counted, listed
from lmm.elsewhere import not_here
from lmm.engine import MatrixBlock
from lmm.errors import DataError, DesignError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lmm.design.effects import RandomSpec
    from lmm.design.evaluator import Evaluator
    from lmm.design.smooth_arguments import Wanted
    from lmm.formula import SmoothTerm
    from lmm.typing import FloatMatrix

__all__ = ["Curve", "SmoothSpec", "SmoothTermSpec"]

_LEVELS_ONLY = frozenset({"mrf"})
"""Bases whose covariate is a factor, numbers too."""


class Place(NamedTuple):
    """Where the effects of one piece of a curve are: a part of Z, among those of smooth terms, and its columns."""

    part: int
    effects: slice


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One curve or surface of a smooth term; a factor ``by=`` has one for each level.

    Attributes
    ----------
    smooth
        Its columns and penalties.
    form
        The same as fixed and random effects.
    columns
        Where its fixed columns are, among those of smooth terms.
    pieces
        Where its random effects are, one for each piece of ``form``.
    """

    smooth: Smooth
    form: MixedForm
    columns: slice
    pieces: tuple[Place, ...]


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
class PartSpec:
    """One part of Z that smooth terms make.

    Attributes
    ----------
    source
        The term as typed.
    group
        Name of its curve, ``"s(x)"``: theta is called by it.
    columns
        Names of the effects of one level; one empty name where theta is called as the curve.
    held
        Its theta where ``sp=`` holds it, nan where free.
    """

    source: str
    group: str
    columns: tuple[str, ...]
    held: tuple[float, ...]


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
    ) -> SmoothSpec:
        """Learn bases from the rows of the fit; ``random`` are its random terms, those of bs="re" among them.

        Raises
        ------
        LmmError
            If a basis cannot be learnt from these data.
        """
        _check_used(terms, given)
        bars = {spec.term.position: spec for spec in random}
        learnt = [
            _learn_random(term, evaluator, given, bars[term.position])
            if term.position in bars
            else _learn(term, evaluator, given)
            for term in terms
        ]
        placing = _Placing()
        specs = [replace(term, curves=placing.curves(term, smooths)) for term, smooths in learnt]
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
        Z: list[list[FloatMatrix]] = [[] for _ in self.parts]
        for term in self.terms:
            if not term.curves:
                continue
            covariates, by = term.values(evaluator)
            for curve in term.curves:
                rows, to_curve = curve.smooth.carrier(covariates, by)
                X[:, curve.columns] = rows @ (to_curve @ curve.form.fixed)
                for piece, place in zip(curve.form.random, curve.pieces, strict=True):
                    Z[place.part].append(np.asarray(rows @ (to_curve @ piece.map)))
        return np.hstack([fixed, X]), tuple(
            self._part(part, columns) for part, columns in zip(self.parts, Z, strict=True)
        )

    def _part(self, part: PartSpec, columns: Sequence[FloatMatrix]) -> RandomPart:
        matrix = columns[0] if len(columns) == 1 else np.hstack(columns)
        levels = tuple(str(i + 1) for i in range(matrix.shape[1]))
        block = MatrixBlock(np.ascontiguousarray(matrix), labels=levels)
        return RandomPart(
            part.source, part.group, part.columns, levels, structure("us"), block, kind="smooth", spec=self
        )


def _check_used(terms: Sequence[SmoothTerm], given: Mapping[str, Any]) -> None:
    """Refuse an object that no term names."""
    named = given_names(terms)
    for name in given:
        if name not in named:
            among = f" Named in the formula: {', '.join(named)}." if named else ""
            raise DesignError(
                f"smooths= gives {name!r}, which no smooth term names.{nearest(name, named)}{among}"
            )


def _learn(
    term: SmoothTerm, evaluator: Evaluator, given: Mapping[str, Any]
) -> tuple[SmoothTermSpec, tuple[Smooth, ...]]:
    """Learn one term, its curves without places yet."""
    wanted = wanted_of(term, given)
    as_levels = wanted.basis in _LEVELS_ONLY
    covariates = [CovariateSpec.learn(text, evaluator, as_levels=as_levels) for text in term.covariates]
    by = None if term.by is None else CovariateSpec.learn(term.by, evaluator, by=True)
    smooths = learn_smooths(
        f"{term.function}({','.join(term.covariates)})",
        wanted.basis,
        [values for _, values in covariates],
        wanted.settings,
        by=None if by is None else by[1],
        by_is_ordered=by is not None and by[0].is_ordered,
        select=wanted.select,
        fx=wanted.fx,
        pc=wanted.pc,
    )
    own = tuple(spec for spec, _ in covariates)
    return SmoothTermSpec(term, wanted, own, None if by is None else by[0], ()), smooths


def _learn_random(
    term: SmoothTerm, evaluator: Evaluator, given: Mapping[str, Any], random: RandomSpec
) -> tuple[SmoothTermSpec, tuple[Smooth, ...]]:
    covariates = tuple(CovariateSpec.learn(text, evaluator)[0] for text in term.covariates)
    return SmoothTermSpec(term, wanted_of(term, given), covariates, None, (), random), ()


class _Placing:
    """Place the curves of all terms in X and Z."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.parts: list[PartSpec] = []
        self.sizes: list[int] = []

    def curves(self, term: SmoothTermSpec, smooths: Iterable[Smooth]) -> tuple[Curve, ...]:
        """Place the curves of one term."""
        return tuple(self._curve(term, smooth) for smooth in smooths)

    def _curve(self, term: SmoothTermSpec, smooth: Smooth) -> Curve:
        source, held = term.term.source, _held(term, smooth)
        if getattr(smooth.basis, "per_level", False):
            raise not_here(f"The smooth {source}, with a curve for each level,", "smooth")
        form = mixed_form(smooth)
        first, width = len(self.names), form.fixed.shape[1]
        self.names += [f"{smooth.label}[{i + 1}]" for i in range(width)]
        pieces = []
        for piece in form.random:
            if len(piece.penalties) > 1:
                raise not_here(f"The smooth {source}, with several penalties of the same effects,", "smooth")
            pieces.append(Place(len(self.parts), slice(0, piece.size)))
            own = tuple(held[number] for number in piece.penalties)
            self.parts.append(PartSpec(source, smooth.label, piece.names, own))
        return Curve(smooth, form, slice(first, first + width), tuple(pieces))


def _held(term: SmoothTermSpec, smooth: Smooth) -> tuple[float, ...]:
    """Theta of each penalty that ``sp=`` holds: effects have the variance σ²/sp; nan where it is free."""
    sp, n_penalties = term.wanted.sp, len(smooth.penalties)
    if not sp:
        return (np.nan,) * n_penalties
    if len(sp) != n_penalties:
        raise DesignError(
            f"{term.term.source}: sp= has {counted(len(sp), 'number')}; the smooth has {n_penalties} of them, one for "
            "each penalty. Give all, NA where free."
        )
    return tuple(np.nan if value is None else value**-0.5 for value in sp)
