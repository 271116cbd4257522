"""The only file that touches formulaic's inner names, so that a change of theirs is mended here.

Loading it loads formulaic and pandas: nothing that only reads formulas imports it. formulaic evaluates nothing here:
its splines are called as functions of arrays, its codings give matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from formulaic.transforms import TRANSFORMS
from formulaic.transforms.contrasts import Contrasts, ContrastsRegistry

__all__ = ["SPLINES", "Contrasts", "ContrastsRegistry"]

SPLINES: Mapping[str, Callable[..., Any]] = {name: TRANSFORMS[name] for name in ("bs", "cc", "cr", "cs")}
"""Bases that formulaic computes: functions of an array, the options and ``_state``; columns by number."""
