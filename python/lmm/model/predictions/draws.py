"""Responses drawn from a fitted model, for its own rows and for new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lmm.arguments import a_seed, one_of, takes
from lmm.design import RandomPart, ResidualCovariance
from lmm.engine import Block
from lmm.errors import LmmError
from lmm.limits import MOST_DRAWS, check_limit, check_memory
from lmm.model.checking import a_fit
from lmm.model.matrices import random_matrix, relative_factor
from lmm.model.moments import refuse_negative
from lmm.model.predictions.new_weights import weights_of
from lmm.model.predictions.points import NEW_LEVELS, aim, at_rows, mean_of, point_of, warn_of_missing
from lmm.model.predictions.rows import Rows
from lmm.typing import BoolVector, FloatMatrix, FloatVector, NewLevels

if TYPE_CHECKING:
    from lmm.model.result import Fit

__all__ = ["Generator", "check_count", "draw_responses"]

RANDOM = ("new", "fitted")
ADVICE = (
    'Use new_levels="sample" to draw their random effects, new_levels="population" to set them to zero, or '
    'random="new" to draw the random effects of all levels.'
)


@dataclass(frozen=True, slots=True, eq=False)
class Generator:
    """Draws ``mean + Z b + e`` with ``b = sigma Lambda u`` and ``e = sigma w^(-1/2) ε``, u and ε standard normal.

    Attributes
    ----------
    mean : shape (n,)
    Z, Lambda
        Sparse, (n, q) and (q, q).
    sigma
    errors
        Their covariance.
    drawn : shape (q,)
        Marks of the effects that are drawn; the others are in the mean, or zero.
    """

    mean: FloatVector
    Z: Any
    Lambda: Any
    sigma: float
    errors: ResidualCovariance
    drawn: BoolVector

    def draw(self, n: int, seed: int | np.random.Generator | None) -> FloatMatrix:
        """Draw n responses (n_obs, n)."""
        rng = np.random.default_rng(seed)
        q = len(self.drawn)
        check_memory(
            "The responses with their random effects",
            q + self.mean.size,
            n,
            "Draw fewer at a time.",
            LmmError,
        )
        # One column per simulation, so that the first ones do not depend on how many are drawn.
        u = np.array([rng.standard_normal(q + self.mean.size) for _ in range(n)]).T
        errors = self.errors.colour(u[q:])
        effects = np.where(self.drawn[:, None], self.Lambda @ u[:q], 0.0)
        total: FloatMatrix = self.mean[:, None] + self.sigma * (self.Z @ effects + errors)
        return total


@takes(fit=a_fit, seed=a_seed)
def draw_responses(
    fit: Fit,
    n: int = 1,
    new: Any = None,
    *,
    random: Literal["new", "fitted"] = "new",
    new_levels: NewLevels = "error",
    weights: Any = None,
    offset: Any = None,
    blocks: Mapping[str, Block] | None = None,
    seed: int | np.random.Generator | None = None,
) -> FloatMatrix:
    """Draw responses from the fitted model, its parameters taken as true.

    Parameters
    ----------
    fit
        A fit.
    n
        How many.
    new
        A table with the columns of the right side; None for the rows of the fit.
    random
        ``"new"`` draws new random effects for all levels, ``"fitted"`` keeps those of the fit.
    new_levels
        With ``random="fitted"``, what levels do that the model has not seen: raise an error, have effects of
        zero (``"population"``), or effects that are drawn (``"sample"``). A missing level is a new one, another for
        each row.
    weights
        Of new rows: a column, an array, or one number; by default the column that the fit used.
    offset, blocks
        For new rows, as in `predict`.
    seed
        For `numpy.random.default_rng`.

    Returns
    -------
    shape (n_obs, n), or (rows of the new table, n)
        Missing where a value of the row is missing, and where it cannot be estimated.

    Raises
    ------
    LmmError
        As in `predict`.

    Warns
    -----
    LmmWarning
        As in `predict`.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> fit.simulate(100, seed=1).shape, fit.simulate(2, {"Batch": ["A", "new", "new"]}, seed=1).shape
    ((30, 100), (3, 2))
    """
    refuse_negative(fit.internals.optimum, "Simulated responses")
    check_count(n)
    one_of(*RANDOM)(random, "random")
    one_of(*NEW_LEVELS)(new_levels, "new_levels")
    keep = random == "fitted"
    if not keep and new_levels != "error":
        raise LmmError(
            f'new_levels="{new_levels}" belongs to random="fitted": random="new" draws the effects of all levels, new '
            "ones too. Leave one of them out."
        )
    # Where all effects are drawn, it does not matter whether the fit has seen a level.
    rows = Rows(new, True, new_levels if keep else "sample", offset, blocks, weights)
    target = aim(fit, rows, ADVICE)
    # A user's block brings the known covariance of its effects from the fit.
    parts = [
        part if own.is_group else own
        for own, part in zip(fit.internals.design.random, target.design.random, strict=True)
    ]
    mean = point_of(fit, target) if keep else mean_of(fit, target)
    warn_of_missing(fit, target, mean, stacklevel=4)
    generator = Generator(
        mean=mean,
        Z=random_matrix(target.design.random, target.design.n_obs),
        Lambda=relative_factor(parts, fit.T),
        sigma=fit.sigma,
        errors=ResidualCovariance(len(mean), weights_of(fit, target, rows)),
        drawn=_drawn(fit, parts, keep=keep, sample=new_levels == "sample"),
    )
    drawn = generator.draw(int(n), seed)
    return at_rows(target, drawn) if target.is_new else drawn


def _drawn(fit: Fit, parts: list[RandomPart], *, keep: bool, sample: bool) -> BoolVector:
    """Mark the effects (q,) that are drawn: all, or those of new levels, or none."""
    marks = [np.zeros(0, dtype=bool)]
    for own, part in zip(fit.internals.design.random, parts, strict=True):
        known = np.arange(part.block.n_effects) < own.block.n_effects
        marks.append(~known & sample if keep or own.is_smooth else np.ones_like(known))
    return np.concatenate(marks)


def check_count(n: int) -> None:
    """Refuse what is not a number of simulations.

    Raises
    ------
    LmmError
        If it is not a whole number of at least one, or more than anybody needs.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise LmmError(f"n must be a whole number of at least 1, not {n!r}.")
    check_limit("n=", int(n), MOST_DRAWS, "Draw fewer at a time, each time with another seed.")
