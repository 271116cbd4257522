"""A dense additive model: REML and ML of smoothing parameters straight from columns and penalties.

Nothing is shared with the engine, so that bases are tested without it. Parameters are coefficients of terms and
ρ = log λ of the scaled penalties; φ is profiled out.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg import block_diag, cho_factor, cho_solve
from scipy.optimize import minimize

_FARTHEST = 25.0
"""Of ρ: where a smooth has become its null space."""


@dataclass(frozen=True)
class Term:
    """Columns at the rows that are fitted and at new rows, and scaled penalties."""

    X: np.ndarray
    new: np.ndarray
    penalties: tuple = ()


@dataclass(frozen=True)
class Solution:
    score: float
    rho: np.ndarray
    edf: list
    fit: np.ndarray
    se: np.ndarray


class Additive:
    def __init__(self, y, terms, method="REML"):
        self.y, self.terms, self.method = y, terms, method
        self.X, self.new = (np.column_stack([getattr(term, name) for term in terms]) for name in ("X", "new"))
        sizes = [term.X.shape[1] for term in terms]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        self.blocks = [slice(a, b) for a, b in pairwise(starts)]
        self.where, self.S = [], []
        self.ranges = []
        for term, block in zip(terms, self.blocks, strict=True):
            self.ranges.append(_range(term))
            for S in term.penalties:
                self.where.append(len(self.ranges) - 1)
                full = np.zeros((starts[-1], starts[-1]))
                full[block, block] = S
                self.S.append(full)
        self.n_free = starts[-1] - sum(U.shape[1] for U in self.ranges)
        self.XX, self.Xy = self.X.T @ self.X, self.X.T @ y

    def solve(self, rho):
        """Score with φ profiled out, its gradient by ρ, and what belongs to them."""
        lam = np.exp(rho)
        A = self.XX + sum(at * S for at, S in zip(lam, self.S, strict=True))
        d = 1.0 / np.sqrt(np.diag(A))
        factor = cho_factor(A * np.outer(d, d))
        inverse = cho_solve(factor, np.eye(len(A))) * np.outer(d, d)
        b = d * cho_solve(factor, d * self.Xy)
        # One step of refinement.
        b = b + d * cho_solve(factor, d * (self.Xy - A @ b))
        log_a = 2.0 * np.log(np.diag(factor[0])).sum() - 2.0 * np.log(d).sum()
        residual = self.y - self.X @ b
        D = residual @ residual + sum(at * (b @ S @ b) for at, S in zip(lam, self.S, strict=True))
        n = len(self.y)
        if self.method == "ML":
            U = block_diag(*self.ranges)
            core = U.T @ A @ U
            log_a, solved = np.linalg.slogdet(core)[1], U @ np.linalg.solve(core, U.T)
        n_free = self.n_free if self.method == "REML" else 0
        solved = inverse if self.method == "REML" else solved
        log_s, traces = self._penalty(lam)
        phi = D / (n - n_free)
        score = 0.5 * (n - n_free) * (1.0 + np.log(2.0 * np.pi * phi)) + 0.5 * log_a - 0.5 * log_s
        gradient = np.array(
            [
                0.5 * at * ((b @ S @ b) / phi + np.sum(solved * S)) - 0.5 * t
                for at, S, t in zip(lam, self.S, traces, strict=True)
            ]
        )
        return score, gradient, b, inverse, residual @ residual

    def _penalty(self, lam):
        """log|S|+ and λ_i tr(S⁻ S_i)."""
        log_s, traces = 0.0, np.zeros(len(lam))
        for t, U in enumerate(self.ranges):
            own = [i for i, where in enumerate(self.where) if where == t]
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
                lambda r: self.solve(r)[:2],
                rho,
                jac=True,
                method="L-BFGS-B",
                bounds=[(-_FARTHEST, _FARTHEST)] * len(rho),
                options={"ftol": 1e-16, "gtol": 1e-9, "maxiter": 500},
            )
            rho = found.x
        return self.at(rho)

    def at(self, rho):
        score, _, b, inverse, rss = self.solve(rho)
        F = np.sum(inverse * self.XX.T, axis=1)
        variance = np.sum((self.new @ inverse) * self.new, axis=1) * rss / (len(self.y) - F.sum())
        edf = [float(F[block].sum()) for block in self.blocks]
        return Solution(score, rho, edf, self.new @ b, np.sqrt(variance))


def _range(term):
    """Orthonormal basis of what some penalty touches."""
    p = term.X.shape[1]
    if not term.penalties:
        return np.zeros((p, 0))
    values, vectors = np.linalg.eigh(sum(S / np.linalg.norm(S) for S in term.penalties))
    return vectors[:, values > 1e-9 * values[-1]]
