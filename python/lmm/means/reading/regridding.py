"""Means on the scale of the response, to be combined there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lmm.errors import LmmError
from lmm.means.functions import LinearFunctions

if TYPE_CHECKING:
    from lmm.means.result import Means

__all__ = ["regridded"]


def regridded(means: Means) -> Means:
    """Go over to the scale of the response; see `Means.regrid`.

    A mean h(l'β) is the linear function h'(l'β̂) l'β plus a constant, to first order about β̂: so contrasts of such
    means keep the covariance and the degrees of freedom of the model.
    """
    if means.kind != "mean":
        raise LmmError("regrid() is for means; take the contrasts afterwards.")
    if means.link is None:
        text = means.functions.fit.internals.spec.response.text
        raise LmmError(f"The response {text} was modelled on its own scale, or cannot be transformed back.")
    functions = means.functions
    tests = functions.tests(means.options.df, means.options.vcov)
    value, slope = means.link.back(tests.estimate, means.options.bias_variance)
    gone = ~np.isfinite(value) | ~np.isfinite(slope)
    value, slope = np.where(gone, 0.0, value), np.where(gone, 0.0, slope)
    eta = np.where(gone, 0.0, tests.estimate - functions.constant)
    moved = LinearFunctions(
        fit=functions.fit,
        base=slope[:, None] * functions.rows,
        constant=value - slope * eta,
        missing=functions.missing | gone,
    )
    note = (
        f"On the scale of the response, from that of {means.link.text}; standard errors by the delta method."
    )
    return replace(
        means,
        functions=moved,
        link=None,
        options=replace(means.options, response=False, bias_variance=0.0),
        remarks=(*means.remarks, note),
        value="response",
    )
