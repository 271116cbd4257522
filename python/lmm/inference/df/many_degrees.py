"""When degrees of freedom are so many that the choice of a method cannot be seen, and the cheap method for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmm.inference.algebra.head_and_tail import head_and_tail
from lmm.inference.df.satterthwaite import Satterthwaite
from lmm.inference.df.spread import fewest_df, is_inside
from lmm.inference.per_fit import per_fit

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["ManyDegrees", "are_many"]

LARGE_ROWS = 20_000
"""Rows from which a fit is large: all methods but one return to the rows."""

LARGE_TAIL = 1_000
"""Effects besides those of the largest factor from which a fit is large, whatever its rows: their matrix is dense."""

MANY = 500
"""Degrees of freedom from which standard errors of all methods agree to about 0.1 %, p-values to 0.5 %."""


@dataclass(frozen=True)
class ManyDegrees(Satterthwaite):
    """Satterthwaite's method from the average information, chosen by ``"auto"``, which says why."""

    information: str = "average"

    def notes(self, fit: Fit) -> tuple[str, ...]:
        reason = (
            f"No test of this fit has fewer than {MANY} of them, where all methods print nearly the same; this one "
            "was chosen because it is cheap."
        )
        return (*super().notes(fit), reason)


@per_fit
def are_many(fit: Fit) -> bool:
    """Whether the fit is large, and no contrast of its fixed effects has fewer than `MANY` degrees of freedom.

    Decided by counts and by a bound of the degrees of freedom (`fewest_df`), which takes one factorization; never by
    time. Fits on the boundary, those with given parameters, and those whose covariances have parameters of their own
    (`cs`, `ar1`, ...) are left to the other methods.
    """
    return (
        fit.internals.criterion_function.layout.is_linear
        and _is_large(fit)
        and is_inside(fit)
        and fewest_df(fit) >= MANY
    )


def _is_large(fit: Fit) -> bool:
    parts = fit.internals.design.random
    _, tail = head_and_tail(parts)
    return fit.n_obs >= LARGE_ROWS or sum(parts[i].block.n_effects for i in tail) > LARGE_TAIL
