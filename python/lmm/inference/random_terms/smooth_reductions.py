"""Smooth terms with something left out: a penalty's effects, or curves as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lmm.covariance import Tied
from lmm.errors import LmmError
from lmm.inference.random_terms.reductions import Reduction, without_columns

if TYPE_CHECKING:
    from lmm.design import RandomPart
    from lmm.design.smooth_places import Curve
    from lmm.model import Fit

__all__ = ["smooth_reductions"]


def smooth_reductions(fit: Fit, reduce: bool) -> Iterator[Reduction]:
    """Go through the smooth terms: without the effects of one penalty at a time, or without a curve.

    The first leaves what no penalty touches, such as the straight line of ``s(x)``. Where effects have several
    penalties, all of these are left out together. Penalties that ``sp=`` holds stay.

    Raises
    ------
    LmmError
        If curves with fixed columns are to be left out of a fit by REML.
    """
    if reduce:
        for position, part in enumerate(fit.internals.design.random):
            if part.is_smooth and _is_free(part):
                yield from _of_penalties(fit, position)
        return
    yield from _of_curves(fit)


def _is_free(part: RandomPart) -> bool:
    return bool(np.isnan(part.held).any())


def _of_penalties(fit: Fit, position: int) -> Iterator[Reduction]:
    part = fit.internals.design.random[position]
    names = fit.internals.criterion_function.layout.terms[position].names
    family = part.structure
    apart = (
        isinstance(family, Tied) and len(names) > 1 and bool(((family.scales > 0.0).sum(axis=1) == 1).all())
    )
    if not apart:
        yield Reduction(names[0] if len(names) == 1 else part.group, position, None)
        return
    assert isinstance(family, Tied)
    for j, name in enumerate(names):
        if not np.isnan(part.held[j]):
            continue
        gone = np.flatnonzero(family.scales[:, j] > 0.0)
        left = [i for i in range(len(names)) if i != j]
        rest = without_columns(part, gone.tolist())
        scales = np.delete(family.scales, gone, axis=0)[:, left]
        structure = Tied(scales, [family.labels[i] for i in left])
        held = tuple(part.held[i] for i in left)
        yield Reduction(name, position, replace(rest, structure=structure, held=held))


def _of_curves(fit: Fit) -> Iterator[Reduction]:
    """Each curve as a whole; curves that share their smoothing parameters go together."""
    design = fit.internals.design
    smooths = [i for i, part in enumerate(design.random) if part.is_smooth]
    taken = set[int]()
    for term in fit.internals.spec.smooths.terms:
        for curve in term.curves:
            positions = {smooths[place.part] for place in curve.pieces}
            if not positions or positions & taken:
                continue
            together = _sharing(fit, positions, smooths)
            positions |= {smooths[place.part] for other in together for place in other.pieces}
            taken |= positions
            label = ", ".join(other.smooth.label for other in together)
            columns = [
                design.n_parametric + j
                for other in together
                for j in range(*other.columns.indices(design.X.shape[1]))
            ]
            if columns and fit.method == "reml":
                raise LmmError(
                    f"{label} has fixed columns, and REML criteria of models with different fixed parts cannot be "
                    'compared. Fit with method="ml" to leave curves out as a whole, or leave reduce=False out, which '
                    "tests what their penalties touch."
                )
            first, *also = sorted(positions)
            yield Reduction(label, first, None, tuple(also), tuple(columns))


def _sharing(fit: Fit, positions: set[int], smooths: list[int]) -> list[Curve]:
    curves = [curve for term in fit.internals.spec.smooths.terms for curve in term.curves]
    return [curve for curve in curves if any(smooths[place.part] in positions for place in curve.pieces)]
