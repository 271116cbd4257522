"""Analysis of variance: one test for each term of the fixed part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from lmm.arguments import one_of, takes
from lmm.errors import LmmError
from lmm.estimation import SumsOfSquares, checked_sums
from lmm.inference.contrast.of_terms import TermContrast, type_1, type_2, type_3
from lmm.inference.df.catalog import Df, df_method
from lmm.inference.df.method import DfMethod
from lmm.inference.door import JointTest, Vcov, joint_test
from lmm.inference.fits.comparison import compare
from lmm.model import a_fit
from lmm.table import Table
from lmm.typing import FloatVector

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Containment", "Statistic", "anova", "term_tests"]

Statistic: TypeAlias = Literal["f", "chisq"]
"""F with denominator degrees of freedom, or Wald's χ²."""

Containment: TypeAlias = Literal["sas", "marginal"]
"""When one term contains another, for type II."""


_HYPOTHESES: dict[SumsOfSquares, Callable[[Fit], list[TermContrast]]] = {1: type_1, 2: type_2, 3: type_3}


@takes(
    fit=a_fit,
    others=a_fit,
    test=one_of(*get_args(Statistic)),
    containment=one_of(*get_args(Containment)),
)
def anova(
    fit: Fit,
    *others: Fit,
    type: SumsOfSquares = 3,  # noqa: A002 - the word of the field
    df: Df = "auto",
    test: Statistic = "f",
    containment: Containment = "sas",
    vcov: Vcov = None,
) -> Table:
    """Test each term of the fixed part; with several fits, compare them.

    Parameters
    ----------
    fit
        A fit.
    *others
        Further fits: the table is then that of `compare`, and the options below do not apply.
    type
        1: each term given those before it. 2: each term given all that do not contain it. 3: the
        marginal means, whatever the contrasts of the factors and the numbers of observations; with
        empty cells the estimable functions of SAS.
    df
        Method for degrees of freedom, as in `contrast_test`.
    test
        ``"f"``, or ``"chisq"`` for Wald's χ², which takes the variances as known.
    containment
        For type 2. ``"sas"``: a term contains another if it has all its factors and more, and the same
        covariates (SAS, lmerTest). ``"marginal"``: whatever the covariates, and terms are adjusted in the
        metric of the estimated covariance (car).
    vcov
        Covariance of the fixed effects, as in `contrast_test`; there are no sums of squares then.

    Returns
    -------
    Table
        ``term, sum_sq, mean_sq, num_df, den_df, f_value, p_value``, or ``term, chisq, df, p_value``. Without
        random terms the last row is ``Residuals`` and the sums of squares are the classical ones; with random terms
        they are what the F stands for on the scale of the residuals: ``mean_sq = F σ²``. A term of which
        nothing can be estimated has no degrees of freedom.

    Raises
    ------
    LmmError
        If an option does not exist, or does not go with another.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("yield ~ Variety * C(nitro) + (1 | Block/Variety)", lmm.datasets.load("Oats"))
    >>> table = lmm.anova(fit)
    >>> list(table["term"]), table["den_df"].round(2), table["f_value"].round(3)
    (['Variety', 'C(nitro)', 'Variety:C(nitro)'], array([10., 45., 45.]), array([ 1.485, 37.686,  0.303]))
    """
    kind = checked_sums(type)
    _check_options(kind, df, test, containment)
    if others:
        _refuse_options(type=type, df=df, test=test, containment=containment, vcov=vcov)
        return compare(fit, *others)
    if containment == "marginal":
        metric = _metric(fit, "normal" if test == "chisq" else df, vcov)
        contrasts = type_2(fit, any_covariates=True, metric=metric)
    else:
        contrasts = _HYPOTHESES[kind](fit)
    title = f"Analysis of variance, type {'I' * kind}"
    return term_tests(fit, contrasts, df, test, vcov, title, _notes(fit, contrasts, kind))


