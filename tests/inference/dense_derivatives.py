"""The components of inference by n × n textbook algebra, for small models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lmm.covariance import structure
from lmm.design import RandomPart
from lmm.engine import CrossProducts, DenseCrossProducts
from lmm.inference.algebra.derivatives import project
from lmm.inference.algebra.elements import parameter_basis
from lmm.inference.algebra.head_and_tail import Effects


@dataclass(frozen=True)
class DenseModel:
    """y, X, V and the derivatives of V, relative to σ² = 1.

    Parameters
    ----------
    blocks
        Z (n, l k) of each term with known covariances of the levels multiplied in, its k, and the derivatives of S
        by its parameters: the elements of USU' in the units U of the engine.
    """

    y: np.ndarray
    X: np.ndarray
    weights: np.ndarray
    blocks: list
    S: list

    @classmethod
    def of_fit(cls, fit):
        """The model of a fit at its theta, the residuals over σ."""
        weights = np.ones(fit.n_obs) if fit.weights is None else fit.weights
        y = fit.y if fit.offset is None else fit.y - fit.offset
        blocks = blocks_of(
            fit.internals.design.random, fit.internals.criterion_function.cross.products().inverses
        )
        return cls(y / fit.sigma, fit.X, weights, blocks, [T @ T.T for T in fit.T])

    @cached_property
    def V(self):
        V = np.diag(1.0 / self.weights)
        for (Z, k, _), S in zip(self.blocks, self.S, strict=True):
            V = V + Z @ np.kron(np.eye(Z.shape[1] // k), S) @ Z.T
        return V

    @cached_property
    def derivatives(self):
        found = [Z @ np.kron(np.eye(Z.shape[1] // k), E) @ Z.T for Z, k, basis in self.blocks for E in basis]
        return [*found, np.diag(1.0 / self.weights)]

    @cached_property
    def V_inverse(self):
        return np.linalg.inv(self.V)

    @cached_property
    def phi(self):
        return np.linalg.inv(self.X.T @ self.V_inverse @ self.X)

    @cached_property
    def P(self):
        VX = self.V_inverse @ self.X
        return self.V_inverse - VX @ self.phi @ VX.T

    @cached_property
    def residuals(self):
        return self.y - self.X @ (self.phi @ (self.X.T @ self.V_inverse @ self.y))

    # The arrays of Derivatives, in the coordinates of X itself

    @property
    def P_i(self):
        VX = self.V_inverse @ self.X
        return np.array([-VX.T @ D @ VX for D in self.derivatives])

    @property
    def Q_ij(self):
        VX = self.V_inverse @ self.X
        return np.array(
            [[VX.T @ D @ self.V_inverse @ E @ VX for E in self.derivatives] for D in self.derivatives]
        )

    @property
    def trace(self):
        return np.array([np.trace(self.V_inverse @ D) for D in self.derivatives])

    @property
    def traces(self):
        VD = [self.V_inverse @ D for D in self.derivatives]
        return np.array([[np.trace(A @ B) for B in VD] for A in VD])

    @property
    def projected_traces(self):
        PD = [self.P @ D for D in self.derivatives]
        return np.array([[np.trace(A @ B) for B in PD] for A in PD])

    @property
    def squares(self):
        R = self.V_inverse @ self.residuals
        return np.array([R @ D @ R for D in self.derivatives])

    @property
    def quadratic(self):
        R = self.V_inverse @ self.residuals
        return np.array([[R @ D @ self.P @ E @ R for E in self.derivatives] for D in self.derivatives])


def blocks_of(parts, inverses):
    return [
        (part.block.effective().to_dense(), len(part.columns), [R @ E @ R.T for E in parameter_basis(part)])
        for part, R in zip(parts, inverses, strict=True)
    ]


def of_problem(problem, engine=CrossProducts):
    """A problem of the engine as a dense model."""
    n = len(problem.y)
    weights = np.ones(n) if problem.weights is None else problem.weights
    blocks = blocks_of(parts_of(problem), engine(*problem.arguments).products().inverses)
    return DenseModel(problem.y, problem.X, weights, blocks, [T @ T.T for T in problem.T])


def parts_of(problem):
    return [
        RandomPart(
            "",
            str(i),
            tuple(f"x{j}" for j in range(block.n_columns)),
            tuple(map(str, range(block.n_levels))),
            structure(block.structure),
            block,
        )
        for i, block in enumerate(problem.blocks)
    ]


def projected(problem, dense, engine=CrossProducts):
    """What the package computes for the problem, sigma as one."""
    r2 = float(dense.residuals @ dense.V_inverse @ dense.residuals)
    cross, parts = engine(*problem.arguments), parts_of(problem)
    zero = DenseCrossProducts(*problem.arguments).evaluate(problem.T, reml=True)
    at = replace(zero, sigma=1.0, r2=r2, unscaled_vcov=dense.phi)
    return project(Effects(parts, problem.T, cross), parts, at)
