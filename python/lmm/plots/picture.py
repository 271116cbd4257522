"""The figure that a plot returns: matplotlib's, which shows itself as the last line of a notebook cell.

This file imports matplotlib, so it is imported only where a figure is made.
"""

from __future__ import annotations

import io
import warnings

import matplotlib as mpl
from matplotlib.figure import Figure

from lmm.plots.style import alone

__all__ = ["Picture"]


class Picture(Figure):
    """A matplotlib figure that belongs to nobody's global state and still shows itself in a notebook.

    Nothing of ``pyplot`` knows it: no magic command is needed, none shows it twice, and there is nothing to close.

    Examples
    --------
    >>> import lmm
    >>> figure = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff")).plot("qq")
    >>> figure._repr_png_()[1:4], figure._repr_svg_().startswith("<svg")
    (b'PNG', True)
    """

    def _repr_png_(self) -> bytes:
        return self._written("png")

    def _repr_svg_(self) -> str:
        text = self._written("svg").decode("utf-8")
        # Inside a page of HTML the declaration of XML has no place.
        return text[text.index("<svg") :]

    def _written(self, form: str) -> bytes:
        buffer = io.BytesIO()
        # The same figure gives the same bytes.
        metadata = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
        with alone(), mpl.rc_context({"svg.hashsalt": "lmm"}), warnings.catch_warnings():
            # The reader's fonts show what the font that measures the text has no sign for.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            self.savefig(buffer, format=form, facecolor=self.get_facecolor(), metadata=metadata)
        return buffer.getvalue()