def term_tests(
    fit: Fit,
    contrasts: Sequence[TermContrast],
    df: Df,
    test: Statistic,
    vcov: Vcov,
    title: str,
    notes: Sequence[str],
) -> Table:
    """Tabulate one joint test for each term; see `anova` for the columns."""
    method = "normal" if test == "chisq" else df
    tests = [_tested(fit, term, method, vcov) for term in contrasts]
    notes = [*dict.fromkeys(note for found in tests if found for note in found.notes), *notes]
    columns: dict[str, Any] = {"term": [term.name for term in contrasts]}
    rank = [found.num_df if found else 0 for found in tests]
    f_value = np.array([found.f_value if found else np.nan for found in tests])
    p_value = np.array([found.p_value if found else np.nan for found in tests])
    if test == "chisq":
        columns |= {"chisq": f_value * rank, "df": rank, "p_value": p_value}
        return Table(columns, title=f"{title}: Wald χ²", notes=notes)
    if vcov is None:
        mean_sq = _mean_squares(fit, contrasts, f_value)
        columns |= {"sum_sq": mean_sq * rank, "mean_sq": mean_sq}
    den_df = np.array([found.den_df if found else np.nan for found in tests])
    columns |= {"num_df": rank, "den_df": den_df, "f_value": f_value, "p_value": p_value}
    if vcov is None and not fit.internals.design.random:
        columns = {name: _with_residuals(fit, name, values) for name, values in columns.items()}
    return Table(columns, title=title, notes=notes)


def _mean_squares(fit: Fit, contrasts: Sequence[TermContrast], f_value: FloatVector) -> FloatVector:
    """F σ², or the classical mean squares without random terms, which no method for tests changes."""
    if fit.internals.design.random:
        return f_value * fit.sigma**2
    unscaled = fit.internals.evaluation.unscaled_vcov
    tests = [_tested(fit, term, "normal", unscaled) for term in contrasts]
    return np.array([found.f_value if found else np.nan for found in tests])


def residual_mean_square(fit: Fit) -> float:
    """Residual sum of squares over n minus the rank of X."""
    return float(fit.internals.evaluation.r2) / fit.df_residual


def _tested(fit: Fit, term: TermContrast, df: Df, vcov: Vcov) -> JointTest | None:
    if not len(term.contrast):
        return None
    # A covariance may bring its own degrees of freedom.
    own = isinstance(vcov, DfMethod) and isinstance(df, str) and df == "auto"
    return joint_test(fit, term.contrast, df if own else df_method(fit, df).for_term(fit, term.name), vcov)


def _with_residuals(fit: Fit, column: str, values: Any) -> list[Any]:
    last = {
        "term": "Residuals",
        "sum_sq": float(fit.internals.evaluation.r2),
        "mean_sq": residual_mean_square(fit),
        "num_df": fit.df_residual,
    }
    return [*values, last.get(column, np.nan)]


def _metric(fit: Fit, df: Df, vcov: Vcov) -> Any:
    """Covariance of beta that goes with the tests."""
    if isinstance(vcov, DfMethod):
        return vcov.vcov(fit)
    return df_method(fit, df).vcov(fit) if vcov is None else np.asarray(vcov, dtype=np.float64)


def _notes(fit: Fit, contrasts: Sequence[TermContrast], kind: SumsOfSquares) -> list[str]:
    notes = []
    if not contrasts:
        notes.append("The fixed part has no terms but the intercept: there is nothing to test here.")
    nothing = [term.name for term in contrasts if not len(term.contrast)]
    if nothing:
        notes.append(
            f"Nothing to test of {', '.join(nothing)}: the columns are combinations of those of other terms."
        )
    if len(nothing) < len(contrasts) and fit.internals.design.aliased and kind == 3:
        notes.append(
            "Columns of X depend on each other: each row tests what can be estimated of its term, as type III of SAS. "
            "With empty cells that does not compare equally weighted means."
        )
    return notes


def _check_options(kind: SumsOfSquares, df: Df, test: Any, containment: Any) -> None:
    if containment != "sas" and kind != 2:
        raise LmmError(
            f'containment="{containment}" is for type=2; a table of type {kind} does not depend on it. Leave it out.'
        )
    if test == "chisq" and df != "auto":
        raise LmmError(
            f'test="chisq" has no denominator degrees of freedom, hence no use for df={df!r}. Leave one of them out.'
        )


def _refuse_options(**given: Any) -> None:
    defaults = {"type": 3, "df": "auto", "test": "f", "containment": "sas", "vcov": None}
    for name, value in given.items():
        if value is not defaults[name]:
            raise LmmError(
                f"{name}= is for the table of one fit; several fits are compared with each other. Leave it out, or ask "
                "for one table after the other."
            )
