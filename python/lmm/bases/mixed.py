"""A smooth term as part of a mixed model: fixed columns, and random effects with variances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lmm.bases.smooth import Smooth, sum_of_scaled
from lmm.bases.spaces import complement
from lmm.typing import BoolVector, FloatMatrix, FloatVector

__all__ = ["MixedForm", "Piece", "mixed_form"]

_NIL = 1e-7
"""Relative size of what is zero but for rounding, in coordinates in which the penalties sum to the identity."""
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, eq=False)
class Piece:
    """Random effects that share their variance parameters.

    With lambda_j = phi / variance_j the precision of the effects is (sum_j lambda_j D_j) / phi, where D_j is the
    identity, a diagonal matrix, or dense.

    Attributes
    ----------
    map
        From the effects to the coefficients of the term, shape (p, l).
    penalties
        Which of the term's penalties take part, as indices.
    scales
        Diagonals of all D_j, shape (l, m); None if there is one penalty and D is the identity, or the D_j are dense.
    dense
        All D_j, shape (m, l, l), where no coordinates make all of them diagonal; else None.
    names
        Of its penalties.
    """

    map: FloatMatrix
    penalties: tuple[int, ...]
    scales: FloatMatrix | None
    dense: FloatMatrix | None
    names: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of random effects."""
        return int(self.map.shape[1])


@dataclass(frozen=True, eq=False)
class MixedForm:
    """Coefficients of a smooth term from fixed and random effects.

    Attributes
    ----------
    fixed
        Orthonormal basis of what no penalty touches, shape (p, M): columns of X are those of the term times it.
    random
        The pieces: columns of Z are those of the term times their maps.
    """

    fixed: FloatMatrix
    random: tuple[Piece, ...]

    @property
    def map(self) -> FloatMatrix:
        """From fixed effects and all random effects, in this order, to the coefficients; shape (p, p)."""
        return np.hstack([self.fixed, *(piece.map for piece in self.random)])

    def coefficients(self, beta: FloatVector, effects: Sequence[FloatVector]) -> FloatVector:
        """Coefficients of the term, shape (p,).

        Parameters
        ----------
        beta
            Fixed effects, shape (M,).
        effects
            Of each piece, shape (l,).
        """
        return np.asarray(self.map @ np.concatenate([beta, *effects]))


def mixed_form(smooth: Smooth) -> MixedForm:
    """Write a smooth term as fixed and random effects.

    Examples
    --------
    >>> from lmm.bases.basis import Covariate, Settings
    >>> from lmm.bases.smooth import learn_smooths
    >>> (smooth,) = learn_smooths("s(x)", "cr", [Covariate("x", np.linspace(0.0, 1.0, 21))], Settings(k=5))
    >>> form = mixed_form(smooth)
    >>> form.fixed.shape, [piece.size for piece in form.random]
    ((4, 1), [3])
    """
    U0 = smooth.null_space
    if U0.shape[1] == smooth.p:
        return MixedForm(U0, ())
    T = sum_of_scaled(smooth.penalties)
    W = _whitening(T, complement(U0))
    norms = [float(np.linalg.norm(S)) for S in smooth.penalties]
    # In these coordinates the B_j sum to the identity.
    B = [W.T @ (S / norm) @ W for S, norm in zip(smooth.penalties, norms, strict=True)]
    pieces = [_piece(smooth, group, W @ directions, norms) for group, directions in _groups(B)]
    return MixedForm(U0, tuple(pieces))


def _whitening(T: FloatMatrix, range_: FloatMatrix) -> FloatMatrix:
    """W with W'TW = I on the range of T; shape (p, l)."""
    values, vectors = np.linalg.eigh(range_.T @ T @ range_)
    return np.asarray(range_ @ (vectors / np.sqrt(values)))


def _groups(B: Sequence[FloatMatrix]) -> list[tuple[list[int], FloatMatrix]]:
    """Penalties that overlap, directly or by others, each group with an orthonormal basis of its joint range."""
    m, size = len(B), B[0].shape[0]
    meets = np.array([[np.linalg.norm(a @ b) > _NIL * np.linalg.norm(a) for b in B] for a in B]) | np.eye(
        m, dtype=bool
    )
    left, groups = set(range(m)), []
    while left:
        group = _reached(min(left), meets)
        left -= set(group)
        if len(group) == m:
            return [(group, np.eye(size))]
        values, vectors = np.linalg.eigh(sum(B[j] for j in group))
        groups.append((group, vectors[:, values > 0.5]))
    return groups


def _reached(first: int, meets: BoolVector) -> list[int]:
    seen = {first}
    while more := {int(j) for i in seen for j in np.flatnonzero(meets[i])} - seen:
        seen |= more
    return sorted(seen)


def _piece(smooth: Smooth, group: list[int], V: FloatMatrix, norms: Sequence[float]) -> Piece:
    """One group of penalties in coordinates that are as simple as can be."""
    names = tuple(smooth.penalty_names[j] for j in group)
    if len(group) == 1:
        return Piece(V / np.sqrt(norms[group[0]]), (group[0],), None, None, names)
    D = np.array([V.T @ smooth.penalties[j] @ V for j in group])
    unit = D / np.array([norms[j] for j in group])[:, None, None]
    weights = (_GOLDEN * np.arange(1, len(group) + 1)) % 1.0
    _, R = np.linalg.eigh(np.tensordot(weights, unit, 1))
    turned = R.T @ unit @ R
    beside = turned * (1.0 - np.eye(V.shape[1]))
    if np.abs(beside).max() > _NIL:
        return Piece(V, tuple(group), None, D, names)
    diagonals = np.clip(np.einsum("jii->ij", turned), 0.0, None)
    diagonals[diagonals < _NIL] = 0.0
    return Piece(V @ R, tuple(group), diagonals * np.array([norms[j] for j in group]), None, names)
