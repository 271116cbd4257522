"""Random effects of each level, and the coefficients that they make with the fixed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmm.arguments import takes, yes_or_no
from lmm.errors import LmmError
from lmm.model.checking import a_fit
from lmm.model.conditional import conditional_covariances
from lmm.model.moments import refuse_negative
from lmm.model.tables.random_effects import coef_table, ranef_table
from lmm.table import Table
from lmm.typing import FloatArray

if TYPE_CHECKING:
    from lmm.model.result import Fit

__all__ = ["coef", "ranef", "ranef_covariances"]


@takes(fit=a_fit, cond_var=yes_or_no, pev=yes_or_no)
def ranef(fit: Fit, *, cond_var: bool = False, pev: bool = False) -> Table:
    """Tabulate the random effects of all levels (conditional modes, BLUPs).

    Parameters
    ----------
    fit
        A fit.
    cond_var
        Add standard errors given beta, as lme4 does.
    pev
        Add standard errors of prediction, with the uncertainty of beta (Henderson).

    Returns
    -------
    Table
        ``group, level, term, estimate`` and, if asked for, ``std_error``.

    Raises
    ------
    LmmError
        If both are asked for.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    >>> fit.ranef(cond_var=True)["std_error"].round(3)[:2]
    array([19.587, 19.587])
    """
    if cond_var and pev:
        raise LmmError("Ask for cond_var=True or pev=True, not both: a table has one std_error.")
    if not (cond_var or pev):
        return ranef_table(fit.internals.design.groups, fit.internals.design.of_groups(fit.effects))
    note = "Standard errors of prediction." if pev else "Standard errors given the fixed effects."
    covariances = ranef_covariances(fit, pev=pev)
    return ranef_table(
        fit.internals.design.groups, fit.internals.design.of_groups(fit.effects), covariances, note
    )


@takes(fit=a_fit, pev=yes_or_no)
def ranef_covariances(fit: Fit, *, pev: bool = False) -> list[FloatArray]:
    """Compute the whole covariance (l, k, k) of each level's random effects, per random term.

    Parameters
    ----------
    fit
        A fit.
    pev
        With the uncertainty of beta (Henderson) rather than given beta (lme4).

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> fit.ranef_covariances()[0].shape
    (18, 2, 2)
    """
    refuse_negative(fit.internals.optimum, "Conditional covariances")
    relative = conditional_covariances(
        fit.internals.design, fit.internals.criterion_function, fit.theta, given_beta=not pev
    )
    return [fit.sigma**2 * C for C in fit.internals.design.of_groups(relative)]


@takes(fit=a_fit)
def coef(fit: Fit) -> Table:
    """Tabulate fixed plus random effects for each level of each grouping factor.

    Parameters
    ----------
    fit
        A fit.

    Returns
    -------
    Table
        ``group, level, term, estimate``.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> next(iter(fit.coef()))["level"]
    '308'
    """
    return coef_table(fit.internals.design, fit.beta, fit.effects)
