"""Fits made from fits."""

import numpy as np
import pytest

import lmm
from lmm.errors import DataError, FormulaError, LmmError, UnsupportedError
from lmm.model.changing.rewriting import rewrite

RNG = np.random.default_rng(21)
N = 60
TABLE = {
    "y": RNG.normal(size=N) + RNG.normal(size=10)[np.arange(N) % 10],
    "x": np.where(np.arange(N) == 4, np.nan, RNG.normal(size=N)),
    "z": RNG.normal(size=N),
    "g": np.array([f"g{j % 10}" for j in range(N)]),
}


@pytest.fixture(scope="module")
def fit():
    return lmm.fit("y ~ x + (1 | g)", TABLE)


def test_refit_to_the_same_response_is_the_same_fit(fit):
    again = fit.refit(fit.y)
    assert again.criterion == fit.criterion
    np.testing.assert_array_equal(again.beta, fit.beta)


@pytest.mark.parametrize("rows", ["used", "all"])
def test_refit_is_a_fit_to_the_other_response(fit, rows):
    other = RNG.normal(size=N)
    again = fit.refit(other if rows == "all" else np.delete(other, 4))
    fresh = lmm.fit("y ~ x + (1 | g)", TABLE | {"y": other})
    assert again.criterion == fresh.criterion
    np.testing.assert_array_equal(again.fitted, fresh.fitted)
    assert fit.refit(fit.y).criterion == fit.criterion


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (
            np.ones(3),
            r"has the shape \(3,\); it needs one entry for each of the 59 rows used, or of the 60 rows",
        ),
        (np.full(59, np.nan), r"59 values that are missing or infinite"),
        (["a"] * 59, r"must be a vector of numbers"),
    ],
)
def test_what_refit_refuses(fit, y, message):
    with pytest.raises(DataError, match=message):
        fit.refit(y)


def test_refit_refuses_a_constant(fit):
    with pytest.raises(LmmError, match=r"response"):
        fit.refit(np.ones(59))


def test_update_changes_the_method(fit):
    assert fit.update(method="ml").criterion == lmm.fit("y ~ x + (1 | g)", TABLE, method="ml").criterion


def test_update_of_the_formula_reads_the_table_again(fit):
    without = fit.update(". ~ . - x")
    assert without.formula == "y ~ (1 | g)"
    assert without.n_obs == N
    assert fit.update(". ~ . + z", method="ml").method == "ml"


def test_update_forgets_theta_of_another_formula():
    held = lmm.fit("y ~ x + (1 | g)", TABLE, theta=[0.5])
    assert held.update(method="ml").theta == [0.5]
    assert held.update(". ~ . + (0 + z | g)").internals.optimum.held.tolist() == [False, False]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("y ~ x", ". ~ .", "y ~ x"),
        ("y ~ x", "~ . + z", "y ~ x + z"),
        ("y ~ x + (x|g)", "log(.) ~ .", "log(y) ~ x + (x|g)"),
        ("y ~ x + (x | g) + z", ". ~ . - (x|g)", "y ~ x + z"),
        ("y ~ x * z + (1 | g)", ". ~ . - x:z", "y ~ x * z + (1 | g) - x:z"),
        ("y ~ a + I(a - b)", ". ~ . - a", "y ~ I(a - b)"),
        ("y ~ x", ". ~ . - 1", "y ~ x - 1"),
        ("y ~ x", ". ~ . - x", "y ~ 1"),
        ("y ~ Informed.liking + (1 | g)", ". ~ . + q.x", "y ~ Informed.liking + (1 | g) + q.x"),
        ("y ~ `a - b` + x", ". ~ . - `a - b`", "y ~ x"),
        ("y ~ x", "z ~ x + a", "z ~ x + a"),
    ],
)
def test_the_dot_stands_for_what_was_there(old, new, expected):
    assert rewrite(old, new) == expected


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("x + z", r"no '~'"),
        (". ~ . * z", r"can only be added to"),
        (". ~ . - (x | h)", r"no random term \(x \| h\) to take away; there are: \(1 \| g\)"),
    ],
)
def test_what_update_cannot_read(fit, new, message):
    with pytest.raises(FormulaError, match=message):
        fit.update(new)


def test_update_knows_the_arguments_of_fit(fit):
    with pytest.raises(LmmError, match=r"Unknown argument weigths= of update\(\); did you mean weights=\?"):
        fit.update(weigths="w")
    with pytest.raises(UnsupportedError, match=r'family="binomial" is not available yet, planned'):
        fit.update(family="binomial")
    with pytest.raises(UnsupportedError, match=r"residual= is not available yet, planned"):
        fit.update(residual="ar1(x | g)")
    assert fit.update(family="gaussian", residual=None).criterion == fit.criterion


def test_a_refitted_fit_has_no_table(fit):
    with pytest.raises(DataError, match=r"does not hold its table.*data=table"):
        fit.refit(fit.y).update(method="ml")
    assert fit.refit(fit.y).update(method="ml", data=TABLE).method == "ml"
