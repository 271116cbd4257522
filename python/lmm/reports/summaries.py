"""The summary of a fit: first as tables of numbers, then as text, HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import near_names, takes
from lmm.inference import row_tests, smooths
from lmm.model import a_fit
from lmm.model.tables.printing import METHODS, criteria_of, kind_of
from lmm.reports import writing
from lmm.reports.sections import Section, sections_of
from lmm.table import Table
from lmm.table.naming import beside

if TYPE_CHECKING:
    from lmm.inference import Df, Vcov
    from lmm.model import Fit
    from lmm.typing import Method

__all__ = ["Summary", "summary"]

_CRITERIA = ("aic", "bic", "loglik", "criterion")
_MOST_CORRELATED = 20  # with more fixed effects the matrix of correlations is no longer read


@near_names("A summary")
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Summary:
    """What a fit says, in the order of R; printing it shows all.

    Attributes
    ----------
    title
        The kind of model and how it was fitted.
    formula
        As typed.
    method
        ``"reml"``, ``"ml"``, ``"moments"`` or ``"gcv"``.
    n_obs
        Number of rows used.
    n_levels
        Number of levels by grouping factor, in formula order; empty without random effects.
    criteria
        One row: ``aic, bic, loglik, criterion``; the first three are missing without a likelihood.
    residuals
        One row: ``min, q1, median, q3, max`` of the scaled residuals (type-7 quantiles).
    random
        ``varcorr`` of the fit; None without random effects.
    smooths
        ``smooths()`` of the fit; None without smooth terms.
    sigma, df_residual
        Residual standard deviation, and n minus the rank of X.
    coefficients
        ``term, estimate, std_error, df, statistic, p_value``; aliased columns are missing. The notes name the
        method for degrees of freedom.
    correlation
        Correlations of the estimates, one row and column per coefficient; None if there is only one, or more than 20.
    notes
        Sentences that the reader of the numbers must know.
    """

    title: str
    formula: str
    method: Method
    n_obs: int
    n_levels: dict[str, int]
    criteria: Table
    residuals: Table
    random: Table | None
    smooths: Table | None
    sigma: float
    df_residual: int
    coefficients: Table
    correlation: Table | None
    notes: tuple[str, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The parts as they are printed, in order: numbers have become text."""
        return sections_of(self)

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.to_html()

    @takes()
    def to_text(self) -> str:
        """Write aligned plain text.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
        >>> print(fit.summary().to_text().splitlines()[0])
        Linear mixed model fit by REML
        """
        return writing.text(self)

    @takes()
    def to_html(self) -> str:
        """Write one HTML element, as notebooks show it; all text is escaped.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
        >>> fit.summary().to_html().count("<table")
        5
        """
        return writing.html(self)

    @takes()
    def to_markdown(self) -> str:
        """Write Markdown with pipe tables; all text is escaped.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
        >>> print(fit.summary().to_markdown().splitlines()[0])
        ## Linear mixed model fit by REML
        """
        return writing.markdown(self)


@takes(fit=a_fit)
def summary(fit: Fit, *, df: Df = "auto", vcov: Vcov = None) -> Summary:
    """Sum up a fit in the order that users of R know.

    Parameters
    ----------
    fit
        A fit, with or without random effects.
    df, vcov
        Method for degrees of freedom, and covariance of the fixed effects, as in `lmm.contrast_test`.

    Returns
    -------
    Summary
        Tables of numbers; it prints as text, and as HTML in a notebook.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> found = fit.summary()
    >>> found.coefficients["std_error"].round(3)
    array([6.825, 1.546])
    """
    groups = dict(fit.n_levels)
    quantiles = np.quantile(np.asarray(fit.residuals("scaled")), [0.0, 0.25, 0.5, 0.75, 1.0])
    n_fixed = len(fit.internals.design.parametric_kept)
    too_many = n_fixed > _MOST_CORRELATED
    return Summary(
        title=_title(fit),
        formula=str(fit.formula),
        method=fit.method,
        n_obs=fit.n_obs,
        n_levels=groups,
        criteria=_one_row(_CRITERIA, [criteria_of(fit)[name] for name in _CRITERIA]),
        residuals=_one_row(("min", "q1", "median", "q3", "max"), quantiles.tolist()),
        random=fit.varcorr if groups else None,
        smooths=smooths(fit) if fit.internals.spec.smooths.terms else None,
        sigma=float(fit.sigma),
        df_residual=fit.df_residual,
        coefficients=_coefficients(fit, df, vcov),
        correlation=None if too_many or n_fixed < 2 else _correlation(fit),
        notes=(*fit.notes, *([_left_out(n_fixed)] if too_many else [])),
    )


def _title(fit: Fit) -> str:
    return f"{kind_of(fit)} fit by {METHODS[fit.method]}"


def _left_out(n_fixed: int) -> str:
    return (
        f"The correlations of the {n_fixed} fixed effects are left out; fit.corr has them "
        f"(they are shown for {_MOST_CORRELATED} at most)."
    )


def _one_row(names: tuple[str, ...], values: list[float] | tuple[float, ...]) -> Table:
    return Table({name: [float(value)] for name, value in zip(names, values, strict=True)})


def _coefficients(fit: Fit, df: Df, vcov: Vcov) -> Table:
    names, kept = fit.internals.design.parametric_names, fit.internals.design.parametric_kept
    tests = row_tests(fit, np.eye(fit.n_fixed)[: len(kept)], df, vcov)
    columns: dict[str, Any] = {"term": list(names)}
    for name in ("estimate", "std_error", "df", "statistic", "p_value"):
        # Aliased columns have no number.
        columns[name] = np.full(len(names), np.nan)
        columns[name][kept] = getattr(tests, name)
    return Table(columns, title="Fixed effects", notes=tests.notes)


def _correlation(fit: Fit) -> Table:
    terms = [str(fit.internals.design.names[j]) for j in fit.internals.design.parametric_kept]
    corr = np.asarray(fit.corr)[: len(terms), : len(terms)]
    columns, notes = beside(["term"], {term: corr[:, index] for index, term in enumerate(terms)})
    return Table({"term": terms, **columns}, title="Correlation of fixed effects", notes=notes)
