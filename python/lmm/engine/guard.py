"""Failures of the compiled core as errors of the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lmm import _core
from lmm.errors import ConvergenceError, DesignError, LmmError, OutOfMemoryError

__all__ = ["guarded"]

Result = TypeVar("Result")

_REASONS = {
    "internal": "The compiled core met a state that it does not expect. Please report the formula, and the "
    "data if you can: this is a fault of lmm, not of your data.",
    "no-variation": "The fixed part reproduces the response exactly: no residual variation is left to "
    "model. Check the response, or take columns out of the fixed part.",
}


def guarded(call: Callable[[], Result]) -> Result:
    """Run a call of the core; its failures become the package's own."""
    try:
        return call()
    except _core.CoreFailure as failure:
        kind, text = failure.args
        kinds: dict[str, type[LmmError]] = {
            "not-positive-definite": ConvergenceError,
            "unreliable": ConvergenceError,
            "memory": OutOfMemoryError,
        }
        raise kinds.get(kind, DesignError)(_REASONS.get(kind, text[0].upper() + text[1:] + ".")) from None
