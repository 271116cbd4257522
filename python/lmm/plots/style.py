"""The one house style of all figures: quiet axes, thin lines, colour only where it means something."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import instance_of, number
from lmm.errors import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    from lmm.typing import FloatVector

__all__ = [
    "ACCENT",
    "COLOURS",
    "GRID",
    "INCHES_A_LETTER",
    "INK",
    "MOST_POINTS",
    "MUTED",
    "PAPER",
    "SECOND",
    "a_shell",
    "a_shell_or_hasse",
    "alone",
    "canvas",
    "draw_cloud",
    "few_ticks",
    "fit_or_bootstrap",
    "fit_or_profile",
    "label_panel",
    "legend_above",
    "shades",
    "size",
    "some_means",
]

size = number(above=0.0)
"""Take a width or height in inches."""


def _means_class() -> type:
    from lmm.means import Means

    return Means


def _profile_classes() -> tuple[type, ...]:
    from lmm.inference import Profile
    from lmm.model import Fit

    return Fit, Profile


def _bootstrap_classes() -> tuple[type, ...]:
    from lmm.inference import Bootstrap
    from lmm.model import Fit

    return Fit, Bootstrap


def _shell_class() -> type:
    from lmm.experiments import Shell

    return Shell


def _shell_classes() -> tuple[type, ...]:
    from lmm.experiments import Hasse, Shell

    return Shell, Hasse


some_means = instance_of(_means_class, "marginal means, as fit.emmeans() makes them")
"""Take marginal means, trends or contrasts."""

fit_or_profile = instance_of(_profile_classes, "a fit or its profile, as fit.profile() makes it")
"""Take a fit or a profile."""

fit_or_bootstrap = instance_of(_bootstrap_classes, "a fit or its bootstrap, as fit.bootstrap() makes it")
"""Take a fit or a bootstrap."""

a_shell = instance_of(_shell_class, "a plan, as lmm.shell() makes it")
"""Take a plan."""

a_shell_or_hasse = instance_of(_shell_classes, "a plan, as lmm.shell() makes it, or its hasse")
"""Take a plan or its diagram."""

INK = "#1f2730"
MUTED = "#66717e"
GRID = "#d9dee4"
PAPER = "#ffffff"
ACCENT = "#1d5f96"
SECOND = "#c2541b"
# Told apart by people who see colours differently, and in grey print by their lightness.
COLOURS = (ACCENT, SECOND, "#2f8f6b", "#8f5fa8", "#b8860b", "#4d9fc7")


def shades() -> LinearSegmentedColormap:
    """Colours of heights below and above zero, which is nearly white."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", [COLOURS[0], "#f4f4f1", COLOURS[1]])


INCHES_A_LETTER = 0.07
"""About, in the sizes of titles and legends."""

MOST_POINTS = 2500
"""A larger cloud is drawn as hexagons: legible, and of bounded size."""

_MOST_HEXAGONS = 34  # across the panel

_RC: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.titleweight": "normal",
    "axes.titlepad": 5,
    "axes.unicode_minus": True,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "savefig.facecolor": "auto",
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    # Names come from the data: a dollar sign is a dollar sign.
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": MUTED,
    "xtick.labelsize": 8,
    "xtick.major.size": 0,
    "xtick.major.width": 0.6,
    "ytick.color": MUTED,
    "ytick.labelcolor": MUTED,
    "ytick.labelsize": 8,
    "ytick.major.size": 0,
    "ytick.major.width": 0.6,
}


_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def alone() -> Iterator[None]:
    """Keep other threads from drawing: matplotlib has one set of settings for all of them, and so has `warnings`."""
    with _ONE_AT_A_TIME:
        yield


@contextmanager
def canvas(width: float, height: float) -> Iterator[Figure]:
    """Open an empty figure in the house style; it belongs to nobody's global state.

    Parameters
    ----------
    width, height
        In inches.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    matplotlib = require("matplotlib", extra="plot")
    from lmm.plots.picture import Picture

    with alone(), matplotlib.rc_context(_RC):
        yield Picture(figsize=(width, height), layout="constrained")


def draw_cloud(axes: Axes, x: FloatVector, y: FloatVector) -> None:
    """Draw points, or hexagons shaded by their count when there are too many to tell apart."""
    if x.size <= MOST_POINTS:
        crowded = x.size > 400
        axes.plot(
            x,
            y,
            "o",
            color=ACCENT,
            markersize=2.4 if crowded else 3.4,
            markeredgewidth=0,
            alpha=0.35 if crowded else 0.65,
        )
        return
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    shades = LinearSegmentedColormap.from_list("shades", [to_rgba(ACCENT, 0.07), to_rgba(ACCENT, 1.0)])
    wide = _MOST_HEXAGONS
    # Square roots: a count ten times larger should not drown all others.
    axes.hexbin(
        x,
        y,
        gridsize=(wide, round(wide * 0.45)),
        cmap=shades,
        mincnt=1,
        linewidths=0,
        reduce_C_function=lambda counts: float(np.sqrt(np.sum(counts))),
        C=np.ones(x.size),
    )


def few_ticks(axes: Axes, x: FloatVector) -> None:
    """Mark a small panel at three to five round places, at whole numbers where x has no others."""
    from matplotlib.ticker import MaxNLocator

    whole = bool(np.all(x == np.round(x)))
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=whole))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))


def label_panel(axes: Axes, x: str = "", y: str = "", title: str = "") -> None:
    """Set the three texts of a panel; long names are shortened in the middle."""
    if x:
        axes.set_xlabel(shorten(x, 60))
    if y:
        axes.set_ylabel(shorten(y, 44))
    if title:
        axes.set_title(shorten(title, 48), loc="left")


def shorten(text: str, most: int) -> str:
    """Cut the middle out of a text that is too long, and show control characters instead of obeying them."""
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    if len(line) <= most:
        return line
    head = (most - 1) // 2
    return f"{line[:head]}…{line[len(line) - (most - 1 - head) :]}"


def legend_above(figure: Figure, handles: list[Any], labels: list[str]) -> None:
    """Put one legend above all panels, in as many columns as the figure is wide enough for."""
    texts = [shorten(label, 28) for label in labels]
    wide = 0.5 + INCHES_A_LETTER * max(map(len, texts), default=0)
    figure.legend(
        handles,
        texts,
        loc="outside upper left",
        ncols=max(1, min(len(labels), 4, int(figure.get_size_inches()[0] / wide))),
        handlelength=1.6,
        columnspacing=1.4,
        borderaxespad=0.2,
    )
