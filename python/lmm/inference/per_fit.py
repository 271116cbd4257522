"""Remember what was computed for a fit, for as long as the fit lives."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["per_fit"]

P = ParamSpec("P")
Result = TypeVar("Result")


def per_fit(compute: Callable[Concatenate[Fit, P], Result]) -> Callable[Concatenate[Fit, P], Result]:
    """Let a function of a fit (and hashable options) compute once for each fit.

    A fit never changes, so what was computed for it stays true. The memory holds the fit weakly:
    it goes when the fit goes.
    """
    memory: WeakKeyDictionary[Fit, dict[Hashable, Any]] = WeakKeyDictionary()

    @wraps(compute)
    def remembered(fit: Fit, *args: P.args, **kwargs: P.kwargs) -> Result:
        key = (args, tuple(sorted(kwargs.items())))
        known = memory.setdefault(fit, {})
        if key not in known:
            known[key] = compute(fit, *args, **kwargs)
        found: Result = known[key]
        return found

    return cast("Callable[Concatenate[Fit, P], Result]", remembered)
