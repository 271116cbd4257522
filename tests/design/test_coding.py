"""Contrast matrices, against those that R prints."""

from __future__ import annotations

import numpy as np
import pytest

from lmm.errors import DesignError
from tests.design.designs import design

ROOT_2, ROOT_6, ROOT_20 = np.sqrt([2.0, 6.0, 20.0])


@pytest.mark.parametrize(
    ("name", "matrix", "labels"),
    [
        ("treatment", [[0, 0], [1, 0], [0, 1]], ["T.b", "T.c"]),
        ("sas", [[1, 0], [0, 1], [0, 0]], ["T.a", "T.b"]),
        ("sum", [[1, 0], [0, 1], [-1, -1]], ["S.a", "S.b"]),
        ("helmert", [[-1, -1], [1, -1], [0, 2]], ["H.b", "H.c"]),
        ("difference", [[-2 / 3, -1 / 3], [1 / 3, -1 / 3], [1 / 3, 2 / 3]], ["D.b", "D.c"]),
        ("poly", [[-1 / ROOT_2, 1 / ROOT_6], [0, -2 / ROOT_6], [1 / ROOT_2, 1 / ROOT_6]], [".L", ".Q"]),
    ],
)
def test_named_contrasts_are_those_of_R(name, matrix, labels):
    built = design("y ~ f", contrasts={"f": name})

    np.testing.assert_allclose(built.factors[0].matrix, matrix, atol=1e-12)
    np.testing.assert_allclose(built.X[:3, 1:], matrix, atol=1e-12)
    assert built.names[1:] == tuple(f"f[{label}]" for label in labels)


def test_polynomial_contrasts_of_four_levels():
    built = design("y ~ h", contrasts={"h": "contr.poly"})

    expected = np.array([[-3, 1, -1], [-1, -1, 3], [1, -1, -3], [3, 1, 1]]) / [ROOT_20, 2.0, ROOT_20]
    np.testing.assert_allclose(built.factors[0].matrix, expected, atol=1e-12)


def test_a_matrix_of_contrasts():
    matrix = [[1, 0], [0, 1], [-1, -1]]

    built = design("y ~ f", contrasts={"f": matrix})

    assert built.names == ("Intercept", "f[1]", "f[2]")
    np.testing.assert_array_equal(built.X[:3, 1:], matrix)


def test_a_matrix_may_have_fewer_columns():
    assert design("y ~ f", contrasts={"f": [[-1], [0], [1]]}).names == ("Intercept", "f[1]")


@pytest.mark.parametrize("choice", ["sum", [[1, 0], [0, 1], [-1, -1]]])
def test_without_an_intercept_the_first_factor_has_a_column_per_level(choice):
    built = design("y ~ 0 + f", contrasts={"f": choice})

    np.testing.assert_array_equal(built.X[:3], np.eye(3))


def test_contrasts_reach_the_factor_inside_C():
    by_column = design("y ~ C(dose)", contrasts={"dose": "sum"})
    by_expression = design("y ~ C(dose)", contrasts={"C(dose)": "sum"})

    assert by_column.names == ("Intercept", "C(dose)[S.0]", "C(dose)[S.5]")
    np.testing.assert_array_equal(by_column.X, by_expression.X)


def test_contrasts_apply_to_random_effects_too():
    built = design("y ~ f + (f | g)", contrasts={"f": "sum"})

    assert built.random[0].columns == ("Intercept", "f[S.a]", "f[S.b]")


def test_a_dict_of_contrasts_in_the_formula():
    built = design("y ~ C(f, {'b against a': [-1, 1, 0], 'c against a': [-1, 0, 1]})")

    np.testing.assert_array_equal(built.X[:3, 1:], [[-1, -1], [1, 0], [0, 1]])


@pytest.mark.parametrize(
    ("contrasts", "words"),
    [
        (
            {"f": "summ"},
            r'Unknown contrasts "summ" for "f"\. Did you mean "sum"\? Use one of treatment, sas, sum',
        ),
        (
            {"ff": "sum"},
            r'names "ff", which is not a factor of the formula\. Did you mean "f"\? Factors of the formula: f',
        ),
        ({"x": "sum"}, r'names "x", which is numeric\. Write C\(x\) in the formula'),
        (["sum"], "or a dict from factor names to codings"),
        ({"f": 3}, 'contrasts of "f" are neither a name nor a matrix of numbers: 3'),
        (
            {"f": [[1, 0], [0, 1]]},
            r'of "f" has shape \(2, 2\); its 3 levels .* need 3 rows and at most 2 columns',
        ),
        ({"f": np.eye(3)}, "at most 2 columns"),
        ({"f": [[1, 1], [1, 2], [1, 3]]}, "linearly dependent, or one is constant"),
    ],
)
def test_contrasts_that_do_not_fit(contrasts, words):
    with pytest.raises(DesignError, match=words):
        design("y ~ f + x", contrasts=contrasts)


@pytest.mark.parametrize(
    ("right_side", "words"),
    [
        ("C(f, contr.treatment('d'))", r"base level 'd' is not a level of .* Its levels: 'a', 'b', 'c'"),
        ("C(f, levels=['a', 'B', 'c'])", r"leaves out the level 'b' that the data have\. Did you mean \"B\""),
        ("C(f, contr.poly(scores=[1, 2]))", "contrasts of .* do not fit its 3 levels"),
    ],
)
def test_codings_in_the_formula_that_do_not_fit(right_side, words):
    with pytest.raises(DesignError, match=words):
        design(f"y ~ {right_side}")


def test_two_codings_for_one_factor_are_refused():
    with pytest.raises(DesignError, match="contrasts in the formula and in contrasts="):
        design("y ~ C(f, contr.sum)", contrasts={"f": "helmert"})
