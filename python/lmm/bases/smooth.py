"""From a basis to the columns and penalties of one smooth term: scales, by-variables, constraints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from lmm.bases.basis import Basis, Carrier, Covariate, Cubic, Settings, column_means
from lmm.bases.catalog import learn_basis
from lmm.bases.local import SummedRows
from lmm.bases.spaces import null_from_eigenvalues, null_within, reflection
from lmm.bases.surfaces.leading import LinePairs
from lmm.errors import ArgumentError, DataError, brief, nearest
from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = ["Smooth", "learn_smooths"]


_NOTHING = 1e-10
"""Of a penalty: relative size of what deleted columns leave of it, if they leave nothing."""

Summarize: TypeAlias = Callable[[FloatVector, FloatVector, FloatMatrix], tuple[FloatVector, float]]
"""From numbers, knots and map of a `Cubic` to the sum of its rows and the largest row of its columns."""


@dataclass(frozen=True, eq=False)
class Smooth:
    """One smooth term, or one level of it, as learned from data.

    Its columns are the raw columns of the basis times ``absorbed``, times the by-variable.

    Attributes
    ----------
    label
        ``"s(x)"``; of one level of a factor ``"s(x):gA"``; of a numeric by-variable ``"s(x):z"``.
    basis
        Raw columns and penalties.
    by
        Name of the by-variable, or None.
    level
        Of a factor by-variable, or None.
    absorbed
        From the coefficients of the term to those of the basis, with orthonormal columns; shape (k, p).
    penalties
        Scaled and constrained, each of shape (p, p); none if the term is not penalized (``fx``).
    penalty_names
        One per penalty.
    scales
        c_j: raw penalties were divided by them; nan for the penalty of ``select``.
    null_space
        Orthonormal basis of what no penalty touches, shape (p, M).
    selected
        Orthonormal basis of what the last penalty alone touches by ``select``, shape (p, M'), if it touches nothing
        else; without columns where there is no such penalty.
    means
        Of the columns over the rows of the fit where the term is centred when it is reported; else zero; shape (p,).
    """

    label: str
    basis: Basis
    by: str | None
    level: str | None
    absorbed: FloatMatrix
    penalties: tuple[FloatMatrix, ...]
    penalty_names: tuple[str, ...]
    scales: FloatVector
    null_space: FloatMatrix
    selected: FloatMatrix
    means: FloatVector

    @property
    def p(self) -> int:
        """Number of columns."""
        return int(self.absorbed.shape[1])

    @property
    def variables(self) -> frozenset[str]:
        """What the term is a function of; copies for several by-variables count as different ones."""
        mark = "" if self.by is None else f":{self.by}{self.level or ''}"
        return frozenset(name + mark for name in self.basis.covariates)

    def carrier(self, covariates: Sequence[Covariate], by: Covariate | None = None) -> Carrier:
        """Rows and map whose product is the columns of the term at the given data."""
        rows, to_basis = self.basis.carrier(covariates)
        if self.by is not None:
            rows = _weighted(rows, self.by_weights(by))
        return Carrier(rows, to_basis @ self.absorbed)

    def columns(self, covariates: Sequence[Covariate], by: Covariate | None = None) -> FloatMatrix:
        """Columns at the given data, shape (n, p)."""
        return self.carrier(covariates, by).dense()

    def cubic(self, covariates: Sequence[Covariate]) -> Cubic | None:
        """Columns as cubics of one number, where they are such; else None."""
        found = self.basis.cubic(covariates) if self.by is None else None
        return None if found is None else found._replace(map=found.map @ self.absorbed)

    def derivative(
        self, covariates: Sequence[Covariate], by: Covariate | None = None, order: int = 1, along: int = 0
    ) -> FloatMatrix:
        """Differentiate the columns along one covariate, shape (n, p)."""
        D = self.basis.derivative(covariates, order, along) @ self.absorbed
        return D if self.by is None else self.by_weights(by)[:, None] * D

    def by_weights(self, by: Covariate | None) -> FloatVector:
        """Factor of each row: the value of the by-variable, or 1 in the rows of the level and 0 in the others.

        Raises
        ------
        DataError
            If the by-variable is missing.
        """
        if by is None:
            raise DataError(f"{self.label} needs its by-variable {self.by}.")
        if self.level is None:
            return numbers_of_by(by, self.label)
        if by.codes is None or self.level not in by.levels:
            return np.zeros(by.n)
        return np.asarray(by.codes == by.levels.index(self.level), dtype=float)

    def sd_raw(self, sp: FloatVector, phi: float) -> FloatVector:
        """Compute standard deviations on the scale of the raw penalties, (phi c_j / sp_j)^½."""
        scales = np.where(np.isnan(self.scales), 1.0, self.scales)
        return np.asarray(np.sqrt(phi * scales / sp))

    def sp(self, sd_raw: FloatVector, phi: float) -> FloatVector:
        """Smoothing parameters of the scaled penalties from standard deviations on the raw scale."""
        scales = np.where(np.isnan(self.scales), 1.0, self.scales)
        return np.asarray(phi * scales / np.square(sd_raw))

    def without(self, deleted: Sequence[int] | IntVector) -> Smooth:
        """Take columns out, with their rows and columns of the penalties; penalties that touch no others go too."""
        kept = np.setdiff1d(np.arange(self.p), deleted)
        inner = np.eye(self.p)[:, kept]
        selected = null_within(self.selected, inner)
        cut = [S[np.ix_(kept, kept)] for S in self.penalties]
        # What is left of the penalty of `select` may touch more than what the others leave free.
        if selected.shape[1] and np.abs(cut[-1] - selected @ selected.T).max() > _NOTHING:
            selected = selected[:, :0]
        left = [
            j for j, S in enumerate(cut) if np.linalg.norm(S) > _NOTHING * np.linalg.norm(self.penalties[j])
        ]
        return replace(
            self,
            absorbed=self.absorbed[:, kept],
            penalties=tuple(cut[j] for j in left),
            penalty_names=tuple(self.penalty_names[j] for j in left),
            scales=self.scales[left],
            null_space=null_within(self.null_space, inner),
            selected=selected,
            means=self.means[kept],
        )


def learn_smooths(
    label: str,
    basis: str,
    covariates: Sequence[Covariate],
    settings: Settings,
    *,
    by: Covariate | None = None,
    by_is_ordered: bool = False,
    select: bool = False,
    fx: bool = False,
    pc: Sequence[Any] | None = None,
    pooled: Sequence[Covariate] | None = None,
    summarize: Summarize | None = None,
    line: LinePairs | None = None,
) -> tuple[Smooth, ...]:
    """Learn a smooth term from data: one `Smooth`, or one for each level of a factor by-variable.

    Parameters
    ----------
    label
        ``"s(x)"``.
    basis
        Name in the catalog.
    covariates
        Columns of the rows that are fitted.
    settings
        What the user wrote about the basis.
    by
        The by-variable.
    by_is_ordered
        Of a factor: whether the first level has no curve of its own.
    select
        Whether the columns that no penalty touches get one too.
    fx
        Whether the term is not penalized at all.
    pc
        One value per covariate: there the curve is zero; in place of mean zero over the data.
    pooled
        Rows of all terms that share an ``id``, from which they learn one basis; None for those of the term alone.
    summarize
        Of many rows: sums the rows of cubics, (2K,), and finds the largest sum of absolute values of their columns.
        None: rows are built for that.
    line
        Finds eigenpairs of points on a line; see `lmm.bases.surfaces.leading.LinePairs`. None: by their matrix.

    Raises
    ------
    LmmError
        If the basis cannot be learned from these data.

    Examples
    --------
    >>> x = Covariate("x", np.linspace(0.0, 1.0, 21))
    >>> (smooth,) = learn_smooths("s(x)", "cr", [x], Settings(k=5))
    >>> smooth.p, bool(np.abs(smooth.columns([x]).mean(axis=0)).max() < 1e-15)
    (4, True)
    """
    learned = learn_basis(basis, covariates if pooled is None else pooled, settings, line)
    if pooled is not None:
        learned = replace(learned, covariates=tuple(covariate.name for covariate in covariates))
    carrier = _carrier(learned, covariates, summarize)
    absorbed = _absorbed(learned, carrier, covariates, by, pc)
    scales = learned.scales(carrier)
    null = learned.null_space
    if null is None:
        null = null_from_eigenvalues(sum_of_scaled(learned.penalties))
    inner = null_within(null, absorbed)
    selected = inner[:, :0]
    penalties, names = [], list(learned.penalty_names)
    for S, c in zip(learned.penalties, scales, strict=True):
        constrained = absorbed.T @ (S / c) @ absorbed
        penalties.append((constrained + constrained.T) / 2.0)
    if select and inner.shape[1]:
        penalties.append(inner @ inner.T)
        names.append("null")
        scales = np.append(scales, np.nan)
        inner, selected = selected, inner
    if fx:
        penalties, names, scales, inner, selected = (
            [],
            [],
            np.zeros(0),
            np.eye(absorbed.shape[1]),
            selected[:, :0],
        )
    means = np.zeros(absorbed.shape[1])
    if learned.is_recentred and by is None:
        means = column_means(Carrier(carrier.rows, carrier.map @ absorbed))
    smooth = Smooth(
        label=label,
        basis=learned,
        by=None,
        level=None,
        absorbed=absorbed,
        penalties=tuple(penalties),
        penalty_names=tuple(names),
        scales=np.asarray(scales),
        null_space=inner,
        selected=selected,
        means=means,
    )
    return _by_copies(smooth, by, by_is_ordered)


def _carrier(learned: Basis, covariates: Sequence[Covariate], summarize: Summarize | None) -> Carrier:
    """Rows that are fitted, or what a term learns from them."""
    cubic = None if summarize is None else learned.cubic(covariates)
    if summarize is None or cubic is None:
        return learned.carrier(covariates)
    return Carrier(SummedRows(len(cubic.x), *summarize(*cubic)), cubic.map)


def _weighted(rows: Any, weights: FloatVector) -> Any:
    from scipy import sparse

    if not sparse.issparse(rows):
        return weights[:, None] * rows
    # Rows of other levels take no place.
    found = sparse.csr_matrix(sparse.diags(weights) @ rows)
    found.eliminate_zeros()
    return found


def _by_copies(smooth: Smooth, by: Covariate | None, is_ordered: bool) -> tuple[Smooth, ...]:
    if by is None:
        return (smooth,)
    if not by.is_factor:
        return (replace(smooth, by=by.name, label=f"{smooth.label}:{by.name}"),)
    return tuple(
        replace(smooth, by=by.name, level=level, label=f"{smooth.label}:{by.name}{level}")
        for level in by.levels[1 if is_ordered else 0 :]
    )


def _absorbed(
    basis: Basis, carrier: Carrier, covariates: Sequence[Covariate], by: Covariate | None, pc: Any
) -> FloatMatrix:
    """Coefficients that fulfil the constraint of the term; shape (k, k - 1), or the identity without one."""
    c = basis.constraint(carrier)
    if c is None or (by is not None and not by.is_factor and _varies(numbers_of_by(by, "by="))):
        return np.eye(basis.k)
    if pc is not None:
        c = basis.columns(_point(covariates, pc))[0]
    return reflection(c) if np.any(c) else np.eye(basis.k)


def _varies(by: FloatVector) -> bool:
    """Whether a by-variable is not constant; a constant one leaves a curve that needs its constraint."""
    spread = by.std(ddof=1) if by.size > 1 else 0.0
    return bool(spread > by.mean() * 1000.0 * np.finfo(float).eps)


def _point(covariates: Sequence[Covariate], pc: Sequence[Any]) -> list[Covariate]:
    if len(pc) != len(covariates):
        raise ArgumentError(f"pc= takes one value per covariate, {len(covariates)}, and {len(pc)} are given.")
    return [_at(covariate, value) for covariate, value in zip(covariates, pc, strict=True)]


def _at(covariate: Covariate, value: Any) -> Covariate:
    if covariate.values is None:
        if value not in covariate.levels:
            raise ArgumentError(
                f"pc= names a level of {covariate.name}, and {brief(value)} is none.{nearest(value, covariate.levels)}"
            )
        return replace(covariate, codes=np.array([covariate.levels.index(value)]))
    try:
        at = float(value)
    except (TypeError, ValueError):
        at = np.nan
    if not np.isfinite(at):
        raise ArgumentError(f"pc= takes a finite number for {covariate.name}, not {brief(value)}.")
    return replace(covariate, values=np.array([at]))


def numbers_of_by(by: Covariate, label: str) -> FloatVector:
    """Values of a numeric by-variable.

    Raises
    ------
    DataError
        If it is a factor, or has missing or infinite values.
    """
    if by.values is None:
        raise DataError(f"{label} was fitted with numbers in {by.name}; here it holds levels.")
    values = np.asarray(by.values, dtype=float)
    if not np.isfinite(values).all():
        raise DataError(f"The by-variable {by.name} has missing or infinite values. Drop these rows first.")
    return values


def sum_of_scaled(penalties: Sequence[FloatMatrix]) -> FloatMatrix:
    """Sum of all S_j, each divided by its norm."""
    norms = [max(float(np.linalg.norm(S)), np.finfo(float).tiny) for S in penalties]
    return np.asarray(sum(S / norm for S, norm in zip(penalties, norms, strict=True)))
