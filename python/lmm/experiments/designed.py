"""Which fits are designed experiments, for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmm.errors import LmmError
from lmm.experiments.anova_shell import Shell, shell_of
from lmm.experiments.plan import Plan
from lmm.experiments.strata_table import Strata, strata_of

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["designed_experiment"]

MOST_LEVELS = 2_000  # of all random terms: more is a survey, and would make the page wait


def designed_experiment(fit: Fit) -> tuple[Shell, Strata] | None:
    """Compute shell and strata of a fit where they say something.

    Parameters
    ----------
    fit
        Any fit.

    Returns
    -------
    tuple of Shell and Strata, or None
        None unless all fixed terms are made of factors, all random terms are intercepts of grouping factors, and
        every stratum has degrees of freedom for its error.

    Examples
    --------
    >>> import lmm
    >>> from lmm.experiments import designed_experiment
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> designed_experiment(fit) is None
    True
    """
    design = fit.internals.design
    factors = {factor.name for factor in design.factors}
    intercepts = all(part.is_intercept for part in design.random)
    is_designed = intercepts and all(factors.issuperset(term.parts) for term in design.terms)
    n_levels = sum(len(part.levels) for part in design.random)
    if not is_designed or n_levels > MOST_LEVELS or not (design.random or factors):
        return None
    try:
        return shell_of(Plan(fit.internals.spec.formula, design, {})), strata_of(design)
    except LmmError:
        # Their calls say why; the page shows what there is.
        return None
