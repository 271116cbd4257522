"""Dense penalties: ``S = (sum_j S_j / theta_j²)⁻¹`` where no coordinates make all S_j diagonal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from lmm.covariance.precision import Precision
from lmm.errors import DesignError
from lmm.typing import FamilyInput, FloatArray, FloatMatrix, FloatVector, IntVector

__all__ = ["Penalized"]

_RANK = 1e-12
"""Relative size of eigenvalues of a penalty that are the rounding of a zero."""

_NIL = 1e-6
"""Theta, relative to the smallest other, that stands for zero where a limit is taken: S goes with its square."""

_ZERO = 1e-10
"""Theta, relative to its unit, that counts as zero in derivatives."""


class Penalized(Precision):
    """Effects whose precision is the sum of given matrices, each with a parameter lambda_j = theta_j⁻².

    Parameters
    ----------
    penalties : shape (m, K, K)
        Symmetric, positive semidefinite; their sum is positive definite.
    labels
        Names of the m penalties.

    Raises
    ------
    DesignError
        If the penalties cannot be, or do not fit the labels.

    Examples
    --------
    >>> both = Penalized(np.array([[[1.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]]]), ["a", "b"])
    >>> T = both.factor(np.array([1.0, 2.0]), 2)
    >>> (T @ T.T).round(12)
    array([[ 1., -1.],
           [-1.,  5.]])
    """

    name: ClassVar[str] = "penalized"
    is_correlated: ClassVar[bool] = True

    def __init__(self, penalties: FloatArray, labels: Sequence[str]) -> None:
        S = np.array(penalties, dtype=float)
        _check(S, labels)
        S = (S + S.transpose(0, 2, 1)) / 2.0
        S.flags.writeable = False
        self._penalties: FloatArray = S
        # S_j = L_j L_j' with L_j (K, rank)
        self._roots = [_root(matrix, label) for matrix, label in zip(S, labels, strict=True)]
        _check_rank(S, self._roots)
        sizes = [float(np.trace(matrix)) / L.shape[1] for matrix, L in zip(S, self._roots, strict=True)]
        super().__init__(labels, np.sqrt(len(labels) * np.array(sizes)))

    @property
    def penalties(self) -> FloatArray:
        """The penalties (m, K, K)."""
        return self._penalties

    def to_core(self, k: int) -> FamilyInput:
        """See `Structure.to_core`."""
        return self._roots, self.unit

    def factor(self, theta: FloatVector, k: int) -> FloatMatrix:
        """T, lower triangular with a diagonal that is not negative: S = TT'."""
        theta = np.abs(np.asarray(theta, dtype=float))
        zero = theta == 0.0
        if zero.all():
            return np.zeros((k, k))
        N = np.eye(k)
        if zero.any():
            # Effects that a penalty without variance touches are zero: the others are N a.
            L = np.hstack([own for own, gone in zip(self._roots, zero, strict=True) if gone])
            U, sizes, _ = np.linalg.svd(L)
            rank = int(np.count_nonzero(sizes > np.sqrt(_RANK) * sizes[0]))
            N = U[:, rank:]
            if N.shape[1] == 0:
                return np.zeros((k, k))
        rows = [N.T @ own / sd for own, sd, gone in zip(self._roots, theta, zero, strict=True) if not gone]
        R = _triangle(np.hstack(rows).T)
        root = N @ np.linalg.inv(R)  # S = N (R'R)⁻¹ N'
        T = np.zeros((k, k))
        lower = np.asarray(np.linalg.qr(root.T, mode="r")).T
        T[:, : lower.shape[1]] = lower
        signs = np.where(np.diag(T) < 0.0, -1.0, 1.0)
        return T * signs

    def theta(self, T: FloatMatrix) -> FloatVector:
        """Theta by least squares of ``sum_j lambda_j T'S_j T = I`` on the range of T."""
        from scipy.optimize import nnls

        U, sizes, _ = np.linalg.svd(T)
        rank = int(np.count_nonzero(sizes > 1e-7 * sizes[0])) if sizes[0] > 0.0 else 0
        theta = np.zeros(len(self.labels))
        root = U[:, :rank] * sizes[:rank]
        inside = np.array([root.T @ matrix @ root for matrix in self._penalties]).reshape(len(theta), -1)
        # Effects vary only where penalties with theta = 0 do not reach.
        within = U[:, :rank]
        used = np.array([np.linalg.norm(within.T @ L) > 1e-6 * np.linalg.norm(L) for L in self._roots])
        if rank and used.any():
            size = np.linalg.norm(inside[used], axis=1)
            found, _ = nnls((inside[used] / size[:, None]).T, np.eye(rank).ravel())
            theta[used] = np.sqrt(size / np.maximum(found, 1e-30))
        return theta

    def derivatives(self, theta: FloatVector, k: int) -> FloatArray:
        """Differentiate S: 2 U_j U_j' / theta_j, where U_j = S L_j / theta_j."""
        theta = np.asarray(theta, dtype=float)
        near, U, _ = self._parts_of(theta)
        # U goes with theta: the quotient has a limit at zero.
        first = [2.0 * sd / at**2 * (u @ u.T) for sd, at, u in zip(theta, near, U, strict=True)]
        return np.array(first).reshape(-1, k, k)

    def second(self, theta: FloatVector, k: int) -> FloatArray:
        """Differentiate S twice.

        By one theta it is U_j (8 Q_j Q_j' - 6) U_j' / theta_j², by two 4 (U_i Q_i Q_j' U_j' + its transpose) /
        (theta_i theta_j). The rows Q_j = L_j' R⁻¹ / theta_j of all penalties are orthonormal columns; S = (R'R)⁻¹.
        """
        theta = np.asarray(theta, dtype=float)
        near, U, Q = self._parts_of(theta)
        m = len(theta)
        found = np.zeros((m, m, k, k))
        sign = np.where(theta < 0.0, -1.0, 1.0)
        for i in range(m):
            inner = 8.0 * Q[i] @ Q[i].T - 6.0 * np.eye(len(Q[i]))
            found[i, i] = U[i] @ inner @ U[i].T / near[i] ** 2
            for j in range(i):
                half = 4.0 * sign[i] * sign[j] * U[i] @ (Q[i] @ Q[j].T) @ U[j].T / (near[i] * near[j])
                found[i, j] = found[j, i] = half + half.T
        return found

    def _parts_of(self, theta: FloatVector) -> tuple[FloatVector, list[FloatMatrix], list[FloatMatrix]]:
        """Theta with zeros replaced, U_j (K, r_j) and Q_j (r_j, K)."""
        size = np.abs(theta)
        seen = size > _ZERO * self.unit
        near = np.where(seen, size, _NIL * size.min(where=seen, initial=np.inf) if seen.any() else 1.0)
        rows = np.hstack([L / sd for L, sd in zip(self._roots, near, strict=True)]).T
        order = _largest_first(rows)
        Q, R = np.linalg.qr(rows[order])
        inverse, ordered = np.linalg.inv(R), np.empty_like(Q)
        ordered[order] = Q
        own = np.split(ordered, np.cumsum([L.shape[1] for L in self._roots])[:-1])
        return near, [inverse @ part.T for part in own], own


