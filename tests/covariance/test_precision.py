"""Variances of penalties, S = (sum_j S_j / theta_j²)⁻¹: diagonal ones and dense ones, also where theta is zero."""

import numpy as np
import pytest

from lmm.covariance import Penalized, Tied
from lmm.errors import DesignError

K, LABELS = 5, ("x", "z", "w")


def drawn_scales(seed, m):
    rng = np.random.default_rng(seed)
    d = rng.uniform(0.1, 3.0, (K, m)) * rng.choice([0.0, 1.0], (K, m), p=[0.3, 0.7])
    d[(d > 0).sum(axis=1) == 0] = 1.0
    d[0] = 1.0
    return d


def drawn_penalties(seed, m):
    rng = np.random.default_rng(seed)
    roots = [rng.normal(size=(K, rank)) for rank in (3, 4, 2)[:m]]
    return np.array([L @ L.T for L in roots])


FAMILIES = [
    *(Tied(drawn_scales(seed, m), LABELS[:m]) for seed in range(4) for m in (1, 2, 3)),
    *(Penalized(drawn_penalties(seed, m), LABELS[:m]) for seed in range(4) for m in (2, 3)),
]
THETAS = [[1.0, 1.0, 1.0], [0.3, 2.0, 0.7], [1e-3, 5.0, 40.0], [200.0, 0.02, 1.0], [1e-6, 1.0, 1e4]]


def inverse_sum(family, theta):
    """The definition, for theta that are not zero."""
    own = family.penalties
    own = np.array([np.diag(row) for row in own]) if own.ndim == 2 else own
    size = min(theta) ** 2  # against overflow
    return size * np.linalg.inv(np.einsum("jkl,j->kl", own, size / np.square(theta)))


def covariance(family, theta):
    T = family.factor(np.asarray(theta, float), K)
    return T @ T.T


@pytest.mark.parametrize("theta", THETAS)
@pytest.mark.parametrize("family", FAMILIES)
def test_s_is_the_inverse_of_the_sum_of_penalties(family, theta):
    theta = np.array(theta[: len(family.labels)])
    T = family.factor(theta, K)
    assert np.array_equal(T, np.tril(T))
    assert np.all(np.diag(T) >= 0.0)
    S = T @ T.T
    if max(theta) / min(theta) < 1e4:
        rounding = 1e-15 * np.linalg.cond(S) * np.abs(S).max()
        np.testing.assert_allclose(S, inverse_sum(family, theta), rtol=1e-9, atol=rounding)
        np.testing.assert_allclose(family.theta(T), theta, rtol=1e-5)


@pytest.mark.parametrize("theta", [[1.0, 1.0, 1.0], [0.3, 2.0, 0.7], [0.2, 3.0, 2.0]])
@pytest.mark.parametrize("family", FAMILIES)
def test_derivatives_are_those_of_the_inverse(family, theta):
    # By lambda = theta⁻²: dS = -S S_i S, d²S = S S_i S S_j S + S S_j S S_i S;
    # d lambda = -2 theta⁻³, d² lambda = 6 theta⁻⁴.
    theta = np.array(theta[: len(family.labels)])
    own = family.penalties
    own = np.array([np.diag(row) for row in own]) if own.ndim == 2 else own
    S = inverse_sum(family, theta)
    single = np.array([S @ matrix @ S for matrix in own])
    slope, bend = -2.0 * theta**-3, 6.0 * theta**-4
    first = -slope[:, None, None] * single
    double = np.array([[S @ a @ S @ b @ S for b in own] for a in own])
    second = (double + double.transpose(1, 0, 2, 3)) * np.outer(slope, slope)[:, :, None, None]
    second[np.arange(len(theta)), np.arange(len(theta))] -= bend[:, None, None] * single
    rounding = 1e-13 * np.linalg.cond(S)  # of the right side
    for found, expected in ((family.derivatives(theta, K), first), (family.second(theta, K), second)):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=rounding * np.abs(expected).max())


