"""Clusters of rows that are independent of each other, and the algebra of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.errors import DataError, UnsupportedError, nearest
from lmm.inference.df.between_within import is_constant
from lmm.model import beside_rows
from lmm.typing import FloatArray, FloatMatrix, IntVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Stack", "cluster_codes", "stacks"]

MOST_PAIRS = 50_000_000
"""Pairs of rows within clusters; their covariances are held densely."""


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Clusters of one size, m rows each.

    Attributes
    ----------
    rows : shape (c, m)
    V : shape (c, m, m)
        Covariance of the rows over σ².
    X : shape (c, m, p)
    residuals : shape (c, m)
        y - Xβ̂ over σ.
    """

    rows: IntVector
    V: FloatArray
    X: FloatArray
    residuals: FloatMatrix


def cluster_codes(fit: Fit, cluster: Any) -> IntVector:
    """Code each row (n,) by its cluster.

    Parameters
    ----------
    cluster
        None for the outermost grouping factor; the name of a grouping factor or of a column of the
        model; an array with one entry for each row.

    Raises
    ------
    DataError
        If it is not known, or has another length.
    UnsupportedError
        If rows of different clusters are not independent.
    """
    codes = _outermost(fit) if cluster is None else _given(fit, cluster)
    for part in (part for part in fit.internals.design.random if not part.is_group):
        raise UnsupportedError(f"{part.described}, which may tie clusters to each other.")
    for part in fit.internals.design.bars:
        if not is_constant(codes.astype(float), part.level_of_row):
            raise UnsupportedError(
                f"Levels of {part.group} occur in several clusters, which are not independent then; "
                "cluster= must name a factor within which all random effects are nested."
            )
    if codes.max() < 1:
        raise UnsupportedError("There is only one cluster; cluster-robust covariances need several.")
    return codes


def _outermost(fit: Fit) -> IntVector:
    groups = [part.level_of_row for part in fit.internals.design.bars]
    if not groups:
        raise DataError("This model has no grouping factor: say with cluster= which rows belong together.")
    return min(groups, key=lambda codes: int(codes.max())).astype(np.int64)


def _given(fit: Fit, cluster: Any) -> IntVector:
    if isinstance(cluster, str):
        by_group = {part.group: part.level_of_row for part in fit.internals.design.bars}
        if cluster in by_group:
            return by_group[cluster].astype(np.int64)
        frame = fit.model_frame
        if cluster not in frame:
            known = [*by_group, *frame.columns]
            raise DataError(
                f"cluster= names no grouping factor and no column of the model: {cluster!r}; there are "
                f"{', '.join(dict.fromkeys(known))}.{nearest(cluster, known)}"
            )
        values = np.asarray(frame[cluster])
    else:
        values = beside_rows(fit, cluster, "cluster=")
    labels = values.astype(str) if values.dtype == object else values
    codes: IntVector = np.unique(labels, return_inverse=True)[1].ravel().astype(np.int64)
    return codes


def stacks(fit: Fit, codes: IntVector) -> Iterator[Stack]:
    """List the clusters, those of one size together."""
    from scipy.sparse import csr_array

    sizes = np.bincount(codes)
    if int(np.sum(sizes.astype(float) ** 2)) > MOST_PAIRS:
        raise UnsupportedError(
            f"The clusters are too large: together they have more than {MOST_PAIRS:,} pairs of rows, whose "
            "covariances cluster-robust methods need."
        )
    half = csr_array(fit.Z @ fit.Lambda)
    V = csr_array(half @ half.T + fit.internals.design.errors.covariance())
    order = np.argsort(codes, kind="stable")
    begin = np.cumsum([0, *sizes])[:-1]
    position = np.empty(fit.n_obs, dtype=np.int64)
    position[order] = np.arange(fit.n_obs) - np.repeat(begin, sizes)
    X, residuals = fit.X, (_response(fit) - fit.X @ fit.beta) / fit.sigma
    for m in np.unique(sizes):
        members = np.flatnonzero(sizes == m)
        rows = order[begin[members][:, None] + np.arange(m)]
        yield Stack(rows, _blocks(V, rows, position), X[rows], residuals[rows])


def _response(fit: Fit) -> Any:
    return fit.y if fit.offset is None else fit.y - fit.offset


def _blocks(V: Any, rows: IntVector, position: IntVector) -> FloatArray:
    """Diagonal blocks (c, m, m) of a sparse matrix that has no others."""
    c, m = rows.shape
    taken = V[rows.ravel()]
    row = np.repeat(np.arange(c * m), np.diff(taken.indptr))
    found = np.zeros((c, m, m))
    found[row // m, row % m, position[taken.indices]] = taken.data
    return found
