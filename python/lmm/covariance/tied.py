"""Diagonal penalties: variances of many effects that share a few parameters, ``1 / s_i = sum_j d_ij / theta_j²``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from lmm.covariance.precision import Precision, mean_size
from lmm.errors import DesignError
from lmm.typing import FamilyInput, FloatArray, FloatMatrix, FloatVector, IntVector

__all__ = ["Tied"]


class Tied(Precision):
    """Effects without correlations, whose precisions are given combinations of lambda_j = theta_j⁻².

    So are the coefficients of tensor products of splines, of adaptive splines, and of splines for each level of a
    factor, in the coordinates that make all their penalties diagonal.

    Parameters
    ----------
    scales : shape (K, m)
        d_ij >= 0: what penalty j is of effect i. Each effect has one that is positive, each penalty too.
    labels
        Names of the m penalties.

    Raises
    ------
    DesignError
        If the scales cannot be, or do not fit the labels.

    Examples
    --------
    >>> tied = Tied(np.array([[1.0, 0.0], [1.0, 3.0]]), ["x", "z"])
    >>> tied.factor(np.array([2.0, 1.0]), 2) ** 2
    array([[4.        , 0.        ],
           [0.        , 0.30769231]])
    >>> tied.factor(np.array([2.0, 0.0]), 2)
    array([[2., 0.],
           [0., 0.]])
    """

    name: ClassVar[str] = "tied"
    is_correlated: ClassVar[bool] = False

    def __init__(self, scales: FloatMatrix, labels: Sequence[str]) -> None:
        d = np.array(scales, dtype=float)
        _check(d, labels)
        d.flags.writeable = False
        self.scales: FloatMatrix = d
        super().__init__(labels, np.sqrt(len(labels) * mean_size(d)))

    @property
    def penalties(self) -> FloatArray:
        """Diagonals of the penalties (m, K)."""
        return self.scales.T

    def factor(self, theta: FloatVector, k: int) -> FloatMatrix:
        """T with the roots of s on its diagonal."""
        _, s = self._shares(theta)
        return np.diag(np.sqrt(s))

    def theta(self, T: FloatMatrix) -> FloatVector:
        """Theta by least squares of ``sum_j s_i d_ij lambda_j = 1``, from s_i that are not zero."""
        from scipy.optimize import nnls

        s = np.diag(T) ** 2
        seen = s > 0.0
        used = (self.scales[seen] > 0.0).any(axis=0)  # a penalty of zeros alone has theta = 0
        theta = np.zeros(len(self.labels))
        if used.any():
            rows = s[seen, None] * self.scales[np.ix_(seen, used)]
            size = rows.max(axis=0)
            precision, _ = nnls(rows / size, np.ones(len(rows)))
            # A precision of zero is that of a penalty which does nothing.
            theta[used] = np.sqrt(size / np.maximum(precision, 1e-30))
        return theta

    def derivatives(self, theta: FloatVector, k: int) -> FloatArray:
        """Differentiate S: ds_i = 2 theta_j r_ij² / d_ij, with the parts r_ij = s_i d_ij / theta_j² of 1/s_i."""
        r, _ = self._shares(theta)
        return _diagonals(self._first(theta, r), k)

    def second(self, theta: FloatVector, k: int) -> FloatArray:
        """Differentiate S twice.

        By one theta d²s_i = r² (8r - 6) / d, by two 8 (r_j r_k)^(3/2) / (d_j d_k)^(1/2): r and d are those of row i.
        Where several theta are zero, these are the limits as they come there together.
        """
        roots, own = self._second(theta, self._shares(theta)[0])
        whole = 8.0 * roots[:, :, None] * roots[:, None, :]  # (K, m, m)
        j = np.arange(len(self.labels))
        whole[:, j, j] = own
        return _diagonals(whole.transpose(1, 2, 0), k)

    def to_core(self, k: int) -> FamilyInput:
        """See `Structure.to_core`."""
        return self.scales, self.unit

    def _first(self, theta: FloatVector, r: FloatMatrix) -> FloatMatrix:
        """Differentiate s by each theta, (m, K)."""
        return (2.0 * np.abs(theta) * r * self._over(r)).T * np.sign(theta)[:, None]

    def _second(self, theta: FloatVector, r: FloatMatrix) -> tuple[FloatMatrix, FloatMatrix]:
        """Roots of an eighth of the mixed second derivatives of s, and those by one theta twice; each (K, m)."""
        over = self._over(r)
        roots = r * np.sqrt(over) * np.where(np.asarray(theta) < 0.0, -1.0, 1.0)
        return roots, r * over * (8.0 * r - 6.0)

    def elements(self, k: int) -> tuple[IntVector, IntVector]:
        """Take the diagonal."""
        return np.arange(k), np.arange(k)

    def parts(self, k: int) -> tuple[int, ...]:
        """Each effect by itself."""
        return (1,) * k

    def _shares(self, theta: FloatVector) -> tuple[FloatMatrix, FloatVector]:
        """Part of each penalty in 1/s (K, m), which add up to one, and s (K,).

        Sums are in units of the largest precision of a row, so that nothing overflows; precisions that are infinite
        share alike.
        """
        squares = np.asarray(theta, dtype=float) ** 2
        variances = np.where(self.scales > 0.0, squares, np.inf)  # (K, m)
        least = variances.min(axis=1, keepdims=True)
        zero = least == 0.0
        ratio = np.divide(
            least, variances, out=np.zeros_like(variances), where=~zero & np.isfinite(variances)
        )
        weights = self.scales * np.where(zero, variances == 0.0, ratio)
        total = weights.sum(axis=1, keepdims=True)
        return weights / total, (least / total)[:, 0]

    def _over(self, r: FloatMatrix) -> FloatMatrix:
        """R / d (K, m), zero where d is zero."""
        over: FloatMatrix = np.divide(r, self.scales, out=np.zeros_like(r), where=self.scales > 0.0)
        return over


def _diagonals(values: FloatArray, k: int) -> FloatArray:
    """Put vectors (…, k) on diagonals (…, k, k)."""
    full = np.zeros((*values.shape, k))
    full[..., np.arange(k), np.arange(k)] = values
    return full


def _check(d: FloatMatrix, labels: Sequence[str]) -> None:
    if d.ndim != 2 or d.shape[1] != len(labels) or d.size == 0:
        raise DesignError(
            f"The scales of tied variances must have a row for each effect and a column for each of the {len(labels)} "
            f"penalties; their shape is {d.shape}."
        )
    if not np.isfinite(d).all() or d.min() < 0.0:
        raise DesignError("The scales of tied variances must be finite numbers of at least 0.")
    free = np.flatnonzero(~(d > 0.0).any(axis=1))
    if free.size:
        raise DesignError(
            f"Effect {free[0] + 1} of {len(d)} has no penalty: all its scales are 0. Effects without a variance are "
            "fixed effects; put their columns into the formula."
        )
    idle = [label for label, column in zip(labels, d.T, strict=True) if not (column > 0.0).any()]
    if idle:
        raise DesignError(
            f"All scales of {', '.join(idle)} are 0: no effect tells its variance. Leave it out."
        )
