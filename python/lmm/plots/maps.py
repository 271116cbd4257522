"""Maps of regions, each shaded by a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lmm.plots.style import INK, MUTED, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import PathPatch

    from lmm.typing import BoolVector, FloatMatrix, FloatVector

__all__ = ["draw_map"]


def draw_map(axes: Axes, outlines: Sequence[FloatMatrix], heights: FloatVector, observed: BoolVector) -> None:
    """Shade each region by its height, symmetric about zero, with a colour bar; hatch those without data.

    Parameters
    ----------
    axes
        Where.
    outlines
        Corners of each region, shape (corners, 2) each, rows of nan between rings; a ring within another is a hole.
    heights
        One number for each region, shape (R,).
    observed
        Whether a region has data, shape (R,).
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize, to_hex

    most = float(np.abs(heights).max()) or 1.0
    scale = ScalarMappable(Normalize(-most, most), shades())
    for points, height, has_data in zip(outlines, heights, observed, strict=True):
        region = _outline(points)
        region.set_facecolor(to_hex(tuple(scale.to_rgba(np.asarray(height)))))
        if not has_data:
            region.set_hatch("////")
        axes.add_patch(region)
    axes.autoscale_view()
    # A degree of longitude is not known to be one: lengths are those of the corners.
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    bar = axes.figure.colorbar(scale, ax=axes, shrink=0.7, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, colors=INK, length=2)


def _outline(points: FloatMatrix) -> PathPatch:
    """One path of all rings of a region, closed; filled by the rule of even and odd."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    breaks = np.flatnonzero(~np.isfinite(points).all(axis=1))
    rings = [ring[np.isfinite(ring).all(axis=1)] for ring in np.split(points, breaks)]
    closed = [np.vstack([ring, ring[:1]]) for ring in rings if len(ring)]
    codes = [[Path.MOVETO] + [Path.LINETO] * (len(ring) - 2) + [Path.CLOSEPOLY] for ring in closed]
    path = Path(np.vstack(closed), np.concatenate(codes))
    return PathPatch(path, edgecolor=MUTED, linewidth=0.5)
