"""The search over coordinates of S: structures that do not form a cone, ties between parts, against dense algebra."""

import numpy as np
import pytest
from scipy.optimize import minimize

import lmm
from lmm.covariance import Penalized, ThetaLayout, Tied
from lmm.engine import Chart, CrossProducts, DenseCrossProducts, GroupBlock, MatrixBlock
from lmm.errors import DesignError


def chart_of(*terms, free=None):
    layout = ThetaLayout.of(terms)
    marks = np.ones(layout.n_theta, dtype=bool) if free is None else np.asarray(free)
    chart = Chart(layout.to_core(), layout.start, marks)
    return chart, [chart.eta(theta) for theta in (layout.start, *layout.further_starts())]


def crossed(seed, k=4, n=90):
    """Rows of subjects at positions, crossed with items, and weights."""
    rng = np.random.default_rng(seed)
    subject, item = rng.integers(0, 12, n), rng.integers(0, 7, n)
    position = rng.integers(0, k, n)
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    Z = np.eye(k)[position]
    sd = np.array([0.5, 1.0, 1.5, 2.0, 1.0][:k])
    root = np.linalg.cholesky(0.5 * np.eye(k) + 0.5) * sd[:, None]
    effects = rng.normal(size=(12, k)) @ root.T
    y = X @ [1.0, 2.0] + effects[subject, position] + 0.7 * rng.normal(size=7)[item] + rng.normal(size=n)
    blocks = [
        GroupBlock(subject.astype(np.int32), Z, 12),
        GroupBlock(item.astype(np.int32), None, 7),
    ]
    return y, X, blocks, rng.uniform(0.5, 2.0, n)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", ["cs", "csh", "ar1"])
@pytest.mark.parametrize("seed", range(3))
def test_the_end_is_the_lowest_of_another_optimiser_on_dense_algebra(name, seed, reml):
    y, X, blocks, weights = crossed(seed)
    chart, starts = chart_of(("subject", tuple("abcd"), name), ("item", ("Intercept",), "us"))
    found = CrossProducts(y, X, blocks, weights).optimize_chart(reml, chart, starts)
    dense = DenseCrossProducts(y, X, blocks, weights)
    assert found.converged
    assert found.criterion == pytest.approx(
        dense.evaluate(chart.factors(found.eta), reml).criterion, abs=1e-9
    )
    ends = [
        minimize(lambda eta: dense.evaluate(chart.factors(eta), reml).criterion, start, method="BFGS").fun
        for start in starts[:3]
    ]
    assert found.criterion <= min(ends) + 1e-6


def test_ar1_with_noise_of_the_sleep_study():
    # Direct likelihood in R (optim over var, rho, residual), gradient below 1e-5.
    data = lmm.datasets.load("sleepstudy")
    y, days = np.asarray(data["Reaction"], dtype=float), np.asarray(data["Days"]).astype(int)
    subject = np.unique(np.asarray(data["Subject"]), return_inverse=True)[1]
    X = np.column_stack([np.ones(180), days])
    chart, starts = chart_of(("Subject", tuple(map(str, range(10))), "ar1"))
    cross = CrossProducts(y, X, [GroupBlock(subject.astype(np.int32), np.eye(10)[days], 18)])
    for reml, criterion, variance, rho, residual in (
        (True, 1734.1864679415, 2241.12244060833, 0.883499323150265, 228.930362743656),
        (False, 1743.06186557443, 2123.63223716792, 0.878912186201771, 231.915399725999),
    ):
        found = cross.optimize_chart(reml, chart, starts)
        sd, own = chart.theta(found.eta)
        sigma = found.trace["sigma"][-1]
        assert found.criterion == pytest.approx(criterion, rel=1e-10)
        assert own == pytest.approx(rho, rel=1e-5)
        assert sigma**2 == pytest.approx(residual, rel=1e-5)
        assert sigma**2 * sd**2 == pytest.approx(variance, rel=1e-5)
        assert found.n_evaluations <= 12


def test_compound_symmetry_is_an_intercept_and_an_interaction():
    # S = v (rho + (1 - rho) I): (1 | g) with v rho and (1 | g:f) with v (1 - rho).
    rng = np.random.default_rng(3)
    g, f = np.repeat(np.arange(10), 12), np.tile(np.repeat(np.arange(3), 4), 10)
    y = rng.normal(size=10)[g] * 1.5 + rng.normal(size=(10, 3))[g, f] + rng.normal(size=120)
    X = np.ones((120, 1))
    whole = CrossProducts(y, X, [GroupBlock(g.astype(np.int32), np.eye(3)[f], 10)])
    parts = CrossProducts(
        y, X, [GroupBlock(g.astype(np.int32), None, 10), GroupBlock((3 * g + f).astype(np.int32), None, 30)]
    )
    chart, starts = chart_of(("g", ("a", "b", "c"), "cs"))
    for reml in (True, False):
        found, other = whole.optimize_chart(reml, chart, starts), parts.optimize(reml)
        sd, rho = chart.theta(found.eta)
        assert found.criterion == pytest.approx(other.criterion, abs=1e-9)
        assert sd**2 * rho == pytest.approx(other.T[0][0, 0] ** 2, rel=1e-6)
        assert sd**2 * (1 - rho) == pytest.approx(other.T[1][0, 0] ** 2, rel=1e-6)


def test_two_columns_with_their_own_variances_are_unstructured():
    y, X, blocks, weights = crossed(5, k=2)
    cross = CrossProducts(y, X, blocks, weights)
    chart, starts = chart_of(("subject", ("a", "b"), "csh"), ("item", ("Intercept",), "us"))
    found, other = cross.optimize_chart(True, chart, starts), cross.optimize(True)
    assert found.criterion == pytest.approx(other.criterion, abs=1e-8)


