"""A smooth term as part of a mixed model: fixed columns, and random effects with variances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lmm.bases.basis import Joint
from lmm.bases.smooth import Smooth, sum_of_scaled
from lmm.bases.spaces import complement
from lmm.typing import BoolVector, FloatMatrix, FloatVector

__all__ = ["MixedForm", "Piece", "mixed_form"]

_APART = 1e-7
"""Relative size of what is zero but for rounding, where it decides whether penalties overlap or share coordinates."""
_NIL = 1e-9
"""The same for an element of a diagonal, in coordinates in which the penalties sum to the identity."""
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
        All D_j of one copy, shape (m, K, K), where no coordinates make all of them diagonal; else None.
    names
        Of its penalties.
    copies
        Of dense pieces: so many independent groups of K effects have the same precision; l = copies · K, and the
        effects of a group stand together.
    """

    map: FloatMatrix
    penalties: tuple[int, ...]
    scales: FloatMatrix | None
    dense: FloatMatrix | None
    names: tuple[str, ...]
    copies: int = 1

    @property
    def size(self) -> int:
        """Number of random effects."""
        return int(self.map.shape[1])

    def precision(self, sp: FloatVector) -> FloatMatrix:
        """Compute sum_j lambda_j D_j of all effects, shape (l, l).

        Parameters
        ----------
        sp
            Smoothing parameters of all penalties of the term.
        """
        own = np.asarray(sp, dtype=float)[list(self.penalties)]
        if self.dense is not None:
            return np.asarray(np.kron(np.eye(self.copies), np.tensordot(own, self.dense, 1)))
        return np.diag(np.full(self.size, own[0]) if self.scales is None else self.scales @ own)


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

    The pieces are as simple as can be: one variance where penalties do not overlap; where they do, common coordinates
    with a diagonal for each penalty, if there are such (two penalties always have them); else dense matrices.

    Of curves for each level of a factor (``basis.copies``) this is the form of one curve.

    Examples
    --------
    >>> from lmm.bases.basis import Covariate, Settings
    >>> from lmm.bases.smooth import learn_smooths
    >>> (smooth,) = learn_smooths("s(x)", "cr", [Covariate("x", np.linspace(0.0, 1.0, 21))], Settings(k=5))
    >>> form = mixed_form(smooth)
    >>> form.fixed.shape, [piece.size for piece in form.random]
    ((4, 1), [3])
    """
    selected = smooth.selected
    main = list(range(len(smooth.penalties) - (1 if selected.shape[1] else 0)))
    pieces: list[Piece] = []
    if main and smooth.null_space.shape[1] + selected.shape[1] < smooth.p:
        # What the basis knows of its penalties holds as long as these are all.
        own = smooth.basis.penalty_names
        known = (
            _of_levels(smooth) or _of_joint(smooth)
            if tuple(smooth.penalty_names[j] for j in main) == own
            else []
        )
        pieces = known or _of_diagonals(smooth, main) or _of_any(smooth, main)
    if selected.shape[1]:
        last = len(smooth.penalties) - 1
        pieces.append(Piece(selected, (last,), None, None, (smooth.penalty_names[last],)))
    return MixedForm(smooth.null_space, tuple(pieces))


def _of_levels(smooth: Smooth) -> list[Piece]:
    """Penalties left_j ⊗ right: groups with one precision, one for each eigenvector of the right matrix."""
    structure = smooth.basis.structure
    if structure is None or smooth.p < smooth.basis.k:
        return []
    values, vectors = np.linalg.eigh(structure.right)
    K = structure.left[0].shape[0]
    rank = len(values) - (smooth.null_space.shape[1] + smooth.selected.shape[1]) // K
    V = vectors[:, ::-1][:, :rank] / np.sqrt(values[::-1][:rank])
    # Coefficients stand level by level, effects eigenvector by eigenvector.
    map_ = np.einsum("pr,jk->jprk", V, np.eye(K)).reshape(K * len(V), rank * K)
    D = np.array([left / c for left, c in zip(structure.left, smooth.scales, strict=False)])
    if len(D) == 1:
        root = np.linalg.inv(np.linalg.cholesky(D[0])).T
        return [
            Piece(
                smooth.absorbed.T @ map_ @ np.kron(np.eye(rank), root),
                (0,),
                None,
                None,
                smooth.penalty_names[:1],
            )
        ]
    names = smooth.penalty_names[: len(D)]
    return [Piece(smooth.absorbed.T @ map_, tuple(range(len(D))), None, D, names, rank)]


def _of_joint(smooth: Smooth) -> list[Piece]:
    """Coordinates that the basis knows, carried into the space that the constraint leaves.

    A constraint that the null space can fulfil does not restrict the other coordinates; it only moves their origin.
    """
    joint, A = smooth.basis.joint, smooth.absorbed
    turned = None if joint is None else _constrained(joint, A, smooth.basis.null_space)
    if joint is None or turned is None:
        return []
    m = joint.scales.shape[1]
    scales = joint.scales / smooth.scales[:m]
    if m == 1:
        return [Piece(turned / np.sqrt(scales[:, 0]), (0,), None, None, smooth.penalty_names[:1])]
    return [Piece(turned, tuple(range(m)), scales, None, smooth.penalty_names[:m])]


def _constrained(joint: Joint, absorbed: FloatMatrix, null_space: FloatMatrix | None) -> FloatMatrix | None:
    """Joint coordinates as coefficients of the term, shape (p, r); None if the constraint restricts them."""
    k, p = absorbed.shape
    if p == k:
        return absorbed.T @ joint.turned
    if p < k - 1 or null_space is None or not null_space.shape[1]:
        return None
    row = complement(absorbed)[:, 0]
    N, _ = np.linalg.qr(null_space)
    of_null = row @ N
    if np.linalg.norm(of_null) < np.sqrt(_APART):
        return None
    moved = joint.turned - np.outer(N @ of_null, row @ joint.turned) / (of_null @ of_null)
    return np.asarray(absorbed.T @ moved)


def _of_diagonals(smooth: Smooth, main: Sequence[int]) -> list[Piece]:
    """Penalties that are diagonal already."""
    diagonals = np.array([np.diag(smooth.penalties[j]) for j in main])
    if any(np.count_nonzero(smooth.penalties[j]) > np.count_nonzero(diagonals[j]) for j in main):
        return []
    used = np.array([[bool(np.any((a > 0) & (b > 0))) for b in diagonals] for a in diagonals])
    pieces = []
    for group in _together(used):
        at = np.flatnonzero(diagonals[group].max(axis=0) > 0.0)
        if not at.size:
            continue
        names = tuple(smooth.penalty_names[j] for j in group)
        units = np.eye(smooth.p)[:, at]
        own = diagonals[group][:, at].T
        if len(group) == 1:
            pieces.append(Piece(units / np.sqrt(own[:, 0]), tuple(group), None, None, names))
        else:
            pieces.append(Piece(units, tuple(group), own, None, names))
    return pieces


def _of_any(smooth: Smooth, main: Sequence[int]) -> list[Piece]:
    """Whatever the penalties are: coordinates in which they sum to the identity, then groups that overlap."""
    penalties = [smooth.penalties[j] for j in main]
    range_ = complement(np.hstack([smooth.null_space, smooth.selected]))
    T = sum_of_scaled(penalties)
    values, vectors = np.linalg.eigh(range_.T @ T @ range_)
    W = range_ @ (vectors / np.sqrt(values))
    norms = [max(float(np.linalg.norm(S)), np.finfo(float).tiny) for S in penalties]
    B = [W.T @ (S / norm) @ W for S, norm in zip(penalties, norms, strict=True)]
    meets = np.array([[np.linalg.norm(a @ b) > _APART * np.linalg.norm(a) for b in B] for a in B])
    pieces = []
    for group in _together(meets | np.eye(len(B), dtype=bool)):
        V = W
        if len(group) < len(B):
            own, directions = np.linalg.eigh(sum(B[j] for j in group))
            V = W @ directions[:, own > 0.5]
        if V.shape[1]:
            pieces.append(_piece(smooth, group, V, norms))
    return pieces


def _together(meets: BoolVector) -> list[list[int]]:
    """Find groups of penalties that overlap, directly or by others."""
    left, groups = set(range(len(meets))), []
    while left:
        seen = {min(left)}
        while more := {int(j) for i in seen for j in np.flatnonzero(meets[i])} - seen:
            seen |= more
        groups.append(sorted(seen))
        left -= seen
    return groups


def _piece(smooth: Smooth, group: list[int], V: FloatMatrix, norms: Sequence[float]) -> Piece:
    """One group of penalties in coordinates that are as simple as can be."""
    names = tuple(smooth.penalty_names[j] for j in group)
    if len(group) == 1:
        return Piece(V / np.sqrt(norms[group[0]]), (group[0],), None, None, names)
    D = np.array([V.T @ smooth.penalties[j] @ V for j in group])
    own = np.array([norms[j] for j in group])
    unit = D / own[:, None, None]
    weights = (_GOLDEN * np.arange(1, len(group) + 1)) % 1.0
    _, R = np.linalg.eigh(np.tensordot(weights, unit, 1))
    turned = R.T @ unit @ R
    if np.abs(turned * (1.0 - np.eye(V.shape[1]))).max() > _APART:
        return Piece(V, tuple(group), None, (D + np.swapaxes(D, 1, 2)) / 2.0, names)
    diagonals = np.einsum("jii->ij", turned)
    return Piece(V @ R, tuple(group), np.where(diagonals < _NIL, 0.0, diagonals) * own, None, names)
