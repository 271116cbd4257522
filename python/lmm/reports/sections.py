"""The parts of a summary with their numbers written out, in the order of R."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmm.table.numbers import MISSING, format_columns
from lmm.table.render import Cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmm.reports.summaries import Summary
    from lmm.table import Table

__all__ = ["Section", "anova_section", "sections_of"]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a summary.

    Attributes
    ----------
    key
        Short name: ``"criteria"``, ``"residuals"``, ``"random"``, ``"fixed"``, ``"smooths"``, ``"correlation"`` or
        ``"anova"``.
    cells
        The table.
    """

    key: str
    cells: Cells


def sections_of(summary: Summary) -> tuple[Section, ...]:
    """Write out all parts of a summary that it has."""
    found = [
        Section("criteria", _criteria(summary)),
        Section("residuals", _residuals(summary)),
        Section("random", _random(summary)) if summary.random is not None else None,
        Section("fixed", _fixed(summary)) if len(summary.coefficients) else None,
        Section("smooths", _smooths(summary.smooths)) if summary.smooths is not None else None,
        Section("correlation", _correlation(summary.correlation))
        if summary.correlation is not None
        else None,
    ]
    return tuple(section for section in found if section is not None)


def anova_section(table: Table) -> Section:
    """Write out a table of `lmm.anova`, F tests with sums of squares."""
    texts = format_columns({name: table[name] for name in table.columns}, {})
    rows: Sequence[Sequence[str]] = list(zip(*texts.values(), strict=True))
    header = ("", "Sum Sq", "Mean Sq", "NumDF", "DenDF", "F", "p-value")
    numeric = [False] + [True] * (len(header) - 1)
    return Section("anova", Cells(header, rows, numeric, table.title, table.notes))


def _criteria(summary: Summary) -> Cells:
    if summary.method == "gcv":
        return Cells(("GCV score",), [[f"{summary.criteria['criterion'][0]:.6g}"]], [True], "", ())
    name = "-2 log L" if summary.method == "ml" else "REML criterion"
    row = [f"{summary.criteria[column][0]:z.2f}" for column in summary.criteria.columns]
    return Cells(("AIC", "BIC", "logLik", name), [row], [True] * 4, "", ())


def _residuals(summary: Summary) -> Cells:
    row = [f"{summary.residuals[column][0]:z.4f}" for column in summary.residuals.columns]
    return Cells(("Min", "1Q", "Median", "3Q", "Max"), [row], [True] * 5, "Scaled residuals", ())


def _counts(summary: Summary) -> str:
    groups = "; ".join(f"{name}, {count:,}" for name, count in summary.n_levels.items())
    return f"Number of observations: {summary.n_obs:,}" + (f"; groups: {groups}" if groups else "")


def _random(summary: Summary) -> Cells:
    rows = list(summary.random or ())
    variances = [row for row in rows if row["term_2"] is None]
    covariances = {(row["group"], row["term"], row["term_2"]): row["sdcor"] for row in rows if row["term_2"]}
    variance_texts = _four_digits([row["vcov"] for row in variances])
    sd_texts = _four_digits([row["sdcor"] for row in variances])
    body: list[list[str]] = []
    earlier: list[str] = []
    group = None
    for row, variance, sd in zip(variances, variance_texts, sd_texts, strict=True):
        is_new = row["group"] != group
        earlier = [] if is_new else earlier
        group, term = row["group"], row["term"] or ""
        correlations = [_correlation_between(covariances, group, other, term) for other in earlier]
        is_value = row.get("value") is not None
        numbers = ["", "", f"{row['value']:z.4f}"] if is_value else [variance, sd, *correlations]
        body.append([group if is_new else "", term, *numbers])
        earlier += [] if is_value else [term]
    n_columns = max(5 if covariances else 4, *map(len, body))
    has_correlations = bool(covariances) or any(row.get("value") is not None for row in variances)
    header = ["Group", "Name", "Variance", "Std.Dev.", *(["Corr"] if has_correlations else [])]
    header += [""] * (n_columns - len(header))
    # A column that only pads (a diagonal term of several effects) says nothing.
    padded = [row + [""] * (n_columns - len(row)) for row in body]
    kept = [i for i in range(n_columns) if i < 4 or any(row[i] for row in padded)]
    return Cells(
        [header[i] for i in kept],
        [[row[i] for i in kept] for row in padded],
        [i >= 2 for i in kept],
        "Random effects",
        (_counts(summary),),
    )


def _four_digits(values: list[float]) -> list[str]:
    """Write a column as standard errors are written: four digits of the smallest."""
    return format_columns({"std_error": np.array(values, dtype=np.float64)}, {})["std_error"]


def _correlation_between(
    covariances: dict[tuple[Any, Any, Any], float], group: str, first: str, second: str
) -> str:
    value = covariances.get((group, first, second), covariances.get((group, second, first)))
    if value is None:
        return ""
    return MISSING if np.isnan(value) else f"{value:z.3f}"


def _fixed(summary: Summary) -> Cells:
    table = summary.coefficients
    texts = format_columns({name: table[name] for name in table.columns}, {"statistic": "z.2f"})
    rows: Sequence[Sequence[str]] = list(zip(*texts.values(), strict=True))
    notes = table.notes
    if summary.random is None:
        notes = (_residual_line(summary), _counts(summary), *notes)
    header = ("", "Estimate", "Std.Error", "df", "Statistic", "p-value")
    return Cells(header, rows, [False] + [True] * 5, "Fixed effects", notes)


def _smooths(table: Table) -> Cells:
    names = ("term", "edf", "ref_df", "statistic", "p_value", "sd")
    texts = format_columns({name: table[name] for name in names}, {})
    rows: Sequence[Sequence[str]] = list(zip(*texts.values(), strict=True))
    header = ("", "edf", "Ref.df", "F", "p-value", "Std.Dev.")
    return Cells(header, rows, [False] + [True] * 5, "Smooth terms", table.notes)


def _residual_line(summary: Summary) -> str:
    size = f"{summary.sigma:.4g}"
    if summary.method == "gcv":
        return f"Residual standard deviation: {size} (divided by n less the effective degrees of freedom)"
    if summary.method != "ml":
        # Beside curves the count of n less fixed columns means little: the notes of the smooth terms have n less edf.
        count = f" on {summary.df_residual:,} degrees of freedom" if summary.smooths is None else ""
        return f"Residual standard error: {size}{count}"
    return f"Residual standard deviation: {size} (maximum likelihood: divided by n)"


def _correlation(table: Table) -> Cells:
    """Lower triangle without the diagonal; the last name needs no column, the first no row."""
    terms = list(table["term"])
    columns = [table[name] for name in table.columns[1:]]
    rows = [
        [terms[i], *(_rounded(columns[j][i]) if j < i else "" for j in range(len(terms) - 1))]
        for i in range(1, len(terms))
    ]
    return Cells(
        ("", *terms[:-1]), rows, [False] + [True] * (len(terms) - 1), "Correlation of fixed effects", ()
    )


def _rounded(value: float) -> str:
    return MISSING if np.isnan(value) else f"{value:z.3f}"
