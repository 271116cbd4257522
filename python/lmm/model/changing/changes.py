"""Fits made from fits: another response, another formula, other arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import unknown_argument
from lmm.elsewhere import not_here
from lmm.errors import DataError
from lmm.model.changing.rewriting import rewrite
from lmm.model.files.detached import detached
from lmm.model.predictions.row_values import beside_rows
from lmm.model.request import Request
from lmm.typing import FloatVector

if TYPE_CHECKING:
    from lmm.model.result import Fit


def refit(fit: Fit, y: Any) -> Fit:
    """Fit the same model to another response; see `Fit.refit`."""
    from lmm.model.fitting import fit_design

    design = replace(fit.design, y=_response(fit, y))
    # The table has the old response, so it no longer belongs to the fit.
    return fit_design(detached(fit.request), fit.spec, design)


def _response(fit: Fit, y: Any) -> FloatVector:
    given = beside_rows(fit, y, "The new response")
    try:
        values: FloatVector = given.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError("The new response must be a vector of numbers.") from None
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise DataError(
            f"The new response has {bad} values that are missing or infinite; "
            "fit again with the table instead: lmm.fit leaves incomplete rows out."
        )
    return values


def update(fit: Fit, formula: str | None, changes: Mapping[str, Any]) -> Fit:
    """Fit again with changes; see `Fit.update`."""
    from lmm.model.fitting import RESERVED, fit_request

    known = [field.name for field in fields(Request)]
    for name in changes:
        if name in RESERVED:
            raise not_here(f"{name}=", name)
        if name not in known:
            raise unknown_argument("update", name, known)
    arguments = {name: getattr(fit.request, name) for name in known} | dict(changes)
    if formula is not None:
        arguments["formula"] = rewrite(fit.formula, formula)
        # They belong to the parameters of the old formula.
        arguments |= {name: changes.get(name) for name in ("start", "theta")}
    if arguments["data"] is None:
        raise DataError(
            "This fit does not hold its table, because it was loaded from a file or refitted to another "
            "response: give the table, fit.update(..., data=table)."
        )
    return fit_request(Request.checked(**arguments))
