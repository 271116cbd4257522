"""What the optimizer knows about the place where it stopped, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Certificate:
    """Why the estimates may be called an optimum; prints as plain lines.

    Attributes
    ----------
    converged, singular
        Two separate facts: whether nothing is left to gain, and whether a covariance has not
        full rank.
    message
        The verdict in one sentence.
    n_iterations, n_evaluations, starts_tried
        What the search cost.
    details
        The numbers behind the verdict, by name.

    Examples
    --------
    >>> print(Certificate(True, False, "Nothing was optimized.", 0, 1, 0, {"max_gradient": 2e-9}))
    Nothing was optimized.
    largest element of the scaled gradient: 2e-09
    0 iterations, 1 evaluation
    """

    converged: bool
    singular: bool
    message: str
    n_iterations: int
    n_evaluations: int
    starts_tried: int
    details: Mapping[str, Any]

    def lines(self) -> list[str]:
        """Give the verdict, the numbers behind it, and what it cost."""
        found = [self.message]
        for name, value in self.details.items():
            text = _written(value)
            if name == "factor_residual" and "factor_form" in self.details:
                text += f" ({self.details['factor_form']})"
            if text and name != "factor_form":
                found.append(f"{_MEANING.get(name, name)}: {text}")
        cost = f"{_count(self.n_iterations, 'iteration')}, "
        cost += _count(self.n_evaluations, "evaluation")
        if self.starts_tried > 1:
            cost += f", best of {self.starts_tried} starts"
        return [*found, cost]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def with_factor(self, residual: float) -> Certificate:
        """Add how well the factor at the optimum reproduces its matrix."""
        return replace(self, details={**self.details, "factor_residual": residual})


_MEANING = {
    "newton_decrement": "fall of the criterion that a Newton step still promises",
    "cone_decrement": "fall of the criterion that a step among all covariances still promises",
    "min_curvature": "smallest curvature of the criterion, relative to the expected one",
    "max_gradient": "largest element of the scaled gradient",
    "factor_residual": "relative residual of the factorization there",
    "min_boundary_slope": "smallest slope of the criterion into a direction without variance",
    "gradient": "largest element of the scaled gradient",
    "kkt": "smallest slope of the criterion into a direction without variance",
}


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return ", ".join(f"{number:.3g}" for number in np.ravel(np.asarray(value, dtype=float)))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
