"""The criterion as a function of theta."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from lmm.arguments import near_names
from lmm.covariance import ThetaLayout
from lmm.engine import Block, Chart, Control, CrossProducts, Evaluation, Optimum
from lmm.errors import UnsupportedError, brief
from lmm.typing import FloatArray, FloatMatrix, FloatVector, Method

Told: TypeAlias = Callable[[int, float], None]
"""Called with each iteration and the value there."""


@near_names("A criterion")
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Criterion:
    """-2 log-likelihood (ML or REML) of one model, profiled over beta and sigma; or its cross-validation.

    For ``"gcv"`` it is n log(n RSS / (n - tr F)²), which has the scale of a deviance; `score` gives what people read.

    Attributes
    ----------
    cross
        Cross-products of the data.
    layout
        What theta means.
    method
        ``"reml"``, ``"ml"`` or ``"gcv"``; of a fit by moments, ``"moments"``.
    maker
        Function and arguments that make it again for copies and `pickle`: the compiled core holds the sums.

    Examples
    --------
    >>> from lmm.engine import GroupBlock
    >>> y = np.array([1.0, 2.0, 4.0, 6.0])
    >>> batch = GroupBlock(np.array([0, 0, 1, 1]), None, 2)
    >>> layout = ThetaLayout.of([("batch", ("Intercept",), "us")])
    >>> criterion = Criterion.of(y, np.ones((4, 1)), [batch], None, layout, "reml")
    >>> round(criterion.evaluate(layout.start).criterion, 4)
    13.3563
    """

    cross: CrossProducts
    layout: ThetaLayout
    method: Method
    maker: tuple[Callable[..., Criterion], tuple[Any, ...]] | None = None

    @classmethod
    def of(
        cls,
        y: FloatVector,
        X: FloatMatrix,
        blocks: Sequence[Block],
        weights: FloatVector | None,
        layout: ThetaLayout,
        method: Method,
        memory_limit: int | None = None,
    ) -> Criterion:
        """From the response minus the offset (n,), X (n, p) of full rank and the blocks of Z.

        `memory_limit` is in bytes.
        """
        cross = CrossProducts(y, X, blocks, weights, memory_limit=memory_limit)
        return cls(cross, layout, method)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.maker is None:
            raise UnsupportedError(
                "This criterion was made from arrays and cannot be copied or pickled: make it again."
            )
        return self.maker

    def __repr__(self) -> str:
        names = brief(", ".join(self.layout.names), 400)
        return f"<{self.name} in ({names}); n = {self.cross.n_obs}, p = {self.cross.n_fixed}>"

    @property
    def name(self) -> str:
        """Words for it."""
        names = {"ml": "profiled deviance", "gcv": "GCV score"}
        return names.get(self.method, "REML criterion")

    @property
    def reml(self) -> bool:
        """Whether the criterion is REML's; that of a fit by moments is, and cross-validation takes X out likewise."""
        return self.method != "ml"

    @property
    def is_gcv(self) -> bool:
        """Whether it is cross-validation, not a likelihood."""
        return self.method == "gcv"

    def score(self, value: float) -> float:
        """Turn a value of the search into what people read: the GCV score from its logarithm, else the value itself."""
        return float(np.exp(value / self.cross.n_obs)) if self.is_gcv else value

    def evaluate(self, theta: FloatVector, gradient: bool = True) -> Evaluation:
        """Everything that the engine says at theta; without `gradient` its `M` is empty."""
        T = self.layout.factors(theta)
        if self.is_gcv:
            return self.cross.cross_validate(T, gradient)
        return self.cross.evaluate(T, self.reml, gradient)

    def search_chart(
        self, chart: Chart, starts: Sequence[FloatVector], control: Control, told: Told | None
    ) -> Optimum:
        """Minimize it over the coordinates of a chart, from some places."""
        if not self.is_gcv:
            return self.cross.optimize_chart(self.reml, chart, starts, control, told)
        scored = None if told is None else lambda iteration, value: told(iteration, self.score(value))
        return self.cross.optimize_chart(None, chart, starts, control, scored)

    def gradient(self, theta: FloatVector) -> FloatVector:
        """Gradient d criterion / d theta (n_theta,)."""
        return self.layout.gradient(theta, self.evaluate(theta).M)

    def information(self, theta: FloatVector) -> FloatMatrix:
        """Average information of theta (n_theta, n_theta), on the scale of the criterion; REML's for ``"gcv"``.

        It stands between the Hessian of the criterion and its expectation, sigma profiled out:
        the covariance of the estimates is about twice its inverse.
        """
        J = self.layout.jacobian(theta)
        information = self.cross.average_information(self.layout.factors(theta), self.reml)
        chained: FloatMatrix = J.T @ np.asarray(information).reshape(len(J), len(J)) @ J
        return chained

    def conditional(self, theta: FloatVector, *, given_beta: bool) -> list[FloatArray]:
        """Covariance of each level's random effects over sigma**2, (l, k, k) per term.

        Given beta as lme4 has it, or with the uncertainty of beta (Henderson's prediction
        error variance).
        """
        return list(self.cross.conditional(self.layout.factors(theta), reml=not given_beta))
