"""Fits made from fits: another response, another formula, other arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_text, takes
from lmm.engine import Block, Control
from lmm.errors import DataError
from lmm.model.changing.rewriting import rewrite
from lmm.model.checking import a_fit
from lmm.model.distribution.family import Family
from lmm.model.distribution.planned import refuse_planned
from lmm.model.files.detached import detached
from lmm.model.predictions.row_values import beside_rows
from lmm.model.request import Request
from lmm.typing import FloatVector, Method, Missing, Negative

if TYPE_CHECKING:
    from lmm.model.result import Fit


@takes(fit=a_fit)
def refit(fit: Fit, y: Any) -> Fit:
    """Fit the same model to another response.

    Parameters
    ----------
    fit
        A fit.
    y : shape (n_obs,) or (number of rows of the table,)
        The left side of the formula as it is (transformed already). Of a vector with all rows
        of the table, those used here are taken.

    Returns
    -------
    Fit
        Searched from the same start with the same settings; the model frame is that of this fit.

    Raises
    ------
    DataError
        If y has another length, or values that are missing or infinite.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> fit.refit(2 * fit.y).beta.round(3)
    array([3055.])
    """
    from lmm.model.fitting import fit_design

    design = replace(fit.internals.design, y=_response(fit, y))
    # The table has the old response, so it no longer belongs to the fit.
    return fit_design(detached(fit.internals.request), fit.internals.spec, design)


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


@takes(fit=a_fit, formula=a_text)
def update(
    fit: Fit,
    formula: str | None = None,
    *,
    data: Any = ...,
    method: Method | EllipsisType = ...,
    weights: Any = ...,
    offset: Any = ...,
    residual: Any = ...,
    variance: Any = ...,
    family: Family | str | EllipsisType | None = ...,
    trials: Any = ...,
    exposure: Any = ...,
    frequency: Any = ...,
    missing: Missing | EllipsisType = ...,
    contrasts: str | Mapping[str, Any] | EllipsisType | None = ...,
    factors: str | Sequence[str] | EllipsisType = ...,
    random: Mapping[str, Block] | EllipsisType | None = ...,
    known: Mapping[str, Any] | EllipsisType | None = ...,
    smooths: Mapping[str, Any] | EllipsisType | None = ...,
    select: bool | EllipsisType = ...,
    start: Sequence[float] | FloatVector | EllipsisType | None = ...,
    theta: Mapping[str, float | None] | Sequence[float | None] | FloatVector | EllipsisType | None = ...,
    restarts: int | EllipsisType = ...,
    control: Control | Mapping[str, Any] | EllipsisType | None = ...,
    negative: Negative | EllipsisType = ...,
) -> Fit:
    """Fit again with a changed formula or other arguments.

    Parameters
    ----------
    fit
        A fit.
    formula
        A new formula, in which ``.`` stands for what was there: ``". ~ . + x"``,
        ``"log(.) ~ . - (Days | Subject) + (1 | Subject)"``.
    data, method, weights, offset, residual, variance, family, trials, exposure, frequency, missing, contrasts, factors
        As in `lmm.fit`, such as ``method="ml"`` or ``data=other``; those left out are those of the fit. With a new
        formula, start and theta are left out unless they are given.
    random, known, smooths, select, start, theta, restarts, control, negative
        The same for these.

    Raises
    ------
    LmmError
        If an argument does not exist, or the table is needed and this fit does not have it (a fit
        that was loaded or refitted: give ``data=``).

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> fit.update(". ~ . - (Days | Subject) + (1 | Subject)", method="ml").formula
    'Reaction ~ Days + (1 | Subject)'
    """
    planned = {"residual": residual, "variance": variance, "trials": trials, "exposure": exposure}
    planned |= {"frequency": frequency, "known": known}
    refuse_planned({name: value for name, value in planned.items() if value is not ...})
    given = {"data": data, "method": method, "weights": weights, "offset": offset, "family": family}
    given |= {
        "missing": missing,
        "contrasts": contrasts,
        "factors": factors,
        "random": random,
        "smooths": smooths,
    }
    given |= {"select": select, "start": start, "theta": theta, "restarts": restarts}
    given |= {"control": control, "negative": negative}
    return _changed(fit, formula, {name: value for name, value in given.items() if value is not ...})


def _changed(fit: Fit, formula: str | None, changes: dict[str, Any]) -> Fit:
    from lmm.model.fitting import fit_request

    arguments = {
        field.name: getattr(fit.internals.request, field.name) for field in fields(Request)
    } | changes
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
