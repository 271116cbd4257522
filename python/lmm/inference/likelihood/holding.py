"""The deviance of a fit with some of its parameters held, and the progress line of slow profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lmm.engine import Check, Surface
from lmm.errors import LmmError, UnsupportedError
from lmm.estimation.progress import ProgressLine
from lmm.inference.likelihood.parameters import Parameter

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["ProfileLine", "surface"]


def surface(fit: Fit, held: Sequence[Parameter], *, reml: bool, check: Check | None = None) -> Surface:
    """Set up the deviance of a fit (at its optimum for this criterion) with parameters held.

    Raises
    ------
    LmmError
        If two correlations of one random term are held that share no effect.

    Examples
    --------
    >>> import lmm
    >>> from lmm.inference.likelihood.parameters import select
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> own = surface(fit, select(fit, "sd_Intercept|Batch"), reml=True)
    >>> place = own.minimize(own.towards(np.array([20.0])))
    >>> float(place.z[own.held[0]]), round(place.value, 3)
    (20.0, 2.657)
    """
    if not fit.internals.criterion_function.layout.is_linear:
        names = dict.fromkeys(
            p.structure.name for p in fit.internals.design.random if not p.structure.is_linear
        )
        raise UnsupportedError(
            f"Of a fit with {', '.join(f'{name}()' for name in names)} there are profiles and their intervals, but no "
            'contours and no BCa intervals yet. Use lmm.profile(fit), or a bootstrap with interval="percentile".'
        )
    pairs = [(p.term, set(p.columns)) for p in held if p.kind == "correlation"]
    if len(pairs) == 2 and pairs[0][0] == pairs[1][0] and not pairs[0][1] & pairs[1][1]:
        raise LmmError(
            "A contour of two correlations that share no effect is not available; "
            "take one of them and a standard deviation."
        )
    errors = np.sqrt(np.diag(fit.vcov))
    places = [p.held for p in held]
    return fit.internals.criterion_function.cross.surface(
        fit.T, fit.sigma, fit.beta, errors, places, reml, check
    )


class ProfileLine(ProgressLine):
    """One quiet line while profiles take longer than two seconds, unless the fit was told not to show one."""

    def __init__(self, fit: Fit) -> None:
        super().__init__()
        self._shown = fit.internals.request.control.progress

    def about(self, parameter: Parameter, number: int, count: int) -> Check | None:
        """Make the check that tells which of several parameters it is at."""
        place = f"{parameter.name}, {number + 1} of {count}"

        def check(n_evaluations: int, _: float) -> None:
            self.tell(lambda seconds: f"profiling: {seconds:.0f} s, {place}, evaluation {n_evaluations}")

        return check if self._shown else None
