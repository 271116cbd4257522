"""`lmm.criterion`: the theory of a model, open to look at.

Only the function and its object live here; `lmm.fit` does not pass through them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lmm.arguments import near_names, number, one_of, shown, takes
from lmm.data import as_factors, open_table
from lmm.design import Design, DesignSpec
from lmm.engine import Block
from lmm.errors import LmmError, brief
from lmm.estimation import Criterion
from lmm.formula import parse
from lmm.model.building import build_criterion, fixed_matrix, response
from lmm.model.matrices import random_matrix, relative_factor
from lmm.model.request import Request
from lmm.model.theory.sparse_factor import SparsePattern, solve_factored
from lmm.typing import FloatMatrix, FloatVector, Method, Missing


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PenalizedLeastSquares:
    """Solution of ``min ‖W^(1/2)(y - X beta - Z Lambda u)‖² + ‖u‖²`` at one theta.

    Attributes
    ----------
    beta : shape (p,)
        The minimizer, or the beta that was given.
    u : shape (q,)
        Spherical random effects, terms in order, in each the columns of its first level first.
    r2
        The minimum.
    log_det
        ``log|L|² = log|Lambda'Z'WZ Lambda + I|``.
    """

    beta: FloatVector
    u: FloatVector
    r2: float
    log_det: float

    def __repr__(self) -> str:
        beta = np.array2string(self.beta, precision=6, threshold=12, edgeitems=4, max_line_width=90)
        sizes = f"u ({self.u.size:,},), beta = {beta}"
        return f"<penalized least squares: r² = {self.r2:.6g}, log|L|² = {self.log_det:.6g}, {sizes}>"


@near_names("A criterion")
@dataclass(frozen=True, eq=False)
class ProfiledCriterion:
    """Minus twice the log-likelihood of one model as a function of theta; made by `criterion`.

    With weights w, the errors have variances ``sigma² / w``; an offset has been subtracted from `y`.
    """

    formula: str
    method: Method
    design: Design
    _criterion: Criterion

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters theta."""
        return self._criterion.layout.names

    @property
    def start(self) -> FloatVector:
        """The theta at which every relative covariance is the identity."""
        return self._criterion.layout.start

    @property
    def lower_bounds(self) -> FloatVector:
        """Smallest theta that a fit may take; -inf where a sign is free."""
        return self._criterion.layout.lower_bounds

    @cached_property
    def y(self) -> FloatVector:
        """Response minus the offset (n,)."""
        y, offset = response(self.design), self.design.offset
        return y if offset is None else y - offset

    @cached_property
    def X(self) -> FloatMatrix:
        """Columns of the fixed part that are not aliased (n, p)."""
        return fixed_matrix(self.design)

    @cached_property
    def Z(self) -> Any:
        """Columns of the random effects (n, q), sparse."""
        return random_matrix(self.design.random, self.design.n_obs)

    @cached_property
    def weights(self) -> FloatVector:
        """Prior weights (n,), ones where none were given."""
        return self.design.errors.precisions

    @takes()
    def __call__(self, theta: Sequence[float] | FloatVector) -> float:
        """Evaluate the criterion, profiled over beta and sigma: the deviance (23), or REML's.

        Examples
        --------
        >>> import lmm
        >>> deviance = lmm.criterion("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), method="ml")
        >>> round(deviance([0.7525806]), 4)
        327.3271
        """
        return self._criterion.evaluate(self._checked(theta), gradient=False).criterion

    @takes()
    def gradient(self, theta: Sequence[float] | FloatVector) -> FloatVector:
        """Differentiate the criterion by theta (n_theta,), exactly."""
        return self._criterion.gradient(self._checked(theta))

    @takes()
    def pls(
        self, theta: Sequence[float] | FloatVector, beta: Sequence[float] | FloatVector | None = None
    ) -> PenalizedLeastSquares:
        """Solve the penalized least-squares problem (18), or with `beta` given (17)."""
        theta = self._checked(theta)
        if beta is not None:
            return self._pls_given_beta(theta, self._vector("beta", beta, self.X.shape[1]))
        at = self._criterion.evaluate(theta, gradient=False)
        u = np.concatenate([u.ravel() for u in at.u]) if at.u else np.zeros(0)
        return PenalizedLeastSquares(at.beta, u, at.r2, at.log_det_Z)

    @takes()
    def Lambda(self, theta: Sequence[float] | FloatVector) -> Any:
        """Relative covariance factor (q, q), sparse lower triangular: b = Lambda u."""
        return relative_factor(self.design.random, self._factors(theta))

    @takes()
    def Omega(self, theta: Sequence[float] | FloatVector) -> Any:
        """Compute Lambda'Z'WZ Lambda + I (q, q), sparse, the matrix of the equations (20)."""
        from scipy.sparse import csc_array, eye_array

        Lambda = self.Lambda(theta)
        return csc_array(Lambda.T @ self._gram @ Lambda + eye_array(Lambda.shape[0]))

    @takes()
    def L(self, theta: Sequence[float] | FloatVector) -> Any:
        """Compute the sparse lower factor (q, q) with ``L @ L.T = P @ Omega(theta) @ P.T``, eq. (21)."""
        from scipy.sparse import csc_array

        Omega = self.Omega(theta)
        return self._pattern.factor(Omega) if Omega.shape[0] else csc_array((0, 0))

    @cached_property
    def P(self) -> Any:
        """Permutation (q, q), sparse, that keeps `L` sparse; the same for every theta."""
        from scipy.sparse import csr_array

        return self._pattern.permutation() if self.Z.shape[1] else csr_array((0, 0))

    @takes()
    def prss(
        self,
        u: Sequence[float] | FloatVector,
        theta: Sequence[float] | FloatVector,
        beta: Sequence[float] | FloatVector,
    ) -> float:
        """Penalized residual sum of squares, the objective of (16).

        ``‖W^(1/2)(y - X beta - Z Lambda u)‖² + ‖u‖²``.
        """
        u = self._vector("u", u, self.Z.shape[1])
        beta = self._vector("beta", beta, self.X.shape[1])
        residual = self.y - self.X @ beta - self.Z @ (self.Lambda(theta) @ u)
        return float(self.weights @ residual**2 + u @ u)

    @takes()
    def deviance(
        self,
        theta: Sequence[float] | FloatVector,
        beta: Sequence[float] | FloatVector,
        sigma: float,
    ) -> float:
        """Deviance d(theta, beta, sigma) = -2 log-likelihood (ML), nothing profiled out.

        ``n log(2 pi sigma²) - sum(log w) + r²(theta, beta) / sigma² + log|L|²``, where
        r²(theta, beta) is the minimum of `prss` over u. The lecture notes print ``2 log|L|²`` as the last
        term, a misprint: integrating h(u) over u gives ``log|L|² = 2 log|L|``, which is also what
        their profiled deviance (23) contains.

        Examples
        --------
        >>> import lmm
        >>> model = lmm.criterion("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), method="ml")
        >>> solution = model.pls([0.75])
        >>> sigma = (solution.r2 / model.y.size) ** 0.5
        >>> abs(model.deviance([0.75], solution.beta, sigma) - model([0.75])) < 1e-9
        True
        """
        sigma = checked_sigma(sigma)
        solution = self.pls(theta, beta)
        return self._log_constant(self.y.size, sigma) + solution.r2 / sigma**2 + solution.log_det

    @takes()
    def log_h(
        self,
        u: Sequence[float] | FloatVector,
        theta: Sequence[float] | FloatVector,
        beta: Sequence[float] | FloatVector,
        sigma: float,
    ) -> float:
        """Compute log h(u), the log density of y and u together; -2 log h(u) is equation (15)."""
        sigma = checked_sigma(sigma)
        constant = self._log_constant(self.y.size + self.Z.shape[1], sigma)
        return -(constant + self.prss(u, theta, beta) / sigma**2) / 2

    @takes()
    def h(
        self,
        u: Sequence[float] | FloatVector,
        theta: Sequence[float] | FloatVector,
        beta: Sequence[float] | FloatVector,
        sigma: float,
    ) -> float:
        """Compute h(u), the unnormalized conditional density (14) of u given y.

        With more than some hundred rows it is smaller than any number; take `log_h` then.
        """
        return float(np.exp(self.log_h(u, theta, beta, sigma)))

    def __reduce__(self) -> tuple[Any, ...]:
        # The cross-products live in the compiled core: a copy computes them again.
        return _opened, (self.formula, self.method, self.design)

    def __repr__(self) -> str:
        name = "REML criterion" if self.method == "reml" else "profiled deviance"
        sizes = f"n = {self.y.size}, p = {self.X.shape[1]}, q = {self.Z.shape[1]}"
        formula = brief(repr(self.formula), 200)
        return f"<{name} of {formula} in ({brief(', '.join(self.names), 400)}); {sizes}>"

    @cached_property
    def _gram(self) -> Any:
        """Z'WZ (q, q)."""
        return self.Z.T @ self.Z.multiply(self.weights[:, None]).tocsr()

    @cached_property
    def _pattern(self) -> SparsePattern:
        ones = [
            np.eye(part.block.n_columns)
            if not part.structure.is_correlated
            else np.tril(np.ones((part.block.n_columns,) * 2))
            for part in self.design.random
        ]
        return SparsePattern.of(self._gram, relative_factor(self.design.random, ones))

    def _pls_given_beta(self, theta: FloatVector, beta: FloatVector) -> PenalizedLeastSquares:
        if not self.Z.shape[1]:
            return PenalizedLeastSquares(beta, np.zeros(0), self.prss(np.zeros(0), theta, beta), 0.0)
        L = self.L(theta)
        right = self.Lambda(theta).T @ (self.Z.T @ (self.weights * (self.y - self.X @ beta)))
        u = solve_factored(L, self._pattern.order, right)
        log_det = 2 * float(np.log(L.diagonal()).sum())
        return PenalizedLeastSquares(beta, u, self.prss(u, theta, beta), log_det)

    def _log_constant(self, count: int, sigma: float) -> float:
        return float(count * np.log(2 * np.pi * sigma**2) - np.log(self.weights).sum())

    def _factors(self, theta: Sequence[float] | FloatVector) -> list[FloatMatrix]:
        return self._criterion.layout.factors(self._checked(theta))

    def _checked(self, theta: Sequence[float] | FloatVector) -> FloatVector:
        listed = ", ".join(self.names) or "none"
        return self._vector("theta", theta, len(self.names), f": {listed}")

    @staticmethod
    def _vector(name: str, values: Any, size: int, what: str = "") -> FloatVector:
        try:
            vector = np.atleast_1d(np.asarray(values, dtype=float))
        except (TypeError, ValueError, OverflowError):
            raise LmmError(f"{name} must be a vector of numbers, not {shown(values)}.") from None
        if vector.shape != (size,):
            raise LmmError(f"{name} has shape {vector.shape}; this model needs ({size},){what}.")
        if not np.isfinite(vector).all():
            raise LmmError(f"{name} has values that are missing or infinite: {vector}.")
        return vector


