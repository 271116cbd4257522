"""The cross-products of a model as inference reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lmm.typing import FloatMatrix, FloatVector


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Products:
    """``[Z̃ X̃ ỹ]'[Z̃ X̃ ỹ]`` with the units of its columns.

    The columns are those of the engine, in which nothing large hides anything small::

        W^½ Z = Z̃ (I ⊗ U),    W^½ X = X̃ R,    W^½ (y - X beta0) = ỹ y_scale

    Random columns stand term by term, as in the formula, and level by level.

    Attributes
    ----------
    ZZ
        ``Z̃'Z̃``, a SciPy CSR array (q, q).
    ZX : shape (q, p)
    Zy : shape (q,)
    XX : shape (p, p)
    Xy : shape (p,)
    yy
    units, inverses : one (k, k) matrix for each term
        U and its inverse.
    R : shape (p, p)
    beta0 : shape (p,)
    y_scale
    n_obs
        Rows n that are summed.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.engine import CrossProducts, GroupBlock
    >>> y = np.array([1.0, 2.0, 4.0, 6.0])
    >>> block = GroupBlock(np.array([0, 0, 0, 1]), None, 2)
    >>> at = CrossProducts(y, np.ones((4, 1)), [block]).products()
    >>> at.ZZ.toarray()
    array([[3., 0.],
           [0., 1.]])
    >>> at.with_fixed(np.ones((1, 1))).ravel()
    array([3., 1.])
    >>> at.with_residuals(np.array([3.0]))
    array([-2.,  3.])
    """

    ZZ: Any
    ZX: FloatMatrix
    Zy: FloatVector
    XX: FloatMatrix
    Xy: FloatVector
    yy: float
    units: list[FloatMatrix]
    inverses: list[FloatMatrix]
    R: FloatMatrix
    beta0: FloatVector
    y_scale: float
    n_obs: int

    def with_fixed(self, C: FloatMatrix) -> FloatMatrix:
        """``Z̃'W^½XC`` (q, m), for coefficients C (p, m)."""
        product: FloatMatrix = self.ZX @ (self.R @ C)
        return product

    def with_residuals(self, beta: FloatVector) -> FloatVector:
        """``Z̃'W^½(y - X beta)`` (q,)."""
        left: FloatVector = self.y_scale * self.Zy - self.ZX @ (self.R @ (beta - self.beta0))
        return left
