"""`lmm.simulate`: responses from a model with parameters of one's own choice, without a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np

from lmm.arguments import a_seed, number, one_of, shown, takes, yes_or_no
from lmm.data import as_factors, open_table
from lmm.design import Design, DesignSpec
from lmm.design.smooth_objects import plain_objects
from lmm.engine import Block
from lmm.errors import FormulaError, LmmError, nearest
from lmm.estimation import given_theta
from lmm.formula import parse
from lmm.model.building import theta_layout
from lmm.model.matrices import random_matrix, relative_factor
from lmm.model.predictions.draws import Generator, check_count
from lmm.model.theory.profiled_criterion import checked_sigma
from lmm.typing import FloatMatrix, FloatVector, Missing

__all__ = ["simulate"]


@takes(sigma=number(above=0.0), seed=a_seed, missing=one_of(*get_args(Missing)), select=yes_or_no)
def simulate(
    formula: str,
    data: Any,
    *,
    beta: Mapping[str, float] | Sequence[float] | FloatVector,
    sigma: float,
    theta: Mapping[str, float] | Sequence[float] | FloatVector = (),
    n: int = 1,
    seed: int | np.random.Generator | None = None,
    weights: Any = None,
    offset: Any = None,
    contrasts: str | Mapping[str, Any] | None = None,
    factors: str | Sequence[str] = (),
    missing: Missing = "drop",
    random: Mapping[str, Block] | None = None,
    smooths: Mapping[str, Any] | None = None,
    select: bool = False,
) -> FloatMatrix:
    """Draw responses from a linear mixed model with given parameters, without a fit.

    Parameters
    ----------
    formula
        As for `lmm.fit`; the response is not looked at and may be left out: ``"~ x + (x | g)"``.
    data
        Any table with the columns of the right side.
    beta
        Fixed effects: a vector in the order of the columns of X, or a dict by name.
    sigma
        Residual standard deviation (for a weight of one).
    theta
        Relative covariance factors as ``fit.theta``: a vector, or a dict by name. For a random
        intercept theta is its standard deviation over sigma.
    n
        How many responses.
    seed
        For `numpy.random.default_rng`.
    weights, offset, contrasts, factors, missing, random, smooths, select
        As in `lmm.fit`.

    Returns
    -------
    shape (number of rows of the table, n)
        Missing in rows with a missing value or a weight of zero.

    Raises
    ------
    LmmError
        If a parameter is missing, too many, or not possible, or the data do not suit the formula.

    Examples
    --------
    >>> import lmm
    >>> data = {"g": ["a", "a", "b", "b", "c", "c"], "x": [0, 1, 0, 1, 0, 1]}
    >>> y = lmm.simulate("y ~ x + (1 | g)", data, beta={"Intercept": 10, "x": 2},
    ...                  theta={"g.Intercept": 0.5}, sigma=1.0, n=1000, seed=1)
    >>> y.shape
    (6, 1000)
    """
    check_count(n)
    table = open_table(data)
    parsed = parse(_right_side(formula), columns=table.names, response_required=False)
    _, design = DesignSpec.learn(
        parsed,
        as_factors(table, factors, parsed.variables),
        contrasts=contrasts,
        missing=missing,
        weights=weights,
        offset=offset,
        random=random,
        smooths=plain_objects(smooths),
        select=select,
        response=False,
    )
    mean = design.X @ _checked_beta(beta, design.names)
    Lambda = relative_factor(design.random, _factors(theta, design))
    generator = Generator(
        mean=mean if design.offset is None else mean + design.offset,
        Z=random_matrix(design.random, design.n_obs),
        Lambda=Lambda,
        sigma=checked_sigma(sigma),
        errors=design.errors,
        drawn=np.ones(Lambda.shape[0], dtype=bool),
    )
    drawn = np.full((design.n_rows, int(n)), np.nan)
    drawn[design.rows] = generator.draw(int(n), seed)
    return drawn


def _right_side(formula: str) -> str:
    if not isinstance(formula, str):
        raise FormulaError(
            f"The formula must be text, such as 'y ~ x + (1 | g)', not {type(formula).__name__}."
        )
    # Read as a whole first, so that an error shows the formula as it was typed.
    parse(formula, response_required=False)
    return f"~ {formula.partition('~')[2]}" if "~" in formula else formula


def _factors(theta: Any, design: Design) -> list[FloatMatrix]:
    layout = theta_layout(design)
    given = given_theta(theta, layout)
    absent = [name for name, held in zip(layout.names, given.held, strict=True) if not held]
    if absent:
        raise LmmError(f"theta= gives no value for {', '.join(absent)}; a simulation needs all parameters.")
    return layout.factors(given.theta)


def _checked_beta(beta: Any, names: Sequence[str]) -> FloatVector:
    listed = ", ".join(names)
    if isinstance(beta, Mapping):
        for name in beta:
            if name not in names:
                raise LmmError(
                    f"beta= names {name!r}, which is not a coefficient of this model; it has {listed}."
                    f"{nearest(str(name), names)}"
                )
        absent = [name for name in names if name not in beta]
        if absent:
            raise LmmError(
                f"beta= gives no value for {', '.join(absent)}; a simulation needs all parameters."
            )
        beta = [beta[name] for name in names]
    try:
        values: FloatVector = np.asarray(beta, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise LmmError(f"beta= must be numbers, one for each of {listed}; it is {shown(beta)}.") from None
    if values.shape != (len(names),):
        raise LmmError(f"beta= has the shape {values.shape}; it needs {len(names)} numbers: {listed}.")
    if not np.isfinite(values).all():
        raise LmmError("beta= has numbers that are missing or infinite.")
    return values
