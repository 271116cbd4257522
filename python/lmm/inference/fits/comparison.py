"""Comparing fits by their likelihoods."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from lmm.arguments import one_of, takes, yes_or_no
from lmm.errors import LmmError
from lmm.inference.fits.chi_bar import chisq_p_value
from lmm.inference.fits.conditional import (
    AicKind,
    Correction,
    check_correction,
    conditional,
    correction_for,
)
from lmm.inference.fits.nesting import is_nested, same_fixed
from lmm.inference.fits.variants import by_ml
from lmm.model.likelihood import refuse_validated
from lmm.table import Table

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["comparable", "compare", "likelihood_ratio"]

_REFITTED = (
    "Refitted by maximum likelihood: REML criteria of models with different fixed parts cannot be compared."
)
_REFITTED_METHODS = "Refitted by maximum likelihood where the fits were by other methods."
_BOUNDARY = (
    "Models that differ in their random terms: χ² is too careful here, since a variance cannot be negative; "
    "lmm.random_anova has the mixtures of χ² and lmm.bootstrap_test needs none."
)
_WORSE = 1e-4  # of the criterion: more than two searches leave


@takes(refit=yes_or_no, kind=one_of(*get_args(AicKind)), correction=one_of(*get_args(Correction)))
def compare(
    *fits: Fit, refit: bool = True, kind: AicKind = "marginal", correction: Correction = "auto"
) -> Table:
    """Compare fits of the same response by likelihood-ratio tests, AIC and BIC.

    Parameters
    ----------
    *fits
        Two or more fits, in any order.
    refit
        REML fits whose fixed parts differ are fitted again by maximum likelihood; with False that is an error.
    kind
        ``"marginal"``: the likelihood of the data, parameters counted. ``"conditional"``: the likelihood given random
        effects and curves, effective degrees of freedom counted; for fits as they are, by any criterion.
    correction
        How the degrees of freedom of a conditional AIC count that variances were estimated. ``"wood"`` (Wood, Pya and
        Säfken 2016) as mgcv, ``"greven-kneib"`` (2010) as cAIC4; ``"auto"`` is the first where no fit has random
        terms besides smooth ones.

    Returns
    -------
    Table
        ``model, n_parameters, aic, bic, loglik, criterion, chisq, df, p_value``, by number of parameters. Each
        model is tested against the one before it, if that is nested in it; else the test is missing
        and a note says so. Of conditional AIC ``model, edf, df, aic, loglik``, by ``df``: the corrected effective
        degrees of freedom, and one for σ.

    Raises
    ------
    LmmError
        If there are fewer than two fits, their rows or responses differ, or they would have to be fitted again and
        ``refit`` forbids it.

    Examples
    --------
    >>> import lmm
    >>> data = lmm.datasets.load("sleepstudy")
    >>> one = lmm.fit("Reaction ~ Days + (1 | Subject)", data, method="ml")
    >>> two = lmm.fit("Reaction ~ Days + (Days | Subject)", data, method="ml")
    >>> table = lmm.compare(one, two)
    >>> table["chisq"].round(2), table["df"]
    (array([  nan, 42.14]), array([nan,  2.]))
    >>> lmm.compare(one, two, kind="conditional")["aic"].round(1)
    array([1767. , 1711.7])
    """
    check_correction(kind, correction, fits)
    if kind == "conditional":
        _check(fits, kind)
        return _conditional(fits, correction)
    found, notes = comparable(fits, refit=refit)
    ordered = sorted(found, key=lambda fit: fit.n_parameters)
    tests = [(np.nan, np.nan, np.nan)]
    for small, large in pairwise(ordered):
        chisq, df, note = likelihood_ratio(small, large)
        tests.append((chisq, df, chisq_p_value(chisq, df)))
        notes += [note] if note else []
    columns: dict[str, Any] = {
        "model": _labels(ordered),
        "n_parameters": [fit.n_parameters for fit in ordered],
        "aic": [fit.aic for fit in ordered],
        "bic": [fit.bic for fit in ordered],
        "loglik": [fit.loglik for fit in ordered],
        "criterion": [fit.criterion for fit in ordered],
    }
    columns |= dict(zip(("chisq", "df", "p_value"), np.array(tests).T, strict=True))
    return Table(columns, title="Comparison of fits", notes=list(dict.fromkeys(notes)))


def _conditional(fits: Sequence[Fit], correction: Correction) -> Table:
    chosen = correction_for(fits, correction)
    found = [(*conditional(fit, chosen), label) for fit, label in zip(fits, _labels(fits), strict=True)]
    found.sort(key=lambda row: row[0].df)
    columns = {
        "model": [label for _, _, label in found],
        "edf": [own.edf for own, _, _ in found],
        "df": [own.df for own, _, _ in found],
        "aic": [own.aic for own, _, _ in found],
        "loglik": [own.loglik for own, _, _ in found],
    }
    return Table(
        columns,
        title="Comparison of fits, given their random effects",
        notes=list(dict.fromkeys(note for _, note, _ in found)),
    )


def comparable(fits: Sequence[Fit], *, refit: bool = True) -> tuple[list[Fit], list[str]]:
    """Make fits whose criteria can be compared, and notes on what was done to them.

    Raises
    ------
    LmmError
        If that is not possible.
    """
    _check(fits)
    first = fits[0]
    methods = {fit.method for fit in fits}
    reml_is_enough = methods == {"reml"} and all(same_fixed(first, fit) for fit in fits[1:])
    if methods == {"ml"} or reml_is_enough:
        criterion = "REML" if reml_is_enough else "maximum likelihood"
        return list(fits), [f"Fits by {criterion}."]
    if not refit:
        if methods != {"reml"}:
            raise LmmError(
                'Fits by different methods, or by moments, cannot be compared: fit all with method="ml", or leave '
                "refit=False out, which does that."
            )
        raise LmmError(
            'REML criteria of models with different fixed parts cannot be compared: fit them with method="ml", or '
            "leave refit=False out, which does that."
        )
    return [by_ml(fit) for fit in fits], [_REFITTED if methods == {"reml"} else _REFITTED_METHODS]


def likelihood_ratio(small: Fit, large: Fit) -> tuple[float, float, str]:
    """Compute the statistic, its degrees of freedom, and a note; both missing where there is no test."""
    missing = (np.nan, np.nan)
    df = large.n_parameters - small.n_parameters
    pair = f'"{small.formula}" and "{large.formula}"'
    if df == 0 or not is_nested(small, large):
        why = "have as many parameters" if df == 0 else "are not nested"
        return *missing, f"No test of {pair}: the models {why}; compare AIC or BIC."
    chisq = small.criterion - large.criterion
    if chisq < -_WORSE:
        return *missing, (
            f"No test of {pair}: the larger model has the lower likelihood, so that its search did not find the "
            "optimum; fit it again with restarts=5."
        )
    return max(chisq, 0.0), float(df), _BOUNDARY if _more_variances(small, large) else ""


def _more_variances(small: Fit, large: Fit) -> bool:
    """Whether the larger model has variances that are zero in the smaller one; extra correlations do not count."""
    return len({*_effects(large)}) > len({*_effects(small)})


def _effects(fit: Fit) -> list[tuple[str, str]]:
    return [(part.group, column) for part in fit.internals.design.random for column in part.columns]


def _labels(fits: Sequence[Fit]) -> list[str]:
    """Formulas, numbered where several fits have the same one."""
    labels: list[str] = []
    for fit in fits:
        formula = " ".join(fit.formula.split())
        before = sum(label == formula or label.startswith(f"{formula} #") for label in labels)
        labels.append(f"{formula} #{before + 1}" if before else formula)
    return labels


def _check(fits: Sequence[Any], kind: AicKind = "marginal") -> None:
    from lmm.model import Fit

    for fit in fits:
        if not isinstance(fit, Fit):
            raise LmmError(
                f"Only fits can be compared; {type(fit).__name__} is none. Write lmm.compare(fit0, fit1)."
            )
    if len(fits) < 2:
        raise LmmError("A comparison needs two fits at least: lmm.compare(fit0, fit1).")
    first = fits[0]
    for fit in fits[1:]:
        _check_pair(first, fit)
    for fit in fits:
        if kind == "marginal":
            refuse_validated(fit, "comparisons of fits", 'kind="conditional" compares what is fitted.')
        if fit.method == "moments":
            raise LmmError(
                'A fit by the method of moments has no likelihood to compare. Fit with method="ml" or "reml".'
            )


def _check_pair(one: Fit, other: Fit) -> None:
    formulas = f'"{one.formula}" and "{other.formula}"'
    if one.n_obs != other.n_obs:
        dropped = max(one.n_dropped_missing, other.n_dropped_missing)
        advice = (
            "Rows with missing values were left out; give both fits a table without the incomplete rows."
            if dropped
            else "Fit both to the same table."
        )
        raise LmmError(
            f"{formulas} were fitted to different rows ({one.n_obs} and {other.n_obs}), so that their likelihoods "
            f"cannot be compared. {advice}"
        )
    if not np.array_equal(one.y, other.y):
        left = {fit.formula.partition("~")[0].strip() for fit in (one, other)}
        why = f" ({' and '.join(sorted(left))})" if len(left) > 1 else ""
        raise LmmError(
            f"{formulas} have different responses{why}, so that their likelihoods cannot be compared. Fit the same "
            "response of the same rows in the same order."
        )
