"""Derivatives of smooth terms as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level, a_text, one_of, takes
from lmm.errors import LmmError, UnsupportedError, nearest
from lmm.inference.distributions import normal_quantile
from lmm.inference.smooth_terms.curves import chosen_term, joined, points_of
from lmm.inference.smooth_terms.of_the_mean import (
    CURVE_COVARIANCES,
    CurveCovariance,
    mean_coefficients,
    mean_covariance,
)
from lmm.model import a_fit
from lmm.table import Table
from lmm.table.naming import beside

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["derivative"]

_RESULTS = ("estimate", "std_error", "conf_low", "conf_high")


@takes(fit=a_fit, order=one_of(1, 2), along=a_text, level=a_level, covariance=one_of(*CURVE_COVARIANCES))
def derivative(
    fit: Fit,
    term: str,
    at: Any = None,
    *,
    order: int = 1,
    along: str | None = None,
    level: float = 0.95,
    covariance: CurveCovariance = "bayes",
) -> Table:
    """Tabulate the first or second derivative of a smooth term, with pointwise bands.

    Parameters
    ----------
    fit
        A fit.
    term, at, level, covariance
        As in `smooth`.
    order
        1 or 2.
    along
        The covariate that moves; by default the first numeric one. Of ``s(log(x))`` it is ``"log(x)"``.

    Returns
    -------
    Table
        The covariates, then ``estimate, std_error, conf_low, conf_high``.

    Raises
    ------
    LmmError
        If there is no such term or covariate.
    UnsupportedError
        If the basis has no such derivative.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ s(Days, bs='cr', k=5) + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.derivative(fit, "s(Days)", {"Days": [2, 5]})["estimate"].round(3)
    array([10.467, 10.467])
    """
    spec, curves = chosen_term(fit, term)
    numbers = [item.name for item in spec.covariates if item.levels is None]
    moving = along if along is not None else next(iter(numbers), None)
    if moving is None or moving not in numbers:
        raise LmmError(
            f"{term} has no numeric covariate {along!r} to move along; it has {', '.join(numbers) or 'none'}."
            f"{nearest(str(along), numbers)}"
        )
    place = [item.name for item in spec.covariates].index(moving)
    found, V, z = mean_coefficients(fit), mean_covariance(fit, covariance), normal_quantile(level)
    shown, results = [], []
    for curve in curves:
        if curve.copies:
            raise UnsupportedError(
                f"{term} has a curve for each level; their derivatives are not available yet."
            )
        columns, points = points_of(fit, spec, curve, at)
        covariates, by = spec.values(fit.internals.spec.evaluator(points))
        rows = np.zeros((points.n_rows, len(found.names)))
        rows[:, found.places[curve.smooth.label]] = curve.smooth.derivative(covariates, by, order, place)
        estimate = rows @ found.estimate
        error = np.sqrt(np.clip(np.einsum("ij,jk,ik->i", rows, V, rows), 0.0, None))
        shown.append(columns)
        results.append((estimate, error, estimate - z * error, estimate + z * error))
    data, notes = beside(_RESULTS, {name: joined([each[name] for each in shown]) for name in shown[0]})
    values = {name: np.concatenate([each[i] for each in results]) for i, name in enumerate(_RESULTS)}
    words = {1: "First", 2: "Second"}[order]
    return Table(
        {**data, **values},
        title=f"{words} derivative of {term} along {moving}",
        notes=[f"Bands: {100 * level:g} %, pointwise.", *notes],
    )
