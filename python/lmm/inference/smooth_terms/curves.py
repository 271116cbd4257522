"""Curves of smooth terms as tables: estimates with bands over a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level, a_seed, one_of, takes, yes_or_no
from lmm.data import Columns, open_table
from lmm.design.kinds import conformed
from lmm.errors import LmmError, nearest
from lmm.inference.smooth_terms.bands import BAND_COLUMNS, BandKind, band_notes, band_of, banded
from lmm.inference.smooth_terms.of_the_mean import (
    CURVE_COVARIANCES,
    CurveCovariance,
    design_matrix,
    mean_coefficients,
    mean_covariance,
)
from lmm.inference.smooth_terms.system import curves_of
from lmm.model import a_fit
from lmm.table import Table
from lmm.table.naming import beside

if TYPE_CHECKING:
    from lmm.design.smooth_terms import Curve, SmoothTermSpec
    from lmm.model import Fit
    from lmm.typing import FloatMatrix

__all__ = ["chosen_term", "curve_rows", "joined", "partial_residuals", "points_of", "smooth"]

N_POINTS = 100
"""Points along a curve."""
N_SIDE = 30
"""Points along each side of a surface."""


@takes(
    fit=a_fit,
    level=a_level,
    band=one_of("pointwise", "simultaneous"),
    covariance=one_of(*CURVE_COVARIANCES),
    intercept=yes_or_no,
    seed=a_seed,
)
def smooth(
    fit: Fit,
    term: str,
    at: Any = None,
    *,
    level: float = 0.95,
    band: BandKind = "pointwise",
    covariance: CurveCovariance = "bayes",
    intercept: bool = False,
    seed: Any = 0,
) -> Table:
    """Tabulate a smooth term over a grid, with standard errors and a band.

    Parameters
    ----------
    fit
        A fit.
    term
        Name of the term as `smooths` has it, ``"s(x)"``; ``"s(x):f"`` for the curves of all levels of a factor ``by=``
        (``"s(x)"`` too, where no other term has this name), ``"s(x):fA"`` for one.
    at
        A table with the covariates; by default 100 points over their range, 30 by 30 for a surface. A numeric
        by-variable is one where it is not given.
    level
        Of the band.
    band
        ``"pointwise"`` holds each point with this probability, on average over the curve (Nychka 1988);
        ``"simultaneous"`` the whole curve, each curve by itself, by simulation; critical values beside those of the
        tube formula are in notes.
    covariance
        ``"bayes"``; ``"corrected"`` with the uncertainty of smoothing parameters; ``"frequentist"`` for curves that are
        fixed.
    intercept
        Whether to add the mean of all else, with its uncertainty (Marra and Wood 2012).
    seed
        Of the simulation.

    Returns
    -------
    Table
        The covariates, then ``estimate, std_error, conf_low, conf_high``.

    Raises
    ------
    LmmError
        If there is no such term, or a covariate is missing in ``at``.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ s(Days, bs='cr', k=5) + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.smooth(fit, "s(Days)", {"Days": [0, 9]})["estimate"].round(2)
    array([-47.1,  47.1])
    """
    spec, curves = chosen_term(fit, term)
    V, b = mean_covariance(fit, covariance), mean_coefficients(fit).estimate
    grids, results, bands = [], [], {}
    for curve in curves:
        columns, points = points_of(fit, spec, curve, at)
        rows = curve_rows(fit, spec, curve, points, intercept=intercept)
        found = bands[curve.smooth.label] = band_of(band, rows, V, level, seed)
        grids.append(columns)
        results.append(banded(rows, b, V, found))
    shown, renamed = beside(BAND_COLUMNS, joined(grids))
    what = "with the mean of all else" if intercept else "with mean zero over the data"
    return Table(
        {**shown, **joined(results)},
        title=f"{term}, {what}" if curves[0].smooth.basis.is_centred else term,
        notes=[*band_notes(bands), *renamed],
    )


@takes(fit=a_fit)
def partial_residuals(fit: Fit, term: str) -> Table:
    """Tabulate the residuals of a fit added to one of its curves: what the data say about it, given all else.

    Parameters
    ----------
    fit
        A fit.
    term
        Name of a curve, as in `smooth`.

    Returns
    -------
    Table
        The covariates, then ``estimate``; of a curve of one level of a factor, the rows of that level.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ s(Days, bs='cr', k=5) + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.partial_residuals(fit, "s(Days)").columns
    ('Days', 'estimate')
    """
    spec, curves = chosen_term(fit, term)
    frame = fit.internals.design.model_frame
    residuals = fit.residuals()
    names = list(dict.fromkeys(name for item in spec.covariates for name in item.expression.variables))
    pieces = []
    for curve in curves:
        rows = curve_rows(fit, spec, curve, frame)
        _, by = spec.values(fit.internals.spec.evaluator(frame))
        own = (
            np.ones(fit.n_obs, dtype=bool)
            if curve.smooth.level is None
            else curve.smooth.by_weights(by) > 0.0
        )
        values = rows @ mean_coefficients(fit).estimate + residuals
        pieces.append([values[own], *(frame[name].to_array()[own] for name in names)])
    estimate, *columns = (np.concatenate(each) for each in zip(*pieces, strict=True))
    shown, notes = beside(["estimate"], dict(zip(names, columns, strict=True)))
    return Table({**shown, "estimate": estimate}, title=f"Partial residuals of {term}", notes=notes)


def chosen_term(fit: Fit, name: str) -> tuple[SmoothTermSpec, tuple[Curve, ...]]:
    """Find a term, and those of its curves that a name means.

    Raises
    ------
    LmmError
        If there is none of this name.
    """
    terms = fit.internals.spec.smooths.terms
    if not terms:
        raise LmmError("This fit has no smooth terms. They are written s(x) in the formula.")
    plain = "".join(str(name).split())
    known: dict[str, tuple[SmoothTermSpec, tuple[Curve, ...]]] = {}
    for term in terms:
        for curve in term.curves:
            known["".join(curve.smooth.label.split())] = (term, (curve,))
        for called in (term.term.label, term.term.source, term.term.label.rpartition(":")[0]):
            known.setdefault("".join(called.split()), (term, term.curves))
    if plain not in known or not plain:
        labels = [curve.smooth.label for curve in curves_of(fit)]
        raise LmmError(
            f"The fit has no smooth term {name!r}.{nearest(str(name), labels)} It has {', '.join(labels)}."
        )
    found = known[plain]
    if found[0].random is not None:
        raise LmmError(f"{found[0].term.source} is a random term: fit.ranef() has its effects.")
    return found


def curve_rows(
    fit: Fit, spec: SmoothTermSpec, curve: Curve, points: Columns, *, intercept: bool = False
) -> FloatMatrix:
    """Rows (n, m) by which coefficients of the mean are multiplied for points of a curve."""
    covariates, by = spec.values(fit.internals.spec.evaluator(points))
    place = mean_coefficients(fit).places[curve.smooth.label]
    rows = np.zeros((points.n_rows, len(mean_coefficients(fit).names)))
    if intercept:
        rows[:] = design_matrix(fit).mean(axis=0)
    rows[:, place] = curve.matrix(covariates, by)
    if not intercept and not curve.copies:
        rows[:, place] -= curve.smooth.means
    return rows


def points_of(fit: Fit, spec: SmoothTermSpec, curve: Curve, at: Any) -> tuple[dict[str, Any], Columns]:
    """Covariates of the grid as they were given or chosen, and as the fit reads them."""
    own = [name for item in spec.covariates for name in item.expression.variables]
    by = () if spec.by is None else spec.by.expression.variables
    given = {} if at is None else _given(at, [*own, *by])
    table = given if set(own) <= set(given) else _crossed(fit, own, given)
    n = len(next(iter(table.values())))
    for name in by:
        if curve.smooth.level is not None and spec.by is not None:
            table[name] = np.array([_value(fit, name, curve.smooth.level)] * n, dtype=object)
        elif name not in table:
            table[name] = np.ones(n)
    columns = open_table(table).read(list(table))
    shown = {
        name: values
        for name, values in table.items()
        if name not in by or curve.smooth.level is not None or name in given
    }
    return shown, conformed(columns, fit.internals.spec.kinds, [])


def _given(at: Any, names: list[str]) -> dict[str, Any]:
    source = open_table(at)
    columns = source.read([name for name in dict.fromkeys(names) if name in source.names])
    found = {name: column.to_array() for name, column in columns.items()}
    for name, column in columns.items():
        if column.missing.any():
            raise LmmError(f"at= has missing values of {name}. Give a value in each row.")
    return found


def _crossed(fit: Fit, names: list[str], given: dict[str, Any]) -> dict[str, Any]:
    """All combinations of equally spaced values, of levels, and of what was given."""
    frame = fit.internals.design.model_frame
    numeric = [name for name in dict.fromkeys(names) if frame[name].kind == "numeric" and name not in given]
    if len(numeric) > 2:
        raise LmmError(
            f"A smooth of {len(numeric)} numbers has no grid of its own: hold some of {', '.join(numeric)} with "
            f"at={{{numeric[-1]!r}: ...}}, or give a table of all."
        )
    count = N_POINTS if len(numeric) < 2 else N_SIDE
    values = {}
    for name in dict.fromkeys(names):
        column = frame[name]
        if name in given:
            values[name] = np.unique(given[name])
        elif name in numeric:
            values[name] = np.linspace(column.numbers.min(), column.numbers.max(), count)
        else:
            values[name] = np.array(column.as_factor().level_values, dtype=object)
    mesh = np.meshgrid(*values.values(), indexing="ij")
    return {name: cells.ravel(order="F") for name, cells in zip(values, mesh, strict=True)}


def _value(fit: Fit, name: str, level: str) -> Any:
    column = fit.internals.design.model_frame[name].as_factor()
    return column.level_values[column.levels.index(level)] if level in column.levels else level


def joined(pieces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put the columns of several curves behind each other."""
    return {name: np.concatenate([np.asarray(piece[name]) for piece in pieces]) for name in pieces[0]}
