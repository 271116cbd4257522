"""The oracle: the criterion and all that comes with it by textbook n × n algebra.

y ~ N(Xβ, σ²V), V = W⁻¹ + Σ_b Z_b (I ⊗ S_b) Z_b', S_b = T_b T_b'. Nothing here is clever, so that
the compiled engine can be compared with it. Memory is n²: meant for tests and for small data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.engine.products import Products
from lmm.engine.results import Control, Evaluation, Optimum, Spread
from lmm.errors import DesignError

if TYPE_CHECKING:
    from lmm.engine.blocks import Block
    from lmm.typing import FloatMatrix, FloatVector, IntVector


class DenseCrossProducts:
    """The model y, X, Z, W, to be evaluated at relative covariance factors T.

    Parameters
    ----------
    y : (n,) array
        The response, minus the offset.
    X : (n, p) array of full column rank
    blocks : sequence of Block
        One per random term.
    weights : (n,) array, positive, optional

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.engine.blocks import GroupBlock
    >>> y = np.array([1.0, 2.0, 4.0, 6.0])
    >>> block = GroupBlock(np.array([0, 0, 1, 1]), None, 2)
    >>> model = DenseCrossProducts(y, np.ones((4, 1)), [block])
    >>> model.evaluate([np.zeros((1, 1))], reml=False).beta
    array([3.25])
    """

    def __init__(
        self,
        y: FloatVector,
        X: FloatMatrix,
        blocks: Sequence[Block],
        weights: FloatVector | None = None,
    ) -> None:
        self._y = np.asarray(y, dtype=float)
        self._X = np.asarray(X, dtype=float)
        self._blocks = tuple(blocks)
        n = self._y.size
        self._weights = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
        # Z as (n, l, k) per term, known roots multiplied in
        self._Z = [
            block.effective().to_dense().reshape(block.n_rows, block.n_levels, block.n_columns)
            for block in self._blocks
        ]
        rows = {self._X.shape[0], self._weights.size, *(Z.shape[0] for Z in self._Z)}
        if rows != {n}:
            raise DesignError(f"y has {n} rows; X, weights and blocks have {sorted(rows)}.")

    @property
    def n_obs(self) -> int:
        """Rows n."""
        return int(self._y.size)

    @property
    def n_fixed(self) -> int:
        """Columns p of X."""
        return int(self._X.shape[1])

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The random terms."""
        return self._blocks

    def evaluate(self, T: Sequence[FloatMatrix], reml: bool) -> Evaluation:
        """Criterion, estimates and gradient at T, one (k, k) lower-triangular factor per term."""
        state = self._state(T, reml)
        S = [factor @ factor.T for factor in state.T]
        scores = self._scores(state)
        traces = [np.einsum("njc,nm,mjd->cd", Z, state.Q, Z, optimize=True) for Z in self._Z]
        log_w = float(np.log(self._weights).sum())
        log_det_Z = state.log_det_V + log_w
        log_det_X = state.log_det_X
        m = state.m
        profiled = m * (1 + np.log(2 * np.pi * state.r2 / m))
        return Evaluation(
            criterion=float(log_det_Z + (log_det_X if reml else 0.0) + profiled - log_w),
            sigma=float(np.sqrt(state.r2 / m)),
            r2=state.r2,
            log_det_Z=log_det_Z,
            log_det_X=log_det_X,
            beta=state.beta,
            b=[r @ s for r, s in zip(scores, S, strict=True)],
            u=[r @ factor for r, factor in zip(scores, state.T, strict=True)],
            unscaled_vcov=state.unscaled_vcov,
            M=[t - r.T @ r / state.sigma2 for t, r in zip(traces, scores, strict=True)],
        )

    def cross_validate(self, T: Sequence[FloatMatrix]) -> Evaluation:
        """Generalised cross-validation at T; the criterion is n log(n RSS / (n - tr F)²), `M` its slopes."""
        state, n = self._state(T, reml=True), self.n_obs
        covariance = np.diag(1 / self._weights)
        Py = state.Ve
        rss, freedom = float(Py @ covariance @ Py), float(np.trace(covariance @ state.P))
        P = state.P @ covariance @ state.P
        # d(P R P) = -(P dV) (P R P) - (P R P) (dV P)
        M = []
        for Z in self._Z:
            r, s = (np.einsum("njk,n->jk", Z, v) for v in (Py, P @ self._y))
            freed = np.einsum("njc,nm,mjd->cd", Z, P, Z, optimize=True)
            M.append(2 * n / freedom * freed - n / rss * (r.T @ s + s.T @ r))
        at = self.evaluate(T, reml=True)
        criterion = float(n * np.log(n * rss / freedom**2))
        return replace(at, criterion=criterion, sigma=float(np.sqrt(rss / freedom)), M=M)

    def conditional(self, T: Sequence[FloatMatrix], reml: bool) -> list[FloatMatrix]:
        """Diagonal blocks (l, k, k) of Var(b − b̂)/σ²: given β, or (`reml`) with β estimated."""
        state = self._state(T, reml)
        found = []
        for Z, factor in zip(self._Z, state.T, strict=True):
            S = factor @ factor.T
            inner = np.einsum("njc,nm,mjd->jcd", Z, state.Q, Z, optimize=True)
            found.append(S - S @ inner @ S)
        return found

    def average_information(self, T: Sequence[FloatMatrix], reml: bool) -> FloatMatrix:
        """Average information of the distinct elements of S, σ profiled out.

        Terms in order; "us": lower triangle column by column, "diag": the diagonal.
        """
        state = self._state(T, reml)
        columns = []
        for Z, r, block in zip(self._Z, self._scores(state), self._blocks, strict=True):
            basis = symmetric_basis(block.n_columns, block.structure)
            columns += [np.einsum("njc,cd,jd->n", Z, E, r) for E in basis]
        F = np.column_stack(columns) if columns else np.zeros((self.n_obs, 0))
        c = F.T @ state.Ve / state.sigma2
        information: FloatMatrix = F.T @ state.P @ F / state.sigma2 - np.outer(c, c) / state.m
        return information

    def spread(self, T: Sequence[FloatMatrix], reml: bool) -> Spread:
        """Average information, and how the fixed effects move with S."""
        state = self._state(T, reml)
        root = _float(np.linalg.cholesky(state.unscaled_vcov))
        moved = state.V_inverse @ state.X @ root
        return Spread(
            average=self.average_information(T, reml),
            squares=[r.T @ r / state.sigma2 for r in self._scores(state)],
            root=root,
            fixed=[np.einsum("njc,np->jcp", Z, moved) for Z in self._Z],
            units=[np.eye(Z.shape[2]) for Z in self._Z],
        )

    def products(self) -> Products:
        """All cross-products, in the units of the data."""
        from scipy.sparse import csr_array

        Z = np.hstack([*(Z.reshape(self.n_obs, -1) for Z in self._Z), np.zeros((self.n_obs, 0))])
        ZW, XW = self._weights * Z.T, self._weights * self._X.T
        return Products(
            ZZ=csr_array(ZW @ Z),
            ZX=ZW @ self._X,
            Zy=ZW @ self._y,
            XX=XW @ self._X,
            Xy=XW @ self._y,
            yy=float(self._weights @ self._y**2),
            units=[np.eye(Z.shape[2]) for Z in self._Z],
            inverses=[np.eye(Z.shape[2]) for Z in self._Z],
            R=np.eye(self.n_fixed),
            beta0=np.zeros(self.n_fixed),
            y_scale=1.0,
            n_obs=self.n_obs,
        )

    def connected(self) -> IntVector:
        """Label the levels of all terms, in order: equal where a chain of rows ties them."""
        seen = np.hstack([*((Z != 0.0).any(axis=2) for Z in self._Z), np.zeros((self.n_obs, 0), dtype=bool)])
        labels = np.arange(seen.shape[1])
        for _ in labels:
            for row in seen[seen.any(axis=1)]:
                labels[row] = labels[row].min()
        return labels

    def optimize(
        self,
        reml: bool,
        start: Sequence[FloatMatrix] | None = None,
        hold: Sequence[FloatMatrix] | None = None,
        control: Control | None = None,
    ) -> Optimum:
        """Minimise the criterion over T with SciPy, from several starts.

        `hold` has one boolean (k, k) mask per term; True keeps that entry of T at its start.
        """
        from lmm.engine.dense_optimizer import optimize

        return optimize(self, reml, start, hold, control or Control())

    def _scores(self, state: _State) -> list[FloatMatrix]:
        """Z_b'V⁻¹(y − Xβ) as (l, k) per term."""
        return [np.einsum("njc,n->jc", Z, state.Ve) for Z in self._Z]

    def _state(self, T: Sequence[FloatMatrix], reml: bool) -> _State:
        factors = [np.asarray(factor, dtype=float) for factor in T]
        shapes = [(Z.shape[2],) * 2 for Z in self._Z]
        if [factor.shape for factor in factors] != shapes:
            raise DesignError(
                f"T needs one square factor per term, of shapes {shapes}; "
                f"it has {[factor.shape for factor in factors]}."
            )
        V = np.diag(1 / self._weights)
        for Z, factor in zip(self._Z, factors, strict=True):
            scaled = np.tensordot(Z, factor, axes=(2, 0)).reshape(self.n_obs, -1)
            V = V + scaled @ scaled.T
        return _State(self._y, self._X, V, factors, reml)


