"""The covariance R of the errors, relative to σ²: the one place that knows what errors are like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lmm.typing import FloatVector, IntVector


@dataclass(frozen=True, slots=True, eq=False)
class ResidualCovariance:
    """Independent errors with variances over σ² of one over their prior weights: R = W⁻¹.

    Parameters
    ----------
    n_obs
        Rows n.
    weights : shape (n,)
        Prior weights, positive; None for ones.

    Examples
    --------
    >>> R = ResidualCovariance(2, np.array([4.0, 1.0]))
    >>> R.variances, R.whiten(np.array([1.0, 3.0])), R.colour(np.array([1.0, 3.0]))
    (array([0.25, 1.  ]), array([2., 3.]), array([0.5, 3. ]))
    >>> round(R.log_det, 4)
    -1.3863
    """

    n_obs: int
    weights: FloatVector | None

    @property
    def precisions(self) -> FloatVector:
        """Diagonal of R⁻¹ (n,)."""
        return np.ones(self.n_obs) if self.weights is None else self.weights

    @property
    def variances(self) -> FloatVector:
        """Diagonal of R (n,)."""
        return np.ones(self.n_obs) if self.weights is None else 1.0 / self.weights

    @property
    def log_det(self) -> float:
        """log|R|."""
        return 0.0 if self.weights is None else -float(np.log(self.weights).sum())

    def whiten(self, columns: Any) -> Any:
        """R^-½ x for columns x (n,) or (n, m), dense or sparse: their errors are independent, with variance σ²."""
        return columns if self.weights is None else _scaled(columns, np.sqrt(self.weights))

    def colour(self, columns: Any) -> Any:
        """R^½ x for columns x (n,) or (n, m): errors, from independent ones."""
        return columns if self.weights is None else _scaled(columns, 1.0 / np.sqrt(self.weights))

    def covariance(self, rows: IntVector | None = None) -> Any:
        """R among some rows, all by default, as a SciPy sparse array."""
        from scipy.sparse import diags_array

        own = self.variances if rows is None else self.variances[rows]
        return diags_array(own, format="csr")


def _scaled(columns: Any, factors: FloatVector) -> Any:
    """Multiply rows by factors (n,)."""
    if isinstance(columns, np.ndarray):
        return factors[:, None] * columns if columns.ndim == 2 else factors * columns
    return columns.multiply(factors[:, None]).asformat(columns.format)
