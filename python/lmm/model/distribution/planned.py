"""Arguments of `lmm.fit` whose models are not there yet: each is refused by name, with who has it and what to do today.

A later step takes its line out and reads the argument where the design is learnt.
"""

from __future__ import annotations

from typing import Any

from lmm.elsewhere import not_here

__all__ = ["PLANNED", "refuse_planned"]

PLANNED = {
    "residual": ("residual", ""),
    "variance": ("residual", " Known ratios of variances are weights=."),
    "trials": ("family", ""),
    "exposure": ("family", " A logarithm of it may be offset=."),
    "frequency": ("out of memory", " Give each row as often as it counts."),
    "known": (
        "out of memory",
        ' A known covariance of levels is random={"name": lmm.block(Z, covariance=K)}.',
    ),
}
"""Whose row of what is elsewhere tells of them, and what to do today."""


def refuse_planned(given: dict[str, Any]) -> None:
    """Refuse the first of these arguments that was given.

    Raises
    ------
    UnsupportedError
        If one of them is not None.
    """
    for name, value in given.items():
        if value is not None:
            key, advice = PLANNED[name]
            raise not_here(f"{name}=", key, advice)