@dataclass(frozen=True, eq=False)
class _State:
    """Generalized least squares for one V."""

    y: FloatVector
    X: FloatMatrix
    V: FloatMatrix
    T: list[FloatMatrix]
    reml: bool

    @cached_property
    def V_inverse(self) -> FloatMatrix:
        inverse = np.linalg.inv(self.V)
        symmetric: FloatMatrix = (inverse + inverse.T) / 2
        return symmetric

    @cached_property
    def unscaled_vcov(self) -> FloatMatrix:
        return _float(np.linalg.inv(self.X.T @ self.V_inverse @ self.X))

    @cached_property
    def beta(self) -> FloatVector:
        VX = self.V_inverse @ self.X
        return _float(np.linalg.solve(self.X.T @ VX, VX.T @ self.y))

    @cached_property
    def residual(self) -> FloatVector:
        residual: FloatVector = self.y - self.X @ self.beta
        return residual

    @cached_property
    def Ve(self) -> FloatVector:
        """V⁻¹(y − Xβ), which is W(y − Xβ − Zb)."""
        product: FloatVector = self.V_inverse @ self.residual
        return product

    @cached_property
    def P(self) -> FloatMatrix:
        VX = self.V_inverse @ self.X
        projected: FloatMatrix = self.V_inverse - VX @ self.unscaled_vcov @ VX.T
        return projected

    @property
    def Q(self) -> FloatMatrix:
        return self.P if self.reml else self.V_inverse

    @property
    def m(self) -> int:
        return self.y.size - (self.X.shape[1] if self.reml else 0)

    @property
    def r2(self) -> float:
        return float(self.residual @ self.Ve)

    @property
    def sigma2(self) -> float:
        return self.r2 / self.m

    @property
    def log_det_V(self) -> float:
        return float(np.linalg.slogdet(self.V)[1])

    @property
    def log_det_X(self) -> float:
        return float(np.linalg.slogdet(self.X.T @ self.V_inverse @ self.X)[1])


def symmetric_basis(k: int, structure: str) -> list[FloatMatrix]:
    """Differentiate S with respect to its distinct elements, column by column."""
    basis = []
    for column in range(k):
        for row in range(column, k):
            if structure == "diag" and row != column:
                continue
            E = np.zeros((k, k))
            E[row, column] = E[column, row] = 1.0
            basis.append(E)
    return basis


def _float(array: Any) -> FloatMatrix:
    return np.asarray(array, dtype=np.float64)
