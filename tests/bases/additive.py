"""A dense additive model: scores, fits, edf and standard errors straight from columns and penalties.

Nothing is shared with the engine, so that bases are tested without it. Two ways that share nothing but the columns and
penalties: by the coefficients of the terms, which can also search, and by fixed and random effects, in triangles, so
that smoothing parameters may be very large or small. The scale φ is profiled out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg import block_diag, cho_factor, cho_solve
from scipy.optimize import minimize

from lmm.bases import MixedForm, mixed_form

_FARTHEST = 25.0
"""Of ρ = log λ: where a smooth has become its null space."""


@dataclass
class Term:
    """Columns at the rows that are fitted and at new rows, and scaled penalties.

    ``sp`` names the smoothing parameters of the penalties among those of the model, by default one new for each;
    ``form`` are the same columns as fixed and random effects.
    """

    X: np.ndarray
    new: np.ndarray
    penalties: tuple = ()
    sp: Sequence[int] | None = None
    form: MixedForm | None = None


def term_of(smooth, X, new, sp=None):
    """A smooth of which both ways know what they need."""
    return Term(X, new, smooth.penalties, sp, mixed_form(smooth))


@dataclass(frozen=True)
class Solution:
    """What a model is at given smoothing parameters; ``edf`` of each term, fit and standard errors at new rows."""

    sp: np.ndarray
    scores: dict
    edf: list
    edf_total: float
    sig2: float
    fit: np.ndarray
    se: np.ndarray


class Additive:
    def __init__(self, y, terms, method="REML", weights=None):
        self.y, self.terms, self.method = y, terms, method
        self.w = np.ones(len(y)) if weights is None else weights
        self.X, self.new = (np.column_stack([getattr(term, name) for term in terms]) for name in ("X", "new"))
        sizes = [term.X.shape[1] for term in terms]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        self.blocks = [slice(a, b) for a, b in pairwise(starts)]
        self.S, self.owner, self.sp = [], [], []
        for t, (term, block) in enumerate(zip(terms, self.blocks, strict=True)):
            new = range(len(self.sp), len(self.sp) + len(term.penalties))
            self.sp += list(new if term.sp is None else term.sp)
            for S in term.penalties:
                full = np.zeros((starts[-1], starts[-1]))
                full[block, block] = S
                self.S.append(full)
                self.owner.append(t)
        self.ranges = [_range(term) for term in terms]
        self.n_free = starts[-1] - sum(U.shape[1] for U in self.ranges)
        self.XX, self.Xy = self.X.T @ (self.w[:, None] * self.X), self.X.T @ (self.w * y)

    def score(self, rho, method=None):
        """Score with φ profiled out, and its gradient by ρ."""
        method = method or self.method
        lam = np.exp(rho)[self.sp]
        A, b, inverse, log_a, rss = self._solve(lam)
        D = rss + sum(at * (b @ S @ b) for at, S in zip(lam, self.S, strict=True))
        if method == "ML":
            U = block_diag(*self.ranges)
            core = U.T @ A @ U
            log_a, inverse = np.linalg.slogdet(core)[1], U @ np.linalg.solve(core, U.T)
        log_s, traces = self._penalty(lam)
        m = len(self.y) - (self.n_free if method == "REML" else 0)
        phi = D / m
        gradient = np.zeros(len(rho))
        parts = [
            0.5 * at * ((b @ S @ b) / phi + np.sum(inverse * S)) - 0.5 * t
            for at, S, t in zip(lam, self.S, traces, strict=True)
        ]
        np.add.at(gradient, self.sp, parts)
        return _profiled(D, m, log_a - log_s - np.log(self.w).sum()), gradient

    def _solve(self, lam):
        """A = X'WX + S, coefficients, A⁻¹, log|A| and the residual sum of squares."""
        A = self.XX + sum(at * S for at, S in zip(lam, self.S, strict=True))
        d = 1.0 / np.sqrt(np.diag(A))
        factor = cho_factor(A * np.outer(d, d))
        inverse = cho_solve(factor, np.eye(len(A))) * np.outer(d, d)
        b = d * cho_solve(factor, d * self.Xy)
        # One step of refinement.
        b = b + d * cho_solve(factor, d * (self.Xy - A @ b))
        log_a = 2.0 * np.log(np.diag(factor[0])).sum() - 2.0 * np.log(d).sum()
        return A, b, inverse, log_a, np.sum(self.w * (self.y - self.X @ b) ** 2)

    def _penalty(self, lam):
        """log|S|+ and λ_i tr(S⁻ S_i)."""
        log_s, traces = 0.0, np.zeros(len(lam))
        for t, U in enumerate(self.ranges):
            own = [i for i, owner in enumerate(self.owner) if owner == t]
            if own:
                parts = [lam[i] * (U.T @ self.S[i][self.blocks[t], self.blocks[t]] @ U) for i in own]
                total = sum(parts)
                log_s += np.linalg.slogdet(total)[1]
                inverse = np.linalg.inv(total)
                traces[own] = [np.sum(inverse * part) for part in parts]
        return log_s, traces

    def best(self, start):
        """Search from given smoothing parameters."""
        rho = np.clip(np.log(np.asarray(start, dtype=float)), -_FARTHEST, _FARTHEST)
        if rho.size:
            found = minimize(
                self.score,
                rho,
                jac=True,
                method="L-BFGS-B",
                bounds=[(-_FARTHEST, _FARTHEST)] * len(rho),
                options={"ftol": 1e-16, "gtol": 1e-9, "maxiter": 500},
            )
            rho = found.x
        return self.at(np.exp(rho))

    def at(self, sp):
        """Solve by the coefficients of the terms."""
        sp = np.asarray(sp, dtype=float)
        _, b, inverse, _, rss = self._solve(sp[self.sp])
        scores = {self.method: self.score(np.log(sp))[0]}
        return self._solution(sp, scores, b, inverse, rss)

    def by_effects(self, sp):
        """Solve by fixed and random effects: all numbers come from triangles."""
        sp = np.asarray(sp, dtype=float)
        F, Z, T_fixed, T_random, roots, at = [], [], [], [], [], 0
        for term in self.terms:
            own = sp[self.sp[at : at + len(term.penalties)]]
            at += len(term.penalties)
            to_fixed = np.eye(term.X.shape[1]) if term.form is None else term.form.fixed
            pieces = () if term.form is None else term.form.random
            to_random = np.hstack([to_fixed[:, :0], *(piece.map for piece in pieces)])
            F.append(term.X @ to_fixed)
            Z.append(term.X @ to_random)
            T_fixed.append(to_fixed)
            T_random.append(to_random)
            roots += [np.linalg.cholesky(piece.precision(own)).T for piece in pieces]
        F, Z, P = np.hstack(F), np.hstack(Z), block_diag(np.zeros((0, 0)), *roots)
        (n, M), q = F.shape, Z.shape[1]
        # Random effects first, so that the triangle's head is that of the random block alone.
        rows = np.vstack([np.sqrt(self.w)[:, None] * np.hstack([Z, F]), np.hstack([P, np.zeros((q, M))])])
        target = np.concatenate([np.sqrt(self.w) * self.y, np.zeros(q)])
        R = np.linalg.qr(rows, mode="r")
        b = np.linalg.solve(R, np.linalg.solve(R.T, rows.T @ target))
        b = b + np.linalg.solve(R, np.linalg.solve(R.T, rows.T @ (target - rows @ b)))
        D = np.sum((target - rows @ b) ** 2)
        logs = 2.0 * np.log(np.abs(np.diag(R)))
        known = 2.0 * np.log(np.abs(np.diag(P))).sum() + np.log(self.w).sum()
        scores = {
            "REML": _profiled(D, n - M, logs.sum() - known),
            "ML": _profiled(D, n, logs[:q].sum() - known),
        }
        # Back to the coefficients of the terms.
        T = np.hstack([block_diag(*T_random), block_diag(*T_fixed)])
        half = T @ np.linalg.inv(R)
        rss = np.sum(self.w * (self.y - self.X @ (T @ b)) ** 2)
        return self._solution(sp, scores, T @ b, half @ half.T, rss)

    def _solution(self, sp, scores, b, inverse, rss):
        """``inverse`` is (X'WX + S)⁻¹."""
        n = len(self.y)
        influence = np.sum(inverse * self.XX.T, axis=1)
        edf = [float(influence[block].sum()) for block in self.blocks]
        total = float(influence.sum())
        sig2 = rss / (n - total)
        variance = sig2 * np.sum((self.new @ inverse) * self.new, axis=1)
        scores = {**scores, "GCV": n * rss / (n - total) ** 2}
        return Solution(sp, scores, edf, total, sig2, self.new @ b, np.sqrt(variance))


def _profiled(D, m, log_dets):
    """Half of -2 log L at the best φ, D/m."""
    return 0.5 * (m * (1.0 + np.log(2.0 * np.pi * D / m)) + log_dets)


def _range(term):
    """Orthonormal basis of what some penalty touches."""
    p = term.X.shape[1]
    if not term.penalties:
        return np.zeros((p, 0))
    values, vectors = np.linalg.eigh(sum(S / np.linalg.norm(S) for S in term.penalties))
    return vectors[:, values > 1e-9 * values[-1]]
