"""Satterthwaite's degrees of freedom, after Giesbrecht and Burns (1985) and Fai and Cornelius (1996)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from lmm.inference.components import Components, components
from lmm.inference.information import Information, checked_choice, parameter_covariance
from lmm.inference.method import DfMethod, JointDf
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Satterthwaite", "single_df"]

_WORDS = {"observed": "observed information", "expected": "expected information"}


@dataclass(frozen=True)
class Satterthwaite(DfMethod):
    """Match the estimated variance of a contrast to a multiple of χ².

    One row: ``df = 2 v² / Var(v)`` with v the estimated variance of c'β̂ and Var(v) by the delta method
    from the covariance of the estimated covariance parameters (Giesbrecht and Burns 1985). Joint tests:
    after Fai and Cornelius (1996).

    Parameters
    ----------
    information
        ``"observed"``, the Hessian of the criterion, as lmerTest and SAS; or ``"expected"``.
        Directions of random effects without variance are left out.

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
        checked_choice("information", self.information, ("observed", "expected"))

    @property
    def label(self) -> str:
        other = "" if self.information == "observed" else f" ({_WORDS[self.information]})"
        return f"Satterthwaite{other}"

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:
        at = components(fit)
        return single_df(at, contrast @ at.root, self._covariance(fit))

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:
        at = components(fit)
        C = contrast @ at.root
        # Directions in which the estimates are independent, each with its own degrees of freedom.
        _, directions = np.linalg.eigh(C @ C.T)
        return JointDf(pooled_df(single_df(at, directions.T @ C, self._covariance(fit))))

    def notes(self, fit: Fit) -> tuple[str, ...]:
        left_out = parameter_covariance(fit, cast(Information, self.information), "drop").left_out
        if not left_out:
            return ()
        return (
            f"The criterion does not curve upwards in {left_out} directions of the covariance parameters; "
            "they are left out of the degrees of freedom.",
        )

    def _covariance(self, fit: Fit) -> FloatMatrix:
        return parameter_covariance(fit, cast(Information, self.information), "drop").W


def single_df(at: Components, C: FloatMatrix, W: FloatMatrix) -> FloatVector:
    """Compute 2 v² / g'Wg for each row.

    Parameters
    ----------
    C : shape (r, p)
        Rows in the coordinates in which the covariance of β̂ is σ²I, so that v = c'c.
    W : shape (m, m)
        Covariance of the parameters.

    Returns
    -------
    shape (r,)
        Infinite where the variance of the row does not depend on what was estimated; missing for rows of zeros.
    """
    v = np.einsum("ra,ra->r", C, C)
    # ∂(c'Φc)/∂parameter = -c'ΦPΦc
    g = -np.einsum("ra,iab,rb->ri", C, at.P, C, optimize=True)
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
    (10.0, 13.333)
    """
    q = len(df)
    # Numbers that agree to so many digits differ by rounding only.
    if q == 1 or np.ptp(df) <= 1e-8 * df.min():
        return float(df.mean())
    if np.isinf(df).all():
        return np.inf
    finite = df[df > 2.0]
    E = float(np.sum(np.where(np.isinf(finite), 1.0, 1.0 / (1.0 - 2.0 / finite))))
    return 2.0 * E / (E - q) if E > q else 2.0
