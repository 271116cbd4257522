"""A random term made by the user from its own columns of Z."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_sequence, as_array, takes, whole_number
from lmm.engine.blocks import Block, LabelledBlock, MatrixBlock
from lmm.engine.known import covariance_root, precision_root
from lmm.errors import DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.typing import Pattern


@takes(k=whole_number(1), levels=a_sequence)
def block(
    Z: Any,
    *,
    levels: Sequence[object] | None = None,
    k: int = 1,
    covariance: Any = None,
    precision: Any = None,
    structure: Pattern = "us",
) -> Block:
    """Make a random term of your own from its columns of Z.

    The effects are N(0, σ² K ⊗ TT') with T (k, k) estimated: one variance where k = 1. K is the
    identity, or a known `covariance` (kinship, phylogeny) or the inverse of a `precision`.

    Parameters
    ----------
    Z : (n, l k) array or SciPy sparse matrix
        One row per row of the data; k columns for each of l levels, level by level. The rows of a pandas frame find
        those of a pandas table by their labels.
    levels : sequence of l labels, optional
        Names of the levels; ``"1"``, ``"2"``, … by default.
    k : int
        Columns per level.
    covariance, precision : (l, l) array, optional
        Known covariance, or its inverse, over the levels, in the order of the columns of Z.
        A covariance may be singular (two identical twins), a precision may not.
    structure : {"us", "diag"}
        Covariance of the k effects of a level: unstructured, or no correlations.

    Returns
    -------
    Block
        For ``lmm.fit(..., random={"name": block})``.

    Raises
    ------
    DesignError
        If an argument has the wrong shape, is not finite, or is no covariance.

    Examples
    --------
    >>> import numpy as np
    >>> import lmm
    >>> term = lmm.block(np.eye(4)[:, :2], levels=["left", "right"])
    >>> term.n_levels, term.n_columns, term.labels
    (2, 1, ('left', 'right'))
    """
    matrix = _checked_matrix(Z)
    plain = MatrixBlock(matrix, int(k), structure=structure)
    labels = _checked_labels(levels, plain.n_levels)
    if covariance is not None and precision is not None:
        raise DesignError("Give covariance= or precision=, not both: each determines the other.")
    root = None
    if covariance is not None:
        root = covariance_root(covariance, labels if levels is not None else None, plain.n_levels)
    if precision is not None:
        root = precision_root(precision, labels if levels is not None else None, plain.n_levels)
    if hasattr(Z, "index"):
        return LabelledBlock(matrix, int(k), structure, root, labels, Z.index)
    return replace(plain, root=root, labels=labels)


def _checked_matrix(Z: Any) -> Any:
    """Z as a read-only float matrix of its own, dense or CSR, all entries finite."""
    from scipy.sparse import csr_array, issparse

    sparse = issparse(Z)
    matrix: Any = csr_array(Z) if sparse else as_array(Z, "Z")
    if matrix.dtype.kind not in "fiub":
        raise DesignError(f"Z of a block must hold real numbers; its type is {matrix.dtype}.")
    if matrix.ndim != 2:
        raise DesignError(
            f"Z of a block must be a matrix with one row per row of the data; its shape is "
            f"{matrix.shape}. Write Z[:, None] for a single column."
        )
    if 0 in matrix.shape:
        raise DesignError(f"Z of a block is empty: its shape is {matrix.shape}.")
    matrix = matrix.astype(np.float64, copy=True)
    entries = matrix.data if sparse else matrix
    bad = int(np.size(entries) - np.count_nonzero(np.isfinite(entries)))
    if bad:
        raise DesignError(
            f"Z of a block has {bad} entries that are missing or infinite. Every row needs "
            f"finite values: leave those rows out of the data and of Z, or fill them in."
        )
    if sparse:
        matrix.sum_duplicates()  # what is stored twice means its sum
    else:
        matrix = np.ascontiguousarray(matrix)
        matrix.flags.writeable = False
    return matrix


def _checked_labels(levels: Sequence[object] | None, n_levels: int) -> tuple[str, ...]:
    if levels is None:
        return tuple(str(j + 1) for j in range(n_levels))
    labels = tuple(str(level) for level in levels)
    if len(labels) != n_levels:
        raise DesignError(f"levels= has {len(labels)} labels, but Z has {n_levels} levels.")
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise DesignError(f"levels= has labels that occur more than once: {', '.join(twice[:5])}.")
    return labels
