"""Whether the data can tell the parameters of a design apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmm.design.coding import EVERY_FACTOR
from lmm.design.wording import counted
from lmm.engine import Block, GroupBlock, LocalBlock
from lmm.errors import DesignError, nearest
from lmm.limits import MOST_COVARIANCES, check_limit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lmm.data import Columns
    from lmm.design.coding import Coding
    from lmm.design.design import Design, RandomPart
    from lmm.design.matrix import MatrixSpec
    from lmm.formula import Formula
    from lmm.typing import BoolVector, FloatArray, FloatMatrix, FloatVector, IntVector


def check_response(y: FloatVector, text: str, offset: FloatVector | None) -> None:
    """Refuse a response that does not vary.

    Raises
    ------
    DesignError
        If all values (minus the offset) are equal.
    """
    free = y if offset is None else y - offset
    if np.all(free == free[0]):
        what = f'The response "{text}"' + ("" if offset is None else " minus its offset")
        raise DesignError(
            f"{what} is constant: all {y.size} values are {free[0]:g}. There is no variation to explain."
        )


def check_fixed(rank: int, n_obs: int) -> None:
    """Refuse a fixed part that leaves nothing for the residual variance.

    Raises
    ------
    DesignError
        If the rank of X is not below the number of rows.
    """
    if rank >= n_obs:
        raise DesignError(
            f"The fixed part has {counted(rank, 'independent column')} for {counted(n_obs, 'row')}: nothing is left "
            "to estimate a residual variance from. Use fewer terms or more data."
        )


def check_random(parts: Sequence[RandomPart], n_obs: int) -> None:
    """Refuse random terms whose variances the data cannot identify.

    Raises
    ------
    DesignError
        If a grouping factor has one level, or a term has as many levels or effects as there are rows.
    """
    for part in parts:
        _check_levels(part, n_obs)
        _check_covariances(part)


def _check_levels(part: RandomPart, n_obs: int) -> None:
    n_levels, k = len(part.levels), len(part.columns)
    if n_levels == 1:
        raise DesignError(
            f"The grouping factor {part.group} of {part.source} has one level, {part.levels[0]!r}: a variance between "
            "levels needs at least two. Leave the term out."
        )
    if n_levels >= n_obs:
        raise DesignError(
            f"The grouping factor {part.group} of {part.source} has {n_levels} levels for {n_obs} rows, one for each "
            "row: its variance cannot be told apart from the residual variance. Leave the term out."
        )
    if not part.structure.is_linear:
        return  # few parameters, however many effects: the search finds what the data cannot tell apart
    # Without correlations each effect is a term of its own.
    n_effects = n_levels * (k if part.structure.is_correlated else 1)
    if n_effects >= n_obs:
        raise DesignError(
            f"The random term {part.source} has {n_effects} effects ({n_levels} levels of {part.group} with {k} each), "
            f"but there are only {n_obs} rows: its variances cannot be told apart from the residual variance. "
            "Use fewer effects per level."
        )


def _check_covariances(part: RandomPart) -> None:
    k = len(part.columns)
    check_limit(
        f"The random term {part.source} has {k:,} effects, and variances and covariances of them:",
        k * (k + 1) // 2 if part.structure.is_correlated else k,
        MOST_COVARIANCES,
        "Leave out their covariances, as in (x || g), or use fewer effects.",
        DesignError,
    )


def check_columns(part: RandomPart) -> None:
    """Refuse columns of Z that are zero: nothing depends on their variances.

    Raises
    ------
    DesignError
        Naming the columns that are zero in every row.
    """
    block = part.block
    if isinstance(block, GroupBlock):
        some = np.ones(1, dtype=bool) if block.values is None else np.any(block.values != 0.0, axis=0)
    else:
        some = _columns_that_vary(block)
    zero = [name for name, any_row in zip(part.columns, some, strict=True) if not any_row]
    if zero:
        one = len(zero) == 1
        raise DesignError(
            f"In the random term {part.source} {', '.join(zero)} {'is' if one else 'are'} zero in every row: the data "
            f"say nothing about {'its variance' if one else 'their variances'}. Leave {'it' if one else 'them'} out."
        )


def _columns_that_vary(block: Block) -> BoolVector:
    """Which columns (k,) are not zero in some row and level; of columns that are never built the first rows say so."""
    if (
        isinstance(block, LocalBlock)
        and (block.take(np.arange(min(block.n_rows, 256))).squares() > 0.0).all()
    ):
        return np.ones(block.n_columns, dtype=bool)
    return block.squares() > 0.0


def check_columns_of_structure(part: RandomPart, values: FloatMatrix | None) -> None:
    """Refuse a structure whose parameters have no meaning for these columns.

    Parameters
    ----------
    values : shape (n, k)
        Of the effects; None for an intercept alone.

    Raises
    ------
    DesignError
        If there is one column, or a structure with one variance stands over columns that are not the levels
        of one factor.
    """
    name, structure = part.structure.name, part.structure
    if structure.is_linear:
        return
    if len(part.columns) < 2:
        raise DesignError(
            f"{part.source} has one effect for each level of {part.group}: {name}() needs several, such as "
            f"{name}(0 + f | {part.group}) for a factor f. For one effect write (1 | {part.group})."
        )
    if structure.is_heterogeneous or _are_dummies(values):
        return
    raise DesignError(
        f"{name}() has one variance for all effects of {part.source}, and these are not the levels of one factor: "
        f"{', '.join(part.columns[:4])}. One variance for an intercept and a slope would depend on the units of the "
        f"slope. Write {name}(0 + f | {part.group}) for a factor f, C(x) for numbers; or csh(...), which has a "
        "variance for each effect."
    )


def _are_dummies(values: FloatMatrix | None) -> bool:
    """Whether each row has a one in one column and zeros in the others."""
    if values is None:
        return False
    return bool(((values == 0.0) | (values == 1.0)).all() and (values.sum(axis=1) == 1.0).all())


def check_values(values: FloatArray, names: Sequence[str], rows: IntVector, where: str) -> None:
    """Refuse computed columns that are infinite or no numbers, such as ``log(0)``.

    Parameters
    ----------
    values : shape (n,) or (n, p)
    names
        Names of the p columns.
    rows : shape (n,)
        Rows of the table, for the message.
    where
        What the columns belong to, such as ``"the fixed part"``.

    Raises
    ------
    DesignError
        Naming the first such column and row.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(values.sum())  # one pass; inf and NaN survive any sum
    if np.isfinite(total):
        return
    columns = values.reshape(len(rows), -1)
    for j, name in enumerate(names):
        wrong = ~np.isfinite(columns[:, j])
        if wrong.any():
            first = int(np.argmax(wrong))
            raise DesignError(
                f'"{name}" in {where} is not a finite number in {int(np.sum(wrong))} of {len(rows)} rows (first in row '
                f"{int(rows[first])}, counted from 0: {columns[first, j]:g}). Check what it is computed from."
            )


