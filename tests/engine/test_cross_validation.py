"""Generalised cross-validation of the compiled core against n × n algebra and differences."""

import numpy as np
import pytest

from lmm.engine import Control, CrossProducts, GroupBlock, MatrixBlock
from lmm.engine.chart import Chart
from lmm.engine.dense import DenseCrossProducts

N = 60


def model(weights, seed=0):
    rng = np.random.default_rng(seed)
    y, X = rng.normal(size=N), np.column_stack([np.ones(N), rng.normal(size=N)])
    blocks = [
        MatrixBlock(rng.normal(size=(N, 6))),
        MatrixBlock(rng.normal(size=(N, 8)), 4, structure="diag"),
        MatrixBlock(rng.normal(size=(N, 3)), 3),
        GroupBlock(np.arange(N) % 5, rng.normal(size=(N, 2)), 5, structure="diag"),
    ]
    w = rng.uniform(0.5, 2.0, N) if weights else None
    return CrossProducts(y, X, blocks, w), DenseCrossProducts(y, X, blocks, w)


def factors(size, seed=1):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(3, 3))
    return [
        np.array([[0.7]]) * size,
        np.diag([0.3, 0.0, 0.5, 2.0]) * size,
        np.linalg.cholesky(A @ A.T) * size,
        np.diag([0.2, 1.3]),
    ]


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("size", [1.0, 1e-3, 30.0])
def test_the_dense_twin_agrees(weights, size):
    compiled, dense = model(weights)
    T = factors(size)
    one, other = compiled.cross_validate(T), dense.cross_validate(T)
    assert one.criterion == pytest.approx(other.criterion, abs=1e-9)
    assert one.sigma == pytest.approx(other.sigma, rel=1e-10)
    np.testing.assert_allclose(one.beta, other.beta, rtol=1e-8)
    structures = ("us", "diag", "us", "diag")
    for M, wanted, structure in zip(one.M, other.M, structures, strict=True):
        entries = np.diag if structure == "diag" else np.asarray
        np.testing.assert_allclose(entries(M), entries(wanted), rtol=1e-7, atol=1e-8 * np.abs(wanted).max())
    assert compiled.cross_validate(T, gradient=False).M == []


def test_the_score_is_that_of_the_hat_matrix():
    compiled, dense = model(False)
    T = factors(1.0)
    state = dense._state(T, reml=True)
    residual = state.P @ dense._y  # (I - F) y
    score = N * residual @ residual / np.trace(state.P) ** 2
    assert np.exp(compiled.cross_validate(T).criterion / N) == pytest.approx(score, rel=1e-12)


def test_the_search_ends_at_a_minimum():
    rng = np.random.default_rng(4)
    y, X, Z = rng.normal(size=N), np.ones((N, 1)), rng.normal(size=(N, 8))
    y += Z @ rng.normal(size=8)
    compiled = CrossProducts(y, X, [MatrixBlock(Z, 8, structure="diag")])
    chart = Chart([(np.ones((8, 1)), np.ones(1))], np.ones(1), np.array([True]))
    starts = [chart.eta(np.array([theta])) for theta in (1.0, 0.05, 20.0)]
    found = compiled.optimize_chart(None, chart, starts, Control())
    assert found.converged
    theta = float(chart.theta(np.asarray(found.eta))[0])
    near = theta * np.exp(np.array([-0.01, 0.0, 0.01]))
    values = [compiled.cross_validate([t * np.eye(8)], gradient=False).criterion for t in near]
    assert values[1] == pytest.approx(found.criterion, abs=1e-10)
    assert values[1] < min(values[0], values[2])
