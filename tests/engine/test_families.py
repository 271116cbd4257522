"""Families of covariances in the compiled core against the NumPy twin: T, its derivative, and its bend."""

import numpy as np
import pytest

from lmm.covariance import Penalized, ThetaLayout, Tied
from lmm.engine import Chart
from lmm.errors import DesignError
from tests.engine.twin_chart import TwinChart

RANDOM = np.random.default_rng(8)
K, LABELS = 5, ("x", "z", "w")
COLUMNS = tuple("abcde")


def scales(m):
    d = RANDOM.uniform(0.1, 3.0, (K, m)) * RANDOM.choice([0.0, 1.0], (K, m), p=[0.3, 0.7])
    d[(d > 0).sum(axis=1) == 0] = 1.0
    d[0] = 1.0
    return d


def penalties(m):
    roots = [RANDOM.normal(size=(K, rank)) for rank in (3, 4, 2)[:m]]
    return np.array([L @ L.T for L in roots])


FAMILIES = {
    **{name: name for name in ("us", "diag", "cs", "csh", "ar1")},
    **{f"tied{m}": Tied(scales(m), LABELS[:m]) for m in (1, 2, 3)},
    **{f"penalized{m}": Penalized(penalties(m), LABELS[:m]) for m in (2, 3)},
}


def pair(family, free=None):
    layout = ThetaLayout.of([("g", COLUMNS, family), ("h", ("a", "b"), "us")])
    marks = np.ones(layout.n_theta, bool) if free is None else free(layout.n_theta)
    values = layout.start * RANDOM.uniform(0.5, 1.5, layout.n_theta)
    return Chart(layout.to_core(), values, marks), TwinChart(layout, values, marks), layout


def symmetric(k):
    M = RANDOM.normal(size=(k, k))
    return M + M.T


def check_same(chart, twin, eta, rtol):
    M = [symmetric(K), symmetric(2)]
    for own, other in zip(chart.factors(eta), twin.factors(eta), strict=True):
        np.testing.assert_allclose(own, other, rtol=rtol, atol=rtol * np.abs(other).max())
    own, other = chart.moves(eta), twin.moves(eta)
    for ((term, dS),), ((own_term, expected),) in zip(own, other, strict=True):
        assert term == own_term
        np.testing.assert_allclose(dS, expected, rtol=rtol, atol=rtol * np.abs(expected).max())
    expected = twin.bend(eta, M)
    np.testing.assert_allclose(chart.bend(eta, M), expected, rtol=rtol, atol=rtol * np.abs(expected).max())


@pytest.mark.parametrize("size", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("name", FAMILIES)
def test_values_and_derivatives_are_those_of_the_twin(name, size):
    chart, twin, layout = pair(FAMILIES[name])
    eta = size * RANDOM.normal(size=layout.n_theta)
    check_same(chart, twin, eta, 1e-11 if name.startswith("pen") else 2e-14)
    np.testing.assert_allclose(chart.theta(eta), twin.theta(eta), rtol=1e-14)
    theta = np.abs(twin.theta(eta))
    np.testing.assert_allclose(chart.eta(theta), twin.eta(theta), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_held_does_not_move(name):
    chart, twin, layout = pair(FAMILIES[name], lambda n: np.arange(n) % 2 == 1)
    eta = RANDOM.normal(size=layout.n_theta // 2)
    check_same(chart, twin, eta, 1e-11 if name.startswith("pen") else 2e-14)
    np.testing.assert_array_equal(chart.theta(eta)[::2], twin.values[::2])


@pytest.mark.parametrize("zero", [[0], [1], [0, 1]])
@pytest.mark.parametrize("name", ["tied2", "tied3", "penalized2", "penalized3", "cs", "csh", "ar1"])
def test_parameters_of_zero_are_those_of_the_twin(name, zero):
    chart, twin, layout = pair(FAMILIES[name])
    eta = RANDOM.normal(size=layout.n_theta)
    eta[zero] = 0.0
    check_same(chart, twin, eta, 1e-8 if name.startswith("pen") else 2e-14)


@pytest.mark.parametrize("size", [1e3, 1e300])
@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_overflows(name, size):
    chart, _, layout = pair(FAMILIES[name])
    if name in ("us", "diag", "cs", "csh", "ar1") and size > 1e3:
        return  # standard deviations of such a size are their own
    eta = size * RANDOM.normal(size=layout.n_theta)
    assert all(np.isfinite(T).all() for T in chart.factors(eta))


@pytest.mark.parametrize("rho", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("name", ["cs", "csh", "ar1"])
def test_correlations_may_stand_at_their_bounds(name, rho):
    layout = ThetaLayout.of([("g", COLUMNS, name)])
    values = layout.start
    values[-1] = layout.lower_bounds[-1] if rho < 0 else rho
    chart = Chart(layout.to_core(), values, np.arange(layout.n_theta) < layout.n_theta - 1)
    (T,), (expected,) = chart.factors(chart.eta(values)), layout.factors(values)
    np.testing.assert_allclose(T, expected, atol=1e-15)


def test_wrong_numbers_are_refused():
    layout = ThetaLayout.of([("g", ("a", "b"), "cs")])
    chart = Chart(layout.to_core(), layout.start, np.array([True, True]))
    with pytest.raises(DesignError, match="2 coordinates, not 3"):
        chart.factors(np.ones(3))
    with pytest.raises(DesignError, match="have 2 parameters"):
        chart.eta(np.ones(1))
    with pytest.raises(DesignError, match="have 2 parameters"):
        Chart(layout.to_core(), np.ones(3), np.ones(2, bool))
    with pytest.raises(DesignError, match="no covariance structure toep"):
        Chart([("toep", 2)], np.ones(2), np.ones(2, bool))
    with pytest.raises(DesignError, match="roots of one height"):
        Chart([([np.eye(2), np.eye(3)], np.ones(2))], np.ones(2), np.ones(2, bool))
    with pytest.raises(DesignError, match="unit for each penalty"):
        Chart([(np.ones((4, 2)), np.ones(3))], np.ones(2), np.ones(2, bool))
