"""Fixed terms left out one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from lmm.arguments import one_of, takes
from lmm.errors import LmmError
from lmm.inference.contrast.of_terms import type_2
from lmm.inference.df.catalog import Df
from lmm.inference.fits.chi_bar import chisq_p_value
from lmm.inference.fits.variants import by_ml, without_term
from lmm.inference.fixed_terms.analysis_of_variance import term_tests
from lmm.model import a_fit, refuse_validated
from lmm.table import Table

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["DropTest", "drop1"]

DropTest: TypeAlias = Literal["f", "chisq", "lrt"]
"""F, Wald's χ², or the likelihood ratio of two fits by maximum likelihood."""


@takes(fit=a_fit, test=one_of(*get_args(DropTest)))
def drop1(fit: Fit, *, test: DropTest = "f", df: Df = "auto") -> Table:
    """Test what each fixed term adds to all others.

    Only terms that no other term contains are left out: with ``a:b`` in the model neither ``a`` nor ``b`` is.

    Parameters
    ----------
    fit
        A fit.
    test
        ``"f"``; ``"chisq"`` for Wald's χ²; ``"lrt"`` fits without each term by maximum likelihood.
    df
        Method for degrees of freedom of ``"f"``, as in `contrast_test`.

    Returns
    -------
    Table
        As that of `anova`; with ``"lrt"`` the columns are ``term, n_parameters, loglik, aic, lrt, df, p_value``, and
        the first row is the fit itself.

    Raises
    ------
    LmmError
        If an option does not exist, or does not go with another.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Preference ~ sens2 * Homesize + (1 | Consumer)", lmm.datasets.load("carrots"))
    >>> lmm.drop1(fit)["term"]
    array(['sens2:Homesize'], dtype=object)
    """
    _check(test, df)
    terms = [term for term in fit.internals.design.terms if term.parts]
    free = [t.name for t in terms if not any(set(t.parts) < set(other.parts) for other in terms)]
    if test == "lrt":
        return _likelihood_ratios(fit, free)
    contrasts = [term for term in type_2(fit, any_covariates=True) if term.name in free]
    notes = [] if free else ["The fixed part has no terms but the intercept: there is nothing to leave out."]
    return term_tests(fit, contrasts, df, test, None, "Terms left out one at a time", notes)


def _likelihood_ratios(fit: Fit, terms: list[str]) -> Table:
    refuse_validated(fit, "likelihood ratios")
    large = by_ml(fit)
    rows: list[tuple[Any, ...]] = [("<none>", large.n_parameters, large.loglik, large.aic, None, None, None)]
    for term in terms:
        small = without_term(fit, term)
        lrt = max(small.criterion - large.criterion, 0.0)
        df = large.n_parameters - small.n_parameters
        # A term whose columns all depend on other terms cannot be dropped.
        p_value = chisq_p_value(lrt, df) if df else None
        rows.append((term, small.n_parameters, small.loglik, small.aic, lrt, df, p_value))
    names = ("term", "n_parameters", "loglik", "aic", "lrt", "df", "p_value")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    note = "Likelihood ratios by maximum likelihood" + (
        "." if large is fit else ", for which the model was refitted."
    )
    return Table(columns, title="Terms left out one at a time", notes=[note])


def _check(test: Any, df: Df) -> None:
    if test != "f" and df != "auto":
        raise LmmError(
            f'test="{test}" has no denominator degrees of freedom, hence no use for df={df!r}. Leave one of them out.'
        )
