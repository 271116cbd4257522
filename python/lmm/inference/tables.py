"""Tests of fixed effects as tables, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.arguments import a_level, takes, yes_or_no
from lmm.errors import DesignError
from lmm.inference.contrast.estimability import estimable_rows
from lmm.inference.contrast.language import Hypotheses
from lmm.inference.contrast.reading import read_contrast
from lmm.inference.df.catalog import Df
from lmm.inference.distributions import checked_level
from lmm.inference.door import RowTests, Vcov, joint_test, row_tests
from lmm.model import a_fit
from lmm.table import Table

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["coefficients", "contrast_test"]

_WIDEST = 72  # characters of the names of rows that are tested together, in one cell
_MOST_LINES = 20


@takes(fit=a_fit, joint=yes_or_no, level=a_level)
def contrast_test(
    fit: Fit,
    contrast: Any,
    rhs: Any = 0.0,
    *,
    joint: bool = False,
    df: Df = "auto",
    vcov: Vcov = None,
    level: float = 0.95,
) -> Table:
    """Test linear hypotheses on the fixed effects.

    Parameters
    ----------
    fit
        A fit.
    contrast
        Text with names of coefficients as they are printed (``"Days = 10"``, ``"a - b = 0, c = 0"``)
        or a list of such texts; a dict of coefficients by name (``{"a": 1, "b": -1}``), or of rows by
        label; a vector or matrix with one column for each fixed effect, aliased ones included.
    rhs : number or shape (r,)
        What the rows are compared with, where the text does not say so.
    joint
        One F test of all rows together instead of one t test for each.
    df
        ``"auto"``, ``"kenward-roger"``, ``"satterthwaite"``, ``"containment"``, ``"between-within"``,
        ``"effective"``, ``"residual"``, ``"normal"``, or a method with options such as `KenwardRoger`.
    vcov
        Covariance of the fixed effects: a matrix (n_fixed, n_fixed) or `ClusterRobust`; by default
        that of the method.
    level
        Of the confidence intervals.

    Returns
    -------
    Table
        ``contrast, estimate, std_error, df, statistic, p_value, conf_low, conf_high``; with ``joint``
        one row ``contrast, num_df, den_df, f_value, p_value``. What is not estimable is missing.

    Raises
    ------
    LmmError
        If the contrast cannot be read or has another length, or the method does not apply.
    DesignError
        If the data cannot estimate a row, because columns of X depend on each other.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.contrast_test(fit, "Days = 10")["p_value"].round(4)
    array([0.7661])
    """
    level = checked_level(level)
    found = read_contrast(fit, contrast, rhs)
    _check_estimable(fit, found)
    if joint:
        test = joint_test(fit, found.contrast, df, vcov, found.rhs)
        label, listed = _of_all(found.labels)
        columns = {
            "contrast": [label],
            "num_df": [test.num_df],
            "den_df": [test.den_df],
            "f_value": [test.f_value],
            "p_value": [test.p_value],
        }
        return Table(columns, title="Joint test", notes=(*listed, *test.notes))
    tests = row_tests(fit, found.contrast, df, vcov, found.rhs)
    return _rows_table("contrast", list(found.labels), tests, level, "Tests of contrasts")


def _of_all(labels: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Name several rows in one cell; where that is too wide, by their number, with a line for each below."""
    text = "; ".join(labels)
    if len(text) <= _WIDEST:
        return text, ()
    most = _MOST_LINES if len(labels) > _MOST_LINES else len(labels)
    more = (f"… and {len(labels) - most} more.",) if len(labels) > most else ()
    return f"{len(labels)} rows", ("Tested together:", *(f"  {label}" for label in labels[:most]), *more)


def _check_estimable(fit: Fit, found: Hypotheses) -> None:
    estimable = estimable_rows(fit, found.contrast)
    if estimable.all():
        return
    lost = [f'"{label}"' for label, known in zip(found.labels, estimable, strict=True) if not known]
    listed = ", ".join(lost[:3]) + (", …" if len(lost) > 3 else "")
    aliased = ", ".join(fit.internals.design.aliased[:5]) + (
        ", …" if len(fit.internals.design.aliased) > 5 else ""
    )
    raise DesignError(
        f"These data cannot estimate {listed}: columns of X depend on each other, and {aliased} had to be left out. "
        f"Leave these rows out, or give a row of {fit.n_fixed} numbers, one for each printed coefficient."
    )


@takes(fit=a_fit, level=a_level)
def coefficients(fit: Fit, *, df: Df = "auto", vcov: Vcov = None, level: float = 0.95) -> Table:
    """Tabulate the fixed effects with degrees of freedom, tests against zero and intervals.

    Parameters
    ----------
    fit
        A fit.
    df, vcov, level
        As in `contrast_test`.

    Returns
    -------
    Table
        ``term, estimate, std_error, df, statistic, p_value, conf_low, conf_high``; aliased
        coefficients are missing. Smooth terms have a table of their own, `smooths`.

    Raises
    ------
    LmmError
        If the method does not apply to the fit.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    >>> lmm.coefficients(fit)["df"].round(2)
    array([17., 17.])
    """
    level = checked_level(level)
    names, kept = fit.internals.design.parametric_names, fit.internals.design.parametric_kept
    tests = row_tests(fit, np.eye(fit.n_fixed)[: len(kept)], df, vcov)
    table = _rows_table("term", [names[j] for j in kept], tests, level, "Fixed effects")
    if len(kept) == len(names):
        return table
    columns: dict[str, Any] = {"term": list(names)}
    for name in table.columns[1:]:
        columns[name] = np.full(len(names), np.nan)
        columns[name][kept] = table[name]
    return Table(columns, title=table.title, notes=(*table.notes, *fit.fixef.notes))


def _rows_table(first: str, labels: list[str], tests: RowTests, level: float, title: str) -> Table:
    low, high = tests.interval(level)
    columns = {
        first: labels,
        "estimate": tests.estimate,
        "std_error": tests.std_error,
        "df": tests.df,
        "statistic": tests.statistic,
        "p_value": tests.p_value,
        "conf_low": low,
        "conf_high": high,
    }
    return Table(columns, title=title, notes=(*tests.notes, f"Confidence intervals: {100 * level:g} %."))
