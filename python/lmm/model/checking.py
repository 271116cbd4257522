"""The check of arguments that must be fits."""

from __future__ import annotations

from lmm.arguments import instance_of

__all__ = ["a_fit"]


def _fit_class() -> type:
    from lmm.model.result import Fit

    return Fit


a_fit = instance_of(_fit_class, "a fit, as lmm.fit() makes it")
"""Take a fit."""