def check_contrasts_used(
    codings: Mapping[str, Coding], matrices: Sequence[MatrixSpec], columns: Columns
) -> None:
    """Refuse codings of something that is not a factor of the formula.

    Raises
    ------
    DesignError
        If there is one.
    """
    factors = [factor for matrix in matrices for factor in matrix.factors]
    known = dict.fromkeys([factor.variable for factor in factors] + [factor.name for factor in factors])
    for name in codings:
        if name in known or name == EVERY_FACTOR:
            continue
        if name in columns and columns[name].kind == "numeric":
            raise DesignError(f'contrasts= names "{name}", which is numeric. Write C({name}) in the formula.')
        among = (
            f"Factors of the formula: {', '.join(known)}." if known else "The formula has no coded factors."
        )
        raise DesignError(
            f'contrasts= names "{name}", which is not a factor of the formula.{nearest(name, known)} {among}'
        )


def check_design(design: Design, formula: Formula) -> None:
    """Refuse what cannot be estimated, the plainest reason first.

    Raises
    ------
    DataError, DesignError
        As the checks one by one.
    """
    check_finite(design, formula)
    check_fixed(design.rank, design.n_obs)
    if design.y is not None:
        check_response(design.y, formula.response, design.offset)
    check_random(design.bars, design.n_obs)
    for part in design.random:
        check_columns(part)


def check_finite(design: Design, formula: Formula) -> None:
    """Refuse expressions that give values that are missing or infinite.

    Raises
    ------
    DataError
        Naming the expression and the rows.
    """
    rows = design.rows
    if design.y is not None:
        check_values(design.y, [formula.response], rows, "the response")
    if design.offset is not None:
        check_values(design.offset, ["offset"], rows, "the formula")
    check_values(design.X, design.names, rows, "the fixed part")
    for part in design.random:
        values = part.block.values if isinstance(part.block, GroupBlock) else None
        if values is not None:
            check_values(values, part.columns, rows, part.source)
