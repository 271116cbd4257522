"""The likelihood ratio of one variance under the hypothesis that it is zero, drawn from its exact distribution [1]_.

With y = Xβ + Kb + ε, b ~ N(0, λσ² I) and K of q columns, let μ be the eigenvalues of K'PK, P the projection that X
leaves, and ξ those of K'K. Under λ = 0, with independent w ~ N(0, 1),

    RLRT = sup_λ (n - p) log(S / D(λ)) - Σ log(1 + λμ_s),    D(λ) = Σ_{s≤q} w_s² / (1 + λμ_s) + Σ_{s>q} w_s²

where S = D(0) has n - p terms; the LRT of maximum likelihood has n for n - p and ξ for μ in front, and n log(1 + U/S)
more, U ~ χ²(m), where m columns of X are left out besides.

References
----------
.. [1] Crainiceanu & Ruppert (2004), Likelihood ratio tests in linear mixed models with one variance component,
   J. R. Statist. Soc. B 66, 165-185.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lmm.typing import FloatMatrix, FloatVector

__all__ = ["Spectrum", "draw_ratios"]

_NIL = 1e-10
"""Eigenvalue, relative to the largest, that is zero but for rounding."""
_SAME = 1e-9
"""Relative distance of eigenvalues that are one with a multiplicity."""
_STEP = 0.25
"""Of the grid in log(1 + λ/λ₀), on which maxima are far wider."""
_FARTHEST = 60.0
"""End of the grid, exp(60): where the deviance of any curve has been lost to its penalty."""
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
_SECTIONS = 14
"""Golden sections of two steps of the grid: to a part in a thousand, which is 1e-6 of the ratio."""
_MOST_NUMBERS = 4_000_000
"""Draws are made in pieces of so many numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """What the null distribution depends on.

    Attributes
    ----------
    mu : shape (q,)
        Eigenvalues of K'PK.
    xi : shape (q,)
        Eigenvalues of K'K; ``mu`` itself for the restricted likelihood.
    n_free
        n - p: rows less the rank of X.
    n_counted
        Factor of the logarithm: ``n_free``, or n by maximum likelihood.
    n_left_out
        Columns of X, m, that the smaller model has not.
    """

    mu: FloatVector
    xi: FloatVector
    n_free: int
    n_counted: int
    n_left_out: int = 0


def draw_ratios(spectrum: Spectrum, n_draws: int, rng: np.random.Generator) -> FloatVector:
    """Draw likelihood ratios (n_draws,) under the hypothesis.

    Examples
    --------
    With six levels of five rows each, F is below 1 in more than half of all data, and the ratio zero.

    >>> mu = np.repeat(5.0, 5)
    >>> ratios = draw_ratios(Spectrum(mu, mu, 29, 29), 10_000, np.random.default_rng(1))
    >>> round(float(np.mean(ratios == 0.0)), 1)
    0.6
    """
    mu, counts = _distinct(spectrum.mu)
    xi, weights = _distinct(spectrum.xi)
    n_rest = spectrum.n_free - int(counts.sum())
    unit = 1.0 / np.sqrt(max(float(np.sum(counts * mu**2)), np.finfo(float).tiny))
    found = np.empty(n_draws)
    piece = max(1, _MOST_NUMBERS // max(len(mu), 100))
    for begin in range(0, n_draws, piece):
        size = min(piece, n_draws - begin)
        squares = rng.chisquare(counts, (size, len(mu)))  # (draws, distinct mu)
        rest = rng.chisquare(n_rest, size) if n_rest else np.zeros(size)
        total = rest + squares.sum(axis=1)
        more = rng.chisquare(spectrum.n_left_out, size) if spectrum.n_left_out else np.zeros(size)
        ratio = _supremum(squares, rest, total, mu, (xi, weights), spectrum.n_counted, unit)
        found[begin : begin + size] = ratio + spectrum.n_counted * np.log1p(more / total)
    return found


def _distinct(values: FloatVector) -> tuple[FloatVector, FloatVector]:
    """Positive eigenvalues, each once, and how often they occur."""
    ordered = np.sort(values)[::-1]
    ordered = ordered[ordered > _NIL * max(ordered.max(initial=0.0), np.finfo(float).tiny)]
    if not ordered.size:
        return np.zeros(0), np.zeros(0)
    new = np.concatenate([[True], np.diff(ordered) < -_SAME * ordered[:-1]])
    places = np.flatnonzero(new)
    return ordered[places], np.diff([*places, len(ordered)]).astype(float)


def _supremum(
    squares: FloatMatrix,
    rest: FloatVector,
    total: FloatVector,
    mu: FloatVector,
    penalty: tuple[FloatVector, FloatVector],
    n_counted: int,
    unit: float,
) -> FloatVector:
    """Find the largest value over λ ≥ 0 for each draw: on a grid, then by golden sections around its best point."""
    xi, weights = penalty

    def spent(at: FloatVector) -> FloatVector:
        """Σ log(1 + λξ) at each λ = unit (exp(at) - 1)."""
        return np.asarray(np.log1p(np.multiply.outer(unit * np.expm1(at), xi)) @ weights)

    def at_each(at: FloatVector) -> FloatVector:
        left = 1.0 / (1.0 + np.multiply.outer(unit * np.expm1(at), mu))
        return np.asarray(
            n_counted * np.log(total / (rest + np.einsum("ds,ds->d", squares, left))) - spent(at)
        )

    grid = _grid(spent, float(n_counted * np.log(total / rest).max()) if rest.all() else np.inf)
    shrunk = 1.0 / (1.0 + np.multiply.outer(mu, unit * np.expm1(grid)))  # (distinct mu, grid)
    values = n_counted * np.log(total[:, None] / (rest[:, None] + squares @ shrunk)) - spent(grid)
    best = values.argmax(axis=1)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, len(grid) - 1)]
    found: FloatVector = np.maximum(values.max(axis=1), 0.0)
    # Where the ratio falls at zero and nowhere rises above it, it is zero.
    rises = n_counted * (squares @ mu) / total > float(weights @ xi)
    alive = np.flatnonzero((best > 0) | rises)
    if alive.size:
        squares, rest, total = squares[alive], rest[alive], total[alive]
        found[alive] = np.maximum(found[alive], _golden(at_each, low[alive], high[alive]))
    return found


def _grid(spent: Callable[[FloatVector], FloatVector], most: float) -> FloatVector:
    """Points of log(1 + λ/λ₀) from zero to where the penalty is above all that can be won."""
    whole = np.arange(0.0, _FARTHEST, _STEP)
    beyond = np.flatnonzero(spent(whole) > most)
    enough = max(int(beyond[0]) + 1, 3) if beyond.size else len(whole)
    found: FloatVector = whole[:enough]
    return found


def _golden(
    function: Callable[[FloatVector], FloatVector], low: FloatVector, high: FloatVector
) -> FloatVector:
    """Largest values of a function between bounds, all at once by golden sections."""
    one, two = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_one, at_two = function(one), function(two)
    for _ in range(_SECTIONS):
        left = at_one > at_two
        low, high = np.where(left, low, one), np.where(left, two, high)
        one, two = (
            np.where(left, high - _GOLDEN * (high - low), two),
            np.where(left, one, low + _GOLDEN * (high - low)),
        )
        new = function(np.where(left, one, two))
        at_one, at_two = np.where(left, new, at_two), np.where(left, at_one, new)
    return np.asarray(np.maximum(at_one, at_two), dtype=np.float64)
