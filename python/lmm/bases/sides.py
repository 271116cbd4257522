"""Terms inside of others: what s(x) + s(x, z) have in common is taken out of the larger one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmm.bases.smooth import Smooth
from lmm.errors import DesignError
from lmm.typing import FloatMatrix, IntVector

__all__ = ["side_conditions"]

_SAME = float(np.sqrt(np.finfo(float).eps))


def side_conditions(
    smooths: Sequence[Smooth], columns: Sequence[FloatMatrix], has_intercept: bool = True
) -> tuple[Smooth, ...]:
    """Take out of each smooth term the columns that terms of fewer covariates have already.

    Terms of the same covariates count in the order in which they are given. Copies for several by-variables are
    functions of different things here.

    Parameters
    ----------
    smooths
        All terms of a model.
    columns
        Of each term at the rows that are fitted, shape (n, p).
    has_intercept
        Whether the model can hold a constant beside them.

    Returns
    -------
    tuple
        The terms in the order given; those that lost nothing are the same objects.

    Raises
    ------
    DesignError
        If nothing is left of a term.

    Examples
    --------
    >>> from lmm.bases import Covariate, Settings, learn_smooths
    >>> random = np.random.default_rng(1)
    >>> x, z = (Covariate(name, random.normal(size=50)) for name in "xz")
    >>> (s,) = learn_smooths("s(x)", "cr", [x], Settings(k=4))
    >>> (te,) = learn_smooths("te(x,z)", "te", [x, z], Settings(k=4))
    >>> [smooth.p for smooth in side_conditions([s, te], [s.columns([x]), te.columns([x, z])])]
    [3, 12]
    """
    found, kept = list(smooths), [np.asarray(X) for X in columns]
    ones = np.ones((len(kept[0]) if kept else 0, int(has_intercept)))
    order = sorted(
        (i for i, smooth in enumerate(smooths) if smooth.basis.has_sides),
        key=lambda i: (len(smooths[i].basis.covariates), i),
    )
    for place, i in enumerate(order):
        lower = [j for j in order[:place] if smooths[j].variables & smooths[i].variables]
        if not lower:
            continue
        deleted = dependent_columns(np.hstack([ones, *(kept[j] for j in lower)]), kept[i])
        if deleted.size == found[i].p:
            others = ", ".join(smooths[j].label for j in lower)
            raise DesignError(
                f"{smooths[i].label} cannot be told apart from {others}: all of its functions are there already. Take"
                " one of them out."
            )
        if deleted.size:
            found[i] = found[i].without(deleted)
            kept[i] = np.delete(kept[i], deleted, axis=1)
    return tuple(found)


def dependent_columns(known: FloatMatrix, new: FloatMatrix) -> IntVector:
    """Find columns that depend on known ones and on each other, by a pivoted QR factorisation of what is left of them.

    Parameters
    ----------
    known
        Shape (n, r).
    new
        Shape (n, p).

    Returns
    -------
    ndarray
        Indices of columns of ``new``.
    """
    from scipy.linalg import qr

    # Distances alone count, so that the triangle stands for the rows.
    both = np.asarray(qr(np.hstack([known, new]), mode="r")[0])[: known.shape[1] + new.shape[1]]
    r = known.shape[1]
    Q, R1, _ = qr(both[:, :r], pivoting=True)
    left = (Q.T @ both[:, r:])[r:]
    R, pivots = qr(left, mode="r", pivoting=True)
    rank = min(R.shape)
    while rank > 0 and np.abs(R[rank - 1 :, rank - 1 :]).mean() < abs(R1[0, 0]) * _SAME:
        rank -= 1
    return np.sort(pivots[rank:])
