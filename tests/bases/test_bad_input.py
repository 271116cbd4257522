"""Errors and notes say what is wrong, what was seen, and what to do."""

import numpy as np
import pytest

from lmm.bases import Settings, learn_basis, learn_smooths
from lmm.errors import ArgumentError, DataError, LmmError
from tests.bases.stored import factor, numbers

X = numbers("x", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
NUMERIC = ("cr", "cs", "cc", "ps", "cp", "bs", "rk", "ad")

each_numeric = pytest.mark.parametrize("name", NUMERIC)


@pytest.mark.parametrize("name", ["cr", "cs", "cc"])
@pytest.mark.parametrize("k", [12, 20, 1000])
def test_more_knots_than_values(name, k):
    with pytest.raises(DataError, match=rf"k={k} knots, and x has 11 distinct values. Write k=11 or less"):
        learn_basis(name, [X], Settings(k=k))


@each_numeric
@pytest.mark.parametrize("k", [-3, 0, 1, 2])
def test_too_few_columns(name, k):
    with pytest.raises(ArgumentError, match=rf"needs k of \d or more, not {k}"):
        learn_basis(name, [X], Settings(k=k))


@each_numeric
def test_several_numbers_for_one_basis(name):
    with pytest.raises(ArgumentError, match="takes one number as k"):
        learn_basis(name, [X], Settings(k=(5, 6)))


@each_numeric
@pytest.mark.parametrize("value", [0.0, 3.5, -1e9])
def test_constant_covariate(name, value):
    with pytest.raises(DataError, match=r"needs a covariate that varies, and x is .* in every row"):
        learn_basis(name, [numbers("x", [value] * 9)], Settings())


@each_numeric
@pytest.mark.parametrize("wrong", [[np.nan], [np.inf, np.nan], [-np.inf]])
def test_missing_and_infinite_values(name, wrong):
    with pytest.raises(
        DataError, match=rf"missing or infinite values in {len(wrong)} of {11 + len(wrong)} rows"
    ):
        learn_basis(name, [numbers("x", [*X.values, *wrong])], Settings())


@each_numeric
def test_text(name):
    with pytest.raises(DataError, match=r'needs numbers, and site holds levels .*s\(site, bs="re"\)'):
        learn_basis(name, [factor("site", "abcabc")], Settings())


@each_numeric
def test_several_covariates(name):
    with pytest.raises(ArgumentError, match="takes one covariate, not x, z"):
        learn_basis(name, [X, numbers("z", X.values)], Settings())


@pytest.mark.parametrize(
    ("typed", "meant"), [("CR", "cr"), ("css", "cs"), ("re1", "re"), ("bss", "bs"), ("rkk", "rk")]
)
def test_unknown_basis(typed, meant):
    with pytest.raises(ArgumentError, match=rf'no basis bs="{typed}". Did you mean "{meant}"\?'):
        learn_basis(typed, [X], Settings())


@pytest.mark.parametrize("name", ["cr", "cs", "cc"])
def test_another_number_of_knots_than_k(name):
    with pytest.raises(ArgumentError, match="has k=7 columns and needs as many knots, and knots= gives 5"):
        learn_basis(name, [X], Settings(k=7, knots=(np.array([0.0, 2, 4, 6, 10]),)))


@pytest.mark.parametrize("name", ["ps", "bs", "cp"])
def test_another_number_of_knots_than_splines_need(name):
    with pytest.raises(ArgumentError, match="with k=7 takes two knots"):
        learn_basis(name, [X], Settings(k=7, knots=(np.array([0.0, 2, 4, 6, 10]),)))


@pytest.mark.parametrize("name", ["cr", "cs"])
@pytest.mark.parametrize("knots", [[20.0, 21, 22, 23], [-9.0, -7, -5, 0.0]])
def test_knots_that_share_no_part_with_the_data(name, knots):
    with pytest.raises(ArgumentError, match="they share no part"):
        learn_basis(name, [X], Settings(knots=(np.array(knots),)))


@pytest.mark.parametrize("name", ["cc", "cp"])
@pytest.mark.parametrize("ends", [[0.0, 9.0], [1.0, 10.0], [3.0, 4.0], [20.0, 30.0]])
def test_data_outside_of_the_period(name, ends):
    with pytest.raises(
        DataError, match=rf"has the period {ends[0]:g} to {ends[1]:g} by knots=, and x runs from 0 to 10"
    ):
        learn_basis(name, [X], Settings(k=5, knots=(np.array(ends),)))


@pytest.mark.parametrize("name", ["ps", "bs"])
@pytest.mark.parametrize("ends", [[0.0, 9.0], [1.0, 10.0], [3.0, 4.0], [20.0, 30.0]])
def test_data_outside_of_the_splines(name, ends):
    with pytest.raises(DataError, match="Give ends that hold all data"):
        learn_basis(name, [X], Settings(k=5, knots=(np.array(ends),)))


@pytest.mark.parametrize("wrong", [["a", "b"], [1.0, np.nan, 3.0], [0.0, 0.0, 1.0], [np.inf, 1.0], {"x": 1}])
def test_knots_that_are_no_numbers_or_not_distinct(wrong):
    with pytest.raises(ArgumentError, match="knots="):
        learn_basis("cr", [X], Settings(knots=(np.array(wrong),)))


@pytest.mark.parametrize("m", ["a", -1, (1, -1), 1.5, (2, None), (1, 2, 3)])
@pytest.mark.parametrize("name", ["ps", "cp"])
def test_orders_that_do_not_exist(name, m):
    with pytest.raises(ArgumentError, match=" as m"):
        learn_basis(name, [X], Settings(m=m))


@pytest.mark.parametrize("m", ["a", 0, (3, 4), (3, 2, 2), (0, 0), (2, -1)])
def test_derivatives_that_a_b_spline_does_not_have(m):
    with pytest.raises(ArgumentError, match="m"):
        learn_basis("bs", [X], Settings(m=m))


@pytest.mark.parametrize("knots", [[-5.0, 1, 5], [5.0, 6, 99], [-1.0, 2]])
def test_kernel_knots_outside_of_the_data(knots):
    with pytest.raises(ArgumentError, match="between 0 and 10"):
        learn_basis("rk", [X], Settings(knots=(np.array(knots),)))


@pytest.mark.parametrize("name", ["cc", "cp"])
def test_a_period_from_the_data_is_said(name):
    basis = learn_basis(name, [X], Settings(k=5))
    assert "The period of x was taken from its data: 0 to 10" in basis.notes[0]
    assert "knots=dict(x=[first, last])" in basis.notes[0]
    assert learn_basis(name, [X], Settings(k=5, knots=(np.array([-1.0, 11.0]),))).notes == ()


def test_knots_outside_of_the_data_are_said():
    basis = learn_basis("cr", [X], Settings(knots=(np.array([-4.0, 0.0, 5.0, 12.0]),)))
    assert basis.notes[0].startswith("Knots of x outside of its data (0 to 10): -4, 12.")
    assert "B-splines" in learn_basis("ps", [X], Settings(knots=(np.array([-100.0, 100.0]),))).notes[0]


def test_levels_where_numbers_were_fitted_and_the_reverse():
    basis = learn_basis("re", [factor("g", "abc")], Settings())
    with pytest.raises(DataError, match="g was fitted with levels"):
        basis.columns([numbers("g", [1.0])])
    basis = learn_basis("cr", [X], Settings())
    with pytest.raises(DataError, match="needs numbers"):
        basis.columns([factor("x", "ab")])


@pytest.mark.parametrize("pc", [(), (1.0, 2.0), ("a",)])
def test_point_constraints_that_do_not_fit(pc):
    with pytest.raises(LmmError, match="pc="):
        learn_smooths("s(x)", "cr", [X], Settings(k=5), pc=pc)
