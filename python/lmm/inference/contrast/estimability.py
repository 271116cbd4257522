"""Which linear functions of beta the data can estimate, when columns of X depend on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.arguments import shown
from lmm.errors import LmmError
from lmm.inference.per_fit import per_fit
from lmm.inference.smooth_terms.rows import n_curve_effects
from lmm.typing import BoolVector, FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["as_matrix", "estimable_part", "estimable_rows", "kept_columns"]

TOLERANCE = 1e-8
"""Part of a row's size by which it may miss the row space of X: rounding of coded columns is 1e-12."""

_ROUNDING = 1e-12


def as_matrix(fit: Fit, contrast: FloatMatrix) -> FloatMatrix:
    """Read a contrast as rows (r, n_all) or (r, n_fixed) of finite numbers; effects of curves may follow the first.

    Raises
    ------
    LmmError
        If it is not a matrix of numbers, or has another number of columns.
    """
    try:
        rows: FloatMatrix = np.array(contrast, dtype=float, ndmin=2)
    except (TypeError, ValueError, OverflowError):
        raise LmmError(f"A contrast must be a vector or matrix of numbers, not {shown(contrast)}.") from None
    n_all, n_fixed = len(fit.internals.design.names), fit.n_fixed
    if rows.ndim != 2 or rows.shape[1] not in (n_all, n_fixed, n_all + n_curve_effects(fit)):
        widths = f"{n_all}" if n_all == n_fixed else f"{n_all} (or {n_fixed} without the aliased ones)"
        names = ", ".join(fit.internals.design.names[:6]) + (", …" if n_all > 6 else "")
        seen = f"{rows.shape[1]} numbers in a row" if rows.ndim == 2 else f"the shape {rows.shape}"
        raise LmmError(
            f"A contrast needs one number for each of the {widths} fixed effects ({names}); this one has {seen}."
        )
    if not np.isfinite(rows).all():
        raise LmmError("A contrast has numbers that are missing or infinite.")
    return rows


def estimable_rows(fit: Fit, contrast: FloatMatrix) -> BoolVector:
    """Mark the rows that are linear combinations of rows of X.

    A row l is one when it is orthogonal to the null space of X. The aliased columns are
    ``X_aliased = X_kept @ C``, so that the null space is spanned by the columns of (C; -I), and the
    condition is ``l_aliased = l_kept @ C``. Rows on the kept columns alone, (r, n_fixed), speak of
    the coefficients as they are printed, and are estimable.
    """
    if contrast.shape[1] == fit.n_fixed:
        return np.ones(len(contrast), dtype=bool)
    kept, aliased, combination = _aliasing(fit)
    difference = np.abs(contrast[:, aliased] - contrast[:, kept] @ combination)
    size = np.abs(contrast[:, aliased]) + np.abs(contrast[:, kept]) @ np.abs(combination)
    marks: BoolVector = (difference <= TOLERANCE * size).all(axis=1)
    return marks


def kept_columns(fit: Fit, contrast: FloatMatrix) -> FloatMatrix:
    """Rows on the columns that are not aliased (r, n_fixed)."""
    return contrast if contrast.shape[1] == fit.n_fixed else contrast[:, fit.internals.design.kept]


@per_fit
def _aliasing(fit: Fit) -> tuple[IntVector, IntVector, FloatMatrix]:
    """Kept columns, aliased columns, and C (n_kept, n_aliased) with ``X_aliased = X_kept @ C``."""
    X, kept = fit.internals.design.X, fit.internals.design.kept
    aliased = np.setdiff1d(np.arange(X.shape[1]), kept)
    combination = np.asarray(np.linalg.lstsq(X[:, kept], X[:, aliased], rcond=None)[0], dtype=np.float64)
    # Coded columns have simple combinations: what is far below one is rounding.
    combination[np.abs(combination) < 1e-12] = 0.0
    return kept, aliased, combination


def estimable_part(fit: Fit, contrast: FloatMatrix, rhs: FloatVector) -> tuple[FloatMatrix, FloatVector]:
    """Find the combinations of rows that are estimable, with their right sides: fewer rows where columns are aliased.

    Rows l are estimable where ``l_aliased = l_kept @ C``; of others, the combinations are left in which the
    differences cancel.

    Parameters
    ----------
    contrast : shape (r, n_all)
    rhs : shape (r,)
    """
    if not fit.internals.design.aliased or estimable_rows(fit, contrast).all():
        return contrast, rhs
    kept, aliased, combination = _aliasing(fit)
    scale = np.abs(contrast).max(axis=1, keepdims=True, initial=0.0)
    scaled = contrast / np.where(scale > 0.0, scale, 1.0)
    difference = scaled[:, aliased] - scaled[:, kept] @ combination
    U, sizes, _ = np.linalg.svd(difference, full_matrices=True)
    rank = int(np.sum(sizes > TOLERANCE * max(1.0, float(np.abs(combination).max(initial=0.0)))))
    cancelling = _without_rounding(U[:, rank:].T, np.ones((1, 1)))
    # What cancels leaves rounding, of which estimability could not be judged.
    rows = _without_rounding(cancelling @ scaled, np.abs(cancelling) @ np.abs(scaled))
    return rows, cancelling @ (rhs / np.where(scale > 0.0, scale, 1.0)[:, 0])


def _without_rounding(numbers: FloatMatrix, size: FloatMatrix) -> FloatMatrix:
    """Set numbers (r, n) to zero that are negligible beside the size of the terms that they are sums of."""
    return np.where(np.abs(numbers) > _ROUNDING * size, numbers, 0.0)
