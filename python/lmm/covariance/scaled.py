"""Standard deviations around a correlation matrix: ``S = D C D``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from lmm.covariance.family import Coordinates, Natural, Structure
from lmm.errors import DesignError
from lmm.typing import FloatArray, FloatMatrix, FloatVector


class Scaled(Structure):
    """Theta is one standard deviation, or one for each column, and then the correlations.

    The standard deviations are relative to that of the residuals, as T is. A family says what its
    correlation matrix C is; the rest is the same for all.

    The search moves along sd, or along its square root where columns share a correlation: zero is reached
    then, and the signs of columns cannot change against each other. Correlations move along the logit of
    their place between their bounds.

    Attributes
    ----------
    is_heterogeneous
        Whether each column has a standard deviation of its own.
    """

    is_linear: ClassVar[bool] = False
    is_correlated: ClassVar[bool] = True
    is_heterogeneous: ClassVar[bool]

    @abstractmethod
    def n_correlations(self, k: int) -> int:
        """Count the parameters of C for k columns."""

    @abstractmethod
    def correlation_bounds(self, k: int) -> tuple[float, float]:
        """Where C is positive definite, for each parameter."""

    @abstractmethod
    def correlation(self, rho: FloatVector, k: int) -> tuple[FloatMatrix, FloatArray, FloatArray]:
        """C (k, k), dC (n, k, k) and d²C (n, n, k, k) at the parameters rho (n,)."""

    @abstractmethod
    def correlation_root(self, rho: FloatVector, k: int) -> FloatMatrix:
        """Lower triangular root of C (k, k), also where C is singular."""

    @abstractmethod
    def correlation_parameters(self, C: FloatMatrix) -> FloatVector:
        """Parameters (n,) of a correlation matrix of the family."""

    def n_scales(self, k: int) -> int:
        """Count the standard deviations."""
        return k if self.is_heterogeneous else 1

    def n_theta(self, k: int) -> int:
        """Count standard deviations and correlations."""
        return self.n_scales(k) + self.n_correlations(k)

    def factor(self, theta: FloatVector, k: int) -> FloatMatrix:
        """T = D times the root of C."""
        sd, rho = self._split(theta, k)
        T: FloatMatrix = np.broadcast_to(sd, (k,))[:, None] * self.correlation_root(rho, k)
        return T

    def theta(self, T: FloatMatrix) -> FloatVector:
        """Theta of a factor; correlations with an effect that has no variance are taken as zero."""
        S = T @ T.T
        k = len(S)
        variances = np.diag(S) if self.is_heterogeneous else np.full(k, np.diag(S).mean())
        sd = np.sqrt(variances)
        whole = np.outer(sd, sd)
        C = np.divide(S, whole, out=np.eye(k), where=whole > 0.0)
        np.fill_diagonal(C, 1.0)
        low, high = self.correlation_bounds(k)
        rho = np.clip(self.correlation_parameters(C), low, high)
        return np.concatenate([sd[: self.n_scales(k)], rho])

    def start(self, k: int) -> FloatVector:
        """Start from standard deviations of one, without correlations."""
        return np.concatenate([np.ones(self.n_scales(k)), np.zeros(self.n_correlations(k))])

    def lower_bounds(self, k: int) -> FloatVector:
        """0 for standard deviations, the bound of the family for correlations."""
        low, _ = self.correlation_bounds(k)
        return np.concatenate([np.zeros(self.n_scales(k)), np.full(self.n_correlations(k), low)])

    def upper_bounds(self, k: int) -> FloatVector:
        """None for standard deviations, the bound of the family for correlations."""
        _, high = self.correlation_bounds(k)
        return np.concatenate([np.full(self.n_scales(k), np.inf), np.full(self.n_correlations(k), high)])

    def names(self, group: str, columns: Sequence[str]) -> tuple[str, ...]:
        """``group.column`` or ``group.name.sd``, then ``group.name.rho``."""
        k = len(columns)
        scales = (
            [f"{group}.{column}" for column in columns]
            if self.is_heterogeneous
            else [f"{group}.{self.name}.sd"]
        )
        n = self.n_correlations(k)
        rho = [f"{group}.{self.name}.rho{i + 1 if n > 1 else ''}" for i in range(n)]
        return (*scales, *rho)

    def held_elements(self, held: np.ndarray, k: int) -> np.ndarray:
        """Refuse: held parameters of such a family are not elements of T."""
        raise DesignError(f"The parameters of {self.name}() are not elements of T.")

    def derivatives(self, theta: FloatVector, k: int) -> FloatArray:
        """Differentiate S = D C D."""
        first, _ = self._moves(theta, k)
        return first

    def second(self, theta: FloatVector, k: int) -> FloatArray:
        """Differentiate S = D C D twice."""
        _, second = self._moves(theta, k)
        return second

    def rescaled(self, theta: FloatVector, scales: FloatVector) -> FloatVector:
        """Scale the standard deviations; one for all gets the mean scale."""
        sd, rho = self._split(theta, len(scales))
        own = scales if self.is_heterogeneous else np.exp(np.log(scales).mean(keepdims=True))
        return np.concatenate([sd * own, rho])

    def to_search(self, theta: FloatVector, k: int) -> FloatVector:
        """Take standard deviations or their roots, and logits of correlations."""
        sd, rho = self._split(theta, k)
        low, high = self.correlation_bounds(k)
        inside = np.clip((rho - low) / (high - low), 1e-12, 1.0 - 1e-12)
        return np.concatenate(
            [np.sqrt(sd) if self.is_heterogeneous else sd, np.log(inside) - np.log1p(-inside)]
        )

    def from_search(self, eta: FloatVector, k: int) -> Coordinates:
        """Theta from roots of standard deviations and logits."""
        x, z = np.split(np.asarray(eta, dtype=float), [self.n_scales(k)])
        low, high = self.correlation_bounds(k)
        share = 1.0 / (1.0 + np.exp(-np.clip(z, -700.0, 700.0)))
        slope = share * (1.0 - share)
        rho = Coordinates(
            low + (high - low) * share, (high - low) * slope, (high - low) * slope * (1.0 - 2.0 * share)
        )
        if self.is_heterogeneous:
            sd = Coordinates(x**2, 2.0 * x, np.full_like(x, 2.0))
        else:
            sd = Coordinates(x, np.ones_like(x), np.zeros_like(x))
        return Coordinates(*(np.concatenate(pair) for pair in zip(sd, rho, strict=True)))

    def further_starts(self, k: int) -> list[FloatVector]:
        """Begin with small and large effects and correlations of both signs, and with single effects near zero."""
        low, high = self.correlation_bounds(k)
        n_scales, n = self.n_scales(k), self.n_correlations(k)
        starts = [
            np.concatenate([np.full(n_scales, size), np.full(n, part)])
            for size in (0.3, 2.0)
            for part in (0.5 * low, 0.7 * high)
        ]
        # A correlation that the others share can hold a variance at zero: such an optimum is one of its own.
        alone: Any = np.where(np.eye(k, dtype=bool), 0.03, 1.0) if self.is_heterogeneous and k > 1 else []
        return [*starts, *(np.concatenate([sd, np.full(n, 0.7 * high)]) for sd in alone)]

    def natural(self, theta: FloatVector, k: int) -> Natural:
        """Variances and correlations; a standard deviation of zero is known, for nothing differentiates there."""
        sd, rho = self._split(theta, k)
        n, n_scales = len(theta), len(sd)
        to_theta = np.divide(0.5, sd, out=np.zeros(n_scales), where=sd > 0.0)  # d sd / d sd²
        first = np.concatenate([to_theta, np.ones(len(rho))])
        curved = np.concatenate([-2.0 * to_theta**3, np.zeros(len(rho))])
        dS, ddS = self._moves(theta, k)
        bend = ddS * np.outer(first, first)[:, :, None, None]
        bend[np.arange(n), np.arange(n)] += curved[:, None, None] * dS
        value = np.concatenate([sd**2, rho])
        slope = np.diag(np.concatenate([2.0 * sd, np.ones(len(rho))]))
        return Natural(value, slope, bend, np.arange(n) < n_scales)

    def natural_names(self, columns: Sequence[str]) -> list[str]:
        """Names of the natural parameters: the columns or the family, then ``rho``."""
        scales = list(columns) if self.is_heterogeneous else [self.name]
        n = self.n_correlations(len(columns))
        return [*scales, *(f"rho{i + 1 if n > 1 else ''}" for i in range(n))]

    def _split(self, theta: FloatVector, k: int) -> tuple[FloatVector, FloatVector]:
        sd, rho = np.split(np.asarray(theta, dtype=float), [self.n_scales(k)])
        return sd, rho

    def _moves(self, theta: FloatVector, k: int) -> tuple[FloatArray, FloatArray]:
        """Differentiate S once (n_theta, k, k) and twice (n_theta, n_theta, k, k)."""
        sd, rho = self._split(theta, k)
        C, dC, ddC = self.correlation(rho, k)
        n_scales, n = len(sd), len(sd) + len(rho)
        s = np.broadcast_to(sd, (k,))
        whole = np.outer(s, s)  # (k, k)
        # e_a = ∂s/∂sd_a
        e = np.eye(k) if self.is_heterogeneous else np.ones((1, k))  # (n_scales, k)
        es = np.einsum("ai,j->aij", e, s)
        outer = es + es.transpose(0, 2, 1)  # ∂(ss')/∂sd_a
        ee = np.einsum("ai,bj->abij", e, e)
        first = np.zeros((n, k, k))
        second = np.zeros((n, n, k, k))
        first[:n_scales] = outer * C
        first[n_scales:] = whole * dC
        second[:n_scales, :n_scales] = (ee + ee.transpose(0, 1, 3, 2)) * C
        mixed = outer[:, None] * dC[None, :]
        second[:n_scales, n_scales:] = mixed
        second[n_scales:, :n_scales] = mixed.transpose(1, 0, 2, 3)
        second[n_scales:, n_scales:] = whole * ddC
        return first, second
