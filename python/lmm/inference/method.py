"""What a method for degrees of freedom must be able to say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["DfMethod", "JointDf", "Normal", "Residual"]


class JointDf(NamedTuple):
    """Denominator degrees of freedom of a joint test, and the factor of its F.

    Attributes
    ----------
    df
        Infinite for χ².
    scale
        λ of Kenward and Roger; 1 for all others.
    """

    df: float
    scale: float = 1.0


class DfMethod(ABC):
    """A way to refer statistics of fixed effects to t and F.

    Contrasts come as (r, n_fixed) arrays on the columns that are not aliased.
    """

    name: ClassVar[str]

    @property
    def label(self) -> str:
        """Words for a note, such as ``"Kenward–Roger (expected information)"``."""
        return self.name

    def check(self, fit: Fit) -> None:  # noqa: B027 - most methods take every fit
        """Raise where the method does not apply to the fit."""

    def vcov(self, fit: Fit) -> FloatMatrix:
        """Give the covariance (n_fixed, n_fixed) of beta that belongs to the method."""
        return fit.vcov

    @abstractmethod
    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:
        """Degrees of freedom (r,) of each row by itself."""

    @abstractmethod
    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:
        """Denominator degrees of freedom of all rows (linearly independent) together."""

    def notes(self, fit: Fit) -> tuple[str, ...]:  # noqa: ARG002 - the face of all methods
        """Sentences that the reader of a table should know."""
        return ()


@dataclass(frozen=True)
class Residual(DfMethod):
    """n minus the rank of X: exact without random terms, too many with them."""

    name = "residual"
    label = "residual"

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:
        return np.full(len(contrast), float(fit.df_residual))

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:  # noqa: ARG002
        return JointDf(float(fit.df_residual))


@dataclass(frozen=True)
class Normal(DfMethod):
    """Infinite degrees of freedom: z and χ²."""

    name = "normal"
    label = "infinite (normal, χ²)"

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:  # noqa: ARG002
        return np.full(len(contrast), np.inf)

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:  # noqa: ARG002
        return JointDf(np.inf)
