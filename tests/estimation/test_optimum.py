"""The search for theta: where closed forms know the answer."""

import numpy as np
import pytest

from lmm.covariance import ThetaLayout
from lmm.engine import Control, GroupBlock
from lmm.estimation import Criterion, given_theta, optimize
from lmm.estimation.optimum import column_scales
from lmm.estimation.rank import null_directions

LAYOUT = ThetaLayout.of([("g", ("Intercept",), "us")])


def one_way(y, method="reml"):
    """A balanced one-way layout, groups in rows of y."""
    n_groups, m = y.shape
    block = GroupBlock(np.repeat(np.arange(n_groups), m).astype(np.int32), None, n_groups)
    return Criterion.of(y.ravel(), np.ones((y.size, 1)), [block], None, LAYOUT, method), [block]


def search(criterion, blocks, theta=None, start=None, restarts=0):
    given = given_theta(theta, criterion.layout)
    return optimize(criterion, blocks, given, start, Control(), restarts)


@pytest.fixture
def y():
    rng = np.random.default_rng(3)
    return rng.normal(size=(8, 5)) + 1.5 * rng.normal(size=(8, 1))


@pytest.mark.parametrize("restarts", [0, 3])
def test_balanced_one_way_reml_is_anova(y, restarts):
    within = ((y - y.mean(1, keepdims=True)) ** 2).sum() / (8 * 4)
    between = 5 * ((y.mean(1) - y.mean()) ** 2).sum() / 7
    found = search(*one_way(y), restarts=restarts)
    np.testing.assert_allclose(found.theta**2, (between - within) / 5 / within, rtol=1e-6)
    assert found.certificate.converged
    assert not found.certificate.singular
    assert found.certificate.starts_tried >= 1 + restarts


def test_no_variance_between_groups_is_an_exact_zero(y):
    found = search(*one_way(y - y.mean(1, keepdims=True)))
    assert found.theta == [0.0]
    assert found.certificate.singular
    assert found.certificate.converged
    np.testing.assert_allclose(np.abs(found.null_directions[0]), [[1.0]])


def test_a_given_theta_is_only_looked_at(y):
    criterion, blocks = one_way(y)
    found = search(criterion, blocks, theta=[0.7])
    assert found.theta == [0.7]
    assert found.criterion == criterion.evaluate(np.array([0.7])).criterion
    assert "nothing was optimized" in str(found.certificate)


def test_held_parameters_stay_and_the_others_move():
    rng = np.random.default_rng(4)
    n = 60
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    codes = rng.integers(0, 10, n).astype(np.int32)
    y = rng.normal(size=n) + rng.normal(size=10)[codes]
    layout = ThetaLayout.of([("g", ("Intercept", "x"), "us")])
    blocks = [GroupBlock(codes, X, 10)]
    criterion = Criterion.of(y, X, blocks, None, layout, "ml")
    found = search(criterion, blocks, theta={"g.x.Intercept": 0.25, "g.x": 0.5})
    np.testing.assert_array_equal(found.theta[1:], [0.25, 0.5])
    assert abs(criterion.gradient(found.theta)[0]) < 1e-4


def test_without_random_terms_there_is_nothing_to_search():
    layout = ThetaLayout.of([])
    criterion = Criterion.of(np.arange(4.0), np.ones((4, 1)), [], None, layout, "ml")
    found = search(criterion, [])
    assert found.theta.shape == (0,)
    assert found.certificate.converged
    assert "exact, without iterations" in found.certificate.lines()[0]


def test_the_path_ends_at_the_optimum(y):
    found = search(*one_way(y))
    assert found.path.shape == (len(found.criterion), 1)
    np.testing.assert_allclose(found.path[-1], found.theta, atol=1e-6)


def test_column_scales_are_root_mean_squares():
    values = np.array([[1.0, 3.0], [1.0, 4.0]])
    block = GroupBlock(np.array([0, 1], dtype=np.int32), values, 2)
    np.testing.assert_allclose(column_scales(block), [1.0, np.sqrt(12.5)])


def test_null_directions_do_not_depend_on_units():
    # perfectly correlated: a = (1, -1) in the first units, x in thousands in the second
    S = np.array([[1.0, 1.0], [1.0, 1.0]])
    units = np.diag([1.0, 1000.0])
    for scaled, column in ((S, 1.0), (units @ S @ units, 1e-3)):
        (a,) = null_directions(scaled, np.array([1.0, column])).T
        np.testing.assert_allclose(a @ scaled @ a, 0, atol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(a), 1)
