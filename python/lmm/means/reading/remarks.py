"""What the reader of means must know: averages, held values, interactions, nesting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmm.means.curves import bends

if TYPE_CHECKING:
    from lmm.means.grid.averaging import Averages
    from lmm.means.grid.reference import ReferenceGrid
    from lmm.means.specs import Specs

__all__ = ["remarks_of"]

_WEIGHTS = {
    "equal": "equal weights",
    "proportional": "weights proportional to frequencies",
    "outer": "weights from products of marginal frequencies",
    "cells": "weights proportional to the frequencies of cells",
    "flat": "equal weights for cells with data",
}


def remarks_of(
    grid: ReferenceGrid, asked: Specs, averages: Averages, weights: str, slope: str | None = None
) -> tuple[str, ...]:
    """Write the sentences below a table of means, or of slopes of a covariate."""
    named = {*asked.factors, *asked.by, slope}
    over = [name for name in grid.variables if name not in named]
    averaged = [name for name in over if len(grid.variables[name].values) > 1]
    remarks = []
    if averaged:
        remarks.append(f"Averaged over the levels of {', '.join(averaged)}, {_WEIGHTS[weights]}.")
    held = [
        f"{name} = {grid.variables[name].labels[0]}"
        for name in over
        if len(grid.variables[name].values) == 1 and not _is_offset(grid, name)
    ]
    if held:
        remarks.append(f"Held at {', '.join(held)}.")
    if (
        slope is not None
        and slope not in (*asked.factors, *asked.by)
        and bends(grid, slope, averages.weights)
    ):
        at = ", ".join(grid.variables[slope].labels[:4])
        more = ", …" if len(grid.variables[slope].labels) > 4 else ""
        remarks.append(
            f"{slope} is not a straight line: its slope at {slope} = {at}{more}. joint_tests() tests the whole of it."
        )
    interacting = _interacting(grid, asked, over, slope)
    if interacting:
        what = f"{' and '.join(asked.factors)} in an interaction with {', '.join(interacting)}"
        remarks.append(f"May mislead: {what}, averaged or held here.")
    for inner, outers in grid.nests.items():
        if inner in named or inner in averaged:
            remarks.append(f"{inner} is nested in {', '.join(outers)}.")
    if grid.offset.any() and slope is None:
        remarks.append("Offsets are part of the means, at their values on the grid.")
    if (averages.counts == 0).any():
        remarks.append("Some combinations have no observations.")
    return tuple(remarks)


def _interacting(grid: ReferenceGrid, asked: Specs, over: list[str], slope: str | None) -> list[str]:
    """Find variables that are averaged over or held, and stand in one term with a factor that gets means.

    A nested factor is not an interaction of the one that it is nested in.
    """
    found: dict[str, None] = {}
    for term in grid.fit.internals.design.terms:
        if not set(term.variables) & set(asked.factors) or (
            slope is not None and slope not in term.variables
        ):
            continue
        for name in term.variables:
            if name in over and not set(grid.nests.get(name, ())) & set(asked.factors):
                found[name] = None
    return list(found)


def _is_offset(grid: ReferenceGrid, name: str) -> bool:
    """Whether a variable stands in offsets only."""
    return not any(name in term.variables for term in grid.fit.internals.design.terms)
