"""How the covariance of y moves with its parameters, as far as inference needs it: small arrays.

The parameters are the distinct elements of the covariance G of each random term, for the engine's columns of Z, then
σ². V is linear in them: ∂V/∂G_rs = Z (I ⊗ (E_rs + E_sr)) Z', ∂V/∂σ² = W⁻¹. Everything is relative to σ² = 1, and X is
turned so that X'V⁻¹X = I.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.errors import UnsupportedError
from lmm.inference.algebra.elements import parameter_basis, translation
from lmm.inference.algebra.gram import GramInverse
from lmm.inference.algebra.head_and_tail import Effects, head_and_tail, largest_part, n_column_pairs
from lmm.inference.algebra.traces import Traces
from lmm.inference.covariance_root import covariance_root
from lmm.inference.per_fit import per_fit
from lmm.typing import FloatArray, FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.design import RandomPart
    from lmm.engine import Evaluation
    from lmm.model import Fit

__all__ = ["Derivatives", "are_feasible", "derivatives", "has_negative", "project"]

LARGEST_PART = 5_000
"""Effects of a connected part of the tail, which is dense: 600 MB at this size. Fewer where the head has slopes."""

LARGEST_PRODUCT = 7_000
"""Parameters times fixed effects: as many rows has the matrix of all products with X."""


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """Derivatives of V with respect to m parameters, projected on what is needed.

    With V_i = ∂V/∂parameter i and R = V⁻¹(y - Xβ̂)/σ:

    Attributes
    ----------
    root : shape (p, p)
        M with MM' = (X'V⁻¹X)⁻¹; X is XM everywhere below.
    P : shape (m, p, p)
        -X'V⁻¹V_iV⁻¹X.
    Q : shape (m, m, p, p)
        X'V⁻¹V_iV⁻¹V_jV⁻¹X.
    trace : shape (m,)
        tr(V⁻¹V_i).
    traces : shape (m, m)
        tr(V⁻¹V_iV⁻¹V_j).
    squares : shape (m,)
        R'V_iR.
    quadratic : shape (m, m)
        R'V_iPV_jR, P the projected inverse of V.
    units : (k, k) for each term
        U with W^½Z = Z̃ (I ⊗ U), Z̃ the engine's columns: their covariance is UGU'.
    to_engine, to_user : shape (m, m)
        Take elements of G for the user's columns of Z to the parameters, and back.
    """

    root: FloatMatrix
    P: FloatArray
    Q: FloatArray
    trace: FloatVector
    traces: FloatMatrix
    squares: FloatVector
    quadratic: FloatMatrix
    units: list[FloatMatrix]
    to_engine: FloatMatrix
    to_user: FloatMatrix

    @property
    def projected_trace(self) -> FloatVector:
        """tr(PV_i) (m,)."""
        total: FloatVector = self.trace + np.einsum("iaa->i", self.P)
        return total

    @property
    def projected_traces(self) -> FloatMatrix:
        """tr(PV_iPV_j) (m, m)."""
        twice = np.einsum("ijaa->ij", self.Q)
        products: FloatMatrix = np.einsum("iab,jba->ij", self.P, self.P)
        total: FloatMatrix = self.traces - twice - twice.T + products
        return total


@per_fit
def derivatives(fit: Fit) -> Derivatives:
    """Differentiate the covariance of y of a fit, once.

    Raises
    ------
    UnsupportedError
        If the tail of the random terms has a connected part that is too large to be dense.
    """
    if has_negative(fit):
        raise UnsupportedError(
            "A fit that keeps a negative component has no covariance of random effects to take derivatives of. Use "
            'df="containment", or fit again with negative="zero" or by REML.'
        )
    if not are_feasible(fit):
        raise UnsupportedError(
            f"The covariance of y moves with its parameters in a way that is too large to compute here: "
            f"random effects that hang together, the term with the most of them left out, must be at most "
            f"{LARGEST_PART:,}, and covariance parameters times fixed effects {LARGEST_PRODUCT:,}. "
            'Use df="satterthwaite".'
        )
    cross = fit.internals.criterion_function.cross
    return project(
        Effects(fit.internals.design.random, fit.T, cross),
        fit.internals.design.random,
        fit.internals.evaluation,
    )


def project(effects: Effects, parts: Sequence[RandomPart], at: Evaluation) -> Derivatives:
    """Differentiate the covariance of y of a model.

    Parameters
    ----------
    effects
        Its random effects at the estimates.
    parts
        The random terms.
    at
        What the engine says there.
    """
    B = GramInverse(effects)
    root = covariance_root(at.unscaled_vcov)
    # Column p stands for the residuals, so that products with them need no code of their own.
    rows = np.hstack([effects.with_fixed(root), effects.with_residuals(at.beta) / at.sigma])
    K = B.solve(rows)  # (q, p + 1)
    F = np.eye(rows.shape[1])
    F[-1, -1] = at.r2 / at.sigma**2
    moves = _moves(parts, effects)
    P, Q = _products(B, K, F, moves)
    trace, traces = _traces(B, moves, effects.products.n_obs)
    p = len(root)
    return Derivatives(
        root=root,
        P=P[:, :p, :p],
        Q=Q[:, :, :p, :p],
        trace=trace,
        traces=traces,
        squares=-P[:, p, p],
        quadratic=Q[:, :, p, p] - np.einsum("ia,ja->ij", P[:, p, :p], P[:, p, :p]),
        units=effects.products.units,
        to_engine=translation(parts, effects.products.units),
        to_user=translation(parts, effects.products.inverses),
    )


def has_negative(fit: Fit) -> bool:
    """Whether the fit (by moments) keeps a negative component."""
    return fit.moments is not None and fit.moments.keeps_negative


@per_fit
def are_feasible(fit: Fit) -> bool:
    """Whether `derivatives` can be had in seconds and within a GB or two."""
    parts = fit.internals.design.random
    m = 1 + sum(len(parameter_basis(part)) for part in parts)
    if m * (fit.n_fixed + 1) > LARGEST_PRODUCT:
        return False
    head, tail = head_and_tail(parts)
    # One matrix of the order of a part for each pair of columns of the head.
    n_pairs = 1 if head is None else n_column_pairs(parts[head])
    most = int(LARGEST_PART * min(1.0, np.sqrt(2.0 / n_pairs)))
    return (
        sum(parts[i].block.n_effects for i in tail) <= most
        or largest_part(fit.internals.criterion_function.cross, parts) <= most
    )


def _moves(parts: Sequence[RandomPart], effects: Effects) -> list[list[FloatMatrix | None]]:
    """∂S/∂parameter in the coordinates of the effects, per parameter and slot; S itself is the last."""
    moves: list[list[FloatMatrix | None]] = []
    whole: list[FloatMatrix | None] = [None] * effects.n_slots
    for i, part in enumerate(parts):
        inverse = effects.inverses[i]
        for E in parameter_basis(part):
            move: list[FloatMatrix | None] = [None] * effects.n_slots
            move[effects.slots[i]] = inverse @ E @ inverse.T
            moves.append(move)
        whole[effects.slots[i]] = np.diag(effects.tau[i] ** 2)
    return [*moves, whole]


def _products(
    B: GramInverse, K: FloatMatrix, F: FloatMatrix, moves: list[list[FloatMatrix | None]]
) -> tuple[FloatArray, FloatArray]:
    """P (m, ., .) and Q (m, m, ., .); from ∂V/∂σ² = V - ZSZ' the last follows from S as a direction."""
    m, width = len(moves), K.shape[1]
    first = _against(B.effects, K, K, moves)  # X'V⁻¹V_iV⁻¹X
    second = np.empty((m, m, width, width))
    for j, move in enumerate(moves):
        second[:, j] = _against(B.effects, K, B.apply(_moved(B.effects, K, move)), moves)
    Q = second.copy()
    Q[:-1, -1] = first[:-1] - second[:-1, -1]
    Q[-1, :-1] = first[:-1] - second[-1, :-1]
    Q[-1, -1] = F - 2.0 * first[-1] + second[-1, -1]
    P: FloatArray = -first
    P[-1] = first[-1] - F
    return P, Q


