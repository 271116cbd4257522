"""Where the curves of smooth terms are in X and Z, and which parameters they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lmm.bases import MixedForm, Smooth, mixed_form
from lmm.covariance import Penalized, Structure, Tied, structure
from lmm.design.design import RandomPart
from lmm.design.grouping import group_block
from lmm.design.wording import counted
from lmm.engine import Block, LocalBlock, MatrixBlock, local_columns
from lmm.errors import DesignError, UnsupportedError

if TYPE_CHECKING:
    from lmm.bases import Covariate, Piece
    from lmm.design.smooth_arguments import Wanted
    from lmm.typing import FloatMatrix

__all__ = ["MANY_ROWS", "Curve", "Parameter", "PartSpec", "Place", "Placing"]

MANY_ROWS = 10_000
"""Rows from which columns are not built if they are local."""


class Place(NamedTuple):
    """Where the effects of one piece of a curve are: a part of Z, among those of smooth terms, and its columns."""

    part: int
    effects: slice


class Parameter(NamedTuple):
    """One smoothing parameter: which penalty of the curve it belongs to, and which theta of which part it is."""

    penalty: int
    name: str
    part: int
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One curve or surface of a smooth term; a factor ``by=`` has one for each level.

    A term of one curve for each level with the same smoothing parameters, ``bs="fs"``, is one of these too: its effects
    are those of a group.

    Attributes
    ----------
    smooth
        Its columns and penalties.
    form
        The same as fixed and random effects.
    columns
        Where its fixed columns are, among those of smooth terms.
    pieces
        Where its random effects are, one for each piece of ``form``; one for all pieces of curves for each level.
    parameters
        Its smoothing parameters.
    """

    smooth: Smooth
    form: MixedForm
    columns: slice
    pieces: tuple[Place, ...]
    parameters: tuple[Parameter, ...]

    @property
    def copies(self) -> tuple[str, ...]:
        """Levels that have a copy of all columns; empty unless the term is one of curves for each level."""
        return self.smooth.basis.copies

    @property
    def n_coefficients(self) -> int:
        """Coefficients of the curve, those of all levels."""
        return self.smooth.p * max(len(self.copies), 1)

    @property
    def maps(self) -> tuple[FloatMatrix, ...]:
        """From the effects at each place to the coefficients."""
        if not self.copies:
            return tuple(piece.map for piece in self.form.random)
        together = np.hstack([piece.map for piece in self.form.random])
        return (np.asarray(np.kron(np.eye(len(self.copies)), together), dtype=np.float64),)

    def matrix(self, covariates: Sequence[Covariate], by: Covariate | None) -> FloatMatrix:
        """Columns (n, n_coefficients) of all coefficients at other data."""
        own = self.smooth.columns(covariates, by)
        if not self.copies:
            return own
        codes = self.smooth.basis.codes(covariates)
        wide = np.zeros((len(own), len(self.copies), own.shape[1]))
        known = np.flatnonzero(codes >= 0)
        wide[known, codes[known]] = own[known]
        return wide.reshape(len(own), -1)

    def add_to(
        self, X: FloatMatrix, Z: list[list[Any]], covariates: Sequence[Covariate], by: Covariate | None
    ) -> None:
        """Write the fixed columns into X, and columns of effects behind those of their parts; some are never built."""
        cubic = None if self.copies or len(X) < MANY_ROWS else self.smooth.cubic(covariates)
        if cubic is not None:
            x, knots, to_curve = cubic
            X[:, self.columns] = local_columns(x, knots, to_curve @ self.form.fixed)
            for piece, place in zip(self.form.random, self.pieces, strict=True):
                Z[place.part].append(LocalBlock(x, knots, to_curve @ piece.map))
            return
        rows, to_curve = self.smooth.carrier(covariates, by)
        X[:, self.columns] = rows @ (to_curve @ self.form.fixed)
        if self.copies:
            values = np.asarray(rows @ (to_curve @ np.hstack([piece.map for piece in self.form.random])))
            codes = self.smooth.basis.codes(covariates)
            Z[self.pieces[0].part].append((codes, values))
            return
        for piece, place in zip(self.form.random, self.pieces, strict=True):
            Z[place.part].append(np.asarray(rows @ (to_curve @ piece.map)))


