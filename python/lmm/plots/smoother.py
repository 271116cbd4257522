"""A trend through a cloud of points: local lines with tricube weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lmm.typing import FloatVector

__all__ = ["smooth"]

_LEAST_DISTINCT = 6
_MOST_BINS = 2000


def smooth(
    x: FloatVector, y: FloatVector, *, fraction: float = 2 / 3, n_points: int = 80
) -> tuple[FloatVector, FloatVector]:
    """Trace the local mean of y along x.

    At each of a grid of places a straight line is fitted to the nearest ``fraction`` of the points by weighted
    least squares, with tricube weights of their distance [1]_ (without the robustness iterations).

    Parameters
    ----------
    x, y : shape (n,)
        Finite values.
    fraction
        Part of the points that each local line sees.
    n_points
        Size of the grid.

    Returns
    -------
    grid, trend : shape (n_points,)
        Both empty when x has fewer than six distinct values: a curve through them would say more than
        the data do.

    References
    ----------
    .. [1] Cleveland (1979), Journal of the American Statistical Association 74, 829-836.

    Examples
    --------
    >>> import numpy as np
    >>> from lmm.plots.smoother import smooth
    >>> x = np.linspace(0.0, 1.0, 50)
    >>> grid, trend = smooth(x, 2.0 * x + 1.0)
    >>> bool(np.allclose(trend, 2.0 * grid + 1.0))
    True
    """
    if np.unique(x).size < _LEAST_DISTINCT:
        return np.empty(0), np.empty(0)
    x_mean, y_mean, count = _bin(x, y)
    grid = np.linspace(x_mean[0], x_mean[-1], n_points)
    distance = np.abs(grid[:, None] - x_mean[None, :])  # (n_points, n_bins)
    width = _reach(distance, count, fraction)
    kernel = np.clip(1.0 - (distance / width[:, None]) ** 3, 0.0, None) ** 3 * count
    total = kernel.sum(axis=1)
    x_local, y_local = kernel @ x_mean / total, kernel @ y_mean / total
    deviation = x_mean[None, :] - x_local[:, None]
    spread = np.sum(kernel * deviation**2, axis=1)
    product = np.sum(kernel * deviation * y_mean, axis=1)
    # One place inside the window: the local line is a level.
    slope = np.divide(product, spread, out=np.zeros_like(product), where=spread > 1e-12 * width**2 * total)
    return grid, y_local + slope * (grid - x_local)


def _bin(x: FloatVector, y: FloatVector) -> tuple[FloatVector, FloatVector, FloatVector]:
    """Average runs of neighbours, so that a large cloud costs no more than a small one."""
    order = np.argsort(x, kind="stable")
    n_bins = min(x.size, _MOST_BINS)
    starts = np.arange(n_bins) * x.size // n_bins
    count = np.diff(np.append(starts, x.size)).astype(np.float64)
    return np.add.reduceat(x[order], starts) / count, np.add.reduceat(y[order], starts) / count, count


def _reach(distance: FloatVector, count: FloatVector, fraction: float) -> FloatVector:
    """Half-width of each window: the distance within which ``fraction`` of the points lie."""
    order = np.argsort(distance, axis=1)
    covered = np.cumsum(count[order], axis=1)
    wanted = np.argmax(covered >= fraction * covered[:, -1:], axis=1)
    rows = np.arange(distance.shape[0])
    reach = distance[rows, order[rows, wanted]]
    # The farthest point has weight zero; a window must not close on ties.
    smallest = np.ptp(distance[0]) * 1e-6
    return np.asarray(np.maximum(reach * 1.0001, max(smallest, np.finfo(float).tiny)))
