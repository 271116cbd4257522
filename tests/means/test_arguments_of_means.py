"""What cannot be values, levels or coefficients is refused by an error that says what to give."""

import warnings

import numpy as np
import pandas as pd
import pytest

import lmm
from tests.means.models import looms, unbalanced

NONE = r'at= gives None for "{}"; name its values, or leave it out'
NUMBERS = 'at= must give finite numbers for the covariate "x"'


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ({"x": None}, NONE.format("x")),
        ({"a": None}, NONE.format("a")),
        ({"x": []}, NUMBERS),
        ({"x": ()}, NUMBERS),
        ({"x": [None]}, NUMBERS),
        ({"x": "1"}, NUMBERS),
        ({"x": ["1", "2"]}, NUMBERS),
        ({"x": True}, NUMBERS),
        ({"x": {1, 2}}, NUMBERS),
        ({"x": [[1, 2]]}, NUMBERS),
        ({"x": 10**400}, NUMBERS),
        ({"x": np.nan}, NUMBERS),
        ({"a": []}, 'at= gives no level of "a"'),
        ({"a": "zz"}, "at= has the level 'zz' of \"a\", which the fit does not know; its levels are x, y, z"),
        ({"a": ["x", "X"]}, 'at= has the level \'X\' of "a".* Did you mean "x"'),
        ({"a": {"x": 1}}, 'at= must give levels of "a", one or several, not a dict'),
        ({"a": np.array([["x"]])}, "which the fit does not know"),
        ({"zz": 1}, 'at= names "zz", which is not a variable of the fixed part'),
        ([("x", 1)], "at= must be a dict from variables to values"),
    ],
)
def test_values_that_cannot_be(at, message):
    for call in (
        lambda: unbalanced().emmeans("a", at=at),
        lambda: unbalanced().emtrends("b", "x", at=at),
        lambda: unbalanced().joint_tests(at=at),
    ):
        with pytest.raises(lmm.LmmError, match=message):
            call()


@pytest.mark.parametrize(
    "levels", ["y", ["y"], ("y",), {"y"}, np.array("y"), np.array(["y"]), pd.Series(["y"]), iter("y")]
)
def test_levels_in_every_form(levels):
    assert unbalanced().emmeans("a", at={"a": levels})["a"].tolist() == ["y"]


@pytest.mark.parametrize("nothing", [None, {}])
def test_nothing_given_is_nothing_changed(nothing):
    assert unbalanced().emmeans("a", at=nothing).table == unbalanced().emmeans("a").table


@pytest.mark.parametrize(
    ("reduce", "message"),
    [
        ({"a": np.max}, 'cov_reduce= names "a", which is a factor'),
        ({"zz": np.max}, 'cov_reduce= names "zz"'),
        pytest.param(lambda _: None, "cov_reduce= must give finite numbers", id="gives_0"),
        pytest.param(lambda _: [], "cov_reduce= must give finite numbers", id="gives_1"),
        pytest.param(lambda _: "1", "cov_reduce= must give finite numbers", id="gives_2"),
        pytest.param(lambda _: np.nan, "cov_reduce= must give finite numbers", id="gives_3"),
        pytest.param(lambda _: [[1.0]], "cov_reduce= must give finite numbers", id="gives_4"),
        ("mean", "cov_reduce= must be a function"),
        (3, "cov_reduce= must be a function"),
    ],
)
def test_reductions_that_cannot_be(reduce, message):
    for call in (unbalanced().emmeans, lambda specs, **options: unbalanced().emtrends(specs, "x", **options)):
        with pytest.raises(lmm.LmmError, match=message):
            call("a", cov_reduce=reduce)


@pytest.mark.parametrize("specs", ["", " ", "\t", "\n"])
def test_no_specs(specs):
    with pytest.raises(lmm.LmmError, match='specs= is empty; name factors, or write "1"'):
        looms().emmeans(specs)
    assert len(looms().emmeans("1")) == 1


@pytest.mark.parametrize("by", [None, [], ""])
def test_joint_tests_without_groups(by):
    assert looms().joint_tests(by=by) == looms().joint_tests()


MATRIX = "A matrix of contrasts has one row for each contrast and one column for each of L, M, H"


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (np.eye(2), 'The contrast "C1" has 2 coefficients; it needs 3, one for each of L, M, H'),
        ([1, -1], 'The contrast "C1" has 2 coefficients; it needs 3'),
        (np.ones((3, 1)), "it needs one column for each of L, M, H: give its transpose"),
        ([], 'The contrast "C1" has 0 coefficients'),
        (np.zeros((0, 3)), MATRIX),
        (np.zeros((2, 2, 3)), MATRIX),
        (5, MATRIX),
        (None, MATRIX),
        (True, MATRIX),
        ([[1, -1, 0], [1, -1]], "Contrasts must be the name of a family, a dict of coefficients by label"),
        (["L - M"], "Contrasts must be the name of a family"),
        ({}, "The dict of contrasts is empty"),
        ({"L": 1, "M": -1}, r'rows by label, not coefficients by mean: write \{"label": \[1, -1, 0\]\}'),
        ({"q": [1, -1]}, 'The contrast "q" has 2 coefficients; it needs 3, one'),
        ({"q": np.eye(3)}, r'The contrast "q" has an array of shape \(3, 3\)'),
        ({"q": "x"}, 'The contrast "q" has coefficients that are not numbers'),
        ({"q": [1, np.nan, 0]}, 'The contrast "q" has coefficients that are missing or infinite'),
    ],
)
def test_matrices_of_contrasts(method, message):
    with pytest.raises(lmm.LmmError, match=message):
        looms().emmeans("tension").contrast(method)


@pytest.mark.parametrize("count", [2, 4, 7, 30])
def test_joint_tests_of_many_rows_are_no_wider_than_a_page(count):
    rng = np.random.default_rng(1)
    data = {f"a_long_name_{i}": rng.normal(size=80) for i in range(30)} | {"y": rng.normal(size=80)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmm.LmmWarning)
        fit = lmm.fit("y ~ " + " + ".join(list(data)[:-1]), data)
    names = list(data)[:count]
    table = fit.test(names, joint=True)
    assert max(map(len, str(table).splitlines())) <= 130
    assert table["num_df"][0] == count
    shown = "\n".join([table["contrast"][0], *table.notes])
    assert all(name in shown for name in names[:20])
    assert ("… and 10 more." in table.notes) == (count == 30)
