"""What a fit by moments says about negative components, and what cannot be asked of one that keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lmm.errors import UnsupportedError

if TYPE_CHECKING:
    from lmm.design import RandomPart
    from lmm.estimation import Moments, ThetaOptimum
    from lmm.typing import FloatMatrix


def moments_notes(moments: Moments | None) -> Iterator[str]:
    """Say which solutions are negative and what became of them."""
    if moments is None:
        return
    for i in np.flatnonzero(moments.is_negative):
        name, value = moments.names[i], f"{moments.solution[i]:.4g}"
        first = f"Negative: the mean squares give the component {name} the value {value}; "
        if moments.negative == "zero":
            yield (
                f"{first}it is set to zero, and the other components stay as solved. "
                'negative="allow" keeps it; REML would estimate all components again without it.'
            )
        else:
            yield (
                f"{first}it is kept: rows of one level of {name} are less alike than rows of different levels. Its "
                "levels have no random effects of their own."
            )


def term_covariances(
    parts: tuple[RandomPart, ...], factors: list[FloatMatrix], sigma: float, optimum: ThetaOptimum
) -> list[FloatMatrix]:
    """Covariance (k, k) of one level's effects of each term, with negative components where they are kept."""
    G = [sigma**2 * (T @ T.T) for T in factors]
    moments = optimum.moments
    if moments is None or not moments.keeps_negative:
        return G
    ends = np.cumsum([len(part.columns) for part in parts])
    return [np.diag(values) for values in np.split(moments.components[:-1], ends[:-1])]


def refuse_negative(optimum: ThetaOptimum, what: str) -> None:
    """Refuse what needs random effects for every component.

    Raises
    ------
    UnsupportedError
        If the fit keeps a negative component.
    """
    if optimum.moments is not None and optimum.moments.keeps_negative:
        raise UnsupportedError(
            f"{what} need a variance for every component, and this fit keeps a negative one. Fit again with "
            'negative="zero", or by REML.'
        )
