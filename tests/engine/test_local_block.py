"""Columns that are never built, against the same columns as a matrix and against n × n algebra."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from lmm.engine import (
    CrossProducts,
    DenseCrossProducts,
    GroupBlock,
    LocalBlock,
    MatrixBlock,
    local_columns,
    local_summary,
)
from lmm.errors import DesignError

RANDOM = np.random.default_rng(12)
N = 90


def natural(knots):
    """Map of the natural cubic splines that are one at one knot and zero at the others."""
    spline = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")
    return np.vstack([np.eye(len(knots)), spline(knots, 2)]), spline


def local(n_knots, q, low=0.0, high=1.0):
    x = RANDOM.uniform(size=N)
    knots = np.sort(np.concatenate([[low, high], RANDOM.uniform(low, high, n_knots - 2)]))
    map_, _ = natural(knots)
    return LocalBlock(x, knots, map_ @ RANDOM.normal(size=(n_knots, q)))


def built(block):
    return MatrixBlock(block.to_dense(), 1, labels=block.labels)


@pytest.mark.parametrize("n_knots", [2, 3, 5, 20, 60])
def test_columns_are_natural_splines_and_lines_outside(n_knots):
    knots = np.sort(RANDOM.normal(size=n_knots))
    x = np.concatenate([knots, RANDOM.uniform(knots[0], knots[-1], 500)])
    if n_knots == 2:
        map_ = np.vstack([np.eye(2), np.zeros((2, 2))])
        np.testing.assert_allclose(local_columns(x, knots, map_).sum(axis=1), 1.0, atol=1e-14)
        return
    map_, spline = natural(knots)
    np.testing.assert_allclose(local_columns(x, knots, map_), spline(x), atol=1e-12)
    for end, sign in ((knots[0], -1.0), (knots[-1], 1.0)):
        found = local_columns(np.array([end + sign * 2.5]), knots, map_)[0]
        np.testing.assert_allclose(found, spline(end) + sign * 2.5 * spline(end, 1), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("n_knots", "q", "low"), [(3, 1, 0.0), (4, 7, 0.0), (20, 19, 0.0), (9, 3, 0.4), (30, 2, -2.0)]
)
def test_products_are_those_of_the_columns(n_knots, q, low):
    block = local(n_knots, q, low)
    dense, b, r = block.to_dense(), RANDOM.normal(size=q), RANDOM.normal(size=N)
    scale = np.abs(dense).max()
    assert (block.n_rows, block.n_levels, block.n_columns, block.n_effects) == (N, q, 1, q)
    np.testing.assert_allclose(block.apply(b), dense @ b, atol=1e-12 * scale)
    np.testing.assert_allclose(block.transpose_apply(r), dense.T @ r, atol=1e-11 * scale)
    np.testing.assert_allclose(block.column_squares(), np.square(dense).sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(block.squares(), [np.square(dense).sum()], rtol=1e-12)
    np.testing.assert_array_equal(block.to_sparse().toarray(), dense)
    np.testing.assert_array_equal(block.take(np.array([3, 3, 7])).to_dense(), dense[[3, 3, 7]])


@pytest.mark.parametrize("seed", range(12))
def test_the_largest_row_is_found_without_looking_at_all(seed):
    random = np.random.default_rng(seed)
    n_knots = int(random.integers(2, 40))
    knots = np.sort(random.normal(size=n_knots))
    x = random.normal(size=3000) * (0.5 if seed % 2 else 2.0)
    if seed % 3 == 0:
        x = np.concatenate([x, knots, np.repeat(knots[0], 5)])
    map_ = random.normal(size=(2 * n_knots, 6))
    total, largest = local_summary(x, knots, map_)
    columns = local_columns(x, knots, map_)
    assert largest == pytest.approx(np.abs(columns).sum(axis=1).max(), rel=1e-14)
    np.testing.assert_allclose(
        total @ map_, columns.sum(axis=0), rtol=1e-9, atol=1e-9 * np.abs(columns).sum()
    )


def models():
    """Local columns alone, together, and beside blocks of all other kinds."""
    codes = RANDOM.integers(0, 8, N).astype(np.int32)
    other = RANDOM.integers(0, 5, N).astype(np.int32)
    values = np.column_stack([np.ones(N), RANDOM.normal(size=N)])
    yield [local(6, 5)]
    yield [local(6, 5), local(9, 2)]
    yield [local(5, 4), GroupBlock(codes, None, 8), local(7, 6)]
    yield [GroupBlock(codes, values, 8), local(7, 6), MatrixBlock(RANDOM.normal(size=(N, 4)))]
    yield [
        GroupBlock(codes, None, 8),
        GroupBlock(other, values, 5, structure="diag"),
        local(4, 3),
        local(5, 2, 0.3),
    ]


MODELS = list(models())
MODEL = pytest.mark.parametrize("blocks", MODELS, ids=range(len(MODELS)))


def weights_of(name):
    return None if name == "none" else RANDOM.uniform(0.2, 5.0, N)


@MODEL
@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("weights", ["none", "some"])
@pytest.mark.parametrize("tail", ["full", "sparse"])
def test_criterion_and_estimates_are_those_of_the_matrix(blocks, reml, weights, tail):
    w = weights_of(weights)
    y, X = RANDOM.normal(size=N), np.column_stack([np.ones(N), RANDOM.normal(size=(N, 2))])
    T = [np.tril(RANDOM.uniform(0.2, 1.5, (block.n_columns,) * 2)) for block in blocks]
    T = [np.diag(np.diag(t)) if block.structure == "diag" else t for t, block in zip(T, blocks, strict=True)]
    plain = [built(block) if isinstance(block, LocalBlock) else block for block in blocks]
    own = CrossProducts(y, X, blocks, w, tail)
    found = own.evaluate(T, reml)
    for other in (CrossProducts(y, X, plain, w, tail), DenseCrossProducts(y, X, plain, w)):
        there = other.evaluate(T, reml)
        assert found.criterion == pytest.approx(there.criterion, rel=1e-12)
        np.testing.assert_allclose(found.beta, there.beta, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(found.unscaled_vcov, there.unscaled_vcov, rtol=1e-8, atol=1e-10)
        for mine, theirs in zip([*found.b, *found.M], [*there.b, *there.M], strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-8 * (1.0 + np.abs(theirs).max()))


@MODEL
def test_optimum_is_that_of_the_matrix(blocks):
    y, X = RANDOM.normal(size=N) + 3.0 * np.sin(6.0 * RANDOM.uniform(size=N)), np.ones((N, 1))
    plain = [built(block) if isinstance(block, LocalBlock) else block for block in blocks]
    own, there = (CrossProducts(y, X, some).optimize(reml=True) for some in (blocks, plain))
    assert own.criterion == pytest.approx(there.criterion, abs=1e-8)


def test_many_rows_are_summed_in_pieces():
    n = 30_000
    x, knots = RANDOM.uniform(size=n), np.linspace(0.0, 1.0, 12)
    block = LocalBlock(x, knots, natural(knots)[0][:, 1:])
    codes = RANDOM.integers(0, 50, n).astype(np.int32)
    y, X = np.sin(5.0 * x) + RANDOM.normal(size=n), np.column_stack([np.ones(n), x])
    T = [np.array([[0.4]]), np.array([[0.8]])]
    group = GroupBlock(codes, None, 50)
    found, there = (CrossProducts(y, X, [group, some]).evaluate(T, True) for some in (block, built(block)))
    assert found.criterion == pytest.approx(there.criterion, rel=1e-13)
    np.testing.assert_allclose(found.b[1], there.b[1], atol=1e-10)


@pytest.mark.parametrize("rows", [0, 3, 5, 7])
def test_a_map_that_does_not_fit_its_knots_is_refused(rows):
    with pytest.raises(DesignError, match="needs 4 rows, and has"):
        LocalBlock(np.zeros(3), np.array([0.0, 1.0]), np.ones((rows, 2)))


@pytest.mark.parametrize("knots", [[1.0, 0.0], [0.0, 0.0], [0.0, np.nan], [np.inf, 1.0]])
def test_knots_that_do_not_increase_are_refused(knots):
    block = LocalBlock(RANDOM.uniform(size=N), np.array(knots), np.ones((4, 2)))
    with pytest.raises(DesignError):
        CrossProducts(RANDOM.normal(size=N), np.ones((N, 1)), [block])
