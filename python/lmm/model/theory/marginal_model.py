"""`lmm.marginal`: the marginal model of a fit, computed the slow way, to compare with the fast one.

Only the function and its object live here; `lmm.fit` does not pass through them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import near_names, takes
from lmm.errors import UnsupportedError
from lmm.model.building import fixed_matrix, response
from lmm.model.checking import a_fit
from lmm.model.likelihood import refuse_validated
from lmm.model.moments import refuse_negative
from lmm.table import Table
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model.result import Fit

MOST_ROWS = 5_000  # V and its inverse then take 0.4 GB


@near_names("A marginal model")
@dataclass(frozen=True, eq=False)
class Marginal:
    """y ~ N(X beta, V) with ``V = Z G Z' + R`` at the estimates of a fit; made by `marginal`.

    Attributes
    ----------
    y : shape (n,)
        Response minus the offset.
    X : shape (n, p)
        Columns that are not aliased.
    Z : sparse, shape (n, q)
    G : sparse, shape (q, q)
        ``sigma² Lambda Lambda'``, covariance of the random effects.
    R : sparse, shape (n, n)
        ``sigma² W⁻¹``, covariance of the errors.
    """

    y: FloatVector
    X: FloatMatrix
    Z: Any
    G: Any
    R: Any
    _fit: Fit

    @cached_property
    def V(self) -> FloatMatrix:
        """Covariance of the response (n, n), dense."""
        V: FloatMatrix = (self.Z @ self.G @ self.Z.T + self.R).toarray()
        return V

    @cached_property
    def beta(self) -> FloatVector:
        """Generalized least squares ``(X'V⁻¹X)⁻¹ X'V⁻¹y`` (p,)."""
        beta: FloatVector = self.vcov @ (self.X.T @ self._solve(self.y))
        return beta

    @cached_property
    def vcov(self) -> FloatMatrix:
        """Covariance of `beta`, ``(X'V⁻¹X)⁻¹`` (p, p)."""
        return np.asarray(np.linalg.inv(self.X.T @ self._solve(self.X)), dtype=np.float64)

    @cached_property
    def b(self) -> FloatVector:
        """Best linear unbiased predictions ``G Z'V⁻¹(y - X beta)`` (q,)."""
        b: FloatVector = self.G @ (self.Z.T @ self._solve(self._residual))
        return b

    @cached_property
    def loglik(self) -> float:
        """Log density of the response at the estimates, or REML's of its error contrasts.

        As everywhere in this package, REML counts no ``log|X'X|``.
        """
        refuse_validated(self._fit, "log-likelihoods")
        n, p = self.X.shape
        quadratic = float(self._residual @ self._solve(self._residual))
        log_det = 2 * float(np.log(np.diag(self._root)).sum())
        if self._fit.internals.criterion_function.reml:
            n -= p
            log_det -= float(np.linalg.slogdet(self.vcov)[1])
        return -(int(n) * float(np.log(2 * np.pi)) + log_det + quadratic) / 2

    @cached_property
    def agrees(self) -> Table:
        """What the fit found, what the marginal model says, and the difference.

        Vectors are compared by their lengths, with the largest difference of an element.
        """
        fit = self._fit
        rows: list[tuple[str, Any, Any, Any]] = []
        if fit.method != "gcv":
            rows.append(("log-likelihood", fit.loglik, self.loglik, abs(fit.loglik - self.loglik)))
        names = self._names
        for kind, of_fit, own in (
            ("beta", fit.beta, self.beta),
            ("std. error", np.sqrt(np.diag(fit.vcov)), np.sqrt(np.diag(self.vcov))),
        ):
            rows += [
                (f"{kind} {name}", a, b, abs(a - b)) for name, a, b in zip(names, of_fit, own, strict=True)
            ]
        first = 0
        for part in fit.internals.design.random:
            stop = first + part.block.n_effects
            of_fit, own = fit.b[first:stop], self.b[first:stop]
            lengths = float(np.linalg.norm(of_fit)), float(np.linalg.norm(own))
            rows.append((f"length of b, {part.source}", *lengths, float(np.abs(of_fit - own).max())))
            first = stop
        columns = zip(("quantity", "fit", "marginal", "difference"), zip(*rows, strict=True), strict=True)
        return Table(
            {name: list(values) for name, values in columns},
            title="The fit and the marginal model V = ZGZ' + R",
            notes=("The fit never forms V; both columns should agree to about 8 digits.",),
            formats={"difference": ".1e"},
        )

    def __str__(self) -> str:
        return str(self.agrees)

    __repr__ = __str__

    @cached_property
    def _root(self) -> FloatMatrix:
        """Lower Cholesky factor of V (n, n)."""
        return np.asarray(np.linalg.cholesky(self.V), dtype=np.float64)

    @cached_property
    def _residual(self) -> FloatVector:
        residual: FloatVector = self.y - self.X @ self.beta
        return residual

    @property
    def _names(self) -> list[str]:
        design = self._fit.internals.design
        return [design.names[i] for i in design.kept]

    def _solve(self, right: FloatMatrix) -> FloatMatrix:
        from scipy.linalg import cho_solve

        solution: FloatMatrix = cho_solve((self._root, True), right)
        return solution


@takes(fit=a_fit)
def marginal(fit: Fit) -> Marginal:
    """Compute the marginal model of a fit with n by n matrices, and compare.

    Parameters
    ----------
    fit
        Result of `lmm.fit`.

    Returns
    -------
    Marginal
        ``V``, ``loglik``, ``beta``, ``b``, and the table ``agrees``, which is also how it prints.

    Raises
    ------
    UnsupportedError
        If there are more than 5,000 rows.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> slow = lmm.marginal(fit)
    >>> slow.V.shape
    (30, 30)
    >>> bool((slow.agrees["difference"] < 1e-6).all())
    True
    """
    refuse_negative(fit.internals.optimum, "G and the density of u")
    if fit.n_obs > MOST_ROWS:
        raise UnsupportedError(
            f"marginal() forms matrices of n × n numbers, for n up to {MOST_ROWS:,}; this fit has "
            f"n = {fit.n_obs:,}. Fit the model to a part of the data to see both ways agree."
        )
    design = fit.internals.design
    y = response(design) if design.offset is None else response(design) - design.offset
    G = fit.sigma**2 * (fit.Lambda @ fit.Lambda.T)
    return Marginal(y, fixed_matrix(design), fit.Z, G, fit.sigma**2 * design.errors.covariance(), fit)
