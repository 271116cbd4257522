"""Generalised least squares where a variance component is negative.

The covariance ``V = R + sum_c gamma_c Z_c Z_c'`` (over sigma²) may be positive definite with a negative
gamma: rows of one level are then less alike than rows of different levels. Such a component is not a variance
of random effects and has no theta; it belongs to the covariance of the errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.design import Design
from lmm.engine import Evaluation
from lmm.errors import DesignError, UnsupportedError
from lmm.estimation.component import variance_components
from lmm.estimation.moments import Moments
from lmm.estimation.projections import MOST_LEVELS

if TYPE_CHECKING:
    from lmm.typing import FloatMatrix, FloatVector


class SignedModel:
    """Products with the inverse of V, by algebra of the size of Z'Z.

    Parameters
    ----------
    design
        The model.
    moments
        Its components, relative to the residual variance in what follows.

    Raises
    ------
    DesignError
        If V is not positive definite.
    UnsupportedError
        If there are too many levels.
    """

    def __init__(self, design: Design, moments: Moments) -> None:
        from scipy.sparse import hstack

        components = variance_components(design)
        gamma = moments.components[:-1] / moments.components[-1]
        self.sizes = [c.Z.shape[1] for c in components]
        if sum(self.sizes) > MOST_LEVELS:
            raise UnsupportedError(
                f"A negative component is kept by dense algebra, for {MOST_LEVELS} levels at most; this model has "
                f'{sum(self.sizes)}. Use negative="zero".'
            )
        whiten = design.errors.whiten
        y = np.zeros(design.n_obs) if design.y is None else design.y
        self.gamma = gamma
        self.Z = whiten(hstack([c.Z for c in components], format="csr"))
        self.X = whiten(design.X[:, design.kept])
        self.y = whiten(y if design.offset is None else y - design.offset)
        self.log_weights = -design.errors.log_det
        self._gram = (self.Z.T @ self.Z).toarray()
        self._D = np.repeat(gamma, self.sizes)
        self._middle = np.linalg.solve(np.eye(len(self._D)) + self._D[:, None] * self._gram, np.diag(self._D))
        self.log_det = self._log_det()

    def solve(self, columns: FloatMatrix) -> FloatMatrix:
        """V⁻¹ times columns (n, m), by Woodbury's identity."""
        solved: FloatMatrix = columns - self.Z @ (self._middle @ (self.Z.T @ columns))
        return solved

    def effects(self, residual: FloatVector) -> list[FloatVector]:
        """Random effects by component; none where the component is negative."""
        b = np.maximum(self._D, 0.0) * (self.Z.T @ self.solve(residual))
        return list(np.split(b, np.cumsum(self.sizes)[:-1]))

    def _log_det(self) -> float:
        """log|V|; the eigenvalues of I + G^½ D G^½ are those of V that are not one."""
        values, vectors = np.linalg.eigh(self._gram)
        half = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
        eigenvalues = np.linalg.eigvalsh(np.eye(len(half)) + (half * self._D) @ half)
        if eigenvalues[0] < 1e-10:
            raise DesignError(
                "With the negative component kept, the covariance of the observations is not positive definite: no "
                'such model exists. Use negative="zero".'
            )
        return float(np.log(eigenvalues).sum())


def signed_evaluation(design: Design, moments: Moments) -> Evaluation:
    """Estimates given the components, as the engine gives them for components that are variances.

    Raises
    ------
    DesignError
        If these components give no covariance.
    UnsupportedError
        If there are too many levels.
    """
    model = SignedModel(design, moments)
    VX = model.solve(model.X)
    information = model.X.T @ VX
    unscaled_vcov: FloatMatrix = np.asarray(np.linalg.inv(information), dtype=np.float64)
    beta = unscaled_vcov @ (VX.T @ model.y)
    residual = model.y - model.X @ beta
    r2 = float(residual @ model.solve(residual))
    log_det_X = float(np.linalg.slogdet(information)[1])
    m, sigma = len(model.y) - len(beta), moments.sigma
    by_component = model.effects(residual)
    b, u = [], []
    first = 0
    for part in design.random:
        own = slice(first, first + len(part.columns))
        first = own.stop
        b.append(np.column_stack(by_component[own]))
        scale = moments.theta[own]
        u.append(np.divide(b[-1], scale, out=np.zeros_like(b[-1]), where=scale > 0.0))
    return Evaluation(
        criterion=model.log_det
        + log_det_X
        + m * float(np.log(2.0 * np.pi * sigma**2))
        + r2 / sigma**2
        - model.log_weights,
        sigma=sigma,
        r2=r2,
        log_det_Z=model.log_det,
        log_det_X=log_det_X,
        beta=beta,
        b=b,
        u=u,
        unscaled_vcov=unscaled_vcov,
        M=[np.full((len(part.columns),) * 2, np.nan) for part in design.random],
    )
