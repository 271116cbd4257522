"""The criterion on the level of theta."""

import numpy as np
import pytest

from lmm.covariance import ThetaLayout
from lmm.engine import GroupBlock
from lmm.estimation import Criterion


@pytest.fixture(params=["reml", "ml"])
def criterion(request):
    """Two terms, one of them diagonal, with weights."""
    rng = np.random.default_rng(5)
    n = 40
    x, y = rng.normal(size=(2, n))
    X = np.column_stack([np.ones(n), x])
    g = GroupBlock(rng.integers(0, 6, n).astype(np.int32), X, 6)
    h = GroupBlock(rng.integers(0, 5, n).astype(np.int32), X, 5, structure="diag")
    layout = ThetaLayout.of([("g", ("Intercept", "x"), "us"), ("h", ("Intercept", "x"), "diag")])
    return Criterion.of(y, X, [g, h], rng.uniform(0.5, 2, n), layout, request.param)


THETA = np.array([0.8, -0.3, 0.5, 0.6, 0.4])


def differences(function, at, step=1e-5):
    return np.array([(function(at + e) - function(at - e)) / (2 * step) for e in step * np.eye(len(at))])


def test_gradient_equals_finite_differences(criterion):
    numeric = differences(lambda t: criterion.evaluate(t).criterion, THETA)
    np.testing.assert_allclose(criterion.gradient(THETA), numeric, atol=1e-7)


def test_information_is_symmetric_and_positive(criterion):
    information = criterion.information(THETA)
    np.testing.assert_allclose(information, information.T, atol=1e-12)
    assert np.linalg.eigvalsh(information)[0] > 0


def test_information_of_one_variance_in_a_balanced_layout():
    # l groups of m rows, V = I + t² JJ': with λ = 1 + m t², s = Σ m² ȳ_j²/λ² over groups,
    # F'PF/σ² − c²/n for E = dV/dS has closed form; here X is absent and σ² = r²/n.
    rng = np.random.default_rng(2)
    n_groups, m, t = 7, 4, 0.9
    y = rng.normal(size=(n_groups, m)) + rng.normal(size=(n_groups, 1))
    block = GroupBlock(np.repeat(np.arange(n_groups), m).astype(np.int32), None, n_groups)
    layout = ThetaLayout.of([("g", ("Intercept",), "us")])
    criterion = Criterion.of(y.ravel(), np.empty((y.size, 0)), [block], None, layout, "ml")
    lam = 1 + m * t**2
    sums = y.sum(axis=1) / lam
    r2 = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum() + (sums**2).sum() * lam / m
    sigma2 = r2 / y.size
    c = (sums**2).sum() / sigma2
    in_S = (sums**2).sum() * m / lam / sigma2 - c**2 / y.size
    np.testing.assert_allclose(criterion.information(np.array([t])), [[in_S * 4 * t**2]])


def test_uncertain_beta_widens_the_conditional_covariances(criterion):
    given = criterion.conditional(THETA, given_beta=True)
    full = criterion.conditional(THETA, given_beta=False)
    assert [c.shape for c in given] == [(6, 2, 2), (5, 2, 2)]
    for a, b in zip(given, full, strict=True):
        assert np.linalg.eigvalsh(b - a).min() > -1e-12
