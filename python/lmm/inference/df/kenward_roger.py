"""Kenward and Roger's covariance and degrees of freedom (Biometrics 53, 1997, 983–997)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from lmm.arguments import built_from, shown
from lmm.errors import LmmError
from lmm.inference.algebra.derivatives import Derivatives, derivatives
from lmm.inference.algebra.information import (
    Boundary,
    Information,
    checked_choice,
    directions,
    natural_covariance,
    parameter_covariance,
)
from lmm.inference.contrast.combinations import Combine
from lmm.inference.df.method import DfMethod, JointDf
from lmm.inference.df.satterthwaite import row_moves, single_df
from lmm.inference.per_fit import per_fit
from lmm.model.tables.printing import METHODS
from lmm.typing import FloatMatrix, FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["KenwardRoger"]

_ZERO = 1e-9
"""Differences of numbers near one that balanced designs make exactly zero."""


@built_from()
@dataclass(frozen=True)
class KenwardRoger(DfMethod):
    """Adjust the covariance of β̂ for small samples, and match F to its first two moments.

    Parameters
    ----------
    information
        ``"expected"``, as pbkrtest; ``"observed"``, as SAS and JMP.
    boundary
        Where a covariance of random effects is singular: ``"keep"`` treats its elements as parameters all the
        same (pbkrtest, and the default with expected information: a whole-plot factor keeps its whole-plot
        degrees of freedom when the whole-plot variance is estimated as zero); ``"drop"`` treats directions
        without variance as known (SAS; the only choice with observed information).
    first_order
        Leave out the second derivatives of V (SAS: ``ddfm=kr(firstorder)``). V is linear in the parameters of all
        structures that exist here, hence has none: both give the same numbers.

    Raises
    ------
    LmmError
        If an option does not exist.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.coefficients(fit, df=lmm.KenwardRoger(information="observed"))["df"].round(3)
    array([17., 17.])
    """

    information: str = "expected"
    boundary: str | None = None
    first_order: bool = False

    name: ClassVar[str] = "kenward-roger"

    def __post_init__(self) -> None:
        checked_choice("information", self.information, ("expected", "observed"))
        if self.boundary is not None:
            checked_choice("boundary", self.boundary, ("keep", "drop"))
        if not isinstance(self.first_order, bool):
            raise LmmError(f"first_order= must be True or False, not {shown(self.first_order)}.")
        if (self.information, self.boundary) == ("observed", "keep"):
            raise LmmError(
                'Observed information has no meaning for a variance of zero: use boundary="drop", or '
                'information="expected".'
            )

    @property
    def label(self) -> str:
        return f"Kenward–Roger ({self.information} information)"

    @property
    def _boundary(self) -> Boundary:
        default = "keep" if self.information == "expected" else "drop"
        return cast(Boundary, self.boundary or default)

    def check(self, fit: Fit) -> None:
        if fit.method != "reml":
            other = "effective" if fit.method == "gcv" else "satterthwaite"
            raise LmmError(
                f"Kenward and Roger's method is for REML fits; this one is by {METHODS[fit.method]}. Fit again with "
                f'fit.update(method="reml"), or use df="{other}".'
            )

    def vcov(self, fit: Fit) -> FloatMatrix:
        return fit.sigma**2 * adjusted_covariance(fit, self._choice(), self._boundary, self.first_order)

    def row_df(self, fit: Fit, contrast: FloatMatrix) -> FloatVector:
        # For one row A1 = A2, λ = 1, and the formulas of the joint test reduce to 2 / A1.
        return single_df(*row_moves(fit, contrast), self._W(fit))

    def combined_df(self, fit: Fit, contrast: FloatMatrix, combine: Combine) -> FloatVector:
        return single_df(*row_moves(fit, contrast, combine), self._W(fit))

    def joint_df(self, fit: Fit, contrast: FloatMatrix) -> JointDf:
        at = derivatives(fit)
        # Rows of unit variance: Θ is their projection, so that traces are those of small matrices.
        Q = np.linalg.qr((contrast @ at.root).T)[0].T  # (r, p)
        moved = np.einsum("ra,iab,sb->irs", Q, at.P, Q, optimize=True)
        W = self._W(fit)
        single = np.einsum("irr->i", moved)
        A1 = float(single @ W @ single)
        A2 = float(np.einsum("ij,irs,jsr->", W, moved, moved, optimize=True))
        return moments(A1, A2, len(Q))

    def notes(self, fit: Fit) -> tuple[str, ...]:
        left_out = parameter_covariance(fit, self._choice(), self._boundary).left_out
        notes = []
        if fit.singular:
            what = "kept as parameters" if self._boundary == "keep" else "treated as known"
            notes.append(
                f'Directions of random effects without variance are {what} (boundary="{self._boundary}").'
            )
        if left_out and not fit.singular:
            notes.append(f"The data do not identify {directions(left_out)}, left out here.")
        return tuple(notes)

    def _choice(self) -> Information:
        return cast(Information, self.information)

    def _W(self, fit: Fit) -> FloatMatrix:
        return parameter_covariance(fit, self._choice(), self._boundary).W


@per_fit
def adjusted_covariance(
    fit: Fit, information: Information, boundary: Boundary, first_order: bool = False
) -> FloatMatrix:
    """Φ + 2Φ{Σ W_ij (Q_ij - P_iΦP_j - R_ij / 4)}Φ over σ², (n_fixed, n_fixed); R_ij is left out by ``first_order``."""
    at = derivatives(fit)
    W = parameter_covariance(fit, information, boundary).W
    inner = np.einsum("ij,ijab->ab", W, at.Q)
    inner = inner - np.einsum("ij,iac,jcb->ab", W, at.P, at.P, optimize=True)
    if not first_order:
        inner = inner - _second_order(fit, at, information) / 4.0
    # Q_ij is not symmetric, but their sum over i and j is.
    adjusted: FloatMatrix = at.root @ (np.eye(len(inner)) + inner + inner.T) @ at.root.T
    return (adjusted + adjusted.T) / 2.0


def _second_order(fit: Fit, at: Derivatives, information: Information) -> FloatMatrix:
    """Σ W_ij R_ij, R_ij = X'V⁻¹V_ijV⁻¹X, over the natural parameters; zero where V is linear in them.

    V_ij is Σ_e ∂²S_e/∂i∂j V_e for the elements of S, and X'V⁻¹V_eV⁻¹X is -P_e.
    """
    layout = fit.internals.criterion_function.layout
    if layout.is_linear:
        return np.zeros((fit.n_fixed, fit.n_fixed))
    W = natural_covariance(fit, information).W[:-1, :-1]
    weights = at.to_engine[:-1, :-1] @ np.einsum("ij,eij->e", W, layout.natural(fit.theta).bend)
    total: FloatMatrix = -np.einsum("e,eab->ab", weights, at.P[:-1])
    return total


def moments(A1: float, A2: float, r: int) -> JointDf:
    """Match λF to an F distribution with r numerator degrees of freedom by mean and variance.

    In the names of Kenward and Roger, V* / (2 E*²) = R² V0 / (r V2) with R = (1 - A2/r) / V1, and

        df = 4 + (r + 2) V2 / (R² V0 - V2),   λ = df (1 - A2/r) / (df - 2).

    In balanced designs with m error degrees of freedom all quotients are exact: at m = 2 both are 0/0 and
    go to 1, at m = 4 V2 is zero, which does no harm in this form.

    Examples
    --------
    >>> m, r = 9.0, 3
    >>> tuple(round(number, 10) for number in moments(2 * r**2 / m, 2 * r / m, r))
    (9.0, 1.0)
    """
    if not A2 > 0.0:
        return JointDf(np.inf)
    B = (A1 + 6.0 * A2) / (2.0 * r)
    g = ((r + 1) * A1 - (r + 4) * A2) / ((r + 2) * A2)
    d = 3.0 * r + 2.0 * (1.0 - g)
    c1, c2, c3 = g / d, (r - g) / d, (r + 2 - g) / d
    V0, V1, V2 = 1.0 + c1 * B, 1.0 - c2 * B, 1.0 - c3 * B
    mean = 1.0 - A2 / r
    R = 1.0 if abs(mean) < _ZERO and abs(V1) < _ZERO else mean / V1 if V1 != 0.0 else np.inf
    excess = R**2 * V0 - V2
    if not np.isfinite(excess):
        return JointDf(4.0)
    if abs(excess) < 1e-14:
        return JointDf(np.inf)
    df = 4.0 + (r + 2) * V2 / excess
    if abs(df - 2.0) < 1e-6 and abs(mean) < 1e-6:
        return JointDf(df)
    return JointDf(df, df * mean / (df - 2.0))
