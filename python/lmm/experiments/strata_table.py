"""Analysis of variance by error strata, with expected mean squares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np

from lmm.arguments import one_of, takes
from lmm.data import as_factors, open_table
from lmm.design import Design, DesignSpec
from lmm.errors import DataError, LmmError
from lmm.estimation import Anova, QuadraticForm, SumsOfSquares, check_degrees, checked_sums
from lmm.experiments.cautions import straight_lines
from lmm.experiments.duplicates import check_duplicates
from lmm.experiments.mean_squares import WITHIN, ErrorTerm, error_term, expectation, stratum_name
from lmm.experiments.orthogonality import Allocation, allocate
from lmm.formula import parse
from lmm.inference.distributions import f_p_value
from lmm.table import Table
from lmm.table.naming import beside
from lmm.typing import FloatVector, Missing

if TYPE_CHECKING:
    from lmm.model import Fit

__all__ = ["Strata", "strata"]

_NUMERALS = {1: "I", 2: "II", 3: "III"}
RESIDUALS = "Residuals"
"""The term of the row that is the error of its stratum, as R has it."""


class Strata(Table):
    """The table of `strata`; what its texts say, as numbers, is in two more tables.

    Attributes
    ----------
    coefficients
        ``stratum, term``, then what each mean square estimates: one column for each component.
    tests
        ``term, f_value, num_df, den_df, p_value, denominator`` of the fixed terms.
    """

    __slots__ = ("_coefficients", "_tests")

    def __init__(
        self, columns: Mapping[str, Any], coefficients: Table, tests: Table, notes: Sequence[str]
    ) -> None:
        super().__init__(columns, "Analysis of variance by strata", notes, formats={"df": "d"})
        self._coefficients, self._tests = coefficients, tests

    @property
    def coefficients(self) -> Table:
        """Coefficients of the expected mean squares: ``stratum, term``, then one column for each component."""
        return self._coefficients

    @property
    def tests(self) -> Table:
        """F tests of the fixed terms: ``term, f_value, num_df, den_df, p_value, denominator``."""
        return self._tests


@takes(missing=one_of(*get_args(Missing)))
def strata(
    model: str | Fit,
    data: Any = None,
    *,
    type: int | str = 1,  # noqa: A002 - the word of the field
    weights: Any = None,
    offset: Any = None,
    missing: Missing = "drop",
    contrasts: str | Mapping[str, Any] | None = None,
    factors: str | Sequence[str] = (),
) -> Strata:
    """Take the variation of a designed experiment apart, stratum by stratum.

    In balanced data this is the table of ``aov(y ~ ... + Error(...))`` in R. Unbalanced data have sums of
    squares of three types, and error terms that are synthesised where no single mean square serves, as in
    PROC MIXED of SAS with ``method=type1``, ``type2`` and ``type3``.

    Parameters
    ----------
    model
        A formula, or a fit; how it was fitted does not matter.
    data
        Any table, for a formula.
    type
        Of the sums of squares: 1, each term after those before it, random terms last; 2, each after all terms that
        do not contain it; 3, as SAS.
    weights, offset, missing, contrasts, factors
        As in `lmm.fit`, for a formula.

    Returns
    -------
    Strata
        ``stratum, term, df, sum_sq, mean_sq, ems, f_value, p_value``. The last row of a stratum, ``Residuals``, is
        its error. In ``ems`` σ²_ε is the residual variance and φ²(A) a quadratic form of the effects of A.

    Raises
    ------
    DesignError
        If a stratum has no residual degrees of freedom.
    DataError
        If a plot is in the table twice.
    UnsupportedError
        If random effects are correlated: no mean square belongs to a covariance.

    Examples
    --------
    >>> import lmm
    >>> oats = lmm.datasets.load("Oats").astype({"nitro": "category"})
    >>> table = lmm.strata("yield ~ Variety * nitro + (1 | Block/Variety)", oats)
    >>> table["mean_sq"].round(1)
    array([3175.1,  893.2,  601.3, 6673.5,   53.6,  177.1])
    >>> table["ems"][1]
    'σ²_ε + 4 σ²_Block:Variety + φ²(Variety)'
    """
    kind = checked_sums(type)
    if not isinstance(model, str):
        if not hasattr(model, "internals"):
            raise LmmError(
                "The first argument is a formula or a fit, the table is the second one: "
                f'lmm.strata("y ~ a + (1 | block)", data). It is {model.__class__.__name__}.'
            )
        if data is not None:
            raise LmmError("A fit has its data: write lmm.strata(fit), or give a formula and a table.")
        return strata_of(model.internals.design, kind)
    if data is None:
        raise DataError('There are no data: give a table, lmm.strata("y ~ a + (1 | block)", data).')
    table = open_table(data)
    formula = parse(model, columns=table.names)
    _, design = DesignSpec.learn(
        formula,
        as_factors(table, factors, formula.variables),
        contrasts=contrasts,
        missing=missing,
        weights=weights,
        offset=offset,
    )
    return strata_of(design, kind)


class _Row(NamedTuple):
    stratum: str
    term: str
    form: QuadraticForm
    error: ErrorTerm | None


def strata_of(design: Design, kind: SumsOfSquares = 1) -> Strata:
    """Tabulate the strata of a design with its response; see `strata`."""
    repeated = check_duplicates(design)
    anova = Anova(design)
    forms = anova.forms(kind)
    errors = [form for form in forms if form.kind != "fixed"]
    for form in errors:
        check_degrees(form)
    places = allocate(anova)
    tested = [
        _placed(form, error_term(form.coefficients, errors), errors, places.get(form.name))
        for form in forms
        if form.kind == "fixed" and form.df
    ]
    rows = []
    for error in errors:
        name = stratum_name(error)
        rows += [*(row for row in tested if row.stratum == name), _Row(name, RESIDUALS, error, None)]
    return _tabulated(
        rows,
        errors,
        anova,
        [*design.notes, *repeated, *straight_lines(design), *_notes(rows, forms, places, kind)],
    )


def _placed(
    form: QuadraticForm, error: ErrorTerm | None, errors: Sequence[QuadraticForm], place: Allocation | None
) -> _Row:
    """Put a term into the stratum that it is tested in; without a single one, where most of it lies."""
    stratum = WITHIN if place is None else place.stratum
    if error is not None and error.is_proper:
        stratum = stratum_name(errors[int(np.argmax(error.weights))])
    return _Row(stratum, form.name, form, error)


def _tabulated(
    rows: Sequence[_Row], errors: Sequence[QuadraticForm], anova: Anova, notes: Sequence[str]
) -> Strata:
    mean_squares = np.array([form.mean_sq for form in errors])
    degrees = np.array([float(form.df) for form in errors])
    tests = [_test(row, mean_squares, degrees) for row in rows]
    columns = {
        "stratum": [row.stratum for row in rows],
        "term": [row.term for row in rows],
        "df": [row.form.df for row in rows],
        "sum_sq": np.array([row.form.sum_sq for row in rows]),
        "mean_sq": np.array([row.form.mean_sq for row in rows]),
        "ems": [expectation(row.form, anova.names) for row in rows],
        "f_value": np.array([test[0] for test in tests]),
        "p_value": np.array([test[2] for test in tests]),
    }
    by_component = np.array([row.form.coefficients for row in rows]).T
    places = {name: columns[name] for name in ("stratum", "term")}
    components, renaming = beside(places, dict(zip(anova.names, by_component, strict=True)))
    coefficients = Table({**places, **components}, title="What the mean squares estimate", notes=renaming)
    tested = [i for i, row in enumerate(rows) if row.error is not None]
    test_table = Table(
        {
            "term": [rows[i].term for i in tested],
            "f_value": np.array([tests[i][0] for i in tested], dtype=float),
            "num_df": [rows[i].form.df for i in tested],
            "den_df": np.array([tests[i][1] for i in tested], dtype=float),
            "p_value": np.array([tests[i][2] for i in tested], dtype=float),
            "denominator": [_text(rows[i]) for i in tested],
        },
        title="Tests of the fixed terms",
    )
    return Strata(columns, coefficients, test_table, notes)


def _test(row: _Row, mean_squares: FloatVector, degrees: FloatVector) -> tuple[float, float, float]:
    """F, its denominator degrees of freedom and p; missing for an error, and where the denominator is not positive."""
    if row.error is None:
        return np.nan, np.nan, np.nan
    denominator = row.error.mean_sq(mean_squares)
    if not denominator > 0.0:
        return np.nan, np.nan, np.nan
    f_value = row.form.mean_sq / denominator
    df = row.error.df(mean_squares, degrees)
    return f_value, df, f_p_value(f_value, row.form.df, df)


def _text(row: _Row) -> str:
    return "" if row.error is None else row.error.text


def _notes(
    rows: Sequence[_Row],
    forms: Sequence[QuadraticForm],
    places: Mapping[str, Allocation],
    kind: SumsOfSquares,
) -> list[str]:
    notes = [f"Sums of squares of type {_NUMERALS[kind]}."]
    notes += [place.note for place in places.values() if place.note]
    for row in rows:
        if row.error is not None and not row.error.is_proper:
            notes.append(
                f"{row.term} is tested against {row.error.text}, with Satterthwaite's degrees of freedom."
            )
    gone = [form.name for form in forms if form.kind == "fixed" and not form.df]
    if gone:
        notes.append(f"Without degrees of freedom, since other terms take them: {', '.join(gone)}.")
    return notes
