"""From a design to the parameters and the criterion of its model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lmm.covariance import ThetaLayout
from lmm.design import Design
from lmm.errors import DesignError, UnsupportedError
from lmm.estimation import Criterion, Given, given_theta
from lmm.typing import FloatMatrix, FloatVector, Method


def theta_layout(design: Design) -> ThetaLayout:
    """Lay out the parameters of the random terms, in the order of the design."""
    return ThetaLayout.of([(part.group, part.columns, part.structure) for part in design.random])


def fixed_matrix(design: Design) -> FloatMatrix:
    """Columns of X that are not aliased (n, rank)."""
    if design.rank == design.X.shape[1]:
        return design.X
    return design.X[:, design.kept]


def response(design: Design) -> FloatVector:
    """Response as measured (n,)."""
    if design.y is None:
        raise DesignError("This design has no response; a model needs one.")
    return design.y


def smooth_places(design: Design, layout: ThetaLayout) -> list[int]:
    """Positions in theta of the parameters of smooth terms."""
    pairs = zip(design.random, layout.places, strict=True)
    return [i for part, place in pairs if part.is_smooth for i in range(place.start, place.stop)]


def held_parameters(theta: Any, design: Design, layout: ThetaLayout) -> Given:
    """Parameters that are held: by ``theta=``, and by ``sp=`` of smooth terms."""
    given = given_theta(theta, layout)
    values, held = given.theta.copy(), given.held.copy()
    for part, place in zip(design.random, layout.places, strict=True):
        if not part.held:
            continue
        own = np.array(part.held)
        free = ~held[place] & ~np.isnan(own)
        values[place] = np.where(free, own, values[place])
        held[place] |= free
    return Given(values, held)


def build_criterion(design: Design, method: Method, memory_limit: int | None = None) -> Criterion:
    """Set up the criterion of a design: the offset leaves y, aliased columns leave X."""
    y = response(design)
    if method == "gcv":
        _check_validated(design)
    criterion = Criterion.of(
        y if design.offset is None else y - design.offset,
        fixed_matrix(design),
        [part.block for part in design.random],
        design.weights,
        theta_layout(design),
        method,
        memory_limit,
    )
    return replace(criterion, maker=(build_criterion, (design, method)))


def _check_validated(design: Design) -> None:
    """Refuse cross-validation of models in which something else than curves is random.

    Raises
    ------
    UnsupportedError
        If there is a random term, or no smooth term.
    """
    if design.groups:
        sources = ", ".join(part.source for part in design.groups)
        raise UnsupportedError(
            f'method="gcv" is for models whose only random part are smooth terms, and {sources} is a random term: '
            'cross-validation says nothing about its variance. Use method="reml".'
        )
    if not design.smooths and design.n_parametric == design.X.shape[1]:
        raise UnsupportedError(
            'method="gcv" chooses the smoothing parameters of smooth terms, and this model has none. Use '
            'method="reml" or method="ml".'
        )
