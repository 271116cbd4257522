"""Blocks of Z: every product is that of the dense matrix."""

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy.sparse import coo_matrix, csc_array, csr_array

from lmm.engine import CrossProducts, GroupBlock, MatrixBlock
from lmm.errors import DesignError

RNG = np.random.default_rng(20260101)
CODES = np.array([0, 2, 1, 2, 0, 2, 2], dtype=np.int32)
VALUES = RNG.normal(size=(7, 3))
MATRIX = RNG.normal(size=(7, 6)) * (RNG.random((7, 6)) < 0.6)
ROOT = np.tril(RNG.normal(size=(3, 3))) + 2 * np.eye(3)


def group_dense(codes, values, n_levels):
    """Z row by row."""
    k = values.shape[1]
    Z = np.zeros((codes.size, n_levels * k))
    for row, level in enumerate(codes):
        Z[row, level * k : level * k + k] = values[row]
    return Z


BLOCKS = {
    "group": (GroupBlock(CODES, VALUES, 3), group_dense(CODES, VALUES, 3)),
    "intercept": (GroupBlock(CODES, None, 3), group_dense(CODES, np.ones((7, 1)), 3)),
    "unused level": (GroupBlock(CODES, None, 5), group_dense(CODES, np.ones((7, 1)), 5)),
    "dense": (MatrixBlock(MATRIX, 2), MATRIX),
    "csc": (MatrixBlock(csc_array(MATRIX), 3), MATRIX),
    "coo matrix": (MatrixBlock(coo_matrix(MATRIX).tocsr()), MATRIX),
}


@pytest.fixture(params=BLOCKS, name="case")
def _case(request):
    return BLOCKS[request.param]


def test_products_are_those_of_the_dense_matrix(case):
    block, Z = case
    b, r, w = RNG.normal(size=Z.shape[1]), RNG.normal(size=7), RNG.random(7) + 0.1
    assert (block.n_rows, block.n_effects) == Z.shape
    np.testing.assert_array_equal(block.to_dense(), Z)
    np.testing.assert_array_equal(block.to_sparse().toarray(), Z)
    np.testing.assert_allclose(block.apply(b), Z @ b, atol=1e-14)
    np.testing.assert_allclose(block.transpose_apply(r), Z.T @ r, atol=1e-14)
    np.testing.assert_allclose(block.gram().toarray(), Z.T @ Z, atol=1e-13)
    np.testing.assert_allclose(block.gram(w).toarray(), Z.T @ np.diag(w) @ Z, atol=1e-13)


def test_take_keeps_rows_and_all_levels(case):
    block, Z = case
    rows = np.array([4, 1, 1])
    np.testing.assert_array_equal(block.take(rows).to_dense(), Z[rows])


def test_blocks_are_frozen_and_can_be_pickled(case):
    block, Z = case
    with pytest.raises(FrozenInstanceError):
        block.structure = "diag"
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(block)).to_dense(), Z)


def test_effective_block_has_the_root_multiplied_in():
    block = GroupBlock(CODES, VALUES, 3, root=ROOT)
    plain = group_dense(CODES, VALUES, 3)
    effective = block.effective()
    np.testing.assert_array_equal(block.to_dense(), plain)
    np.testing.assert_allclose(effective.to_dense(), plain @ np.kron(ROOT, np.eye(3)), atol=1e-14)
    assert effective.root is None
    assert (effective.n_levels, effective.n_columns) == (3, 3)


def test_effects_of_the_levels_give_the_same_linear_predictor():
    block = GroupBlock(CODES, VALUES, 3, root=ROOT)
    b = RNG.normal(size=(3, 3))
    np.testing.assert_allclose(
        block.apply(block.to_levels(b).ravel()), block.effective().apply(b.ravel()), atol=1e-13
    )


def test_block_without_root_is_its_own_effective_block():
    block = GroupBlock(CODES, None, 3)
    b = np.ones((3, 1))
    assert block.effective() is block
    assert block.to_levels(b) is b


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: GroupBlock(np.array([0, 3], dtype=np.int32), None, 3),
            r"lie in 0\.\.2; they run from 0 to 3",
        ),
        (lambda: GroupBlock(np.array([-1, 0], dtype=np.int32), None, 3), "they run from -1 to 0"),
        (
            lambda: GroupBlock(np.array([0.0, 1.0]), None, 2),
            "vector of whole numbers, not an array of float64",
        ),
        (
            lambda: GroupBlock(CODES, VALUES[:3], 3),
            r"one row for each of the 7 codes; their shape is \(3, 3\)",
        ),
        (lambda: GroupBlock(CODES, None, 3, root=np.eye(2)), r"must have shape \(3, 3\), not \(2, 2\)"),
        (lambda: GroupBlock(CODES, None, 3, labels=("a",)), "1 labels, but the block has 3 levels"),
        (lambda: MatrixBlock(MATRIX, 4), "6 columns, which is not a multiple of k=4"),
        (
            lambda: MatrixBlock(MATRIX, structure="dag"),
            'Unknown covariance structure .dag. .* Did you mean "diag"',
        ),
    ],
)
def test_contradictions_are_refused(make, text):
    with pytest.raises(DesignError, match=text):
        make()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("k", [1, 3])
def test_squares_of_columns_are_those_of_the_matrix(share, k):
    random = np.random.default_rng(3)
    dense = random.normal(size=(20, 6)) * (random.uniform(size=(20, 6)) <= share)
    wanted = np.square(dense).sum(axis=0).reshape(-1, k).sum(axis=0)
    for matrix in (dense, csr_array(dense)):
        np.testing.assert_allclose(MatrixBlock(matrix, k).squares(), wanted)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 1.0])
def test_dense_and_sparse_columns_are_one_model(share):
    random = np.random.default_rng(5)
    dense = random.normal(size=(40, 6)) * (random.uniform(size=(40, 6)) <= share)
    y, X, T = random.normal(size=40), np.ones((40, 1)), [np.array([[0.7]])]
    found = [
        CrossProducts(y, X, [MatrixBlock(matrix)]).evaluate(T, True) for matrix in (dense, csr_array(dense))
    ]
    np.testing.assert_allclose(found[0].criterion, found[1].criterion, rtol=1e-14)
    np.testing.assert_allclose(found[0].b[0], found[1].b[0], atol=1e-13)
