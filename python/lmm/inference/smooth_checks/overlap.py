"""Concurvity: how far functions of one term can be written as functions of the others [1]_.

References
----------
.. [1] Ramsay, Burnett & Krewski (2003), The effect of concurvity in generalized additive models linking mortality to
   ambient particulate matter, Epidemiology 14, 18-23; the three measures are those of mgcv's ``concurvity``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import takes, yes_or_no
from lmm.errors import LmmError
from lmm.inference.per_fit import per_fit
from lmm.inference.smooth_terms.of_the_mean import design_matrix, mean_coefficients
from lmm.inference.smooth_terms.system import curves_of
from lmm.limits import check_memory
from lmm.model import a_fit
from lmm.table import Table

if TYPE_CHECKING:
    from lmm.design.smooth_places import Curve
    from lmm.model import Fit
    from lmm.typing import FloatMatrix, FloatVector, IntVector

__all__ = ["concurvity", "concurvity_notes"]

PARAMETRIC = "parametric"
"""Name of the fixed part in the tables."""
HIGH = 0.9
"""Observed concurvity from which the notes of a fit speak."""
_NIL = 1e-7
"""Singular value of columns of unit size, relative to the largest, that is zero but for rounding."""
_NIL_SQUARED = 1e-11
"""The same for an eigenvalue of their cross-products."""


@takes(fit=a_fit, full=yes_or_no)
def concurvity(fit: Fit, full: bool = True) -> Table:
    """Tabulate how far each smooth term, and the fixed part, can be written as a function of the others.

    Parameters
    ----------
    fit
        A fit with smooth terms.
    full
        Each term against all others together; with False against each other one.

    Returns
    -------
    Table
        ``term, worst, observed, estimate``, with ``other`` behind ``term`` for pairs: parts between 0 and 1 of the
        sum of squares of the term that the other columns reproduce. ``worst`` is that of the function of the term
        for which it is largest, ``observed`` that of the curve as estimated (missing where it is zero), ``estimate``
        that of the columns of the basis. The fixed part is ``parametric``.

    Raises
    ------
    LmmError
        If the fit has no smooth terms.

    Notes
    -----
    As mgcv's ``concurvity``, on unweighted rows. Random terms take no part, nor those written as ``s(g, bs="re")``:
    effects of groups that a covariate belongs to can write every function of it, and are shrunken for that. A high
    ``worst`` is common with large bases and does little harm where the curves are smooth. From an ``observed`` of 0.9
    ``fit.notes`` says so: the curve may as well be one of the other terms.

    Examples
    --------
    >>> import lmm
    >>> x = [0.01 * i for i in range(100)]
    >>> z = [a**2 + 0.01 * (i % 3) for i, a in enumerate(x)]
    >>> y = [a + i % 2 for i, a in enumerate(x)]
    >>> fit = lmm.fit("y ~ s(x, bs='cr') + s(z, bs='cr')", {"x": x, "z": z, "y": y})
    >>> table = lmm.concurvity(fit)
    >>> list(table["term"]), table["worst"].round(2)
    (['parametric', 's(x)', 's(z)'], array([0., 1., 1.]))
    """
    if not curves_of(fit):
        raise LmmError("This fit has no smooth terms. They are written s(x) in the formula.")
    found = mean_coefficients(fit)
    check_memory("The columns of all terms", fit.n_obs, len(found.names), "Fit fewer rows.")
    R: FloatMatrix = np.asarray(np.linalg.qr(design_matrix(fit), mode="r"))
    places = {PARAMETRIC: slice(0, len(fit.internals.design.parametric_kept)), **found.places}
    places = {name: place for name, place in places.items() if place.stop > place.start}
    own = {name: np.arange(R.shape[1])[place] for name, place in places.items()}
    rows: list[tuple[Any, ...]] = []
    for name, columns in own.items():
        others = {"": np.setdiff1d(np.arange(R.shape[1]), columns)}
        if not full:
            others = {other: j for other, j in own.items() if other != name}
        for other, j in others.items():
            rows.append((name, other, *_measures(R[:, columns], R[:, j], found.estimate[columns])))
    names = ["term", "other", "worst", "observed", "estimate"]
    table: dict[str, Any] = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    if full:
        del table["other"]
    return Table(
        table, title="Concurvity", notes=["Random terms take no part."] if fit.internals.design.groups else []
    )


def _measures(own: FloatMatrix, others: FloatMatrix, b: FloatVector) -> tuple[float, float, float]:
    """Parts of the columns of a term (m, p) that lie in the span of others (m, q)."""
    Q = _span(others)
    curve = own @ b
    size = float(curve @ curve)
    worst = float(np.linalg.norm(Q.T @ _span(own), 2)) ** 2 if Q.shape[1] else 0.0
    observed = float(np.sum(np.square(Q.T @ curve))) / size if size > 0.0 else np.nan
    estimate = float(np.sum(np.square(Q.T @ own)) / np.sum(np.square(own)))
    return min(worst, 1.0), observed, estimate


def _span(columns: FloatMatrix) -> FloatMatrix:
    """Orthonormal basis (m, r) of what columns (m, q) of any size span."""
    norms = np.linalg.norm(columns, axis=0)
    U, sizes, _ = np.linalg.svd(columns / np.where(norms > 0.0, norms, 1.0), full_matrices=False)
    return np.asarray(U[:, sizes > _NIL * sizes.max(initial=0.0)])


@per_fit
def concurvity_notes(fit: Fit) -> tuple[str, ...]:
    """Name the curves that other terms can stand for; from the cross-products of the fit, whose rows may be many.

    Curves for each level of a factor take no part, as random terms: they can write every curve of their covariate.
    """
    curves = [curve for curve in curves_of(fit) if not curve.copies]
    if not curves or len(curves) + len(fit.internals.design.parametric_kept) < 3:
        return ()
    gram, b, places = _cross_products(fit, curves)
    everything, high = np.arange(len(gram)), []
    for curve, own in zip(curves, places, strict=True):
        others = np.setdiff1d(everything, own)
        through = gram[np.ix_(others, own)] @ b[own]
        size = float(b[own] @ gram[np.ix_(own, own)] @ b[own])
        part = _explained(gram[np.ix_(others, others)], through) / size if size > 0.0 else 0.0
        high += [f"{100.0 * min(part, 1.0):.0f} % of {curve.smooth.label}"] if part > HIGH else []
    if not high:
        return ()
    sentence = (
        f"Concurvity: {', '.join(high)} can be written as functions of the other terms, and only smoothness tells them "
        "apart. Leave one out, or read them together; lmm.concurvity(fit) has more."
    )
    return (sentence,)


def _cross_products(fit: Fit, curves: list[Curve]) -> tuple[FloatMatrix, FloatVector, list[IntVector]]:
    """Cross-products (P, P) of the fixed columns and those of curves, their coefficients (P,), and whose they are."""
    design, at = fit.internals.design, fit.internals.criterion_function.cross.products()
    smooths = [i for i, part in enumerate(design.random) if part.is_smooth]
    starts = np.cumsum([0, *(part.block.n_effects for part in design.random)])
    p = at.XX.shape[0]
    fixed = {int(j): i for i, j in enumerate(design.kept)}
    chosen: list[int] = []
    places: list[IntVector] = []
    for curve in curves:
        columns = (design.n_parametric + j for j in range(*curve.columns.indices(design.X.shape[1])))
        own = [fixed[j] for j in columns if j in fixed]
        for place in curve.pieces:
            first = starts[smooths[place.part]]
            members = range(*place.effects.indices(design.random[smooths[place.part]].block.n_effects))
            own += [p + len(chosen) + i for i in range(len(members))]
            chosen += [int(first + i) for i in members]
        places.append(np.array(own, dtype=np.int64))
    of_curves = np.array(chosen, dtype=np.int64)
    ZX, ZZ = at.ZX[of_curves] @ at.R, at.ZZ[of_curves][:, of_curves].toarray()
    gram = np.block([[at.R.T @ at.XX @ at.R, ZX.T], [ZX, ZZ]])
    values = zip(fit.internals.evaluation.b, at.units, strict=True)
    effects = np.concatenate([np.zeros(0), *((u @ U.T).ravel() for u, U in values)])
    b = np.concatenate([fit.beta, effects[of_curves]])
    return gram, b, places


def _explained(gram: FloatMatrix, through: FloatVector) -> float:
    """Sum of squares of a vector on the span of columns, from their cross-products and those with the vector."""
    size = np.sqrt(np.diag(gram))
    size[size == 0.0] = 1.0
    values, vectors = np.linalg.eigh(gram / size / size[:, None])
    kept = values > _NIL_SQUARED * values[-1]
    along = vectors.T @ (through / size)
    return float(np.sum(np.square(along[kept]) / values[kept]))
