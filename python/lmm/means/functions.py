"""Linear functions of the fixed effects: what means, contrasts, trends all are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.inference import Df, RowTests, Vcov, row_covariance, row_tests
from lmm.typing import BoolVector, FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from lmm.model import Fit

__all__ = ["LinearFunctions"]

_MOST_WRITTEN_OUT = 2_000_000  # numbers in a matrix of rows; larger ones stay a product


@dataclass(frozen=True, slots=True, eq=False)
class LinearFunctions:
    """Rows ``combine @ base @ beta + constant``.

    Half a million differences of a thousand means are never written out.

    Attributes
    ----------
    fit
        Whose beta.
    base : shape (m, n_all)
        On all columns of X, aliased ones included.
    combine : sparse (r, m)
        Combinations of the rows of ``base``; None for these themselves.
    constant : shape (r,)
        Offsets, and what a linear approximation leaves.
    missing : shape (r,)
        Rows of which nothing can be said, such as averages over nothing.
    """

    fit: Fit
    base: FloatMatrix
    constant: FloatVector
    missing: BoolVector
    combine: csr_matrix | None = None

    def __len__(self) -> int:
        return len(self.constant)

    @property
    def rows(self) -> FloatMatrix:
        """The rows written out (r, n_all)."""
        if self.combine is None:
            return self.base
        rows: FloatMatrix = self.combine @ self.base
        return rows

    def combined(self, K: Any) -> LinearFunctions:
        """Combine the rows by K (s, r)."""
        from scipy.sparse import csr_matrix

        K = csr_matrix(K)
        K.eliminate_zeros()
        uses_missing = (abs(K) @ self.missing.astype(np.float64)) > 0.0
        product = K if self.combine is None else csr_matrix(K @ self.combine)
        found = replace(self, constant=K @ self.constant, missing=uses_missing, combine=product)
        if len(found) * self.base.shape[1] <= _MOST_WRITTEN_OUT:
            found = replace(found, base=found.rows, combine=None)
        return found

    def take(self, chosen: IntVector | BoolVector) -> LinearFunctions:
        """Take some of the rows."""
        places = np.arange(len(self))[chosen]
        if self.combine is None:
            return replace(
                self, base=self.base[places], constant=self.constant[places], missing=self.missing[places]
            )
        return replace(
            self,
            combine=self.combine[places],
            constant=self.constant[places],
            missing=self.missing[places],
        )

    def tests(self, df: Df, vcov: Vcov) -> RowTests:
        """Test each row, constants added, against zero."""
        found = row_tests(self.fit, self.base, df, vcov, rhs=-self.constant, combine=self.combine)
        gone = np.where(self.missing, np.nan, 0.0)
        return replace(
            found,
            estimate=found.estimate + self.constant + gone,
            std_error=found.std_error + gone,
            df=found.df + gone,
            statistic=found.statistic + gone,
            p_value=found.p_value + gone,
            estimable=found.estimable & ~self.missing,
        )

    def covariance(self, df: Df, vcov: Vcov) -> FloatMatrix:
        """Covariance (r, r) of the estimates; of rows that are not estimable it means nothing."""
        return row_covariance(self.fit, self.rows, df, vcov)
