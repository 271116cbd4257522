"""Natural splines: their properties, and R's basis."""

import json
from pathlib import Path

import numpy as np
import pytest

from lmm.data import open_table
from lmm.design.evaluator import Evaluator
from lmm.design.matrix import learn_matrix
from lmm.errors import DesignError
from lmm.formula import parse
from lmm.formula.natural_spline import natural_spline

R_BASES = json.loads((Path(__file__).parent / "r" / "spline_bases.json").read_text())
X = np.array([0.3, 1.0, 1.7, 2.0, 3.1, 4.0, 5.5, 6.0, 8.2, 9.0])


def columns(x):
    return open_table({"x": x}).read(["x"])


def model_matrix(call, x):
    return learn_matrix(parse(f"y ~ 0 + {call}").fixed, Evaluator(columns(x), {}))


@pytest.mark.parametrize("call", [name for name in R_BASES if "(" in name])
def test_bases_are_those_of_r_also_for_new_data(call):
    spec, matrix = model_matrix(call, R_BASES["x"])
    again = spec.build(Evaluator(columns(R_BASES["new_x"]), {}, spec.transforms))
    np.testing.assert_allclose(matrix, R_BASES[call]["old"], rtol=0, atol=1e-13)
    np.testing.assert_allclose(again, R_BASES[call]["new"], rtol=0, atol=1e-13)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("df", [2, 3, 5])
def test_linear_beyond_the_boundary(df, intercept):
    state = {}
    natural_spline(X, df=df, intercept=intercept, state=state)
    for outside in (X.min() - np.arange(4.0), X.max() + np.arange(4.0)):
        basis = natural_spline(outside, df=df, intercept=intercept, state=state)
        np.testing.assert_allclose(np.diff(basis, n=2, axis=0), 0, atol=1e-10)


def test_smooth_across_the_boundary():
    state = {}
    natural_spline(X, df=4, state=state)
    step = 1e-5
    for end in (X.min(), X.max()):
        around = natural_spline(end + step * np.arange(-2.0, 3.0), df=4, state=state)
        slopes = np.diff(around, axis=0) / step
        np.testing.assert_allclose(np.diff(slopes, axis=0), 0, atol=1e-4)


def test_spans_what_cubic_regression_splines_of_the_same_knots_span():
    knots = [2.0, 4.0, 6.0]
    ours = np.column_stack([np.ones(X.size), natural_spline(X, knots=knots, state={})])
    _, theirs = model_matrix("cr(x, knots=[2.0, 4.0, 6.0])", X)
    assert np.linalg.matrix_rank(theirs) == np.linalg.matrix_rank(ours) == 5
    assert np.linalg.matrix_rank(np.column_stack([ours, theirs]), tol=1e-10) == 5


def test_the_intercept_adds_the_constant():
    basis = natural_spline(X, df=4, intercept=True, state={})
    solution = np.linalg.lstsq(basis, np.ones(X.size), rcond=None)[0]
    np.testing.assert_allclose(basis @ solution, 1)


def test_missing_values_stay_missing_and_do_not_move_the_knots():
    with_gap, without = {}, {}
    basis = natural_spline(np.append(X, np.nan), df=3, state=with_gap)
    natural_spline(X, df=3, state=without)
    assert with_gap == without
    assert np.isnan(basis[-1]).all()
    assert np.isfinite(basis[:-1]).all()


def test_columns_are_named_as_formulaic_names_them():
    assert model_matrix("ns(x, df=2)", X)[0].names == ("ns(x, df=2)[1]", "ns(x, df=2)[2]")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"df": 3, "knots": [2]}, "df or knots, not both"),
        ({"df": 0}, "whole number, at least 1 here, not 0"),
        ({"df": 2.5}, "whole number, at least 1 here, not 2.5"),
        ({"df": 1, "intercept": True}, "at least 2 here, not 1"),
        ({"knots": [20]}, "distinct inner knots within 0.3 and 9, not 20"),
        ({"knots": [2, 2]}, "distinct inner knots within 0.3 and 9, not 2, 2"),
        ({"boundary_knots": [1]}, "two boundary knots, not 1"),
        ({"boundary_knots": [1, 1]}, "two distinct values"),
    ],
)
def test_arguments_that_make_no_spline(arguments, message):
    with pytest.raises(DesignError, match=message):
        natural_spline(X, **arguments, state={})


def test_too_few_distinct_values():
    with pytest.raises(
        DesignError, match="x has too few distinct values for this df; lower it, or give the knots"
    ):
        natural_spline([0, 0, 0, 0, 0, 1, 1], df=4, state={})
    with pytest.raises(DesignError, match="two distinct values"):
        natural_spline([3.0, 3.0], df=2, state={})
