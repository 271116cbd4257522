"""Tables of smooth terms: one row for each curve, or for each penalty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import takes
from lmm.engine import GroupBlock
from lmm.inference.algebra.hat_trace import total_edf
from lmm.inference.smooth_terms.smooth_tests import MOST_EFFECTS, SmoothTest, random_test, smooth_test
from lmm.model import a_fit
from lmm.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmm.design.smooth_terms import Curve, SmoothTermSpec
    from lmm.model import Fit

__all__ = ["penalty_rows", "random_position", "smoothing", "smooths"]


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
    rows = [row for term in fit.internals.spec.smooths.terms for row in _rows(fit, term)]
    text = ("term", "basis")
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in (*text, "n_coef")}
    for name in ("edf", "ref_df", "statistic", "p_value", "sd", "sp"):
        columns[name] = np.array([row[name] for row in rows], dtype=float)
    notes = _notes(fit, columns) if rows else ("The model has no smooth terms.",)
    return Table(columns, title="Smooth terms", notes=notes)


def _rows(fit: Fit, term: SmoothTermSpec) -> Iterator[dict[str, Any]]:
    """Rows of one term: one for each curve."""
    if term.random is not None:
        position = random_position(fit, term)
        part = fit.internals.design.random[position]
        own = random_test(fit, position)
        row = _random_penalty(fit, term)
        yield {"term": row["term"], "basis": "re", "n_coef": part.block.n_effects, **_values(own)} | {
            "sd": row["sd"],
            "sp": row["sp"],
        }
    for curve in term.curves:
        penalties = list(penalty_rows(fit, curve))
        one = penalties[0] if len(penalties) == 1 else {"sd": np.nan, "sp": np.nan}
        yield {
            "term": curve.smooth.label,
            "basis": curve.smooth.basis.name,
            "n_coef": curve.n_coefficients,
            **_values(smooth_test(fit, curve)),
            "sd": one["sd"],
            "sp": one["sp"],
        }


def _values(test: SmoothTest) -> dict[str, float]:
    return {name: getattr(test, name) for name in SmoothTest.__slots__}


def random_position(fit: Fit, term: SmoothTermSpec) -> int:
    """Find the random term that a smooth term is among the parts of Z."""
    return next(i for i, part in enumerate(fit.internals.design.random) if part.spec is term.random)


def _random_penalty(fit: Fit, term: SmoothTermSpec) -> dict[str, Any]:
    """Parameters of a smooth term that is a random term, whose penalty is the identity."""
    position = random_position(fit, term)
    part, theta = fit.internals.design.random[position], float(fit.T[position][0, 0])
    values = part.block.values if isinstance(part.block, GroupBlock) else None
    largest = 1.0 if values is None else float(np.abs(values).max())
    return {
        "term": term.term.label,
        "penalty": "",
        "sd": fit.sigma * theta,
        "sp": (theta * largest) ** -2 if theta > 0.0 else np.inf,
        "theta": theta,
    }


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
    rows = []
    for term in fit.internals.spec.smooths.terms:
        rows += [] if term.random is None else [_random_penalty(fit, term)]
        rows += [row for curve in term.curves for row in penalty_rows(fit, curve)]
    names = ("term", "penalty", "sd", "sp", "theta")
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in names}
    for name in names[2:]:
        columns[name] = np.array(columns[name], dtype=float)
    return Table(columns, title="Smoothing parameters")


def penalty_rows(fit: Fit, curve: Curve) -> Iterator[dict[str, Any]]:
    """Parameters of all penalties of a curve."""
    pairs = zip(fit.internals.criterion_function.layout.places, fit.internals.design.random, strict=True)
    places = [place for place, part in pairs if part.is_smooth]
    for number, name, part, position in curve.parameters:
        place = places[part].start + position
        theta = float(fit.theta[place])
        scale = curve.smooth.scales[number]
        raw = 1.0 if np.isnan(scale) else float(scale)
        yield {
            "term": curve.smooth.label,
            "penalty": name,
            "number": number,
            "place": place,
            "sd": fit.sigma * theta * np.sqrt(raw),
            "sp": theta**-2 if theta > 0.0 else np.inf,
            "theta": theta,
        }


def _notes(fit: Fit, columns: dict[str, Any]) -> tuple[str, ...]:
    error_df = fit.n_obs - total_edf(fit)
    notes = [f"F tests of Wood (2013) with {error_df:.1f} residual degrees of freedom."]
    large = [name for name, df in zip(columns["term"], columns["ref_df"], strict=True) if np.isnan(df)]
    if large:
        notes.append(f"Missing: the test of {', '.join(large)} takes at most {MOST_EFFECTS:,} effects.")
    return tuple(notes)
