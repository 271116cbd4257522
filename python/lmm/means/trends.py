"""Slopes of a covariate, averaged like means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lmm.arguments import a_level, a_text, takes
from lmm.errors import LmmError, nearest
from lmm.inference import Df, Vcov, df_method
from lmm.means.grid.reference import ReferenceGrid, reference_grid
from lmm.means.grid.slopes import sloping
from lmm.means.grid.variables import CovReduce
from lmm.means.marginal_means import averaged_rows, with_nests
from lmm.means.options import Options, changed_options
from lmm.means.result import Means
from lmm.means.specs import read_specs
from lmm.model import a_fit

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["emtrends"]


@takes(fit=a_fit, var=a_text, level=a_level)
def emtrends(
    fit: Fit,
    specs: str | Sequence[str],
    var: str,
    by: str | Sequence[str] | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    weights: str = "equal",
    df: Df = "auto",
    vcov: Vcov = None,
    level: float = 0.95,
    adjust: str = "none",
    cov_reduce: CovReduce = None,
    seed: int = 0,
) -> Means:
    """Estimate slopes of a covariate, by factors.

    Parameters
    ----------
    fit
        Any fit.
    specs, by
        Factors (or ``var`` itself, with ``at``) whose combinations get a slope, as in `emmeans`.
    var
        The covariate. Polynomials, splines and other transformations of it are differentiated where it is held.
    at, weights, df, vcov, level, adjust, cov_reduce, seed
        As in `emmeans`.

    Returns
    -------
    Means
        Factors, ``trend, std_error, df, conf_low, conf_high``; contrasts, letters and tests as of means.

    Raises
    ------
    LmmError
        If ``var`` is not a covariate of the fixed part, or a name or option does not exist.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("strength ~ diameter * machine", lmm.datasets.load("emm_fiber"))
    >>> trends = lmm.emtrends(fit, "machine", "diameter")
    >>> trends["trend"].round(4), trends.contrast("pairwise")["p_value"].round(3)
    (array([1.1043, 0.8571, 0.8642]), array([0.692, 0.686, 1.   ]))
    """
    grid = reference_grid(fit, at, cov_reduce)
    _check(grid, var)
    asked = with_nests(grid, read_specs(fit, specs, by, grid.variables))
    df_method(fit, df)  # says at once what is wrong with it
    options = changed_options(Options(df=df, vcov=vcov), level=level, adjust=adjust, seed=seed)
    return averaged_rows(
        grid,
        sloping(grid, [var]),
        asked,
        weights,
        slope=var,
        kind="trend",
        value="trend",
        heading=f"Slopes of {var}"
        + (f" for {':'.join([*asked.factors, *asked.by])}" if asked.factors else ""),
        options=options,
        link=None,
    )


def _check(grid: ReferenceGrid, var: str) -> None:
    covariates = [name for name, variable in grid.variables.items() if not variable.is_factor]
    if var in covariates:
        return
    if var in grid.variables:
        raise LmmError(f'"{var}" is a factor and has no slope; take emmeans("{var}").contrast("poly").')
    raise LmmError(
        f'There is no covariate "{var}" in the fixed part; there are {", ".join(covariates) or "none"}.'
        f"{nearest(str(var), covariates)}"
    )
