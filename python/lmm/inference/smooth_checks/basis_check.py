"""Whether bases are large enough: residuals of neighbours along a smooth term should differ as any two do [1]_.

References
----------
.. [1] Wood (2017), Generalized additive models, 2nd ed., section 5.9.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_seed, takes, whole_number
from lmm.errors import LmmError
from lmm.inference.smooth_terms.of_the_mean import mean_coefficients
from lmm.inference.smooth_terms.smooth_tests import random_edf
from lmm.inference.smooth_terms.system import place_of, smooth_system
from lmm.inference.smooth_terms.tables import random_position
from lmm.limits import MOST_DRAWS, check_limit
from lmm.model import a_fit
from lmm.table import Table

if TYPE_CHECKING:
    from lmm.bases import Covariate
    from lmm.design.smooth_terms import Curve
    from lmm.model import Fit
    from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = ["check_basis"]

N_ORDERS = 400
N_ROWS = 5_000
_NEIGHBOURS = 3
_MOST_NUMBERS = 4_000_000
"""Permuted residuals are made in pieces of so many numbers."""
_LOW = 0.05
"""p-value from which a note says that a basis may be too small, where edf is near n_coef too."""


@takes(fit=a_fit, n_draws=whole_number(1), n_rows=whole_number(10), seed=a_seed)
def check_basis(
    fit: Fit,
    *,
    n_draws: int = N_ORDERS,
    n_rows: int = N_ROWS,
    seed: int | np.random.Generator | None = 0,
) -> Table:
    """Check whether the basis of each smooth term has enough columns.

    Parameters
    ----------
    fit
        A fit with smooth terms.
    n_draws
        Number of random orders of the residuals behind each p-value.
    n_rows
        Of more rows than these a random part is looked at.
    seed
        For `numpy.random.default_rng`.

    Returns
    -------
    Table
        ``term, n_coef, edf, k_index, p_value``, one row for each curve. ``k_index`` is the mean square of differences
        between residuals of neighbours along the term, over what it is for any two residuals: much below one
        where a curve leaves a pattern. ``p_value`` is the share of random orders with an index as small. Both are
        missing for terms of factors.

    Raises
    ------
    LmmError
        If the fit has no smooth terms.

    Notes
    -----
    A small p-value with ``edf`` close to ``n_coef`` says: fit again with a larger ``k``. A small p-value alone may
    come from correlated errors. As ``k.check`` of mgcv: neighbours are those in the order of one covariate, ties as
    they stand in the data; of several, the three nearest points, for tensor products with each covariate in units of
    how much the surface moves along it. Curves of a by-variable are looked at over all rows.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ s(Days, bs='cr', k=5) + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    >>> table = lmm.check_basis(fit, seed=1)
    >>> table.columns, table["k_index"].round(3)
    (('term', 'n_coef', 'edf', 'k_index', 'p_value'), array([1.069]))
    """
    check_limit("n_draws=", n_draws, MOST_DRAWS, "A p-value needs some hundreds.")
    terms = fit.internals.spec.smooths.terms
    if not terms:
        raise LmmError("This fit has no smooth terms to check. They are written s(x) in the formula.")
    rng = np.random.default_rng(seed)
    rows = np.arange(fit.n_obs)
    if fit.n_obs > n_rows:
        rows = np.sort(rng.choice(fit.n_obs, n_rows, replace=False))
    residuals = fit.internals.design.errors.whiten(fit.y - fit.fitted)[rows]
    evaluator = fit.internals.spec.evaluator(fit.internals.design.model_frame)
    found: list[tuple[str, int, float, float, float]] = []
    for term in terms:
        if term.random is not None:
            position = random_position(fit, term)
            n_effects = fit.internals.design.random[position].block.n_effects
            found.append((term.term.label, n_effects, random_edf(fit, position), np.nan, np.nan))
            continue
        covariates, _ = term.values(evaluator)
        of_rows = [_taken(covariate, rows) for covariate in covariates]
        for curve in term.curves:
            edf = float(smooth_system(fit).influence[place_of(fit, curve).members].sum())
            neighbours = _neighbours(fit, curve, of_rows)
            index, p_value = _index(residuals, neighbours, n_draws, rng)
            found.append((curve.smooth.label, curve.n_coefficients, edf, index, p_value))
    names = ("term", "n_coef", "edf", "k_index", "p_value")
    columns: dict[str, Any] = dict(zip(names, map(list, zip(*found, strict=True)), strict=True))
    return Table(columns, title="Are the bases large enough?", notes=_notes(fit, found, len(rows), n_draws))


def _taken(covariate: Covariate, rows: IntVector) -> Covariate:
    if covariate.values is not None:
        return replace(covariate, values=np.asarray(covariate.values, dtype=float)[rows])
    return replace(covariate, codes=None if covariate.codes is None else covariate.codes[rows])


def _neighbours(fit: Fit, curve: Curve, covariates: list[Covariate]) -> tuple[IntVector, IntVector] | None:
    """Rows and their neighbours, as pairs (m,) and (m,); None for a term of factors."""
    moving = [each for each in covariates if not (curve.copies and each.is_factor)]
    if any(each.is_factor for each in moving):
        return None
    points = np.column_stack([np.asarray(each.values, dtype=float) for each in moving])  # (n, d)
    n = len(points)
    if points.shape[1] == 1:
        order = np.argsort(points[:, 0], kind="stable")
        return order[:-1], order[1:]
    if hasattr(curve.smooth.basis, "margins"):
        points = _in_units_of_the_surface(fit, curve, covariates, points)
    from scipy.spatial import cKDTree

    count = min(_NEIGHBOURS, n - 1)
    _, near = cKDTree(points).query(points, k=count + 1)  # (n, count + 1), the point itself among them
    own = near == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True  # of many equal points the point itself may be missing
    return np.repeat(np.arange(n), count), near[~own]


def _in_units_of_the_surface(
    fit: Fit, curve: Curve, covariates: list[Covariate], points: FloatMatrix
) -> FloatMatrix:
    """Covariates (n, d) between 0 and the mean size of the slope of the surface along them."""
    plain = replace(curve.smooth, by=None, level=None)
    found = mean_coefficients(fit)
    b = found.estimate[found.places[curve.smooth.label]]
    at = plain.columns(covariates) @ b
    scaled = np.empty_like(points)
    for j, covariate in enumerate(covariates):
        low, width = points[:, j].min(), np.ptp(points[:, j])
        step = width / 1000.0
        moved = [*covariates[:j], replace(covariate, values=points[:, j] + step), *covariates[j + 1 :]]
        slope = float(np.mean(np.abs(plain.columns(moved) @ b - at))) / step
        scaled[:, j] = slope * (points[:, j] - low) / width
    return scaled


def _index(
    residuals: FloatVector, pairs: tuple[IntVector, IntVector] | None, n_draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Index of the residuals (n,), and the share of random orders with one as small."""
    if pairs is None:
        return np.nan, np.nan
    one, other = pairs
    observed = float(np.mean(np.square(residuals[other] - residuals[one])) / 2.0)
    size, smaller = max(1, _MOST_NUMBERS // len(one)), 0
    for begin in range(0, n_draws, size):
        count = min(size, n_draws - begin)
        mixed = rng.permuted(np.broadcast_to(residuals, (count, len(residuals))), axis=1)
        drawn = np.mean(np.square(mixed[:, other] - mixed[:, one]), axis=1) / 2.0
        smaller += int(np.count_nonzero(drawn <= observed))
    return observed / float(np.mean(residuals**2)), (1 + smaller) / (1 + n_draws)


def _notes(
    fit: Fit, found: list[tuple[str, int, float, float, float]], n_rows: int, n_draws: int
) -> list[str]:
    notes = [
        f"p_value: {n_draws:,} random orders of the residuals; its standard error is at most {0.5 / n_draws**0.5:.2g}."
    ]
    if n_rows < fit.n_obs:
        notes.append(f"A random part of {n_rows:,} of {fit.n_obs:,} rows.")
    small = [term for term, k, edf, _, p in found if p < _LOW and edf > 0.75 * k]
    if small:
        notes.append(f"The basis of {', '.join(small)} may be too small: fit again with twice the k.")
    return notes
