"""The short print of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmm.errors import visible
from lmm.table.render import escape_html

if TYPE_CHECKING:
    from lmm.model.result import Fit

METHODS = {
    "reml": "REML",
    "ml": "maximum likelihood",
    "moments": "the method of moments",
    "gcv": "generalised cross-validation",
}
"""Words for the ways to estimate."""

CRITERIA = {"ml": "-2 log-likelihood", "gcv": "GCV score"}
"""Words for criteria other than REML's, which that of a fit by moments is."""


def criteria_of(fit: Fit) -> dict[str, float]:
    """Collect ``loglik, aic, bic, criterion``; what a fit by cross-validation does not have is missing."""
    names = () if fit.method == "gcv" else ("loglik", "aic", "bic")
    missing = dict.fromkeys(("loglik", "aic", "bic"), float("nan"))
    return missing | {name: float(getattr(fit, name)) for name in (*names, "criterion")}


def short_text(fit: Fit) -> str:
    """Write method, formula, criterion, variances and fixed effects as plain text."""
    lines = [*_head(fit), "", fit.varcorr.to_text(), "", fit.fixef.to_text()]
    notes = [f"Note: {note}" for note in fit.notes]
    return visible("\n".join([*lines, "", *notes] if notes else lines))


def short_html(fit: Fit) -> str:
    """Write the same as one HTML element; all text from the user is escaped."""
    lines = "<br>".join(escape_html(line) for line in _head(fit))
    notes = "".join(f"<p>{escape_html(note)}</p>" for note in fit.notes)
    return f"<div><p>{lines}</p>{fit.varcorr.to_html()}{fit.fixef.to_html()}{notes}</div>"


def kind_of(fit: Fit) -> str:
    """Name the kind of model."""
    if fit.internals.spec.smooths.terms:
        return "Additive mixed model" if fit.internals.design.groups else "Additive model"
    return "Linear mixed model" if fit.internals.design.random else "Linear model"


def _head(fit: Fit) -> list[str]:
    kind = kind_of(fit)
    name = CRITERIA.get(fit.method, "REML criterion")
    value = f"{fit.criterion:.6g}" if fit.method == "gcv" else f"{fit.criterion:.4f}"
    counts = ", ".join(f"{group} {count}" for group, count in fit.n_levels.items())
    return [
        f"{kind} fit by {METHODS[fit.method]}",
        f"Formula: {fit.formula}",
        f"{name}: {value}",
        f"Observations: {fit.n_obs}" + (f"; levels: {counts}" if counts else ""),
    ]
