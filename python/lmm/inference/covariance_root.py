"""Cholesky factor of a covariance of estimates, or an error that says why there is none."""

from __future__ import annotations

import numpy as np

from lmm.errors import DesignError
from lmm.typing import FloatMatrix

__all__ = ["covariance_root", "nearly_dependent"]


def covariance_root(covariance: FloatMatrix) -> FloatMatrix:
    """Lower M (p, p) with MM' = covariance.

    Raises
    ------
    DesignError
        If rounding has left the covariance without one: columns of X depend on each other but for the last digits.

    Examples
    --------
    >>> covariance_root(np.array([[4.0, 2.0], [2.0, 10.0]]))
    array([[2., 0.],
           [1., 3.]])
    """
    if not covariance.size:
        return covariance
    try:
        return np.asarray(np.linalg.cholesky((covariance + covariance.T) / 2.0), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise nearly_dependent() from None


def nearly_dependent() -> DesignError:
    """Say what leaves a covariance without a root, and what helps."""
    return DesignError(
        "The fixed effects are so nearly linearly dependent that their covariance has no digits left: center "
        "covariates that lie far from zero, or use poly() instead of raw powers."
    )
