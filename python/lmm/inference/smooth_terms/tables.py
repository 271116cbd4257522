"""Tables of smooth terms: one row for each curve, or for each penalty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import takes
from lmm.inference.smooth_terms.smooth_tests import SmoothTest, smooth_test
from lmm.inference.smooth_terms.system import curves_of, total_edf
from lmm.model import a_fit
from lmm.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmm.design.smooth_terms import Curve
    from lmm.model import Fit

__all__ = ["smoothing", "smooths"]


@takes(fit=a_fit)
def smooths(fit: Fit) -> Table:
    """Tabulate the smooth terms with effective degrees of freedom and tests against zero.

    Parameters
    ----------
    fit
        A fit.

    Returns
    -------
    Table
        ``term, basis, n_coef, edf, ref_df, statistic, p_value, sd, sp``, one row for each curve, so that a factor
        ``by=`` has one for each level. ``statistic`` is F (Wood 2013). ``sd`` is the standard deviation of the
        coefficients on the scale of the penalty as it is defined, ``sp`` the smoothing parameter of mgcv; both are
        missing where a curve has several, see `smoothing`.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ s(Days, bs='cr') + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.smooths(fit)["edf"].round(3)
    array([1.])
    """
    curves = curves_of(fit)
    tests = [smooth_test(fit, curve) for curve in curves]
    penalties = {curve.smooth.label: list(_penalties(fit, curve)) for curve in curves}
    columns: dict[str, Any] = {
        "term": [curve.smooth.label for curve in curves],
        "basis": [curve.smooth.basis.name for curve in curves],
        "n_coef": [curve.smooth.p for curve in curves],
    }
    for name in SmoothTest.__slots__:
        columns[name] = np.array([getattr(test, name) for test in tests], dtype=float)
    for name in ("sd", "sp"):
        own = [penalties[label] for label in columns["term"]]
        columns[name] = np.array([rows[0][name] if len(rows) == 1 else np.nan for rows in own], dtype=float)
    notes = _notes(fit) if curves else ("The model has no smooth terms.",)
    return Table(columns, title="Smooth terms", notes=notes)


@takes(fit=a_fit)
def smoothing(fit: Fit) -> Table:
    """Tabulate the smoothing parameters, one row for each penalty.

    Parameters
    ----------
    fit
        A fit.

    Returns
    -------
    Table
        ``term, penalty, sd, sp, theta``: standard deviation on the scale of the penalty as it is defined, smoothing
        parameter of mgcv, and the parameter of the fit, whose name is the term, with the penalty behind it where
        a term has several.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ s(Days, bs='cr') + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.smoothing(fit)["theta"]
    array([0.])
    """
    rows = [row for curve in curves_of(fit) for row in _penalties(fit, curve)]
    names = ("term", "penalty", "sd", "sp", "theta")
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in names}
    for name in names[2:]:
        columns[name] = np.array(columns[name], dtype=float)
    return Table(columns, title="Smoothing parameters")


def _penalties(fit: Fit, curve: Curve) -> Iterator[dict[str, Any]]:
    """Parameters of all penalties of a curve."""
    layout = fit.criterion_function.layout
    places = [place for place, part in zip(layout.places, fit.design.random, strict=True) if part.is_smooth]
    for piece, at in zip(curve.form.random, curve.pieces, strict=True):
        for number, name, theta in zip(piece.penalties, piece.names, fit.theta[places[at.part]], strict=True):
            scale = curve.smooth.scales[number]
            raw = 1.0 if np.isnan(scale) else float(scale)
            yield {
                "term": curve.smooth.label,
                "penalty": name,
                "sd": fit.sigma * float(theta) * np.sqrt(raw),
                "sp": float(theta) ** -2 if theta > 0.0 else np.inf,
                "theta": float(theta),
            }


def _notes(fit: Fit) -> tuple[str, ...]:
    error_df = fit.n_obs - total_edf(fit)
    return (f"F tests of Wood (2013) with {error_df:.1f} residual degrees of freedom.",)
