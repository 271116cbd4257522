"""Differences of the curves of two levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level, a_seed, one_of, takes, yes_or_no
from lmm.errors import LmmError, nearest
from lmm.inference.smooth_terms.bands import BAND_COLUMNS, BandKind, band_of, banded
from lmm.inference.smooth_terms.curves import chosen_term, curve_rows, points_of
from lmm.inference.smooth_terms.of_the_mean import (
    CURVE_COVARIANCES,
    CurveCovariance,
    mean_coefficients,
    mean_covariance,
    parametric_columns,
)
from lmm.model import a_fit
from lmm.table import Table
from lmm.table.naming import beside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.design.smooth_terms import Curve, SmoothTermSpec
    from lmm.model import Fit
    from lmm.typing import FloatMatrix, FloatVector

__all__ = ["smooth_difference"]


@takes(
    fit=a_fit,
    group_means=yes_or_no,
    level=a_level,
    band=one_of("pointwise", "simultaneous"),
    covariance=one_of(*CURVE_COVARIANCES),
    seed=a_seed,
)
def smooth_difference(
    fit: Fit,
    term: str,
    levels: Sequence[Any],
    at: Any = None,
    *,
    group_means: bool = True,
    level: float = 0.95,
    band: BandKind = "pointwise",
    covariance: CurveCovariance = "bayes",
    seed: Any = 0,
) -> Table:
    """Tabulate the difference between the curves of two levels of a factor ``by=``, with a band.

    Parameters
    ----------
    fit
        A fit.
    term
        The term with all its levels, ``"s(time)"`` or ``"s(time, by=trt)"``.
    levels
        Two levels: the first less the second.
    at, level, band, covariance, seed
        As in `smooth`.
    group_means
        Whether the difference of the means of the two levels is part of it: that of the fixed part, averaged over
        the rows of the data. Curves alone have mean zero, so that their difference says nothing about height.

    Returns
    -------
    Table
        The covariates, then ``estimate, std_error, conf_low, conf_high``, and ``differs``: whether the band leaves
        zero out.

    Raises
    ------
    LmmError
        If the term has no factor ``by=``, or no such levels.

    Examples
    --------
    >>> import lmm
    >>> data = lmm.datasets.load("Orthodont")
    >>> fit = lmm.fit("distance ~ Sex + s(age, by=Sex, k=4) + (1 | Subject)", data)
    >>> lmm.smooth_difference(fit, "s(age)", ("Male", "Female"), {"age": [8, 14]})["differs"]
    array([False,  True])
    """
    spec, _ = chosen_term(fit, term)
    by, known = _levels_of(spec)
    first, second = _two(levels, known)
    pieces: list[FloatMatrix] = []
    columns: dict[str, Any] = {}
    for name in (first, second):
        curve = known[name]
        if curve is None:  # an ordered factor has no curve for its first level
            continue
        grid, points = points_of(fit, spec, curve, at)
        columns = {key: values for key, values in grid.items() if key != by}
        pieces.append((1.0 if name == first else -1.0) * curve_rows(fit, spec, curve, points))
    rows = np.sum(pieces, axis=0)  # (n, m)
    if group_means:
        rows = rows + _of_means(fit, by, first) - _of_means(fit, by, second)
    V, b = mean_covariance(fit, covariance), mean_coefficients(fit).estimate
    found = band_of(band, rows, V, level, seed)
    results = banded(rows, b, V, found)
    differs = (results["conf_low"] > 0.0) | (results["conf_high"] < 0.0)
    shown, renamed = beside([*BAND_COLUMNS, "differs"], columns)
    words = "with the difference of the group means" if group_means else "of the centred curves alone"
    return Table(
        {**shown, **results, "differs": differs},
        title=f"{term}: {first} less {second}, {words}",
        notes=[found.note, *renamed],
    )


def _levels_of(spec: SmoothTermSpec) -> tuple[str, dict[str, Curve | None]]:
    """Name of the column behind ``by=``, and the curve of each level."""
    known: dict[str, Curve | None] = {
        curve.smooth.level: curve for curve in spec.curves if curve.smooth.level is not None
    }
    if spec.by is None or not known:
        raise LmmError(
            f"{spec.term.source} has no curves of levels: write s(x, by=f) with a factor f to compare them."
        )
    variables = spec.by.expression.variables
    if len(variables) != 1:
        raise LmmError(
            f"by= of {spec.term.source} is computed from {', '.join(variables)}: give it as one column."
        )
    for level in spec.by.levels or ():
        known.setdefault(level, None)
    return variables[0], known


def _two(levels: Sequence[Any], known: dict[str, Curve | None]) -> tuple[str, str]:
    names = [str(level) for level in levels] if not isinstance(levels, str) else [levels]
    if len(names) != 2 or names[0] == names[1]:
        raise LmmError(f"levels= takes two different levels, such as {tuple(known)[:2]}, not {levels!r}.")
    for name in names:
        if name not in known:
            raise LmmError(
                f"There is no level {name!r}.{nearest(name, known)} The levels are {', '.join(known)}."
            )
    return names[0], names[1]


def _of_means(fit: Fit, by: str, level: str) -> FloatVector:
    """Row (m,) of the fixed part at a level, averaged over the rows of the data."""
    frame = fit.internals.design.model_frame
    factor = frame[by].as_factor()
    table = {name: column.to_array() for name, column in frame.items() if name != by}
    table[by] = np.array([factor.level_values[factor.levels.index(level)]] * fit.n_obs, dtype=object)
    row = np.zeros(len(mean_coefficients(fit).names))
    fixed = parametric_columns(fit, table).mean(axis=0)
    row[: len(fixed)] = fixed
    return row