def test_held_coordinates_stay():
    y, X, blocks, _ = crossed(1)
    chart, starts = chart_of(
        ("subject", tuple("abcd"), "ar1"), ("item", ("Intercept",), "us"), free=[True, False, True]
    )
    found = CrossProducts(y, X, blocks).optimize_chart(True, chart, starts[:1])
    assert len(found.eta) == 2
    assert chart.theta(found.eta)[1] == 0.0
    diagonal = CrossProducts(
        y, X, [GroupBlock(4 * blocks[0].codes + blocks[0].values.argmax(1), None, 48), blocks[1]]
    )
    assert found.criterion == pytest.approx(diagonal.optimize(True).criterion, abs=1e-9)


def test_what_the_data_do_not_tell_apart_is_found():
    # One row in each cell: v (1 - rho) of compound symmetry is one more residual variance.
    g, f = np.repeat(np.arange(10), 3), np.tile(np.arange(3), 10)
    y = np.random.default_rng(0).normal(size=30) + np.random.default_rng(1).normal(size=10)[g]
    cross = CrossProducts(y, np.ones((30, 1)), [GroupBlock(g.astype(np.int32), np.eye(3)[f], 10)])
    chart, starts = chart_of(("g", ("a", "b", "c"), "cs"))
    assert cross.optimize_chart(True, chart, starts).flat is not None
    chart, starts = chart_of(("g", ("a", "b", "c"), "ar1"))
    assert cross.optimize_chart(True, chart, starts).flat is None


@pytest.mark.parametrize("reml", [True, False])
def test_ties_between_variances_as_in_a_tensor_product(reml):
    rng = np.random.default_rng(7)
    n, k = 150, 12
    Z, X = rng.normal(size=(n, k)), np.column_stack([np.ones(n), rng.normal(size=n)])
    d = np.array([np.linspace(0.1, 3.0, k), rng.uniform(0.1, 2.0, k)])
    y = X @ [1.0, -1.0] + Z @ (rng.normal(size=k) / np.sqrt([0.8, 0.4] @ d)) + rng.normal(size=n)
    block = MatrixBlock(Z, k, structure="diag")
    cross, dense = CrossProducts(y, X, [block]), DenseCrossProducts(y, X, [block])
    chart, _ = chart_of(("te", tuple(map(str, range(k))), Tied(d.T, ("x", "z"))))
    found = cross.optimize_chart(reml, chart, [np.ones(2)])
    other = minimize(
        lambda eta: dense.evaluate(chart.factors(eta), reml).criterion, np.ones(2), method="BFGS"
    )
    assert found.converged
    assert found.n_evaluations <= 15
    assert found.criterion == pytest.approx(other.fun, abs=1e-7)


@pytest.mark.parametrize("reml", [True, False])
def test_penalties_that_do_not_commute_need_a_dense_block(reml):
    rng = np.random.default_rng(8)
    n, k = 120, 6
    Z, X = rng.normal(size=(n, k)), np.column_stack([np.ones(n), rng.normal(size=n)])
    roots = [rng.normal(size=(k, rank)) for rank in (4, 3, 5)]
    family = Penalized(np.array([L @ L.T for L in roots]), ("a", "b", "c"))
    T = family.factor(np.array([0.5, 1.0, 2.0]), k)
    y = X @ [1.0, -1.0] + Z @ T @ rng.normal(size=k) + rng.normal(size=n)
    cross, dense = CrossProducts(y, X, [MatrixBlock(Z, k)]), DenseCrossProducts(y, X, [MatrixBlock(Z, k)])
    chart, starts = chart_of(("p", tuple(map(str, range(k))), family))
    found = cross.optimize_chart(reml, chart, starts)
    ends = [
        minimize(lambda eta: dense.evaluate(chart.factors(eta), reml).criterion, start, method="BFGS").fun
        for start in starts
    ]
    assert found.converged
    assert found.criterion <= min(ends) + 1e-6


def test_a_tie_with_one_penalty_that_carries_everything_ends_at_zero():
    # A straight surface: the smooth parts have no variance, and the criterion is that of the linear model.
    rng = np.random.default_rng(3)
    n, k = 200, 8
    Z, X = rng.normal(size=(n, k)), np.column_stack([np.ones(n), rng.normal(size=n)])
    residual = np.linalg.qr(np.hstack([X, Z]))[0]
    noise = rng.normal(size=n)
    y = X @ [1.0, 2.0] + noise - residual @ (residual.T @ noise)  # nothing of Z is in y
    family = Tied(rng.uniform(0.1, 2.0, (k, 2)), ("x", "z"))
    chart, starts = chart_of(("te", tuple(map(str, range(k))), family))
    found = CrossProducts(y, X, [MatrixBlock(Z, k, structure="diag")]).optimize_chart(True, chart, starts)
    linear = CrossProducts(y, X, []).evaluate([], True)
    assert found.converged
    assert found.criterion == pytest.approx(linear.criterion, abs=1e-7)
    assert chart.theta(found.eta).min() < 1e-4


def test_a_chart_of_other_terms_is_refused():
    cross = CrossProducts(np.arange(6.0) ** 2, np.ones((6, 1)), [MatrixBlock(np.eye(6)[:, :2], 2)])
    chart, starts = chart_of(("g", ("a", "b", "c"), "cs"))
    with pytest.raises(DesignError, match=r"terms with \[3\] columns, not \[2\]"):
        cross.optimize_chart(True, chart, starts)
