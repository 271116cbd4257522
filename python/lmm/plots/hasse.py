"""The Hasse diagram of a design as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmm.arguments import takes
from lmm.plots.style import (
    ACCENT,
    INK,
    MUTED,
    PAPER,
    SECOND,
    a_shell,
    a_shell_or_hasse,
    canvas,
    shorten,
    size,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lmm.experiments import Hasse, HasseNode, Shell
    from lmm.table import Table

__all__ = ["hasse_data", "plot_hasse"]

_COLOURS = {"mean": MUTED, "treatment": ACCENT, "design": SECOND, "error": MUTED}
_LAYER = 0.95  # inches between layers
_LETTER = 0.085  # inches that a letter of a label takes


@takes(shell=a_shell)
def hasse_data(shell: Shell) -> Table:
    """Tabulate which factor is nested in which.

    Parameters
    ----------
    shell
        Made by `lmm.shell`.

    Returns
    -------
    Table
        ``factor, role, levels, df, nested_in``, from the mean down to the observation.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import hasse_data
    >>> plan = lmm.shell("~ Variety + (1 | Block)", {"Variety": 3, "Block": 4})
    >>> hasse_data(plan)["nested_in"].tolist()
    [None, 'Mean', 'Mean', 'Variety, Block']
    """
    return shell.hasse.table()


@takes(shell=a_shell_or_hasse, width=size, height=size)
def plot_hasse(shell: Shell | Hasse, *, width: float | None = None, height: float | None = None) -> Figure:
    """Draw which factor is nested in which, with levels and degrees of freedom.

    Treatments are blue, units and blocks orange; a line says that the lower factor is nested in the upper one.

    Parameters
    ----------
    shell
        Made by `lmm.shell`, or its ``hasse``.
    width, height
        Size of the figure in inches; by default what the diagram needs.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import lmm
    >>> from lmm.plots import plot_hasse
    >>> figure = plot_hasse(lmm.shell("~ Variety + (1 | Block)", {"Variety": 3, "Block": 4}))
    >>> len(figure.axes)
    1
    """
    hasse = shell if not hasattr(shell, "hasse") else shell.hasse
    nodes = {node.name: node for node in hasse.nodes}
    layers = hasse.diagram
    widths = [[_width(nodes.get(place.name)) for place in layer] for layer in layers]
    natural = max(sum(row) for row in widths) + 0.2
    with canvas(
        natural if width is None else width, _LAYER * len(layers) if height is None else height
    ) as figure:
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(-len(layers) + 0.45, 0.55)
        above: list[tuple[float, float]] = []
        for depth, (layer, row) in enumerate(zip(layers, widths, strict=True)):
            own = [(x, -float(depth)) for x in _centres(row)]
            for place, (x, y) in zip(layer, own, strict=True):
                for i in place.above:
                    axes.plot([above[i][0], x], [above[i][1], y], color=MUTED, linewidth=0.9, zorder=1)
                if place.name:
                    _write(axes, nodes[place.name], x, y)
            above = own
    return figure


def _width(node: HasseNode | None) -> float:
    """Inches that a node needs; a line that passes needs little."""
    if node is None:
        return 0.35
    return 0.45 + _LETTER * max(len(shorten(node.name, 28)), len(_counts(node)))


def _centres(widths: list[float]) -> list[float]:
    """Spread the nodes of a layer over 0 .. 1, in proportion to their widths."""
    total, at = sum(widths), 0.0
    centres = []
    for width in widths:
        centres.append((at + width / 2.0) / total)
        at += width
    return centres


def _counts(node: HasseNode) -> str:
    return f"{node.levels} levels, {node.df} df" if node.levels > 1 else "1 df"


def _write(axes: Axes, node: HasseNode, x: float, y: float) -> None:
    colour = _COLOURS[node.role]
    axes.text(
        x,
        y,
        f"{shorten(node.name, 28)}\n{_counts(node)}",
        ha="center",
        va="center",
        fontsize=8.5,
        linespacing=1.35,
        color=INK,
        bbox={"boxstyle": "round,pad=0.45", "facecolor": PAPER, "edgecolor": colour, "linewidth": 1.3},
        zorder=2,
    )
