"""The identities that every structure in the catalog keeps."""

import numpy as np
import pytest

from lmm.covariance import CATALOG, structure
from lmm.errors import UnsupportedError

CASES = [(name, k) for name in CATALOG for k in (1, 2, 3, 4)]


def admissible(family, k, seed=0):
    """Some theta inside the bounds."""
    draw = np.random.default_rng(seed).normal(size=family.n_theta(k))
    return np.where(np.isfinite(family.lower_bounds(k)), np.abs(draw), draw)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_theta_and_factor_are_inverse(name, k):
    family = structure(name)
    theta = admissible(family, k)
    T = family.factor(theta, k)
    assert T.shape == (k, k)
    assert np.array_equal(T, np.tril(T))
    np.testing.assert_array_equal(family.theta(T), theta)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_turned_columns_give_the_same_covariance(name, k):
    family = structure(name)
    T = family.factor(admissible(family, k), k)
    turned = T * np.where(np.arange(k) % 2, 1.0, -1.0)
    theta = family.theta(turned)
    assert (theta >= family.lower_bounds(k)).all()
    np.testing.assert_allclose(family.factor(theta, k), T, rtol=1e-15)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_derivatives_equal_finite_differences(name, k):
    family = structure(name)
    theta = admissible(family, k)
    step = 1e-6

    def S(t):
        T = family.factor(t, k)
        return T @ T.T

    for i, dS in enumerate(family.derivatives(theta, k)):
        e = step * (np.arange(len(theta)) == i)
        np.testing.assert_allclose(dS, (S(theta + e) - S(theta - e)) / (2 * step), atol=1e-8)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_the_start_is_the_identity(name, k):
    family = structure(name)
    np.testing.assert_array_equal(family.factor(family.start(k), k), np.eye(k))


@pytest.mark.parametrize(("name", "k"), CASES)
def test_held_parameters_are_the_elements_that_they_fill(name, k):
    family = structure(name)
    for i in range(family.n_theta(k)):
        one = np.arange(family.n_theta(k)) == i
        expected = family.factor(one.astype(float), k) != 0
        np.testing.assert_array_equal(family.held_elements(one, k), expected)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_names_are_unique_and_as_many_as_theta(name, k):
    names = structure(name).names("g", [f"x{i}" for i in range(k)])
    assert len(set(names)) == structure(name).n_theta(k)


def test_unstructured_names_go_down_the_columns():
    assert structure("us").names("g", ["a", "b", "c"]) == (
        "g.a", "g.b.a", "g.c.a", "g.b", "g.c.b", "g.c",
    )  # fmt: skip


def test_an_unknown_structure_is_named_with_what_there_is():
    with pytest.raises(UnsupportedError, match=r"no covariance structure 'ar1'.*us, diag"):
        structure("ar1")