def checked_sigma(sigma: float) -> float:
    """Refuse what is not a residual standard deviation.

    Raises
    ------
    LmmError
        If it is not a positive number.
    """
    return float(number(above=0.0)(sigma, "sigma"))


@takes(method=one_of("reml", "ml"))
def criterion(
    formula: str,
    data: Any,
    method: Method = "reml",
    *,
    weights: Any = None,
    offset: Any = None,
    contrasts: str | Mapping[str, Any] | None = None,
    factors: str | Sequence[str] = (),
    missing: Missing = "drop",
    random: Mapping[str, Block] | None = None,
    smooths: Mapping[str, Any] | None = None,
    select: bool = False,
) -> ProfiledCriterion:
    """Open a model: its criterion as a function of theta, and the matrices behind it.

    Nothing is optimized. y given u is N(X beta + Z Lambda u, sigma² W⁻¹), and u is N(0, sigma² I). Names, and
    the numbers of equations in the methods, are those of C. Haas, "The Linear Mixed-Effects
    Probability Model" (lecture notes after D. Bates).

    Parameters
    ----------
    formula, data, weights, offset, contrasts, factors, missing, random, smooths, select
        As in `lmm.fit`.
    method
        ``"reml"`` or ``"ml"``.

    Returns
    -------
    ProfiledCriterion
        Call it at theta.

    Raises
    ------
    LmmError
        Whatever `lmm.fit` would refuse.

    Examples
    --------
    >>> import lmm
    >>> import numpy as np
    >>> sleepstudy = lmm.datasets.load("sleepstudy")
    >>> deviance = lmm.criterion("Reaction ~ Days + (Days | Subject)", sleepstudy, method="ml")
    >>> deviance.names
    ('Subject.Intercept', 'Subject.Days.Intercept', 'Subject.Days')
    >>> round(deviance([0.929226, 0.018166, 0.222645]), 4)
    1751.9393
    >>> theta = [1.0, 0.0, 0.5]
    >>> L, P = deviance.L(theta), deviance.P
    >>> float(abs(P @ deviance.Omega(theta) @ P.T - L @ L.T).max()) < 1e-10
    True
    """
    request = Request.checked(
        formula=formula,
        data=data,
        method=method,
        weights=weights,
        offset=offset,
        contrasts=contrasts,
        factors=factors,
        missing=missing,
        random=random,
        smooths=smooths,
        select=select,
        start=None,
        theta=None,
        restarts=0,
        control=None,
    )
    table = open_table(request.data)
    parsed = parse(formula, columns=table.names)
    _, design = DesignSpec.learn(
        parsed,
        as_factors(table, request.factors, parsed.variables),
        contrasts=contrasts,
        missing=missing,
        weights=weights,
        offset=offset,
        random=random,
        smooths=request.smooths,
        select=request.select,
    )
    return _opened(formula, request.method, design)


def _opened(formula: str, method: Method, design: Design) -> ProfiledCriterion:
    return ProfiledCriterion(formula, method, design, build_criterion(design, method))
