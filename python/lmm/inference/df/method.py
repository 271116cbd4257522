"""What a method for degrees of freedom must be able to say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from lmm.inference.contrast.combinations import Combine, pieces
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
        """Raise where the method does not apply to the fit.

        Parameters
        ----------
        fit
            A fit.
        """

    def vcov(self, fit: Fit) -> FloatMatrix:
        """Covariance (n_fixed, n_fixed) of beta that belongs to the method.

        Parameters
        ----------
        fit
            A fit.
        """
        return fit.vcov

    @abstractmethod
    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:
        """Degrees of freedom (r,) of each row by itself.

        Parameters
        ----------
        fit
            A fit.
        contrast : shape (r, n_fixed)
            The rows, on the columns that are not aliased.
        """

    def combined_df(self, fit: Fit, contrast: FloatMatrix, combine: Combine) -> FloatVector:
        """Degrees of freedom (s,) of each row of ``combine @ contrast``.

        Parameters
        ----------
        fit
            A fit.
        contrast : shape (r, n_fixed)
            The rows that are combined.
        combine : sparse, shape (s, r)
            Their coefficients.
        """
        found = [self.row_df(fit, part) for part in pieces(contrast, combine)]
        return np.concatenate([*found, np.zeros(0)])

    @abstractmethod
    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:
        """Denominator degrees of freedom of all rows together.

        Parameters
        ----------
        fit
            A fit.
        contrast : shape (r, n_fixed)
            Rows that are linearly independent.
        """

    def for_term(self, fit: Fit, name: str) -> DfMethod:  # noqa: ARG002 - most methods look at contrasts only
        """Choose the method for the hypothesis of one term of the fixed part.

        Parameters
        ----------
        fit
            A fit.
        name
            The term.
        """
        return self

    def notes(self, fit: Fit) -> tuple[str, ...]:  # noqa: ARG002 - the face of all methods
        """Sentences that the reader of a table should know.

        Parameters
        ----------
        fit
            A fit.
        """
        return ()


@dataclass(frozen=True)
class Residual(DfMethod):
    """n minus the rank of X: exact without random terms, too many with them."""

    name = "residual"
    label = "residual"

    def vcov(self, fit: Fit) -> FloatMatrix:
        if fit.internals.design.random:
            return fit.vcov
        # t and F are exact with the residual mean square, whatever the criterion of the fit divides by.
        exact: FloatMatrix = (
            fit.internals.evaluation.r2 / fit.df_residual * fit.internals.evaluation.unscaled_vcov
        )
        return exact

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:
        return np.full(len(contrast), float(fit.df_residual))

    def combined_df(self, fit: Fit, contrast: FloatMatrix, combine: Combine) -> FloatVector:  # noqa: ARG002
        return np.full(combine.shape[0], float(fit.df_residual))

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:  # noqa: ARG002
        return JointDf(float(fit.df_residual))

    def notes(self, fit: Fit) -> tuple[str, ...]:
        if fit.internals.design.random or fit.method != "ml":
            return ()
        return (
            "Standard errors: from the residual mean square, not from the estimate by maximum likelihood.",
        )


@dataclass(frozen=True)
class Normal(DfMethod):
    """Infinite degrees of freedom: z and χ²."""

    name = "normal"
    label = "infinite (normal, χ²)"

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:  # noqa: ARG002
        return np.full(len(contrast), np.inf)

    def combined_df(self, fit: Fit, contrast: FloatMatrix, combine: Combine) -> FloatVector:  # noqa: ARG002
        return np.full(combine.shape[0], np.inf)

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:  # noqa: ARG002
        return JointDf(np.inf)
