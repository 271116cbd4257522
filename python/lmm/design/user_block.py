"""A random term made by the user from its own columns of Z."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_sequence, as_array, takes, whole_number
from lmm.covariance import Penalized, Structure, Tied
from lmm.engine import Block, MatrixBlock, root_of_covariance, root_of_precision
from lmm.errors import DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.typing import FloatArray, FloatMatrix, IntVector, Pattern

__all__ = ["UserBlock", "block"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UserBlock(MatrixBlock):
    """A block of the user: columns of Z, with what the covariance of its effects may be.

    Attributes
    ----------
    family
        Where it is more than ``structure`` says: variances of penalties.
    row_labels
        Index of the pandas frame that the columns came from, until they are put beside their table.
    """

    family: Structure | None = None
    row_labels: Any = None

    def take(self, rows: IntVector) -> UserBlock:
        """Keep some rows only, and all levels; their labels have done their work."""
        return replace(self, matrix=self.matrix[rows], row_labels=None)

    def without_labels(self) -> UserBlock:
        """Convert to the same block by positions."""
        return replace(self, row_labels=None)


@takes(k=whole_number(1), levels=a_sequence)
def block(
    Z: Any,
    *,
    levels: Sequence[object] | None = None,
    k: int = 1,
    covariance: Any = None,
    precision: Any = None,
    structure: Pattern = "us",
    scales: Any = None,
    penalty: Any = None,
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
    scales : m arrays of shape (k,), optional
        Tie the variances of the k effects of a level: ``1 / s_i = sum_j d_ij / theta_j²`` with these d_ij >= 0, one
        array for each of m standard deviations. k follows from their length. A dict gives them names.
    penalty : (k, k) array, or m of them, optional
        The precision of the effects is ``sum_j S_j / theta_j²``: m symmetric matrices, positive semidefinite, with one
        standard deviation each; lambda_j = theta_j⁻² is the smoothing parameter of ``b' S_j b``. Together they leave
        no combination of the effects free. One matrix is the `precision` of l effects. A dict gives them names.

    Returns
    -------
    Block
        For ``lmm.fit(..., random={"name": block})``.

    Raises
    ------
    DesignError
        If an argument has the wrong shape, is not finite, or is not a covariance or penalty; or if the penalties leave
        combinations of the effects free, which are fixed effects and belong into the formula.

    Examples
    --------
    >>> import numpy as np
    >>> import lmm
    >>> term = lmm.block(np.eye(4)[:, :2], levels=["left", "right"])
    >>> term.n_levels, term.n_columns, term.labels
    (2, 1, ('left', 'right'))

    Three effects with two standard deviations:

    >>> lmm.block(np.eye(5)[:, :3], scales={"x": [1, 2, 0], "z": [0, 1, 3]})
    <block of Z: rows 5, levels 1, columns of each level 3>
    """
    matrix = _checked_matrix(Z)
    family = None
    if scales is not None or penalty is not None:
        _refuse_both(scales, penalty, k=k, covariance=covariance, precision=precision, structure=structure)
        family = _penalties(scales, penalty)
        if family is None:
            precision = _checked_full(penalty, matrix.shape[1])
        else:
            k, structure = family.penalties.shape[-1], family.pattern
            _check_width(matrix.shape[1], k)
    plain = MatrixBlock(matrix, int(k), structure=structure)
    labels = _checked_labels(levels, plain.n_levels)
    if covariance is not None and precision is not None:
        raise DesignError("Give covariance= or precision=, not both: each determines the other.")
    root = None
    if covariance is not None:
        root = root_of_covariance(covariance, labels if levels is not None else None, plain.n_levels)
    if precision is not None:
        root = root_of_precision(precision, labels if levels is not None else None, plain.n_levels)
    return UserBlock(matrix, int(k), structure, root, labels, family, getattr(Z, "index", None))


def _refuse_both(scales: Any, penalty: Any, **others: Any) -> None:
    """Refuse what says twice what the covariance is."""
    if scales is not None and penalty is not None:
        raise DesignError(
            "Give scales= or penalty=, not both: each says what the covariance of the effects is."
        )
    name = "scales" if scales is not None else "penalty"
    for other, default in (("covariance", None), ("precision", None), ("k", 1), ("structure", "us")):
        given = others[other]
        if given is not default and (not isinstance(given, int | str) or given != default):
            raise DesignError(f"{name}= says what the covariance of the effects is; leave {other}= out.")


def _penalties(scales: Any, penalty: Any) -> Tied | Penalized | None:
    """Read the penalties; None of a single matrix, which is a known precision with one variance."""
    given, name = (scales, "scales") if penalty is None else (penalty, "penalty")
    labels = [str(label) for label in given] if isinstance(given, Mapping) else None
    values = list(given.values()) if isinstance(given, Mapping) else given
    array = _as_numbers(values, name)
    if penalty is not None:
        if array.ndim == 2 or (array.ndim == 3 and len(array) == 1):
            return None
        if array.ndim != 3:
            raise DesignError(
                "penalty= must be a square matrix for the effects of a level, or some of them; "
                f"its shape is {array.shape}."
            )
        labels = labels or [str(j + 1) for j in range(len(array))]
        return Penalized(array, labels)
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2:
        raise DesignError(
            f"scales= must be some arrays with one number for each effect of a level; their shape is {array.shape}."
        )
    return Tied(array.T, labels or [str(j + 1) for j in range(len(array))])


def _as_numbers(values: Any, name: str) -> FloatArray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise DesignError(f"{name}= must hold numbers, all arrays of one shape.") from None


def _check_width(width: int, k: int) -> None:
    if width % k:
        raise DesignError(
            f"The penalties are those of {k} effects, but Z has {width} columns, which is not a multiple of {k}. Give "
            "them in the order of the columns of Z, one number or row for each column of a level."
        )


def _checked_full(penalty: Any, width: int) -> FloatMatrix:
    """Read one penalty (width, width); refuse one that leaves effects without a variance."""
    given = list(penalty.values()) if isinstance(penalty, Mapping) else penalty
    S = np.asarray(_as_numbers(given, "penalty"))
    S = S[0] if S.ndim == 3 else S
    if S.shape != (width, width) or not np.isfinite(S).all():
        raise DesignError(
            f"penalty= must be a matrix of finite numbers for the {width} columns of Z, shape ({width}, {width}); "
            f"its shape is {S.shape}."
        )
    values = np.linalg.eigvalsh((S + S.T) / 2.0)
    n_free = int(np.count_nonzero(np.abs(values) <= 1e-10 * np.abs(values).max(initial=1e-300)))
    if n_free and values[0] > -1e-10 * values[-1]:
        raise DesignError(
            f"The penalty leaves {n_free} of {width} combinations of the coefficients free, which have no variance: "
            "they are fixed effects. With its eigenvalues L > 0 and their vectors U, and the vectors U0 of the others, "
            "put the columns of Z @ U0 into the formula and give lmm.block(Z @ U / L**0.5)."
        )
    return S


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