def _moved(effects: Effects, K: FloatMatrix, move: list[FloatMatrix | None]) -> FloatMatrix:
    """(∂S/∂parameter) K (q, p + 1)."""
    pieces = [
        np.zeros_like(rows) if E is None else E @ rows
        for rows, E in zip(effects.by_level(K), move, strict=True)
    ]
    return np.vstack([piece.reshape(piece.shape[0] * piece.shape[1], K.shape[1]) for piece in pieces])


def _against(
    effects: Effects, K: FloatMatrix, Y: FloatMatrix, moves: list[list[FloatMatrix | None]]
) -> FloatArray:
    """K' (∂S/∂parameter) Y for all parameters (m, p + 1, p + 1)."""
    width = K.shape[1]
    found = np.zeros((len(moves), width, width))
    for slot, (left, right) in enumerate(zip(effects.by_level(K), effects.by_level(Y), strict=True)):
        k = left.shape[1]
        # Products of all columns, summed over the levels: (k, p + 1, k, p + 1)
        pairs = left.reshape(len(left), k * width).T @ right.reshape(len(right), k * width)
        by_columns = pairs.reshape(k, width, k, width).transpose(0, 2, 1, 3).reshape(k * k, width * width)
        found += (_stacked(moves, slot, k) @ by_columns).reshape(found.shape)
    return found


def _stacked(moves: list[list[FloatMatrix | None]], slot: int, k: int) -> FloatMatrix:
    """Differentiate one term by all parameters (m, k k)."""
    rows = [move[slot] for move in moves]
    return np.array([np.zeros(k * k) if E is None else E.ravel() for E in rows])


def _traces(
    B: GramInverse, moves: list[list[FloatMatrix | None]], n_obs: int
) -> tuple[FloatVector, FloatMatrix]:
    """tr(V⁻¹V_i) (m,) and tr(V⁻¹V_iV⁻¹V_j) (m, m)."""
    traces_of = Traces(B)
    sums, pairs = traces_of.single, traces_of.double
    stacked = [_stacked(moves, slot, len(own)) for slot, own in enumerate(sums)]
    single = np.sum([E @ own.ravel() for E, own in zip(stacked, sums, strict=True)], axis=0)
    double = np.zeros((len(moves), len(moves)))
    for a, left in enumerate(stacked):
        for b, right in enumerate(stacked):
            double += left @ pairs[a][b].reshape(left.shape[1], right.shape[1]) @ right.T
    traces = double.copy()
    traces[:-1, -1] = traces[-1, :-1] = single[:-1] - double[:-1, -1]
    traces[-1, -1] = n_obs - 2.0 * single[-1] + double[-1, -1]
    return np.append(single[:-1], n_obs - single[-1]), traces
