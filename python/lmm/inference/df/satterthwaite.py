"""Satterthwaite's degrees of freedom, after Giesbrecht and Burns (1985) and Fai and Cornelius (1996)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from lmm.arguments import built_from
from lmm.errors import UnsupportedError
from lmm.inference.algebra.derivatives import are_feasible, derivatives
from lmm.inference.algebra.information import (
    Information,
    ParameterCovariance,
    checked_choice,
    directions,
    parameter_covariance,
)
from lmm.inference.contrast.combinations import Combine, quadratic
from lmm.inference.df.differences import are_cheap, differences, row_differences
from lmm.inference.df.method import DfMethod, JointDf
from lmm.inference.df.spread import is_inside, movement, row_movement
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Satterthwaite", "row_moves", "single_df"]


@built_from()
@dataclass(frozen=True)
class Satterthwaite(DfMethod):
    """Match the estimated variance of a contrast to a multiple of χ².

    One row: ``df = 2 v² / Var(v)`` with v the estimated variance of c'β̂ and Var(v) by the delta method
    from the covariance of the estimated covariance parameters (Giesbrecht and Burns 1985). Joint tests:
    after Fai and Cornelius (1996).

    Parameters
    ----------
    information
        ``"observed"``, the Hessian of the criterion, as lmerTest and SAS; ``"expected"``; or ``"average"`` of both,
        which costs one evaluation of the criterion however many the random effects, and agrees with them where
        degrees of freedom are many. Directions of random effects without variance are left out.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.coefficients(fit, df=lmm.Satterthwaite())["df"].round(3)
    array([17., 17.])
    """

    information: str = "observed"

    name: ClassVar[str] = "satterthwaite"

    def __post_init__(self) -> None:
        checked_choice("information", self.information, ("observed", "expected", "average"))

    def check(self, fit: Fit) -> None:
        if fit.method == "gcv":
            raise UnsupportedError(
                "Satterthwaite's degrees of freedom need the precision of variances, which cross-validation does not "
                'have. Use df="effective", or fit.update(method="reml").'
            )

    @property
    def label(self) -> str:
        return "Satterthwaite" + (
            "" if self.information == "observed" else f" ({self.information} information)"
        )

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:
        return single_df(*self._moves(fit, contrast), self._covariance(fit).W)

    def combined_df(self, fit: Fit, contrast: FloatMatrix, combine: Combine) -> FloatVector:
        return single_df(*self._moves(fit, contrast, combine), self._covariance(fit).W)

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:
        # Directions in which the estimates are independent, each with its own degrees of freedom.
        _, axes = np.linalg.eigh(contrast @ fit.internals.evaluation.unscaled_vcov @ contrast.T)
        return JointDf(pooled_df(self.row_df(fit, axes.T @ contrast)))

    def notes(self, fit: Fit) -> tuple[str, ...]:
        left_out = self._covariance(fit).left_out
        if not left_out:
            return ()
        return (f"The criterion is not convex in {directions(left_out)}, left out here.",)

    def _moves(
        self, fit: Fit, contrast: FloatMatrix, combine: Combine = None
    ) -> tuple[FloatVector, FloatMatrix]:
        if self._is_average(fit):
            return row_movement(fit, contrast, combine)
        moves = row_moves if self._is_analytic(fit) else row_differences
        return moves(fit, contrast, combine)

    def _is_average(self, fit: Fit) -> bool:
        return self.information == "average" and is_inside(fit)

    def _is_analytic(self, fit: Fit) -> bool:
        return are_feasible(fit) and (self.information != "observed" or not are_cheap(fit))

    def _covariance(self, fit: Fit) -> ParameterCovariance:
        if self._is_average(fit):
            return movement(fit).covariance
        if self._is_analytic(fit):
            return parameter_covariance(fit, cast(Information, self.information), "drop")
        if self.information != "observed":
            raise UnsupportedError(
                f"The {self.information} information of so many crossed random effects is too large; use "
                'df="satterthwaite", which takes the observed one from differences of the gradient.'
            )
        return differences(fit).covariance


def row_moves(fit: Fit, contrast: FloatMatrix, combine: Combine = None) -> tuple[FloatVector, FloatMatrix]:
    """Variance over σ² of each row (r,), and its derivatives by the parameters of `Derivatives` (r, m)."""
    at = derivatives(fit)
    C = contrast @ at.root
    # ∂(c'Φc)/∂parameter = -c'ΦPΦc
    moves = [-quadratic(C, P, combine) for P in at.P]
    return quadratic(C, np.eye(C.shape[1]), combine), np.stack(moves, axis=1)


def single_df(v: FloatVector, g: FloatMatrix, W: FloatMatrix) -> FloatVector:
    """Compute 2 v² / g'Wg for each row.

    Parameters
    ----------
    v : shape (r,)
        Variances of the rows.
    g : shape (r, m)
        Their derivatives by the covariance parameters.
    W : shape (m, m)
        Covariance of the parameters.

    Returns
    -------
    shape (r,)
        Infinite where the variance of the row does not depend on what was estimated; missing for rows of zeros.
    """
    variance = np.einsum("ri,ij,rj->r", g, W, g)
    df = np.divide(2.0 * v**2, variance, out=np.full(len(v), np.inf), where=variance > 0.0)
    return np.where(v > 0.0, df, np.nan)


def pooled_df(df: FloatVector) -> float:
    """Denominator degrees of freedom of F from those of its independent t (Fai and Cornelius 1996).

    With E = Σ ν/(ν - 2) over all ν > 2 and q directions: 2E/(E - q). All ν alike: ν itself. 2 where no such
    number exceeds 2.

    Examples
    --------
    >>> pooled_df(np.array([10.0, 10.0])), round(pooled_df(np.array([10.0, 20.0])), 3)
    (10.0, 13.077)
    """
    q = len(df)
    # Numbers that agree to so many digits differ by rounding only.
    if df.max() <= (1.0 + 1e-8) * df.min():
        return float(df[0])
    finite = df[df > 2.0]
    E = float(np.sum(np.where(np.isinf(finite), 1.0, 1.0 / (1.0 - 2.0 / finite))))
    return 2.0 * E / (E - q) if q < E else 2.0
