"""Predictions and residuals of a fit, of all their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args, overload

from lmm.arguments import one_of, takes
from lmm.engine import Block
from lmm.errors import LmmError
from lmm.inference.df.catalog import Df
from lmm.inference.door import Vcov
from lmm.inference.observations.influence_measures import studentized
from lmm.inference.observations.prediction import predict_intervals
from lmm.model import Rows, Selection, a_fit, point_predictions, residuals_of
from lmm.table import Table
from lmm.typing import FloatVector, Interval, NewLevels, ResidualKind

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["predict", "residuals"]


@overload
def predict(
    fit: Fit,
    new: Any = None,
    *,
    interval: None = None,
    random: Selection = True,
    new_levels: NewLevels = "error",
    offset: Any = None,
    blocks: Mapping[str, Block] | None = None,
) -> FloatVector: ...
@overload
def predict(
    fit: Fit,
    new: Any = None,
    *,
    interval: Interval,
    random: Selection = True,
    new_levels: NewLevels = "error",
    offset: Any = None,
    blocks: Mapping[str, Block] | None = None,
    level: float = 0.95,
    df: Df = "auto",
    vcov: Vcov = None,
    weights: Any = None,
) -> Table: ...
@takes(fit=a_fit)
def predict(
    fit: Fit,
    new: Any = None,
    *,
    interval: Interval | None = None,
    random: Selection = True,
    new_levels: NewLevels = "error",
    offset: Any = None,
    blocks: Mapping[str, Block] | None = None,
    level: float = 0.95,
    df: Df = "auto",
    vcov: Vcov = None,
    weights: Any = None,
) -> FloatVector | Table:
    """Predict the response: by point, or with intervals.

    Parameters
    ----------
    fit
        A fit.
    new
        A table with the columns of the right side; None for the rows of the fit.
    interval
        None, ``"confidence"`` (of the mean given what takes part) or ``"prediction"`` (of a new
        observation); see `lmm.predict_intervals`.
    random
        Which random effects take part: all, none (False), or groups and bars by name.
    new_levels
        What levels do that the model has not seen: raise an error; count with random effects of zero
        (``"population"``); or the same with the variance that their effects have (``"sample"``). A missing level is
        a new one too, another for each row; where new ones raise an error, its row is missing.
    offset
        Array for the new rows, where the fit had an array as ``offset=``.
    blocks
        The user's blocks for the new rows, by name, where they take part.
    level
        Coverage of the intervals, between 0 and 1.
    df
        Method for degrees of freedom of the intervals, as in `lmm.predict_intervals`.
    vcov
        Covariance of the fixed effects for the intervals, where they stand alone.
    weights
        Of new rows, for prediction intervals: a column, an array, or one number for all; by default the
        column that the fit used.

    Returns
    -------
    shape (n,), or Table
        One for each row; missing where a value is missing, and where aliased columns make the
        prediction depend on what cannot be estimated. With intervals a table ``estimate, std_error, df,
        conf_low, conf_high``.

    Raises
    ------
    LmmError
        If a column is missing, a level is new, or a name belongs to no random term.

    Warns
    -----
    LmmWarning
        If rows cannot be estimated; the note of a table says so with intervals.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> fit.predict({"Days": [0, 10], "Subject": ["308", "308"]}).round(2)
    array([253.66, 450.33])
    >>> fit.predict({"Days": [0, 10]}, random=False, interval="confidence")["std_error"].round(2)
    array([ 6.82, 16.02])
    """
    if interval is None:
        _refuse_of_intervals(level=level, df=df, vcov=vcov, weights=weights)
        return point_predictions(fit, Rows(new, random, new_levels, offset, blocks))
    return predict_intervals(
        fit,
        new,
        interval=interval,
        level=level,
        df=df,
        vcov=vcov,
        random=random,
        new_levels=new_levels,
        weights=weights,
        offset=offset,
        blocks=blocks,
    )


def _refuse_of_intervals(**given: Any) -> None:
    defaults = {"level": 0.95, "df": "auto", "vcov": None, "weights": None}
    for name, value in given.items():
        if value is not defaults[name] and not (type(value) is float and value == defaults[name]):
            raise LmmError(
                f'{name}= belongs to intervals: say interval="confidence" or interval="prediction" too.'
            )


@takes(fit=a_fit, kind=one_of(*get_args(ResidualKind)))
def residuals(fit: Fit, kind: ResidualKind = "response") -> FloatVector:
    """Compute residuals (n,) of one of several kinds.

    Parameters
    ----------
    fit
        A fit.
    kind
        ``"response"`` (or ``"conditional"``): y minus fitted; ``"marginal"``: y minus the fixed part, random
        effects left in. ``"pearson"``: response times the root of the weights; ``"scaled"``: Pearson
        over sigma; ``"studentized"``: scaled over the root of one minus leverage. ``"quantile"``:
        the probability of a smaller response under the model, uniform where the model holds.

    Raises
    ------
    LmmError
        If there is no such kind.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> fit.residuals("scaled")[:2].round(3)
    array([ 0.709, -1.412])
    """
    return studentized(fit) if kind == "studentized" else residuals_of(fit, kind)
