"""The one list of methods for degrees of freedom, and what ``"auto"`` chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from lmm.arguments import shown
from lmm.errors import LmmError, UnsupportedError, nearest
from lmm.inference.algebra.derivatives import are_feasible, has_negative
from lmm.inference.df.between_within import BetweenWithin
from lmm.inference.df.containment import Containment
from lmm.inference.df.effective import Effective
from lmm.inference.df.kenward_roger import KenwardRoger
from lmm.inference.df.many_degrees import ManyDegrees, are_many
from lmm.inference.df.method import DfMethod, Normal, Residual
from lmm.inference.df.satterthwaite import Satterthwaite

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["CATALOG", "Df", "df_method", "df_method_of_effects"]

Df: TypeAlias = str | DfMethod
"""``"auto"``, a name of the catalog, or a method with its options."""

CATALOG: dict[str, DfMethod] = {
    method.name: method
    for method in (
        KenwardRoger(),
        Satterthwaite(),
        Containment(),
        BetweenWithin(),
        Effective(),
        Residual(),
        Normal(),
    )
}


def df_method(fit: Fit, df: Df = "auto") -> DfMethod:
    """Look a method up, and check that it applies to the fit.

    Parameters
    ----------
    df
        ``"auto"`` is ``"residual"`` without random terms; ``"effective"`` for cross-validation; containment for fits by
        moments that keep a negative component; for large fits in which no test has fewer than 500 degrees of freedom,
        where the choice cannot be seen, Satterthwaite from the average information (see `are_many`); Kenward–Roger for
        all other REML fits whose random terms, the one with most effects left out, fall into parts of 5,000 effects at
        most; else Satterthwaite.

    Raises
    ------
    LmmError
        If there is no such method, or it does not apply.
    """
    if isinstance(df, DfMethod):
        method = df
    elif isinstance(df, str) and df == "auto":
        method = _automatic(fit)
    elif isinstance(df, str) and df in CATALOG:
        method = CATALOG[df]
    else:
        known = ["auto", *CATALOG]
        raise LmmError(
            f"df= must be one of {', '.join(known)}, or a method such as lmm.KenwardRoger(); it is {shown(df)}."
            f"{nearest(df, known)}"
        )
    method.check(fit)
    return method


def df_method_of_effects(fit: Fit, df: Df = "auto") -> DfMethod:
    """Look up a method for variances of fixed and random effects together, those of predictions.

    Parameters
    ----------
    df
        ``"auto"`` is ``"residual"`` without random terms, ``"effective"`` for cross-validation, else Satterthwaite:
        from the average information where `df_method` takes it too, in large fits of many degrees of freedom.

    Raises
    ------
    LmmError
        If there is no such method, or it is for fixed effects alone.
    """
    if isinstance(df, str) and df == "auto" and fit.internals.design.random and fit.method != "gcv":
        df = Satterthwaite("average") if not has_negative(fit) and are_many(fit) else Satterthwaite()
    method = df_method(fit, df)
    if not isinstance(method, Satterthwaite | Effective | Residual | Normal):
        raise UnsupportedError(
            f'df="{method.name}" is for fixed effects alone. For predictions with random effects and for new '
            'observations use df="satterthwaite", or ask for random=False with interval="confidence".'
        )
    return method


def _automatic(fit: Fit) -> DfMethod:
    if not fit.internals.design.random:
        return Residual()
    if fit.method == "gcv":
        return Effective()
    if has_negative(fit):
        return Containment()
    if are_many(fit):
        return ManyDegrees()
    return KenwardRoger() if fit.method == "reml" and are_feasible(fit) else Satterthwaite()
