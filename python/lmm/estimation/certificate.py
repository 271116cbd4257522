"""What the optimizer knows about the place where it stopped, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lmm.arguments import near_names


@near_names("A certificate")
@dataclass(frozen=True, slots=True, repr=False)
class Certificate:
    """Why the estimates may be called an optimum; prints as plain lines.

    Attributes
    ----------
    converged, singular
        Two separate facts: whether nothing is left to gain, and whether a covariance has not
        full rank.
    message
        The verdict in one sentence.
    n_iterations, n_evaluations
        What the search cost that ended here: an evaluation is one of the criterion.
    starts_tried
        How many searches there were; `details` has the evaluations of all of them.
    details
        The numbers behind the verdict, by name.

    Examples
    --------
    >>> print(Certificate(True, False, "Nothing was optimized.", 0, 1, 0, {}))
    Nothing was optimized. 0 iterations, 1 evaluation.
    >>> checks = {"max_gradient": 2e-9, "newton_decrement": 3e-18, "cone_decrement": 1e-17, "min_curvature": 0.4}
    >>> print(Certificate(True, False, "Converged.", 6, 7, 1, {**checks, "factor_residual": 2e-16}))
    Converged. 6 iterations, 7 evaluations.
    largest element of the projected gradient: 2e-09
    predicted fall of the criterion: 3e-18 by Newton's step, 1e-17 by a step among all covariances
    smallest curvature, relative to the expected one: 0.4; no direction is without variance
    relative residual of the factorization: 2e-16
    """

    converged: bool
    singular: bool
    message: str
    n_iterations: int
    n_evaluations: int
    starts_tried: int
    details: Mapping[str, Any]

    def lines(self) -> list[str]:
        """Write the verdict with its cost, and the four checks behind it where something was searched."""
        return [f"{self.message} {self._cost()}", *_checks(self.details)]

    def _cost(self) -> str:
        cost = f"{_count(self.n_iterations, 'iteration')}, {_count(self.n_evaluations, 'evaluation')}"
        if self.starts_tried > 1:
            in_all = self.details.get("evaluations_in_all", self.n_evaluations)
            cost += f"; best of {self.starts_tried} starts, {_count(in_all, 'evaluation')} in all"
        return f"{cost}."

    def __str__(self) -> str:
        return "\n".join(self.lines())

    __repr__ = __str__

    def with_factor(self, residual: float) -> Certificate:
        """Add how well the factor at the optimum reproduces its matrix."""
        return replace(self, details={**self.details, "factor_residual": residual})


def _checks(details: Mapping[str, Any]) -> Iterator[str]:
    """Write one line for each check that was made."""
    if "max_gradient" in details:
        yield f"largest element of the projected gradient: {details['max_gradient']:.3g}"
    if "newton_decrement" in details:
        yield (
            f"predicted fall of the criterion: {details['newton_decrement']:.3g} by Newton's step, "
            f"{details['cone_decrement']:.3g} by a step among all covariances"
        )
    if "min_curvature" in details:
        boundary = "no direction is without variance"
        if "min_boundary_slope" in details:
            boundary = (
                f"smallest slope into a direction without variance: {details['min_boundary_slope']:.3g}"
            )
        curvature = details["min_curvature"]
        yield f"smallest curvature, relative to the expected one: {curvature:.3g}; {boundary}"
    if "factor_residual" in details:
        form = f" ({details['factor_form']})" if "factor_form" in details else ""
        yield f"relative residual of the factorization: {details['factor_residual']:.3g}{form}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
