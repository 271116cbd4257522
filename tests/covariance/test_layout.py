"""Theta of several terms in one vector."""

import numpy as np
import pytest

from lmm.covariance import ThetaLayout


@pytest.fixture
def layout():
    return ThetaLayout.of(
        [("g", ("Intercept", "x"), "us"), ("h", ("Intercept",), "us"), ("h", ("x", "z"), "diag")]
    )


@pytest.fixture
def theta():
    return np.array([1.5, -0.3, 0.7, 2.0, 0.4, 0.9])


def test_terms_stand_in_their_order(layout, theta):
    assert layout.names == ("g.Intercept", "g.x.Intercept", "g.x", "h.Intercept", "h.x", "h.z")
    assert layout.n_theta == 6
    first, second, third = layout.factors(theta)
    np.testing.assert_array_equal(first, [[1.5, 0.0], [-0.3, 0.7]])
    np.testing.assert_array_equal(second, [[2.0]])
    np.testing.assert_array_equal(third, [[0.4, 0.0], [0.0, 0.9]])
    np.testing.assert_array_equal(layout.theta([first, second, third]), theta)


def test_gradient_is_twice_the_lower_triangle_of_M_T(layout, theta):
    rng = np.random.default_rng(1)
    M = [m + m.T for m in (rng.normal(size=(k, k)) for k in (2, 1, 2))]
    T = layout.factors(theta)
    expected = [2 * np.tril(m @ t) for m, t in zip(M, T, strict=True)]
    np.testing.assert_allclose(
        layout.gradient(theta, M),
        [*expected[0][[0, 1, 1], [0, 0, 1]], expected[1][0, 0], *np.diag(expected[2])],
    )


def test_jacobian_equals_finite_differences(layout, theta):
    def free(t):
        a, b, c = (f @ f.T for f in layout.factors(t))
        return np.array([a[0, 0], a[1, 0], a[1, 1], b[0, 0], c[0, 0], c[1, 1]])

    steps = 1e-6 * np.eye(6)
    numeric = np.array([(free(theta + e) - free(theta - e)) / 2e-6 for e in steps]).T
    np.testing.assert_allclose(layout.jacobian(theta), numeric, atol=1e-8)


def test_bounds_and_start(layout):
    np.testing.assert_array_equal(layout.lower_bounds, [0, -np.inf, 0, 0, 0, 0])
    np.testing.assert_array_equal(layout.start, [1, 0, 1, 1, 1, 1])


def test_held_elements_of_each_factor(layout):
    held = layout.held_elements(np.array([False, True, False, True, False, True]))
    np.testing.assert_array_equal(held[0], [[False, False], [True, False]])
    np.testing.assert_array_equal(held[1], [[True]])
    np.testing.assert_array_equal(held[2], [[False, False], [False, True]])


def test_a_model_without_random_terms_has_an_empty_theta():
    empty = ThetaLayout.of([])
    assert (empty.n_theta, empty.names, empty.factors(empty.start)) == (0, (), [])
    assert empty.gradient(empty.start, []).shape == (0,)
    assert empty.jacobian(empty.start).shape == (0, 0)
