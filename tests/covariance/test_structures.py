"""The identities that every structure in the catalog keeps."""

import numpy as np
import pytest

from lmm.covariance import CATALOG, structure
from lmm.errors import UnsupportedError

CASES = [(name, k) for name in CATALOG for k in (1, 2, 3, 4)]


LINEAR = [(name, k) for name, k in CASES if CATALOG[name].is_linear]
CURVED = [(name, k) for name, k in CASES if not CATALOG[name].is_linear and k > 1]
OWN = [(name, k) for name, k in CASES if (name, k) in LINEAR or (name, k) in CURVED]


def admissible(family, k, seed=0):
    """Some theta inside the bounds."""
    rng = np.random.default_rng(seed)
    low, high = family.lower_bounds(k), family.upper_bounds(k)
    draw = rng.normal(size=family.n_theta(k))
    draw = np.where(np.isfinite(low), np.abs(draw), draw)
    inside = np.where(np.isfinite(high), low, 0.0) + rng.uniform(0.1, 0.9, len(low)) * np.where(
        np.isfinite(high), high - np.where(np.isfinite(high), low, 0.0), 0.0
    )
    return np.where(np.isfinite(high), inside, draw)


def covariance(family, theta, k):
    T = family.factor(theta, k)
    return T @ T.T


@pytest.mark.parametrize(("name", "k"), CURVED)
def test_theta_of_a_curved_family_comes_back_from_its_factor(name, k):
    family = structure(name)
    theta = admissible(family, k)
    T = family.factor(theta, k)
    assert np.array_equal(T, np.tril(T))
    np.testing.assert_allclose(family.theta(T), theta, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("name", "k"), OWN)
def test_second_derivatives_equal_finite_differences(name, k):
    family = structure(name)
    theta = admissible(family, k)
    second, step = family.second(theta, k), 1e-6
    np.testing.assert_allclose(second, second.transpose(1, 0, 2, 3), atol=1e-14)
    for i, bend in enumerate(second):
        e = step * (np.arange(len(theta)) == i)
        slope = (family.derivatives(theta + e, k) - family.derivatives(theta - e, k)) / (2 * step)
        np.testing.assert_allclose(bend, slope, atol=1e-8)


@pytest.mark.parametrize(("name", "k"), OWN)
def test_coordinates_of_the_search_lead_back_and_differentiate(name, k):
    family = structure(name)
    theta = admissible(family, k)
    eta, step = family.to_search(theta, k), 1e-5
    at = family.from_search(eta, k)
    up, down = family.from_search(eta + step, k), family.from_search(eta - step, k)
    np.testing.assert_allclose(at.theta, theta, rtol=1e-12)
    np.testing.assert_allclose(at.first, (up.theta - down.theta) / (2 * step), rtol=1e-8)
    np.testing.assert_allclose(at.second, (up.first - down.first) / (2 * step), atol=1e-8)


@pytest.mark.parametrize(("name", "k"), OWN)
def test_scales_of_the_columns_scale_the_effects(name, k):
    family = structure(name)
    theta = admissible(family, k)
    scales = np.full(k, 3.0) if len(set(family.lower_bounds(k))) > 1 and k > 1 else np.arange(1.0, k + 1)
    whole = np.outer(scales, scales) * covariance(family, theta, k)
    np.testing.assert_allclose(covariance(family, family.rescaled(theta, scales), k), whole, rtol=1e-12)


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("name", [name for name in CATALOG if not CATALOG[name].is_linear])
def test_correlations_may_reach_their_bounds(name, k):
    family = structure(name)
    for rho in (family.lower_bounds(k)[-1], family.upper_bounds(k)[-1]):
        theta = np.r_[np.full(family.n_theta(k) - 1, 2.0), rho]
        T = family.factor(theta, k)
        assert np.isfinite(T).all()
        expected = (
            rho ** np.abs(np.subtract.outer(np.arange(k), np.arange(k)))
            if name.startswith("ar")
            else np.where(np.eye(k, dtype=bool), 1.0, rho)
        )
        np.testing.assert_allclose(T @ T.T, 4.0 * expected, atol=1e-12)


@pytest.mark.parametrize(("name", "k"), LINEAR)
def test_theta_and_factor_are_inverse(name, k):
    family = structure(name)
    theta = admissible(family, k)
    T = family.factor(theta, k)
    assert T.shape == (k, k)
    assert np.array_equal(T, np.tril(T))
    np.testing.assert_array_equal(family.theta(T), theta)


@pytest.mark.parametrize(("name", "k"), LINEAR)
def test_turned_columns_give_the_same_covariance(name, k):
    family = structure(name)
    T = family.factor(admissible(family, k), k)
    turned = T * np.where(np.arange(k) % 2, 1.0, -1.0)
    theta = family.theta(turned)
    assert (theta >= family.lower_bounds(k)).all()
    np.testing.assert_allclose(family.factor(theta, k), T, rtol=1e-15)


@pytest.mark.parametrize(("name", "k"), OWN)
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


@pytest.mark.parametrize(("name", "k"), LINEAR)
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
    with pytest.raises(UnsupportedError, match=r"no covariance structure 'ar9'.*us, diag"):
        structure("ar9")
