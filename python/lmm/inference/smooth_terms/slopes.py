"""Derivatives of smooth terms as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level, a_text, one_of, takes
from lmm.errors import LmmError, UnsupportedError, nearest
from lmm.inference.smooth_terms.bands import BAND_COLUMNS, band_notes, band_of, banded
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
    found, V = mean_coefficients(fit), mean_covariance(fit, covariance)
    grids, results, bands = [], [], {}
    for curve in curves:
        if curve.copies:
            raise UnsupportedError(
                f"{term} has a curve for each level; their derivatives are not available yet."
            )
        columns, points = points_of(fit, spec, curve, at)
        covariates, by = spec.values(fit.internals.spec.evaluator(points))
        rows = np.zeros((points.n_rows, len(found.names)))
        rows[:, found.places[curve.smooth.label]] = curve.smooth.derivative(covariates, by, order, place)
        band = bands[curve.smooth.label] = band_of("pointwise", rows, V, level)
        grids.append(columns)
        results.append(banded(rows, found.estimate, V, band))
    shown, renamed = beside(BAND_COLUMNS, joined(grids))
    words = {1: "First", 2: "Second"}[order]
    return Table(
        {**shown, **joined(results)},
        title=f"{words} derivative of {term} along {moving}",
        notes=[*band_notes(bands), *renamed],
    )
