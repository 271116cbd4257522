"""Thin plates of one variable in the compiled core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm import _core
from lmm.engine.guard import guarded

if TYPE_CHECKING:
    from lmm.typing import FloatMatrix, FloatVector

__all__ = ["line_pairs"]


def line_pairs(x: FloatVector, power: int, k: int) -> tuple[FloatVector, FloatMatrix] | None:
    """Find the k leading eigenpairs of ``|x_i - x_j|^power`` without building the matrix.

    Parameters
    ----------
    x : shape (n,)
        Increasing.
    power
        1, 3, 5 or 7.
    k
        Less than n.

    Returns
    -------
    tuple
        Values (k,) and orthonormal vectors (n, k), in decreasing order of absolute values; None where the method of
        Lanczos did not find them.

    Raises
    ------
    DesignError
        If the points do not increase, or the power is another.

    Examples
    --------
    >>> values, vectors = line_pairs(np.arange(50.0), 3, 2)
    >>> K = np.abs(np.subtract.outer(np.arange(50.0), np.arange(50.0))) ** 3
    >>> bool(np.allclose(K @ vectors, vectors * values, atol=1e-6))
    True
    """
    found = guarded(lambda: _core.line_pairs(np.asarray(x, dtype=float), power, k))
    return None if found is None else (found[0], found[1].T)
