"""Intervals of predictions: of means, given the levels that take part, and of new observations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast, get_args

import numpy as np

from lmm.arguments import a_level, one_of, takes
from lmm.design import ResidualCovariance
from lmm.engine import Block
from lmm.errors import LmmError, UnsupportedError
from lmm.inference.algebra.derivatives import are_feasible
from lmm.inference.algebra.information import Information, parameter_covariance
from lmm.inference.algebra.mixed_equations import ErrorVariance, mixed_equations
from lmm.inference.df.catalog import Df, df_method_of_effects
from lmm.inference.df.method import DfMethod
from lmm.inference.df.satterthwaite import Satterthwaite, single_df
from lmm.inference.df.spread import is_inside, movement
from lmm.inference.distributions import t_quantile
from lmm.inference.door import Vcov, row_tests
from lmm.inference.observations.new_effects import unknown_squares
from lmm.model import Rows, Selection, Target, a_fit, aim, at_rows, missing_note, point_of, weights_of
from lmm.table import Table
from lmm.typing import BoolVector, FloatMatrix, FloatVector, Interval, NewLevels

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["predict_intervals"]


@takes(fit=a_fit, interval=one_of(*get_args(Interval)), level=a_level)
def predict_intervals(
    fit: Fit,
    new: Any = None,
    *,
    interval: Interval = "confidence",
    level: float = 0.95,
    df: Df = "auto",
    vcov: Vcov = None,
    random: Selection = True,
    new_levels: NewLevels = "error",
    weights: Any = None,
    offset: Any = None,
    blocks: Mapping[str, Block] | None = None,
) -> Table:
    """Predict with standard errors and intervals.

    Parameters
    ----------
    fit
        A fit.
    new
        A table with the columns of the right side; None for the rows of the fit.
    interval
        ``"confidence"``: of the mean x'β + z'b, b of the levels that take part. ``"prediction"``: of a new
        observation. Random terms that take no part, and new levels, then add the variance of effects
        of which nothing is known, and the errors add sigma² / weight.
    level
        Coverage, between 0 and 1.
    df
        Fixed effects alone (``random=False``, confidence): any method of `lmm.contrast_test`, by the same
        door. All else: ``"auto"`` and ``"satterthwaite"`` are Satterthwaite's method for the whole
        variance, as in SAS for predictions with random effects, ``"auto"`` from the average information in large fits
        of many degrees of freedom; ``"residual"`` and ``"normal"`` do as well.
    vcov
        Covariance of the fixed effects, where they stand alone.
    random
        Which random effects take part: all, none (False), or groups and bars by name.
    new_levels
        What levels do that the model has not seen: raise an error; count with random effects of zero
        (``"population"``, the interval is that of the mean of such levels); or as a level drawn from the
        population (``"sample"``, the interval is that of this level). A missing level is a new one too.
    weights
        Of new rows, for prediction intervals: a column, an array, or one number for all; by default the
        column that the fit used.
    offset
        Array for the new rows, where the fit had an array as ``offset=``.
    blocks
        The user's blocks for the new rows, by name.

    Returns
    -------
    Table
        ``estimate, std_error, df, conf_low, conf_high``, one row for each row of the table; missing where a
        value is missing or nothing can be estimated. ``std_error`` is that of the difference between
        the estimate and what the interval is for.

    Raises
    ------
    LmmError
        If an option does not exist, a column is missing, a level is new, or the method for degrees
        of freedom does not apply.

    Notes
    -----
    The errors of β̂ and b̂ are taken together, from Henderson's mixed-model equations. The covariance
    parameters count as known but for the degrees of freedom.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> print(fit.predict({"Days": [0, 9], "Subject": ["308", "308"]}, interval="confidence"))
    Predictions with 95 % confidence intervals
    estimate  std_error      df  conf_low  conf_high
    ────────────────────────────────────────────────
      253.66      12.25   59.58    229.15     278.18
      430.66      13.86  152.46    403.28     458.04
    Degrees of freedom: Satterthwaite.
    """
    if weights is not None and interval == "confidence":
        raise LmmError('weights= belongs to interval="prediction": the mean does not depend on it.')
    rows = Rows(new, random, new_levels, offset, blocks, weights)
    target = aim(fit, rows)
    point = point_of(fit, target)
    if not target.chosen and interval == "confidence":
        std_error, degrees, notes = _population(fit, target.design.X, np.isnan(point), df, vcov)
    else:
        if vcov is not None:
            raise LmmError('vcov= is for fixed effects alone: random=False with interval="confidence".')
        unknown = unknown_squares(fit, target, rows, observation=interval == "prediction")
        method = df_method_of_effects(fit, df)
        spread = _spread(fit, target, unknown, moving=isinstance(method, Satterthwaite))
        if interval == "prediction":
            spread = _with_errors(spread, weights_of(fit, target, rows))
        std_error, degrees, notes = _judged(fit, spread, method)
    missing = missing_note(fit.internals.design.aliased, int(np.count_nonzero(np.isnan(point))))
    notes = (*notes, missing) if missing else notes
    return _table(target, point, std_error, degrees, level, interval, notes)


Judged: TypeAlias = tuple[FloatVector, FloatVector, tuple[str, ...]]


def _population(fit: Fit, X: FloatMatrix, missing: BoolVector, df: Df, vcov: Vcov) -> Judged:
    """Compute standard errors and degrees of freedom (n,) of Xβ; each distinct row is tested once."""
    std_error, degrees = np.full(len(X), np.nan), np.full(len(X), np.nan)
    distinct, row = np.unique(X[~missing], axis=0, return_inverse=True)
    tests = row_tests(fit, distinct, df, vcov)
    std_error[~missing], degrees[~missing] = tests.std_error[row.ravel()], tests.df[row.ravel()]
    return std_error, degrees, tests.notes


def _spread(fit: Fit, target: Target, unknown: list[Any], *, moving: bool) -> ErrorVariance:
    """Variance over σ² of the errors of x'β̂ + z'b̂ and of the effects that nobody knows; its gradient if moving."""
    equations = mixed_equations(fit)
    n = target.design.n_obs
    matrices: list[Any] = [None] * len(fit.internals.design.random)
    for i, part in zip(target.chosen, target.design.random, strict=True):
        # New levels stand after the others.
        matrices[i] = part.block.to_sparse()[:, : fit.internals.design.random[i].block.n_effects]
    X, Z = target.design.X[:, fit.internals.design.kept], equations.rows(matrices, n)
    new = equations.unknown(unknown, n)
    if not moving:
        return ErrorVariance(equations.variance(X, Z) + new.value, new.gradient)
    known = equations.moving(X, Z)
    return ErrorVariance(known.value + new.value, known.gradient + new.gradient)


def _with_errors(spread: ErrorVariance, weights: FloatVector | None) -> ErrorVariance:
    own = ResidualCovariance(len(spread.value), weights).variances
    gradient = spread.gradient.copy()
    gradient[:, -1] += own
    return ErrorVariance(spread.value + own, gradient)


def _judged(fit: Fit, spread: ErrorVariance, method: DfMethod) -> Judged:
    """Compute standard errors and degrees of freedom (n,) from variances over σ²."""
    if isinstance(method, Satterthwaite):
        degrees = single_df(spread.value, spread.gradient, _parameter_covariance(fit, method))
    else:
        degrees = method.row_df(fit, np.zeros((len(spread.value), fit.n_fixed)))
    notes = (f"Degrees of freedom: {method.label}.", *method.notes(fit))
    return fit.sigma * np.sqrt(spread.value), degrees, notes


def _parameter_covariance(fit: Fit, method: Satterthwaite) -> FloatMatrix:
    if method.information == "average" and is_inside(fit):
        return movement(fit).covariance.W
    if not are_feasible(fit):
        raise UnsupportedError(
            "Satterthwaite's degrees of freedom of predictions need the information about the covariance "
            'parameters, which is too large to compute for this model. Use df="normal".'
        )
    return parameter_covariance(fit, cast(Information, method.information), "drop").W


def _table(
    target: Target,
    point: FloatVector,
    std_error: FloatVector,
    degrees: FloatVector,
    level: float,
    interval: Interval,
    notes: tuple[str, ...],
) -> Table:
    missing = np.where(np.isnan(point), np.nan, 0.0)
    std_error, degrees = std_error + missing, degrees + missing
    half = t_quantile((1.0 + level) / 2.0, degrees) * std_error
    columns = {
        "estimate": point,
        "std_error": std_error,
        "df": degrees,
        "conf_low": point - half,
        "conf_high": point + half,
    }
    if target.is_new:
        columns = {name: at_rows(target, values) for name, values in columns.items()}
    what = "confidence" if interval == "confidence" else "prediction"
    return Table(columns, title=f"Predictions with {100 * level:g} % {what} intervals", notes=notes)
