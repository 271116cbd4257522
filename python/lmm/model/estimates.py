"""What a fit is made of."""

from __future__ import annotations

from dataclasses import dataclass

from lmm.design import Design, DesignSpec
from lmm.engine import Evaluation
from lmm.estimation import Criterion, ThetaOptimum
from lmm.model.request import Request


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """The parts that the attributes of a fit are computed from; no array in it can be written to.

    Attributes
    ----------
    request
        What was asked for: the arguments of `lmm.fit`.
    spec
        The recipe that builds the design for other tables.
    design
        Arrays and names of the model, all columns of X, rows left out.
    criterion_function
        The criterion as a function of theta, over the cross-products of the data.
    optimum
        Where the search for theta ended, and how.
    evaluation
        What the engine said there.
    """

    request: Request
    spec: DesignSpec
    design: Design
    criterion_function: Criterion
    optimum: ThetaOptimum
    evaluation: Evaluation

    def __post_init__(self) -> None:
        design, at = self.design, self.evaluation
        own = (
            self.optimum.theta,
            at.beta,
            at.unscaled_vcov,
            *at.b,
            *at.u,
            design.X,
            design.y,
            design.weights,
        )
        for array in (*own, design.offset):
            if array is not None:
                array.flags.writeable = False