@pytest.mark.parametrize("zero", [0, 1])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_theta_of_zero_is_the_limit_of_small_ones(family, zero):
    m = len(family.labels)
    theta = np.array([0.7, 1.3, 2.0][:m])
    theta[min(zero, m - 1)] = 0.0
    near = np.where(theta == 0.0, 1e-7, theta)
    size = max(1.0, np.abs(covariance(family, near)).max())
    np.testing.assert_allclose(covariance(family, theta), covariance(family, near), atol=1e-9 * size)
    for derivative in (family.derivatives, family.second):
        at, limit = derivative(theta, K), derivative(near, K)
        np.testing.assert_allclose(at, limit, atol=2e-5 * max(1.0, np.abs(limit).max()))
    T = family.factor(theta, K)
    if np.any(T):
        found = family.theta(T)
        np.testing.assert_allclose(covariance(family, found), T @ T.T, atol=1e-6 * size)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_effect_varies_where_all_theta_are_zero(family):
    theta = np.zeros(len(family.labels))
    assert not family.factor(theta, K).any()
    assert not family.derivatives(theta, K).any()
    assert np.array_equal(family.theta(np.zeros((K, K))), theta)
    # S is homogeneous of degree two: along equal theta it is a parabola, whose bend is twice S at one.
    bend = family.second(theta, K).sum(axis=(0, 1))
    np.testing.assert_allclose(bend, 2.0 * covariance(family, theta + 1.0), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("eta", [[0.0, 0.0, 0.0], [1.0, -2.0, 0.3], [30.0, -30.0, 5.0], [1e6, -1e6, 1e300]])
@pytest.mark.parametrize("family", FAMILIES[::3])
def test_coordinates_of_the_search_lead_back_and_never_overflow(family, eta):
    eta = np.array(eta[: len(family.labels)])
    at = family.from_search(eta, K)
    assert np.isfinite(np.concatenate(at)).all()
    assert np.isfinite(family.factor(np.abs(at.theta), K)).all()
    if np.abs(eta).max() < 10.0:
        np.testing.assert_allclose(family.to_search(at.theta, K), eta, atol=1e-12)
        e = 1e-5
        up, down = family.from_search(eta + e, K), family.from_search(eta - e, K)
        np.testing.assert_allclose(at.first, (up.theta - down.theta) / (2 * e), rtol=1e-8)
        np.testing.assert_allclose(at.second, (up.first - down.first) / (2 * e), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("family", FAMILIES)
def test_variances_of_penalties_are_the_natural_parameters(family):
    theta = np.array([0.6, 1.7, 1.1][: len(family.labels)])
    found = family.natural(theta, K)
    np.testing.assert_allclose(found.value, theta**2)
    own = family.penalties
    own = np.array([np.diag(row) for row in own]) if own.ndim == 2 else own
    # By v: lambda = 1/v, d lambda = -v⁻², d² lambda = 2 v⁻³.
    S, v = inverse_sum(family, theta), theta**2
    double = np.array([[S @ a @ S @ b @ S for b in own] for a in own]) / np.outer(v, v)[:, :, None, None] ** 2
    bend = double + double.transpose(1, 0, 2, 3)
    for i, matrix in enumerate(own):
        bend[i, i] -= 2.0 * v[i] ** -3 * S @ matrix @ S
    np.testing.assert_allclose(found.bend, bend, atol=1e-10 * np.abs(bend).max() + 1e-14)
    np.testing.assert_allclose(found.slope, np.diag(2.0 * theta))
    assert family.natural_names(["a"]) == list(family.labels)
    assert family.names("te", ["a"]) == tuple(f"te.{label}" for label in family.labels)


def test_a_scale_of_all_columns_scales_theta():
    for family in FAMILIES:
        theta = np.array([0.6, 1.7, 1.1][: len(family.labels)])
        scaled = family.rescaled(theta, np.full(K, 3.0))
        np.testing.assert_allclose(covariance(family, scaled), 9.0 * covariance(family, theta), rtol=1e-9)


def test_structures_are_equal_when_their_numbers_are():
    d = drawn_scales(1, 2)
    assert Tied(d, ("x", "z")) == Tied(d.copy(), ("x", "z"))
    assert hash(Tied(d, ("x", "z"))) == hash(Tied(d.copy(), ("x", "z")))
    assert Tied(d, ("x", "z")) != Tied(2 * d, ("x", "z"))
    assert Tied(d, ("x", "z")) != Tied(d, ("x", "w"))
    S = drawn_penalties(1, 2)
    assert Penalized(S, ("x", "z")) == Penalized(S, ("x", "z")) != Tied(d, ("x", "z"))


@pytest.mark.parametrize(
    ("scales", "match"),
    [
        ([[1.0, 0.0], [0.0, 0.0]], "Effect 2 of 2 has no penalty"),
        ([[1.0, -0.1], [1.0, 1.0]], "at least 0"),
        ([[1.0, np.nan], [1.0, 1.0]], "finite"),
        ([[1.0, 0.0], [1.0, 0.0]], "All scales of z are 0"),
        ([[1.0], [1.0]], r"their shape is \(2, 1\)"),
        ([1.0, 2.0], r"their shape is \(2,\)"),
    ],
)
def test_scales_that_cannot_be_are_refused(scales, match):
    with pytest.raises(DesignError, match=match):
        Tied(np.array(scales), ("x", "z"))


ONE = np.diag([1.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("penalties", "match"),
    [
        ([ONE, np.diag([0.0, 1.0, 0.0])], "leave 1 of 3 combinations"),
        ([ONE, np.zeros((3, 3))], "All elements of the penalty z are 0"),
        ([ONE, np.diag([1.0, 1.0, -1.0])], "penalty z is not positive semidefinite"),
        ([ONE, np.triu(np.ones((3, 3)))], "penalty z is not symmetric"),
        ([ONE, np.full((3, 3), np.inf)], "finite"),
        ([ONE], r"their shape is \(1, 3, 3\)"),
        (np.ones((2, 3, 2)), r"their shape is \(2, 3, 2\)"),
    ],
)
def test_penalties_that_cannot_be_are_refused(penalties, match):
    with pytest.raises(DesignError, match=match):
        Penalized(np.array(penalties), ("x", "z"))
