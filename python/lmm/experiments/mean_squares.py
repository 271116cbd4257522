"""Expected mean squares as text, and the error terms that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lmm.estimation import RESIDUAL, QuadraticForm
from lmm.typing import FloatMatrix, FloatVector

__all__ = ["WITHIN", "ErrorTerm", "coefficient_text", "error_term", "expectation"]

WITHIN = "Within"
"""Name of the finest stratum, as R has it."""

_SAME = 1e-8  # relative difference of coefficients that is rounding


@dataclass(frozen=True, slots=True, eq=False)
class ErrorTerm:
    """The combination of mean squares that a term is tested against.

    Attributes
    ----------
    weights : shape (m,)
        Weights of the mean squares of the error strata.
    text
        ``"MS(Block:Variety)"``, or a sum such as ``"0.94 MS(Block:Variety) + 0.06 MS(Within)"``.
    is_proper
        Whether a single mean square serves.
    """

    weights: FloatVector
    text: str
    is_proper: bool

    def mean_sq(self, mean_squares: FloatVector) -> float:
        """Write the denominator of F."""
        return float(self.weights @ mean_squares)

    def df(self, mean_squares: FloatVector, df: FloatVector) -> float:
        """Degrees of freedom; those of Satterthwaite for a sum."""
        if self.is_proper:
            return float(df[np.argmax(self.weights)])
        parts = self.weights * mean_squares
        return float(np.sum(parts) ** 2 / np.sum(parts**2 / df))


def error_term(coefficients: FloatVector, errors: Sequence[QuadraticForm]) -> ErrorTerm | None:
    """Find the combination of error mean squares with the expectation of a term without its effects.

    Parameters
    ----------
    coefficients : shape (m,)
        Of the term, over all components.
    errors
        Rows of the components and of the residual; those without degrees of freedom are of no use.

    Returns
    -------
    ErrorTerm or None
        None where no combination has that expectation.
    """
    usable = np.array([form.df > 0 for form in errors])
    E: FloatMatrix = np.array([form.coefficients for form in errors])
    weights = np.zeros(len(errors))
    weights[usable] = np.linalg.lstsq(E[usable].T, coefficients, rcond=None)[0]
    reached = E[usable].T @ weights[usable]
    if np.abs(reached - coefficients).max(initial=0.0) > _SAME * np.abs(coefficients).max(initial=0.0):
        return None
    weights[np.abs(weights) < _SAME] = 0.0
    is_proper = np.count_nonzero(weights) == 1 and bool(abs(weights.sum() - 1.0) < _SAME)
    if is_proper:
        weights = np.round(weights)
    terms = [(float(w), f"MS({stratum_name(form)})") for w, form in zip(weights, errors, strict=True) if w]
    return ErrorTerm(weights, _sum(terms), is_proper)


def stratum_name(form: QuadraticForm) -> str:
    """Name of the stratum that a row is the error of."""
    return WITHIN if form.kind == "residual" else form.name


def expectation(form: QuadraticForm, names: Sequence[str], symbols: Sequence[str] | None = None) -> str:
    """Write the expectation of a mean square, finest component first.

    Parameters
    ----------
    form
        The row.
    names
        Names of the components, the residual last.
    symbols
        What to write for the coefficients; by default the numbers.

    Examples
    --------
    >>> row = QuadraticForm("Variety", "fixed", 2, 1786.4, np.array([0.0, 4.0, 1.0]))
    >>> expectation(row, ["Block", "Block:Variety", "Residual"])
    'σ²_ε + 4 σ²_Block:Variety + φ²(Variety)'
    """
    texts = [coefficient_text(k) for k in form.coefficients] if symbols is None else symbols
    terms = [
        f"{'' if text == '1' else f'{text} '}σ²_{'ε' if name == RESIDUAL else name}"
        for name, text, k in reversed(list(zip(names, texts, form.coefficients, strict=True)))
        if k > 0.0
    ]
    if form.kind == "fixed":
        terms.append(f"φ²({form.name})")
    return " + ".join(terms)


def coefficient_text(value: float) -> str:
    """Write a coefficient: whole where it is, else with four digits.

    Examples
    --------
    >>> coefficient_text(12.000000000001), coefficient_text(3.49123)
    ('12', '3.491')
    """
    nearest = round(value)
    return str(nearest) if abs(value - nearest) < _SAME * max(1.0, abs(value)) else f"{value:.4g}"


def _sum(terms: Sequence[tuple[float, str]]) -> str:
    text = ""
    for weight, name in terms:
        size = coefficient_text(abs(weight))
        sign = ("-" if weight < 0 else "") if not text else (" - " if weight < 0 else " + ")
        text += f"{sign}{'' if size == '1' else f'{size} '}{name}"
    return text
