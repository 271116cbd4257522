"""The numbers of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lmm.design import Design, DesignSpec
from lmm.engine import Evaluation
from lmm.estimation import Certificate, Criterion, Moments, ThetaOptimum
from lmm.model.building import fixed_matrix, response
from lmm.model.matrices import random_matrix, random_part, relative_factor
from lmm.model.moments import moments_notes, term_covariances
from lmm.model.request import Request
from lmm.model.tables.fixed_effects import correlation, fixef_table
from lmm.model.tables.frame import frame_table
from lmm.model.tables.health import health_notes
from lmm.model.tables.iterations import iteration_table
from lmm.model.tables.variances import variance_table
from lmm.table import Table
from lmm.typing import FloatMatrix, FloatVector, Method


@dataclass(frozen=True, slots=True, eq=False, repr=False, weakref_slot=True)
class Estimates:
    """The numbers of a fitted linear mixed model; nothing in it ever changes.

    ``y = X beta + Z b + offset + e`` with ``b = Lambda u``, ``u ~ N(0, sigma**2 I)`` and
    ``e ~ N(0, sigma**2 / weights)``. Arrays have their symbols (`beta`, `theta`, `sigma`, `u`, `b`, `X`,
    `Z`, `Lambda`); labelled results are tables (`fixef`, `varcorr`, `ranef()`, `coef()`).

    Attributes
    ----------
    request
        What was asked for: the arguments of `lmm.fit`.
    spec
        The recipe that builds the design for other tables.
    design
        Arrays and names of the model, all columns of X, rows left out.
    criterion_function
        The criterion as a function of theta, over the cross-products of the data.
    optimum
        Where the search for theta ended, and how.
    evaluation
        What the engine said there.
    """

    request: Request
    spec: DesignSpec
    design: Design
    criterion_function: Criterion
    optimum: ThetaOptimum
    evaluation: Evaluation

    def __post_init__(self) -> None:
        design, at = self.design, self.evaluation
        own = (self.theta, at.beta, at.unscaled_vcov, *at.b, *at.u, design.X, design.y, design.weights)
        for array in (*own, design.offset):
            if array is not None:
                array.flags.writeable = False

    # What was fitted

    @property
    def formula(self) -> str:
        """The formula as typed."""
        return self.request.formula

    @property
    def method(self) -> Method:
        """``"reml"``, ``"ml"`` or ``"moments"``."""
        return self.request.method

    @property
    def n_obs(self) -> int:
        """Number of rows used, n."""
        return self.design.n_obs

    @property
    def n_fixed(self) -> int:
        """Number of fixed effects that are not aliased, the rank of X."""
        return self.design.rank

    @property
    def n_levels(self) -> dict[str, int]:
        """Number of levels by grouping factor (or user block), in formula order."""
        return {part.group: len(part.levels) for part in self.design.groups}

    @property
    def n_parameters(self) -> int:
        """Number of estimated parameters: fixed effects, free elements of theta, sigma."""
        return self.n_fixed + int(np.count_nonzero(~self.optimum.held)) + 1

    @property
    def df_residual(self) -> int:
        """Residual degrees of freedom, n minus the rank of X."""
        return self.n_obs - self.n_fixed

    @property
    def n_dropped_missing(self) -> int:
        """Number of rows left out for a missing value."""
        return self.design.n_dropped_missing

    @property
    def n_dropped_weight(self) -> int:
        """Number of rows left out for a weight of zero."""
        return self.design.n_dropped_weight

    @property
    def dropped_columns(self) -> tuple[str, ...]:
        """Columns of X that are linear combinations of earlier ones."""
        return self.design.aliased

    # Estimates

    @property
    def beta(self) -> FloatVector:
        """Fixed effects (n_fixed,), aliased ones left out."""
        return self.evaluation.beta

    @property
    def theta(self) -> FloatVector:
        """Parameters (n_theta,) of the relative covariance factors, in formula order."""
        return self.optimum.theta

    @property
    def theta_names(self) -> tuple[str, ...]:
        """Names of theta, such as ``Subject.Days.Intercept``."""
        return self.criterion_function.layout.names

    @property
    def sigma(self) -> float:
        """Residual standard deviation (for a weight of one)."""
        return self.evaluation.sigma

    @property
    def T(self) -> list[FloatMatrix]:
        """Relative covariance factor (k, k) of each random term, lower triangular."""
        return self.criterion_function.layout.factors(self.theta)

    @property
    def fixef(self) -> Table:
        """Fixed effects: ``term, estimate, std_error``; aliased ones are missing."""
        return fixef_table(self.design, self.beta, self.vcov)

    @property
    def vcov(self) -> FloatMatrix:
        """Covariance (n_fixed, n_fixed) of `beta`."""
        vcov: FloatMatrix = self.sigma**2 * self.evaluation.unscaled_vcov
        return vcov

    @property
    def corr(self) -> FloatMatrix:
        """Correlation (n_fixed, n_fixed) of `beta`."""
        return correlation(self.vcov)

    @property
    def varcorr(self) -> Table:
        """Variances and correlations of the random effects: ``group, term, term_2, vcov, sdcor``."""
        G = term_covariances(self.design.random, self.T, self.sigma, self.optimum)
        natural = self.criterion_function.layout.natural_of_terms(self.theta)
        return variance_table(
            self.design.groups, self.design.of_groups(G), self.sigma, self.design.of_groups(natural)
        )

    @property
    def moments(self) -> Moments | None:
        """Mean squares and what was solved from them; None unless ``method="moments"``."""
        return self.optimum.moments

    @property
    def u(self) -> FloatVector:
        """Spherical random effects (q,), in the order of the columns of Z."""
        return np.concatenate([*(u.ravel() for u in self.evaluation.u), np.zeros(0)])

    @property
    def b(self) -> FloatVector:
        """Conditional modes of the random effects (q,), ``Lambda @ u``."""
        return np.concatenate([*(b.ravel() for b in self.effects), np.zeros(0)])

    @property
    def effects(self) -> list[FloatMatrix]:
        """Conditional modes by level (l, k), one array for each random term."""
        pairs = zip(self.design.random, self.evaluation.b, strict=True)
        return [part.block.to_levels(b) for part, b in pairs]

    # Criterion

    @property
    def criterion(self) -> float:
        """-2 log-likelihood, or -2 REML log-likelihood, at the estimates."""
        return self.evaluation.criterion

    @property
    def loglik(self) -> float:
        """Log-likelihood, or REML log-likelihood."""
        return -0.5 * self.criterion

    @property
    def aic(self) -> float:
        """Akaike's criterion, with `n_parameters`."""
        return self.criterion + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with `n_parameters` and `n_obs`."""
        return self.criterion + float(np.log(self.n_obs)) * self.n_parameters

    @property
    def converged(self) -> bool:
        """Whether the search ended at a certified optimum (or there was nothing to search)."""
        return self.optimum.certificate.converged

    @property
    def singular(self) -> bool:
        """Whether some covariance of random effects has not full rank."""
        return self.optimum.certificate.singular

    @property
    def certificate(self) -> Certificate:
        """Why the estimates may be called an optimum; prints as plain lines."""
        return self.optimum.certificate

    @property
    def trace(self) -> Table:
        """The iterations: ``iteration``, theta by name, ``sigma, criterion, step, decrement``."""
        return iteration_table(self.criterion_function, self.optimum)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader of the numbers should know: rows left out, and health."""
        return (
            *self.design.notes,
            *moments_notes(self.moments),
            *health_notes(self.design, self.criterion_function, self.optimum),
        )

    # Rows

    @property
    def y(self) -> FloatVector:
        """Response (n,)."""
        return response(self.design)

    @property
    def X(self) -> FloatMatrix:
        """Fixed-effects matrix (n, n_fixed), aliased columns left out."""
        return fixed_matrix(self.design)

    @property
    def Z(self) -> Any:
        """Random-effects matrix (n, q), sparse; within a term the columns of its first level first."""
        return random_matrix(self.design.random, self.n_obs)

    @property
    def Lambda(self) -> Any:
        """Relative covariance factor (q, q), sparse: the covariance of b is sigma² Lambda Lambda'."""
        return relative_factor(self.design.random, self.T)

    @property
    def weights(self) -> FloatVector | None:
        """Prior weights (n,), or None."""
        return self.design.weights

    @property
    def offset(self) -> FloatVector | None:
        """Sum of the offsets (n,), or None."""
        return self.design.offset

    @property
    def model_frame(self) -> Table:
        """The columns of the data that the model uses, for the rows used."""
        return frame_table(self.design.model_frame)

    @property
    def fitted(self) -> FloatVector:
        """Fitted values (n,) with all random effects and the offset."""
        fitted = self.X @ self.beta + random_part(self.design.random, self.effects, self.n_obs)
        total: FloatVector = fitted if self.offset is None else fitted + self.offset
        return total
