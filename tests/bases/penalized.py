"""Dense penalized least squares: criteria, fits, edf and standard errors at given smoothing parameters.

Two ways that share nothing but the columns: by the penalties of the terms, and by their fixed and random effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmm.bases import mixed_form


@dataclass
class Term:
    """A smooth with its columns at the fit and at new data; ``sp`` names the penalties among those of the model."""

    smooth: object
    columns: np.ndarray
    new: np.ndarray
    sp: list[int]


@dataclass
class Model:
    """Response, parametric columns (n, q) at the fit and at new data, smooth terms, prior weights."""

    y: np.ndarray
    X: np.ndarray
    X_new: np.ndarray
    terms: list[Term]
    weights: np.ndarray | None = None

    @property
    def w(self):
        return np.ones(len(self.y)) if self.weights is None else self.weights

    def fit(self, sp):
        """Fit by effects: all numbers come from triangles, so that a smoothing parameter may be very large or small."""
        sp = np.asarray(sp, dtype=float)
        forms = [mixed_form(term.smooth) for term in self.terms]
        F, Z, roots = [self.X], [], []
        for term, form in zip(self.terms, forms, strict=True):
            F.append(term.columns @ form.fixed)
            for piece in form.random:
                Z.append(term.columns @ piece.map)
                roots.append(np.linalg.cholesky(piece.precision(sp[term.sp])).T)
        F = np.hstack(F)
        return _Fit(self, forms, F, Z, roots)

    def score_by_penalties(self, sp, method="REML"):
        """Score from |A| and the product of the non-zero eigenvalues of S, in coefficients of the terms."""
        sp = np.asarray(sp, dtype=float)
        X = np.hstack([self.X, *(term.columns for term in self.terms)])
        S = np.zeros((X.shape[1],) * 2)
        at, log_det, null = self.X.shape[1], 0.0, [np.eye(X.shape[1])[:, : self.X.shape[1]]]
        for term in self.terms:
            p = term.smooth.p
            own = sum(
                (lam * S_j for lam, S_j in zip(sp[term.sp], term.smooth.penalties, strict=True)),
                np.zeros((p, p)),
            )
            S[at : at + p, at : at + p] = own
            rank = p - term.smooth.null_space.shape[1]
            values, vectors = np.linalg.eigh(own)
            log_det += np.log(values[p - rank :]).sum()
            embedded = np.zeros((X.shape[1], p - rank))
            embedded[at : at + p] = vectors[:, : p - rank]
            null.append(embedded)
            at += p
        null = np.hstack(null)
        A = X.T @ (self.w[:, None] * X) + S
        b = np.linalg.solve(A, X.T @ (self.w * self.y))
        D = np.sum(self.w * (self.y - X @ b) ** 2) + b @ S @ b
        n, M = len(self.y), null.shape[1]
        if method == "ML":
            range_ = np.linalg.qr(null, mode="complete")[0][:, M:]
            A, M = range_.T @ A @ range_, 0
        phi = D / (n - M)
        found = D / phi + (n - M) * np.log(2 * np.pi * phi) - np.log(self.w).sum()
        return (found + np.linalg.slogdet(A)[1] - log_det) / 2


class _Fit:
    def __init__(self, model, forms, F, Z, roots):
        n, M = F.shape
        root_w = np.sqrt(model.w)
        Zs = np.hstack(Z) if Z else np.zeros((n, 0))
        q = Zs.shape[1]
        P = np.zeros((q, q))
        at = 0
        for root in roots:
            P[at : at + len(root), at : at + len(root)] = root
            at += len(root)
        # Random effects first, so that the triangle's head is that of the random block alone.
        top = np.hstack([Zs, F]) * root_w[:, None]
        R = np.linalg.qr(np.vstack([top, np.hstack([P, np.zeros((q, M))])]), mode="r")
        target = np.concatenate([model.y * root_w, np.zeros(q)])
        rows = np.vstack([top, np.hstack([P, np.zeros((q, M))])])
        b = np.linalg.solve(R, np.linalg.solve(R.T, rows.T @ target))
        b = b + np.linalg.solve(R, np.linalg.solve(R.T, rows.T @ (target - rows @ b)))
        self.D = float(np.sum((target - rows @ b) ** 2))
        logs = np.log(np.abs(np.diag(R)))
        log_P = 2 * np.log(np.abs(np.diag(P))).sum()
        self.n, self.M = n, M
        log_w = np.log(model.w).sum()
        self.reml = _profile(self.D, n - M, 2 * logs.sum() - log_P - log_w)
        self.ml = _profile(self.D, n, 2 * logs[:q].sum() - log_P - log_w)
        # Back to the coefficients of the terms.
        p = F.shape[1] + q
        blocks = [(np.arange(q, q + model.X.shape[1]), None)]
        X, X_new = [model.X], [model.X_new]
        to, u, f = [np.zeros((model.X.shape[1], p))], 0, q + model.X.shape[1]
        to[0][:, blocks[0][0]] = np.eye(model.X.shape[1])
        for term, form in zip(model.terms, forms, strict=True):
            T = np.zeros((term.smooth.p, p))
            T[:, f : f + form.fixed.shape[1]] = form.fixed
            f += form.fixed.shape[1]
            for piece in form.random:
                T[:, u : u + piece.size] = piece.map
                u += piece.size
            to.append(T)
            X.append(term.columns)
            X_new.append(term.new)
        T = np.vstack(to)
        half = T @ np.linalg.inv(R)
        inverse = half @ half.T
        X, X_new = np.hstack(X), np.hstack(X_new)
        rss = float(np.sum(model.w * (model.y - X @ (T @ b)) ** 2))
        influence = np.einsum("ij,ji->i", inverse, X.T @ (model.w[:, None] * X))
        sizes = [model.X.shape[1], *(term.smooth.p for term in model.terms)]
        self.edf = [float(part.sum()) for part in np.split(influence, np.cumsum(sizes)[:-1])][1:]
        self.edf_total = float(influence.sum())
        self.gcv = n * rss / (n - self.edf_total) ** 2
        self.sig2 = rss / (n - self.edf_total)
        self.fit_new = X_new @ (T @ b)
        self.se_new = np.sqrt(self.sig2 * np.einsum("ij,jk,ik->i", X_new, inverse, X_new))


def _profile(D, m, log_dets):
    phi = D / m
    return (m + m * np.log(2 * np.pi * phi) + log_dets) / 2
