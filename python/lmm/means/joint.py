"""Joint tests: all rows of a group together, and the terms of a model through contrasts of their means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lmm.arguments import takes
from lmm.errors import LmmError
from lmm.inference import Df, JointTest, Vcov, estimable_part, joint_test
from lmm.limits import check_memory
from lmm.means.curves import basis_of, differences
from lmm.means.families.contrast_rows import Labels, groups_of, interaction_blocks
from lmm.means.functions import LinearFunctions
from lmm.means.grid.averaging import average
from lmm.means.grid.reference import ReferenceGrid, reference_grid
from lmm.means.grid.variables import CovReduce
from lmm.means.marginal_means import averaged, labels_of, with_nests
from lmm.means.specs import OVERALL, Specs, read_names, read_specs
from lmm.means.terms import sets_to_test
from lmm.model import a_fit
from lmm.table import Table
from lmm.table.naming import beside
from lmm.typing import FloatMatrix

if TYPE_CHECKING:
    from lmm.means.result import Means
    from lmm.model import Fit

__all__ = ["hypotheses", "joint_tests", "test_groups"]


class _Tested(NamedTuple):
    term: str  # empty for the rows of a table of means
    held: dict[str, Any]  # the levels of the group
    test: JointTest
    part: bool  # whether something could not be tested, since it is not estimable
    rows: FloatMatrix  # (r, n_all), what was tested
    curves: tuple[str, ...] = ()  # covariates that bend, tested whole


class Hypothesis(NamedTuple):
    """What is zero in one group when some variables do nothing together.

    Attributes
    ----------
    held
        Levels of the group.
    functions
        Linear functions that are all zero.
    bent
        Whether covariates bend, so that no single slope tells what they do.
    """

    held: dict[str, Any]
    functions: LinearFunctions
    bent: bool


def test_groups(means: Means) -> Table:
    """Test all rows of each group together; see `Means.joint_test`."""
    functions, families = means.functions, means.comparison.families
    tested = []
    for family in range(len(means.comparison.n_means)):
        chosen = np.flatnonzero(families == family)
        if not chosen.size:
            continue
        held = {name: means.labels[name][chosen[0]] for name in means.by}
        test = _test(functions.take(chosen), means.options.df, means.options.vcov, means.options.null)
        tested.append(_Tested("", held, *test))
    return _table(tested, f"Joint tests: {means.heading}", means.remarks)


@takes(fit=a_fit)
def joint_tests(
    fit: Fit,
    by: str | Sequence[str] | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    df: Df = "auto",
    vcov: Vcov = None,
    cov_reduce: CovReduce = None,
) -> Table:
    """Test each term of the fixed part through contrasts of marginal means.

    A factor is tested by the differences of its means (with equal weights), an interaction by the differences of these
    differences, a covariate by the differences between its values: its slope, and of a curve (``poly``, splines,
    ``x + I(x^2)``) the whole. In balanced designs and with no empty cells this is the analysis of variance of type
    III; with ``by`` it is one for each group. All that the columns of a term can describe has a row: ``a:b`` without
    main effects has rows for a, b and a:b, and ``a:x`` for x and a:x.

    Parameters
    ----------
    fit
        Any fit.
    by
        Factors that make groups, in each of which the other terms are tested.
    at, cov_reduce
        Where covariates are held, as in `emmeans`.
    df, vcov
        As in `emmeans`; Kenward and Roger's F has its own scale and denominator.

    Returns
    -------
    Table
        ``term``, groups, ``num_df, den_df, f_value, p_value``. What empty cells make not estimable is left out, and
        the numerator has fewer degrees of freedom then.

    Raises
    ------
    LmmError
        If a name is unknown, or nothing is left to test.

    Examples
    --------
    >>> import lmm
    >>> fit = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))
    >>> lmm.joint_tests(fit, by="wool")["f_value"].round(3)
    array([10.312,  2.375])
    """
    grid = reference_grid(fit, at, cov_reduce)
    groups = read_specs(fit, read_names(by, "by=") or [OVERALL], None, grid.variables).factors
    for name in groups:
        if not grid.variables[name].is_factor:
            raise LmmError(
                f'by= names "{name}", which is a covariate; joint tests have groups of factors only.'
            )
    sets = sets_to_test(fit.internals.design, grid.variables, grid.nests, groups)
    tested = [test for names in sets for test in _test_term(grid, names, groups, df, vcov)]
    if not tested:
        raise LmmError("There is no term to test: the fixed part has an intercept and groups only.")
    held = [
        f"{name} = {variable.labels[0]}"
        for name, variable in grid.variables.items()
        if len(variable.values) == 1 and any(name not in names for names in sets)
    ]
    remarks = (
        *((f"Covariates held at {', '.join(held)}.",) if held else ()),
        *_about_curves(tested),
        *(() if groups else _about_confounding(fit, tested)),
    )
    title = "Joint tests of terms" + (f" by {', '.join(groups)}" if groups else "")
    return _table(tested, title, remarks)


def _test_term(
    grid: ReferenceGrid, names: tuple[str, ...], groups: tuple[str, ...], df: Df, vcov: Vcov
) -> list[_Tested]:
    """Test one term in each group; nothing where it has no effect by its columns."""
    covariates = tuple(name for name in names if not grid.variables[name].is_factor)
    tested = []
    for held, functions, bent in hypotheses(grid, names, groups):
        if len(functions):
            test = _test(functions, df, vcov, 0.0)
            tested.append(_Tested(":".join(names), held, *test, curves=covariates if bent else ()))
    return tested


def hypotheses(grid: ReferenceGrid, names: Sequence[str], groups: Sequence[str]) -> list[Hypothesis]:
    """Make the hypotheses about some variables in each group.

    Differences of means for factors; for covariates differences between their values, so that a curve is tested whole.
    """
    factors = tuple(name for name in names if grid.variables[name].is_factor)
    covariates = [name for name in names if name not in factors]
    asked = with_nests(grid, Specs(factors, tuple(groups)))
    averages = average(grid, [*asked.factors, *asked.by], "equal")
    functions = averaged(grid, averages)
    labels = labels_of(grid, asked, averages)
    K = _differences(grid, asked, labels, len(functions))
    moved = differences(grid, covariates, averages.weights) if covariates else None
    found = []
    for rows in groups_of(labels, asked.by, len(functions)):
        own = K[np.abs(K[:, rows]).any(axis=1)]
        here = functions.combined(own) if moved is None else _along(grid, functions, moved, own)
        held = {name: labels[name][rows[0]] for name in groups}
        found.append(Hypothesis(held, here, moved is not None and len(here) > len(own)))
    return found


def _along(
    grid: ReferenceGrid, functions: LinearFunctions, moved: FloatMatrix, K: FloatMatrix
) -> LinearFunctions:
    """Turn changes (d, k, n_all) of means into those of combinations of means, each by independent rows."""
    changes = np.tensordot(K, moved, axes=(1, 1))  # (r, d, n_all)
    rows = np.vstack([np.zeros((0, changes.shape[2])), *(basis_of(grid, own) for own in changes)])
    # Offsets are not part of the hypothesis: it speaks of coefficients.
    return LinearFunctions(functions.fit, rows, np.zeros(len(rows)), np.zeros(len(rows), dtype=bool))


def _differences(grid: ReferenceGrid, asked: Specs, labels: Labels, k: int) -> FloatMatrix:
    """Make differences of differences (r, k) of the means of a term in each group, all zero when the term is nothing.

    Levels are compared within the levels that they are nested in.
    """
    nests = {outer for inner in asked.factors for outer in grid.nests.get(inner, ())}
    within = [name for name in labels if name in nests or name in asked.by]
    if not set(asked.factors) - set(within):
        check_memory("The means of a term", k, k, "Test it in groups, by=.", LmmError)
        return np.eye(k)
    check_memory("The contrasts of a term", k, k, "Test it in groups, by=.", LmmError)
    blocks = interaction_blocks(labels, within, groups_of(labels, within, k), "consec")
    spread = []
    for block in blocks:
        rows = np.zeros((block.matrix.shape[0], k))
        rows[:, block.rows] = block.matrix.toarray()
        spread.append(rows)
    return np.vstack(spread)


def _test(functions: LinearFunctions, df: Df, vcov: Vcov, null: float) -> tuple[JointTest, bool, FloatMatrix]:
    """Test what is estimable; also whether that is only a part, and the rows that it is."""
    kept = functions.take(~functions.missing)
    given = kept.rows
    rows, rhs = estimable_part(functions.fit, given, null - kept.constant)
    part = rows is not given or bool(functions.missing.any())
    return joint_test(functions.fit, rows, df, vcov, rhs), part, rows


def _about_confounding(fit: Fit, tested: Sequence[_Tested]) -> tuple[str, ...]:
    """Say how much of what the model describes is in no row, as empty cells mix several terms in it."""
    if not any(row.part for row in tested):
        return ()
    scale = np.abs(fit.X).max(axis=0, initial=0.0)
    rows = np.vstack([row.rows for row in tested])[:, fit.internals.design.kept] / np.where(
        scale > 0.0, scale, 1.0
    )
    ones = np.ones(fit.n_obs)
    level = np.linalg.lstsq(fit.X, ones, rcond=None)[0]
    total = fit.n_fixed - int(np.allclose(fit.X @ level, ones, rtol=0.0, atol=1e-8))
    left = total - int(np.linalg.matrix_rank(rows, tol=1e-8 * np.abs(rows).max(initial=1.0)))
    if left <= 0:
        return ()
    return (f"In no row: {left} of {total} degrees of freedom, in which empty cells confound the terms.",)


def _about_curves(tested: Sequence[_Tested]) -> tuple[str, ...]:
    curves = list(dict.fromkeys(name for row in tested for name in row.curves))
    if not curves:
        return ()
    what = "is a curve" if len(curves) == 1 else "are curves"
    return (
        f"{', '.join(curves)} {what}: the rows test the whole of it. The slope at one value is in emtrends() with at=.",
    )


def _table(tested: Sequence[_Tested], title: str, remarks: Sequence[str]) -> Table:
    tests = [row.test for row in tested]
    terms = {"term": [row.term for row in tested]} if tested[0].term else {}
    columns: dict[str, Any] = {"num_df": [test.num_df for test in tests]}
    for name in ("den_df", "f_value", "p_value"):
        # Nothing was tested where no row is estimable.
        columns[name] = [getattr(test, name) if test.num_df else np.nan for test in tests]
    groups = beside([*terms, *columns], {name: [row.held[name] for row in tested] for name in tested[0].held})
    notes = [*remarks, *groups.notes, *(note for test in tests for note in test.notes)]
    parts = dict.fromkeys(row.term for row in tested if row.part and row.test.num_df)
    if parts:
        of = f" of {', '.join(parts)}" if all(parts) else ""
        notes.append(f"Hypotheses{of} that are not estimable from these data were left out of the test.")
    if any(test.num_df == 0 for test in tests):
        notes.append("Missing: none of these hypotheses is estimable from these data.")
    columns = {**terms, **groups.columns, **columns}
    return Table(columns, title=title, notes=tuple(dict.fromkeys(notes)))
