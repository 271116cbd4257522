"""The fitted model."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.elsewhere import OF_FIT, unknown_name
from lmm.estimation import Certificate, Moments
from lmm.model.building import fixed_matrix, response
from lmm.model.estimates import Estimates
from lmm.model.files import storage
from lmm.model.likelihood import refuse_validated
from lmm.model.matrices import random_matrix, random_part, relative_factor
from lmm.model.moments import moments_notes, term_covariances
from lmm.model.questions import Questions
from lmm.model.tables import printing
from lmm.model.tables.fixed_effects import correlation, fixef_table
from lmm.model.tables.frame import frame_table
from lmm.model.tables.health import health_notes
from lmm.model.tables.iterations import iteration_table
from lmm.model.tables.variances import variance_table
from lmm.table import Table
from lmm.typing import FloatMatrix, FloatVector, Method


class Fit(Questions):
    """A fitted linear mixed model; nothing in it ever changes.

    Made by `lmm.fit`. ``y = X beta + Z b + offset + e`` with ``b = Lambda u``, ``u ~ N(0, sigma**2 I)`` and
    ``e ~ N(0, sigma**2 / weights)``. Arrays have their symbols (`beta`, `theta`, `sigma`, `u`, `b`, `X`,
    `Z`, `Lambda`); labelled results are tables (`fixef`, `varcorr`, `ranef()`, `coef()`). The methods make tables,
    predictions and other fits.

    Attributes
    ----------
    internals
        What the fit is made of: request, design, criterion and optimum. Its names may change with any version.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> fit.beta.round(3), round(fit.sigma, 3), fit.n_levels
    (array([251.405,  10.467]), 25.592, {'Subject': 18})
    """

    __slots__ = ("__weakref__", "internals")

    internals: Estimates

    def __init__(self, internals: Estimates) -> None:
        object.__setattr__(self, "internals", internals)

    # What was fitted

    @property
    def formula(self) -> str:
        """The formula as typed."""
        return self.internals.request.formula

    @property
    def method(self) -> Method:
        """``"reml"``, ``"ml"``, ``"moments"`` or ``"gcv"``."""
        return self.internals.request.method

    @property
    def n_obs(self) -> int:
        """Number of rows used, n."""
        return self.internals.design.n_obs

    @property
    def n_fixed(self) -> int:
        """Number of fixed effects that are not aliased, the rank of X."""
        return self.internals.design.rank

    @property
    def n_levels(self) -> dict[str, int]:
        """Number of levels by grouping factor (or user block), in formula order."""
        return {part.group: len(part.levels) for part in self.internals.design.groups}

    @property
    def n_parameters(self) -> int:
        """Number of estimated parameters: fixed effects, free elements of theta, sigma."""
        return self.n_fixed + int(np.count_nonzero(~self.internals.optimum.held)) + 1

    @property
    def df_residual(self) -> int:
        """Residual degrees of freedom, n minus the rank of X."""
        return self.n_obs - self.n_fixed

    @property
    def n_dropped_missing(self) -> int:
        """Number of rows left out for a missing value."""
        return self.internals.design.n_dropped_missing

    @property
    def n_dropped_weight(self) -> int:
        """Number of rows left out for a weight of zero."""
        return self.internals.design.n_dropped_weight

    @property
    def dropped_columns(self) -> tuple[str, ...]:
        """Columns of X that are linear combinations of earlier ones."""
        return self.internals.design.aliased

    # Estimates

    @property
    def beta(self) -> FloatVector:
        """Fixed effects (n_fixed,), aliased ones left out."""
        return self.internals.evaluation.beta

    @property
    def theta(self) -> FloatVector:
        """Parameters (n_theta,) of the relative covariance factors, in formula order."""
        return self.internals.optimum.theta

    @property
    def theta_names(self) -> tuple[str, ...]:
        """Names of theta, such as ``Subject.Days.Intercept``."""
        return self.internals.criterion_function.layout.names

    @property
    def sigma(self) -> float:
        """Residual standard deviation (for a weight of one)."""
        return self.internals.evaluation.sigma

    @property
    def T(self) -> list[FloatMatrix]:
        """Relative covariance factor (k, k) of each random term, lower triangular."""
        return self.internals.criterion_function.layout.factors(self.theta)

    @property
    def fixef(self) -> Table:
        """Fixed effects: ``term, estimate, std_error``; aliased ones are missing."""
        return fixef_table(self.internals.design, self.beta, self.vcov)

    @property
    def vcov(self) -> FloatMatrix:
        """Covariance (n_fixed, n_fixed) of `beta`."""
        vcov: FloatMatrix = self.sigma**2 * self.internals.evaluation.unscaled_vcov
        return vcov

    @property
    def corr(self) -> FloatMatrix:
        """Correlation (n_fixed, n_fixed) of `beta`."""
        return correlation(self.vcov)

    @property
    def varcorr(self) -> Table:
        """Variances and correlations of the random effects: ``group, term, term_2, vcov, sdcor``."""
        G = term_covariances(self.internals.design.random, self.T, self.sigma, self.internals.optimum)
        natural = self.internals.criterion_function.layout.natural_of_terms(self.theta)
        return variance_table(
            self.internals.design.groups,
            self.internals.design.of_groups(G),
            self.sigma,
            self.internals.design.of_groups(natural),
        )

    @property
    def moments(self) -> Moments | None:
        """Mean squares and what was solved from them; None unless ``method="moments"``."""
        return self.internals.optimum.moments

    @property
    def u(self) -> FloatVector:
        """Spherical random effects (q,), in the order of the columns of Z."""
        return np.concatenate([*(u.ravel() for u in self.internals.evaluation.u), np.zeros(0)])

    @property
    def b(self) -> FloatVector:
        """Conditional modes of the random effects (q,), ``Lambda @ u``."""
        return np.concatenate([*(b.ravel() for b in self.effects), np.zeros(0)])

    @property
    def effects(self) -> list[FloatMatrix]:
        """Conditional modes by level (l, k), one array for each random term."""
        pairs = zip(self.internals.design.random, self.internals.evaluation.b, strict=True)
        return [part.block.to_levels(b) for part, b in pairs]

    @property
    def edf(self) -> float:
        """Effective degrees of freedom of fixed, smooth and random effects: the trace of the matrix of `fitted`."""
        from lmm.inference import total_edf

        return total_edf(self)

    # Criterion

    @property
    def criterion(self) -> float:
        """-2 log-likelihood, or -2 REML log-likelihood, at the estimates; the GCV score with ``method="gcv"``."""
        return self.internals.criterion_function.score(self.internals.evaluation.criterion)

    @property
    def loglik(self) -> float:
        """Log-likelihood, or REML log-likelihood."""
        refuse_validated(self, "loglik, AIC and BIC")
        return -0.5 * self.criterion

    @property
    def aic(self) -> float:
        """Akaike's criterion, with `n_parameters`."""
        refuse_validated(self, "loglik, AIC and BIC")
        return self.criterion + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with `n_parameters` and `n_obs`."""
        refuse_validated(self, "loglik, AIC and BIC")
        return self.criterion + float(np.log(self.n_obs)) * self.n_parameters

    @property
    def converged(self) -> bool:
        """Whether the search ended at a certified optimum (or there was nothing to search)."""
        return self.internals.optimum.certificate.converged

    @property
    def singular(self) -> bool:
        """Whether some covariance of random effects has not full rank."""
        return self.internals.optimum.certificate.singular

    @property
    def certificate(self) -> Certificate:
        """Why the estimates may be called an optimum; prints as plain lines."""
        return self.internals.optimum.certificate

    @property
    def trace(self) -> Table:
        """The iterations: ``iteration``, theta by name, ``sigma, criterion, step, decrement``."""
        return iteration_table(self.internals.criterion_function, self.internals.optimum)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader of the numbers should know: rows left out, and health."""
        from lmm.inference import concurvity_notes

        return (
            *self.internals.design.notes,
            *moments_notes(self.moments),
            *health_notes(self.internals.design, self.internals.criterion_function, self.internals.optimum),
            *concurvity_notes(self),
        )

    # Rows

    @property
    def y(self) -> FloatVector:
        """Response (n,)."""
        return response(self.internals.design)

    @property
    def X(self) -> FloatMatrix:
        """Fixed-effects matrix (n, n_fixed), aliased columns left out."""
        return fixed_matrix(self.internals.design)

    @property
    def Z(self) -> Any:
        """Random-effects matrix (n, q), sparse; within a term the columns of its first level first."""
        return random_matrix(self.internals.design.random, self.n_obs)

    @property
    def Lambda(self) -> Any:
        """Relative covariance factor (q, q), sparse: the covariance of b is sigma² Lambda Lambda'."""
        return relative_factor(self.internals.design.random, self.T)

    @property
    def weights(self) -> FloatVector | None:
        """Prior weights (n,), or None."""
        return self.internals.design.weights

    @property
    def offset(self) -> FloatVector | None:
        """Sum of the offsets (n,), or None."""
        return self.internals.design.offset

    @property
    def model_frame(self) -> Table:
        """The columns of the data that the model uses, for the rows used."""
        return frame_table(self.internals.design.model_frame)

    @property
    def fitted(self) -> FloatVector:
        """Fitted values (n,) with all random effects and the offset."""
        fitted = self.X @ self.beta + random_part(self.internals.design.random, self.effects, self.n_obs)
        total: FloatVector = fitted if self.offset is None else fitted + self.offset
        return total

    if not TYPE_CHECKING:  # checkers of types should go on to find misspelt names

        def __getattr__(self, name: str) -> Any:
            known = dir(type(self))
            if name in known:
                # A property failed: its own error is the useful one.
                return object.__getattribute__(self, name)
            raise unknown_name("A fit", name, known, OF_FIT)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(
            f"a fit never changes, {name} cannot be set; fit.update() and fit.refit() make other fits"
        )

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"a fit never changes, {name} cannot be deleted")

    def __repr__(self) -> str:
        return printing.short_text(self)

    def _repr_html_(self) -> str:
        return printing.short_html(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return storage.from_bytes, (storage.to_bytes(self, small=False),)
