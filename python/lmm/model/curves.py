"""What a fit says about its smooth terms; the work is done in `lmm.inference`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lmm.arguments import takes
from lmm.model.predicting import Predictions
from lmm.table import Table

if TYPE_CHECKING:
    from lmm.model.result import Fit


class Curves(Predictions):
    """The part of a fit that speaks of smooth terms."""

    __slots__ = ()

    @property
    def edf(self) -> float:
        """Effective degrees of freedom of fixed, smooth and random effects: the trace of the matrix of `fitted`."""
        from lmm.inference import total_edf

        return total_edf(cast("Fit", self))

    @takes()
    def smooths(self) -> Table:
        """Tabulate the smooth terms with effective degrees of freedom and tests; see `lmm.smooths`."""
        from lmm.inference import smooths

        return smooths(cast("Fit", self))

    @takes()
    def smoothing(self) -> Table:
        """Tabulate the smoothing parameters; see `lmm.smoothing`."""
        from lmm.inference import smoothing

        return smoothing(cast("Fit", self))
