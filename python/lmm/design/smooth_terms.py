"""Smooth terms: fixed columns behind those of X, and random pieces as parts of Z."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lmm.bases import Covariate, MixedForm, Smooth, learn_smooths, mixed_form
from lmm.covariance import structure
from lmm.data import Column
from lmm.design.design import RandomPart
from lmm.design.expression import ExpressionSpec
from lmm.design.smooth_arguments import given_names, wanted_of
from lmm.design.values import Basis, Coded, MisfitError, as_column, described, is_factor, numbers_of
from lmm.design.wording import counted, listed
from lmm.elsewhere import not_here
from lmm.engine import MatrixBlock
from lmm.errors import DataError, DesignError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmm.design.evaluator import Evaluator
    from lmm.design.smooth_arguments import Wanted
    from lmm.formula import SmoothTerm
    from lmm.typing import FloatMatrix

__all__ = ["Curve", "SmoothSpec", "SmoothTermSpec"]

_LEVELS_ONLY = frozenset({"mrf"})
"""Bases whose covariate is a factor, numbers too."""


@dataclass(frozen=True, slots=True, eq=False)
class CovariateSpec:
    """One covariate of a smooth, or its by-variable.

    Attributes
    ----------
    name
        As the formula has it.
    expression
        How it is computed.
    levels
        Of a factor, those of the fit; None for numbers.
    """

    name: str
    expression: ExpressionSpec
    levels: tuple[str, ...] | None

    @classmethod
    def learn(
        cls, text: str, evaluator: Evaluator, *, as_levels: bool = False, by: bool = False
    ) -> tuple[CovariateSpec, Covariate]:
        """Learn levels and state from the rows of the fit."""
        expression, value = ExpressionSpec.learn(text, evaluator)
        if as_levels or _has_levels(value, by=by):
            column = as_column(value, text, evaluator.n_rows)
            found = Covariate(text, codes=column.factor_codes, levels=column.levels)
            return cls(text, expression, column.levels), found
        return cls(text, expression, None), Covariate(text, values=_numbers(value, text, evaluator.n_rows))

    def build(self, evaluator: Evaluator) -> Covariate:
        """Evaluate it for other data; the code of a level that the fit has not seen is -1."""
        value = evaluator.value(self.expression.text)
        if self.levels is None:
            return Covariate(self.name, values=_numbers(value, self.name, evaluator.n_rows))
        column = (
            value.as_factor() if isinstance(value, Column) else as_column(value, self.name, evaluator.n_rows)
        )
        return Covariate(self.name, codes=column.recode(self.levels), levels=self.levels)


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
        Its curves: one, or one for each level of a factor ``by=``.
    """

    term: SmoothTerm
    wanted: Wanted
    covariates: tuple[CovariateSpec, ...]
    by: CovariateSpec | None
    curves: tuple[Curve, ...]

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
    def learn(cls, terms: Sequence[SmoothTerm], evaluator: Evaluator, given: Mapping[str, Any]) -> SmoothSpec:
        """Learn bases from the rows of the fit.

        Raises
        ------
        LmmError
            If a basis cannot be learnt from these data.
        """
        _check_used(terms, given)
        learnt = [_learn(term, evaluator, given) for term in terms]
        placing = _Placing()
        specs = [replace(term, curves=placing.curves(term, smooths)) for term, smooths in learnt]
        return cls(tuple(specs), tuple(placing.names), tuple(placing.parts))

    @property
    def variables(self) -> frozenset[str]:
        """Names of the data columns that the terms use."""
        return frozenset[str]().union(*(term.variables for term in self.terms))

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
        return tuple(spec.expression for term in self.terms for spec in term.inputs)

    def beside(self, fixed: FloatMatrix, evaluator: Evaluator) -> tuple[FloatMatrix, tuple[RandomPart, ...]]:
        """Put fixed columns behind those of the fixed part, (n, p + M), and build the parts of Z."""
        if not self.terms:
            return fixed, ()
        X = np.empty((evaluator.n_rows, len(self.names)))
        Z: list[list[FloatMatrix]] = [[] for _ in self.parts]
        for term in self.terms:
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
        select=wanted.select,
        fx=wanted.fx,
        pc=wanted.pc,
    )
    own = tuple(spec for spec, _ in covariates)
    return SmoothTermSpec(term, wanted, own, None if by is None else by[0], ()), smooths


class _Placing:
    """Gives the curves of all terms their places in X and Z."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.parts: list[PartSpec] = []
        self.sizes: list[int] = []

    def curves(self, term: SmoothTermSpec, smooths: Iterable[Smooth]) -> tuple[Curve, ...]:
        """Place the curves of one term."""
        return tuple(self._curve(term, smooth) for smooth in smooths)

    def _curve(self, term: SmoothTermSpec, smooth: Smooth) -> Curve:
        source, held = term.term.source, _held(term, smooth)
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


def _has_levels(value: Any, *, by: bool) -> bool:
    """Whether a value is a factor here; truth values multiply a curve as 0 and 1."""
    if isinstance(value, Column) and value.kind == "labels":
        return True
    if not is_factor(value):
        return False
    try:
        numbers_of(value)
    except MisfitError:
        return True
    return not by


def _numbers(value: Any, text: str, n_rows: int) -> Any:
    """Value of a covariate as numbers (n,)."""
    if isinstance(value, Coded):
        value = value.column
    if isinstance(value, Basis):
        if value.values.shape[1] > 1:
            raise DesignError(
                f'The covariate "{text}" of a smooth gives {described(value)}: smooths of matrices are not available. '
                "Give one column."
            )
        value = value.values[:, 0]
    try:
        return np.array(np.broadcast_to(numbers_of(value), (n_rows,)), dtype=float)
    except MisfitError:
        if isinstance(value, Column):
            raise DataError(
                f'Column "{text}" was numeric at the fit; now it is {described(value)}. Give numbers.'
            ) from None
        raise DesignError(
            f'The covariate "{text}" of a smooth needs numbers, not {described(value)}.'
        ) from None
