"""Roots of a covariance that is known over levels: K = FF' with F lower triangular."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import as_array
from lmm.errors import DesignError

if TYPE_CHECKING:
    from lmm.typing import FloatMatrix

SYMMETRY = 1e-8  # largest asymmetry, and smallest negative eigenvalue, taken for rounding


def root_of_covariance(covariance: Any, labels: tuple[str, ...] | None, n_levels: int) -> FloatMatrix:
    """Lower F with FF' = covariance, (l, l), which may be singular."""
    K = _checked_square("covariance", covariance, labels, n_levels)
    try:
        root = np.asarray(np.linalg.cholesky(K), dtype=np.float64)
    except np.linalg.LinAlgError:
        return _singular_root(K)
    return root


def root_of_precision(precision: Any, labels: tuple[str, ...] | None, n_levels: int) -> FloatMatrix:
    """Lower F with (FF')⁻¹ = precision, (l, l), which must be positive definite.

    The precision is UU' with U upper triangular, so that F = U⁻ᵀ is lower triangular.
    """
    from scipy.linalg import solve_triangular

    Q = _checked_square("precision", precision, labels, n_levels)
    try:
        U = np.linalg.cholesky(Q[::-1, ::-1])[::-1, ::-1]
    except np.linalg.LinAlgError:
        smallest = float(np.linalg.eigvalsh(Q)[0])
        raise DesignError(
            f"precision= must be positive definite; its smallest eigenvalue is {smallest:.3g}. "
            f"An intrinsic precision has no covariance: add a small multiple of the identity, or "
            f"give the effects that it penalises as columns of Z."
        ) from None
    root: FloatMatrix = solve_triangular(U, np.eye(n_levels), lower=False, trans="T")
    return root


def _singular_root(K: FloatMatrix) -> FloatMatrix:
    """Lower root of a covariance on the boundary, from its eigenvalues."""
    values, vectors = np.linalg.eigh(K)
    if values[0] < -SYMMETRY * max(values[-1], 0.0) or values[-1] <= 0:
        raise DesignError(
            f"covariance= must be positive semidefinite; its smallest eigenvalue is "
            f"{values[0]:.3g}, the largest {values[-1]:.3g}. Check how it was computed."
        )
    rows = np.sqrt(np.clip(values, 0, None))[:, None] * vectors.T  # rows'rows = K
    upper = np.linalg.qr(rows, mode="r")
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    return np.ascontiguousarray((signs[:, None] * upper).T)


def _checked_square(name: str, matrix: Any, labels: tuple[str, ...] | None, n_levels: int) -> FloatMatrix:
    """Check the matrix: finite, symmetric float64 of shape (l, l), labels in the right order."""
    _check_labels(name, matrix, labels)
    dense = matrix.toarray() if hasattr(matrix, "toarray") else as_array(matrix, name)
    if dense.dtype.kind not in "fiub":
        raise DesignError(f"{name}= must hold real numbers; its type is {dense.dtype}.")
    if dense.shape != (n_levels, n_levels):
        raise DesignError(
            f"{name}= must have one row and one column for each of the {n_levels} levels; "
            f"its shape is {dense.shape}."
        )
    dense = dense.astype(np.float64)
    if not np.isfinite(dense).all():
        raise DesignError(f"{name}= has entries that are missing or infinite.")
    gap = float(np.abs(dense - dense.T).max())
    if gap > SYMMETRY * float(np.abs(dense).max()):
        raise DesignError(
            f"{name}= must be symmetric; the largest difference between an entry and its mirror "
            f"image is {gap:.3g}."
        )
    symmetric: FloatMatrix = (dense + dense.T) / 2
    return symmetric


def _check_labels(name: str, matrix: Any, labels: tuple[str, ...] | None) -> None:
    """Compare the labels of a pandas frame with `levels=`: a kinship in another order is wrong."""
    if labels is None or not (hasattr(matrix, "index") and hasattr(matrix, "columns")):
        return
    for axis in (matrix.index, matrix.columns):
        seen = tuple(str(label) for label in axis)
        if seen != tuple(str(i) for i in range(len(seen))) and seen != labels:
            raise DesignError(
                f"The labels of {name}= are not those of levels=, in the same order: they begin "
                f"with {', '.join(seen[:3])}, levels= with {', '.join(labels[:3])}. Reorder it "
                f"with .loc[levels, levels]."
            )