@dataclass(slots=True, eq=False)
class PartSpec:
    """One part of Z that smooth terms make.

    Attributes
    ----------
    source
        The term as typed.
    group
        Name of its curve, ``"s(x)"``: theta is called by it.
    structure
        Covariance of the effects of one level.
    n_columns
        Effects of one level.
    held
        Its theta where ``sp=`` holds it, nan where free.
    levels
        Of a factor whose levels have curves of their own; else empty.
    size
        Number of effects.
    """

    source: str
    group: str
    structure: Structure
    n_columns: int
    held: tuple[float, ...]
    labels: tuple[str, ...]
    levels: tuple[str, ...] = ()
    size: int = 0
    scales: list[FloatMatrix] = field(default_factory=list)

    def part(self, columns: Sequence[Any], spec: Any) -> RandomPart:
        """Make the part from the columns of its curves."""
        block: Block
        codes = None
        if self.levels:
            codes, values = columns[0]
            levels = self.levels
            block = group_block(codes, values, levels, self.structure)
        elif len(columns) == 1 and isinstance(columns[0], LocalBlock) and self.n_columns == 1:
            levels = tuple(str(i + 1) for i in range(columns[0].n_levels))
            block = replace(columns[0], labels=levels)
        else:
            dense = [own.to_dense() if isinstance(own, LocalBlock) else own for own in columns]
            matrix = dense[0] if len(dense) == 1 else np.hstack(dense)
            levels = tuple(str(i + 1) for i in range(matrix.shape[1] // self.n_columns))
            matrix = np.ascontiguousarray(matrix)
            block = MatrixBlock(matrix, self.n_columns, structure=self.structure.pattern, labels=levels)
        names = (self.labels[0],) if self.n_columns == 1 else tuple(str(i + 1) for i in range(self.n_columns))
        return RandomPart(
            self.source,
            self.group,
            names,
            levels,
            self.structure,
            block,
            kind="smooth",
            spec=spec,
            held=self.held,
        )


class Placing:
    """Places of the curves of all terms in X and Z, and their parameters."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.parts: list[PartSpec] = []
        self._shared: dict[Any, int] = {}

    def curve(self, source: str, wanted: Wanted, smooth: Smooth) -> Curve:
        """Place one curve.

        Raises
        ------
        LmmError
            If ``sp=`` does not fit its penalties, or ``id=`` joins what cannot be joined.
        """
        form, held = mixed_form(smooth), _held(source, wanted, smooth)
        first, width = len(self.names), form.fixed.shape[1]
        self.names += [f"{smooth.label}[{i + 1}]" for i in range(width)]
        columns = slice(first, first + width)
        if smooth.basis.copies:
            return self._for_levels(source, smooth, form, columns, held)
        pieces, parameters = [], []
        for number, piece in enumerate(form.random):
            part = self._part_of(source, wanted, smooth, piece, held, number)
            spec = self.parts[part]
            pieces.append(Place(part, slice(spec.size, spec.size + piece.size)))
            spec.size += piece.size
            parameters += [
                Parameter(penalty, name, part, i)
                for i, (penalty, name) in enumerate(zip(piece.penalties, piece.names, strict=True))
            ]
        return Curve(smooth, form, columns, tuple(pieces), tuple(sorted(parameters)))

    def _part_of(
        self, source: str, wanted: Wanted, smooth: Smooth, piece: Piece, held: tuple[float, ...], number: int
    ) -> int:
        """Part of one piece: a new one, or that of another curve of the same id."""
        own = tuple(held[penalty] for penalty in piece.penalties)
        key = (wanted.id, number)
        if wanted.id is not None and key in self._shared:
            part = self._shared[key]
            self._join(self.parts[part], piece, source)
            return part
        family, k = _structure_of(piece)
        self.parts.append(PartSpec(source, smooth.label, family, k, own, piece.names))
        if piece.scales is not None:
            self.parts[-1].scales.append(piece.scales)
        self._shared[key] = len(self.parts) - 1
        return len(self.parts) - 1

    def _join(self, spec: PartSpec, piece: Piece, source: str) -> None:
        if piece.names != spec.labels or (piece.dense is not None):
            raise UnsupportedError(
                f"{source}: id= joins smooths with other penalties, or with penalties that have no common coordinates. "
                "Leave it out."
            )
        if piece.scales is not None:
            spec.scales.append(piece.scales)
            joined = np.vstack(spec.scales)
            spec.structure, spec.n_columns = Tied(joined, spec.labels), len(joined)

    def _for_levels(
        self, source: str, smooth: Smooth, form: MixedForm, columns: slice, held: tuple[float, ...]
    ) -> Curve:
        """Place a term of one curve for each level: a group, whose effects of one level are those of all pieces."""
        penalties = [penalty for piece in form.random for penalty in piece.penalties]
        labels = tuple(name for piece in form.random for name in piece.names)
        size = sum(piece.size for piece in form.random)
        scales = np.zeros((size, len(penalties)))
        row = column = 0
        for piece in form.random:
            if piece.dense is not None:
                raise UnsupportedError(
                    f"{source}: the penalties of its curves have no common coordinates. Choose another basis by xt=."
                )
            own = np.ones((piece.size, 1)) if piece.scales is None else piece.scales
            scales[row : row + piece.size, column : column + own.shape[1]] = own
            row, column = row + piece.size, column + own.shape[1]
        levels, part = smooth.basis.copies, len(self.parts)
        thetas = tuple(held[penalty] for penalty in penalties)
        self.parts.append(
            PartSpec(
                source, smooth.label, Tied(scales, labels), size, thetas, labels, levels, size * len(levels)
            )
        )
        parameters = [
            Parameter(penalty, name, part, i)
            for i, (penalty, name) in enumerate(zip(penalties, labels, strict=True))
        ]
        place = Place(part, slice(0, size * len(levels)))
        return Curve(smooth, form, columns, (place,), tuple(sorted(parameters)))


def _structure_of(piece: Piece) -> tuple[Structure, int]:
    """Covariance of the effects of a piece, and how many of them one level has."""
    if piece.scales is not None:
        return Tied(piece.scales, piece.names), piece.size
    if piece.dense is not None:
        return Penalized(piece.dense, piece.names), piece.dense.shape[1]
    return structure("us"), 1


def _held(source: str, wanted: Wanted, smooth: Smooth) -> tuple[float, ...]:
    """Theta of each penalty that ``sp=`` holds: effects have the variance σ²/sp; nan where it is free."""
    n_penalties = len(smooth.penalties)
    if not wanted.sp:
        return (np.nan,) * n_penalties
    if len(wanted.sp) != n_penalties:
        raise DesignError(
            f"{source}: sp= has {counted(len(wanted.sp), 'number')}; the smooth has {n_penalties} of them, one for "
            "each penalty. Give all, NA where free."
        )
    return tuple(np.nan if value is None else value**-0.5 for value in wanted.sp)
