"""Which mixture of χ² a likelihood ratio of variances follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.inference.algebra.derivatives import are_feasible, derivatives
from lmm.inference.algebra.elements import parameter_basis
from lmm.inference.algebra.information import expected
from lmm.inference.fits.chi_bar import ChiBar, half_and_half, positive_semidefinite, quadrant
from lmm.inference.random_terms.reductions import Reduction
from lmm.typing import FloatMatrix

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["boundary_mixture"]


def boundary_mixture(fit: Fit, reduction: Reduction, df: int) -> tuple[ChiBar, bool]:
    """Find the mixture, and whether it is the asymptotic one or an upper bound of its tail.

    Parameters
    ----------
    fit
        The larger fit.
    reduction
        What is left out of it.
    df
        Number of parameters that are left out.

    Notes
    -----
    Leaving m effects out of a term of k leaves out their m by m covariance, which is positive semidefinite, and,
    where the term has correlations, m (k - m) covariances with the others, which have no boundary of their own.
    """
    part = fit.internals.design.random[reduction.position]
    k = len(part.columns)
    m = k - (0 if reduction.left is None else len(reduction.left.columns))
    if m == 1 and part.structure.is_linear:
        return half_and_half(df - 1), True
    if not part.structure.is_linear:
        return half_and_half(df - 1), False
    gone = reduction.columns_left_out(fit)
    covariance = _covariance(fit, reduction.position, gone) if m == 2 and gone is not None else None
    if covariance is None:
        return half_and_half(df - 1), False
    if not part.structure.is_correlated:
        return quadrant(covariance), True
    return positive_semidefinite(covariance, m * (k - m)), True


def _covariance(fit: Fit, position: int, columns: list[int]) -> FloatMatrix | None:
    """Asymptotic covariance of the estimates of the elements of S in these columns; None where there is none."""
    if not are_feasible(fit):
        return None
    wanted, number = [], 0
    for i, part in enumerate(fit.internals.design.random):
        for E in parameter_basis(part):
            if i == position and not np.delete(E, columns, axis=0).any():
                wanted.append(number)
            number += 1
    at = derivatives(fit)
    information = expected(at, reml=fit.internals.criterion_function.reml)
    squares = np.diag(information)
    if not np.all(squares > 0.0):
        return None
    scale = np.sqrt(squares)
    scaled = information / scale / scale[:, None]
    if np.linalg.eigvalsh(scaled)[0] < 1e-8:
        return None
    inverse: FloatMatrix = at.to_user @ (np.linalg.inv(scaled) / scale / scale[:, None]) @ at.to_user.T
    return inverse[np.ix_(wanted, wanted)]
