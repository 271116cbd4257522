"""Intervals from the curvature of the likelihood at the estimates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.inference.algebra.information import theta_covariance
from lmm.inference.df.catalog import Df
from lmm.inference.distributions import t_quantile
from lmm.inference.door import row_tests
from lmm.inference.likelihood.holding import surface
from lmm.inference.likelihood.parameters import Parameter, values_of
from lmm.model.likelihood import refuse_validated
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["wald_limits"]


def wald_limits(fit: Fit, chosen: Sequence[Parameter], level: float, df: Df) -> tuple[FloatMatrix, list[str]]:
    """Compute limits (r, 2): t intervals of fixed effects, normal ones of log standard deviations.

    Correlations are normal on Fisher's scale, the inverse hyperbolic tangent. A parameter of a singular
    covariance has no Wald interval: it is missing, and a note says so.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> from lmm.inference.likelihood.parameters import select
    >>> limits, notes = wald_limits(fit, select(fit, "sigma"), 0.95, "auto")
    >>> limits.round(1)
    array([[37.3, 65.7]])
    """
    limits = np.full((len(chosen), 2), np.nan)
    notes: list[str] = []
    beta = [n for n, p in enumerate(chosen) if p.kind == "beta"]
    if beta:
        rows = np.eye(fit.n_fixed)[[chosen[n].columns[0] for n in beta]]
        tests = row_tests(fit, rows, df)
        limits[beta] = np.column_stack(tests.interval(level))
        notes += tests.notes
    variances = [n for n, p in enumerate(chosen) if p.kind != "beta"]
    if not variances:
        return limits, notes
    refuse_validated(fit, "Wald intervals of variances", 'terms="beta_" asks for fixed effects alone.')
    z = float(t_quantile(0.5 + level / 2.0, np.array(np.inf)))
    for n in variances:
        found = _interval(fit, chosen[n], z)
        if found is None:
            notes.append(
                f"{chosen[n].name}: its covariance is singular, so that there is no Wald interval; profile it."
            )
        else:
            limits[n] = found
    notes.append(
        "Standard deviations: normal intervals of their logarithms; correlations: of their Fisher z."
    )
    return limits, notes


def _interval(fit: Fit, parameter: Parameter, z: float) -> tuple[float, float] | None:
    if parameter.kind != "sigma" and _on_boundary(fit, parameter):
        return None
    estimate = float(values_of([parameter], fit.T, fit.sigma, fit.beta)[0])
    if parameter.kind == "sd" and estimate == 0.0:
        return None
    if not fit.internals.criterion_function.layout.is_linear:
        return _by_differences(fit, parameter, z)
    own = surface(fit, [parameter], reml=fit.internals.criterion_function.reml)
    # The coordinate of a correlation is its arcsine, of sigma its logarithm.
    error = float(np.sqrt(2.0 / own.curvature()[0, 0]))
    if parameter.kind == "sigma":
        return estimate * np.exp(-z * error), estimate * np.exp(z * error)
    if parameter.kind == "sd":
        relative = error / estimate
        with np.errstate(over="ignore"):  # a variance that is nearly zero may be anything
            return estimate * np.exp(-z * relative), estimate * np.exp(z * relative)
    error = error / np.sqrt(1.0 - estimate**2)  # d atanh(sin φ) / dφ = 1 / cos φ
    centre = np.arctanh(estimate)
    return float(np.tanh(centre - z * error)), float(np.tanh(centre + z * error))


def _by_differences(fit: Fit, parameter: Parameter, z: float) -> tuple[float, float] | None:
    """Limits on the same scales from the observed information of theta and sigma."""
    layout = fit.internals.criterion_function.layout

    def scaled(at: FloatVector) -> float:
        T, sigma = layout.factors(at[:-1]), fit.sigma * float(np.exp(at[-1]))
        value = float(values_of([parameter], T, sigma, fit.beta)[0])
        return float(np.arctanh(value) if parameter.kind == "correlation" else np.log(value))

    here, step = np.append(fit.theta, 0.0), 1e-6
    slope = np.array([scaled(here + step * e) - scaled(here - step * e) for e in np.eye(len(here))]) / (
        2.0 * step
    )
    variance = float(slope @ theta_covariance(fit, "observed").W @ slope)
    error = float(np.sqrt(max(variance, 0.0)))
    if error == 0.0 or not np.isfinite(error):
        return None
    back: Any = np.tanh if parameter.kind == "correlation" else np.exp
    centre = scaled(here)
    with np.errstate(over="ignore"):
        return float(back(centre - z * error)), float(back(centre + z * error))


def _on_boundary(fit: Fit, parameter: Parameter) -> bool:
    """Whether the covariance that a parameter belongs to is singular; variances without correlations stand alone."""
    if parameter.family is not None:
        return bool(values_of([parameter], fit.T, fit.sigma, fit.beta)[0] == 0.0)
    null = fit.internals.optimum.null_directions[parameter.term]
    part = fit.internals.design.random[parameter.term]
    return bool(np.any(null[parameter.columns[0]]) if not part.structure.is_correlated else null.size)
