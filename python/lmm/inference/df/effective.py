"""Residual degrees of freedom of curves: n less the trace of the matrix that makes fitted values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmm.inference.algebra.hat_trace import total_edf
from lmm.inference.contrast.combinations import Combine
from lmm.inference.df.method import DfMethod, JointDf
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Effective"]


@dataclass(frozen=True)
class Effective(DfMethod):
    """n less the effective degrees of freedom of fixed, smooth and random effects, as mgcv has it.

    Exact without random effects, where it is ``"residual"``. With random effects of grouping factors it is too many for
    effects that vary between their levels.

    Examples
    --------
    >>> import lmm
    >>> data = lmm.datasets.load("Orthodont")
    >>> fit = lmm.fit("distance ~ Sex + s(age, k=4)", data, method="gcv")
    >>> fit.coefficients(df="effective")["df"].round(3), round(fit.n_obs - fit.edf, 3)
    (array([105., 105.]), 105.0)
    """

    name = "effective"
    label = "n less the effective degrees of freedom"

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:
        return np.full(len(contrast), fit.n_obs - total_edf(fit))

    def combined_df(self, fit: Fit, contrast: FloatMatrix, combine: Combine) -> FloatVector:  # noqa: ARG002
        return np.full(combine.shape[0], fit.n_obs - total_edf(fit))

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:  # noqa: ARG002
        return JointDf(fit.n_obs - total_edf(fit))
