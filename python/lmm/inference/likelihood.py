"""The log-likelihood as a function of standard deviations: sigma is not profiled out, one fixed effect may be held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.engine import CrossProducts, Evaluation
from lmm.inference.per_fit import per_fit
from lmm.model.building import fixed_matrix, response
from lmm.model.matrices import random_matrix
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Likelihood", "Slope", "likelihood", "lower_root"]


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """The deviance at one place and its derivatives.

    Attributes
    ----------
    value
        -2 log-likelihood.
    roots
        Derivatives by the roots R (k, k) of the covariances ``G = R R'``.
    log_sigma, beta
        Derivatives by log sigma and by the fixed effects that are held, (number held,).
    """

    value: float
    roots: list[FloatMatrix]
    log_sigma: float
    beta: FloatVector


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """-2 log-likelihood of a model in the roots of its covariances, log sigma and fixed effects that are held.

    ``log|Λ'Z'WZΛ + I| [+ log|X'V⁻¹X|] + m log(2πσ²) - Σ log w + r²/σ²`` with m = n, or n - p for REML. r² is minimal
    over the fixed effects that are not held. For REML, ``log|X'V⁻¹X|`` stays that of all fixed effects when some are
    held: their estimates move, the variance parameters are still judged by the same error contrasts
    (Welham and Thompson 1997, J. R. Statist. Soc. B 59, 701-714).

    Attributes
    ----------
    cross
        Cross-products of the data.
    y, X, Z, weights
        Response minus the offset (n,), (n, p), sparse (n, q) with known roots inside, (n,) or None.
    shapes
        Levels and columns of each random term.
    reml
        Which criterion.
    held
        Positions of the fixed effects that are held.
    others
        For the held fixed effects, cross-products of their columns and the remaining ones.
    """

    cross: CrossProducts
    y: FloatVector
    X: FloatMatrix
    Z: Any
    weights: FloatVector | None
    shapes: tuple[tuple[int, int], ...]
    reml: bool
    held: tuple[int, ...] = ()
    others: tuple[CrossProducts, ...] = ()

    def holding(self, *held: int) -> Likelihood:
        """Give the function with these fixed effects as arguments."""
        rest = np.delete(self.X, list(held), axis=1)
        others = tuple(CrossProducts(self.X[:, j], rest, self.cross.blocks, self.weights) for j in held)
        return replace(self, held=tuple(held), others=others)

    @property
    def degrees(self) -> int:
        """Rows, for REML minus fixed effects."""
        return self.cross.n_obs - (self.cross.n_fixed if self.reml else 0)

    def __call__(self, roots: Sequence[FloatMatrix], log_sigma: float, beta: FloatVector) -> Slope:
        """Evaluate at roots R (k, k), log sigma and the held fixed effects.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
        >>> at = likelihood(fit, reml=True)([fit.sigma * T for T in fit.T], np.log(fit.sigma), np.zeros(0))
        >>> abs(at.value - fit.criterion) < 1e-8
        True
        """
        scale = np.exp(-2.0 * log_sigma)
        T = [np.exp(-log_sigma) * lower_root(R) for R in roots]
        at = self.cross.evaluate(T, self.reml)
        m = self.degrees
        r2, residual, by_beta = at.r2, self._residual(self.y, self.X, at), np.zeros(0)
        own = self._squares(residual)
        moved = own
        if self.held:
            r2, residual, by_beta = self._hold(T, at, residual, beta)
            moved = self._squares(residual)
        value = at.criterion - m * (1.0 + np.log(at.r2 / m)) + 2.0 * m * log_sigma + r2 * scale
        slopes, trace = [], 0.0
        for R, M, before, after in zip(roots, at.M, own, moved, strict=True):
            N = M + (m / at.r2) * before - scale * after  # d value / d S
            along = scale * (N @ R)
            slopes.append(2.0 * along)
            trace += float(np.sum(along * R))
        by_sigma = 2.0 * (m - r2 * scale - trace)
        return Slope(float(value), slopes, float(by_sigma), 2.0 * scale * by_beta)

    def _hold(
        self, T: list[FloatMatrix], at: Evaluation, residual: FloatVector, beta: FloatVector
    ) -> tuple[float, FloatVector, FloatVector]:
        """Give r², the residual and half the derivative of r² where fixed effects are held."""
        rest = np.delete(self.X, list(self.held), axis=1)
        away = np.asarray(beta) - at.beta[list(self.held)]
        parts = [
            self._residual(self.X[:, j], rest, other.evaluate(T, reml=False, gradient=False))
            for j, other in zip(self.held, self.others, strict=True)
        ]
        E = np.column_stack(parts)  # of the held columns on the other ones: V⁻¹ times it is P times them
        W = self.X[:, list(self.held)].T @ (E if self.weights is None else self.weights[:, None] * E)
        pull = W @ away
        return at.r2 + float(away @ pull), residual - E @ away, pull

    def _residual(self, y: FloatVector, X: FloatMatrix, at: Evaluation) -> FloatVector:
        """``y - X beta - Z b``."""
        left: FloatVector = y - X @ at.beta
        return left - self.Z @ np.concatenate([b.ravel() for b in at.b]) if at.b else left

    def _squares(self, residual: FloatVector) -> list[FloatMatrix]:
        """``-dr²/dS`` of each term: Σ hh' over levels, h = Z'V⁻¹(y - X beta)."""
        h = self.Z.T @ (residual if self.weights is None else self.weights * residual)
        found, start = [], 0
        for n_levels, k in self.shapes:
            H = h[start : start + n_levels * k].reshape(n_levels, k)
            found.append(H.T @ H)
            start += n_levels * k
        return found


@per_fit
def likelihood(fit: Fit, *, reml: bool) -> Likelihood:
    """Set the function up for a fit, with no fixed effect held."""
    design = fit.design
    y = response(design)
    return Likelihood(
        cross=fit.criterion_function.cross,
        y=y if design.offset is None else y - design.offset,
        X=fixed_matrix(design),
        Z=_effective_matrix(fit),
        weights=design.weights,
        shapes=tuple((part.block.n_levels, part.block.n_columns) for part in design.random),
        reml=reml,
    )


def lower_root(R: FloatMatrix) -> FloatMatrix:
    """Lower-triangular L with ``L L' = R R'``, also where it is singular."""
    if len(R) == 1 or not np.triu(R, 1).any():
        return R
    upper: FloatMatrix = np.linalg.qr(R.T, mode="r")  # type: ignore[assignment]
    return upper.T


def _effective_matrix(fit: Fit) -> Any:
    """Z (n, q) with the roots of known covariances multiplied in."""
    parts = [replace(part, block=part.block.effective()) for part in fit.design.random]
    return random_matrix(parts, fit.n_obs)