def _triangle(rows: FloatMatrix) -> FloatMatrix:
    """R with R'R = rows'rows; large rows first, which keeps the small ones exact."""
    return np.asarray(np.linalg.qr(rows[_largest_first(rows)], mode="r"))


def _largest_first(rows: FloatMatrix) -> IntVector:
    return np.argsort(-np.abs(rows).max(axis=1), kind="stable")


def _root(S: FloatMatrix, label: str) -> FloatMatrix:
    """L (K, rank) with S = LL'."""
    values, vectors = np.linalg.eigh(S)
    largest = max(abs(values[0]), abs(values[-1]))
    if largest == 0.0:
        raise DesignError(
            f"All elements of the penalty {label} are 0: no effect tells its variance. Leave it out."
        )
    if values[0] < -1e-8 * largest:
        raise DesignError(
            f"The penalty {label} is not positive semidefinite: its smallest eigenvalue is {values[0]:.3g}, its "
            f"largest {values[-1]:.3g}. A penalty is a sum of squares of combinations of the coefficients."
        )
    used = values > _RANK * largest
    root: FloatMatrix = vectors[:, used] * np.sqrt(values[used])
    return root


def _check(S: FloatArray, labels: Sequence[str]) -> None:
    if S.ndim != 3 or S.shape[0] != len(labels) or S.shape[1] != S.shape[2] or S.size == 0:
        raise DesignError(
            f"Penalties must be {len(labels)} square matrices of one size, one for each name; their shape is {S.shape}."
        )
    if not np.isfinite(S).all():
        raise DesignError("Penalties must hold finite numbers; some are missing or infinite.")
    for matrix, label in zip(S, labels, strict=True):
        if np.abs(matrix - matrix.T).max() > 1e-8 * np.abs(matrix).max():
            raise DesignError(f"The penalty {label} is not symmetric.")


def _check_rank(S: FloatArray, roots: Sequence[FloatMatrix]) -> None:
    """Refuse effects that no penalty touches."""
    size = S.shape[1]
    together = np.hstack([L / np.linalg.norm(L) for L in roots])
    rank = int(np.linalg.matrix_rank(together, tol=1e-7 * np.linalg.norm(together, 2)))
    if rank < size:
        raise DesignError(
            f"The penalties leave {size - rank} of {size} combinations of the coefficients free, which have no "
            "variance. They are fixed effects: put their columns into the formula, and give Z and the penalties in "
            "coordinates of the rest."
        )
