"""Fits that consist of the few numbers that a picture looks at."""

from __future__ import annotations

from typing import Any

import lmm


def stand_in(**members: Any) -> lmm.Fit:
    """Make a fit whose class has these members and none of its numbers."""
    return object.__new__(type("StandIn", (lmm.Fit,), {"__slots__": (), **members}))
