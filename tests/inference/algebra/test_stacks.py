"""Products of sparse and dense rows, and stacks of blocks as one matrix."""

import numpy as np
from scipy.sparse import csr_array, random_array

from lmm.inference.algebra.stacks import block_diagonal, products_within, row_products, scattered


def sparse_rows(seed, shape=(7, 5)):
    return csr_array(random_array(shape, density=0.5, rng=np.random.default_rng(seed)))


def test_row_products_of_all_kinds():
    left, right = sparse_rows(1), sparse_rows(2)
    wanted = np.sum(left.toarray() * right.toarray(), axis=1)
    for a in (left, left.toarray()):
        for b in (right, right.toarray()):
            np.testing.assert_allclose(row_products(a, b), wanted)


def test_blocks_stand_where_they_are_put():
    blocks = np.random.default_rng(3).normal(size=(3, 2, 2))
    diagonal = block_diagonal(blocks).toarray()
    placed = scattered(blocks, np.array([[4, 5], [0, 1], [2, 3]]), 6).toarray()
    for i in range(3):
        np.testing.assert_array_equal(diagonal[2 * i : 2 * i + 2, 2 * i : 2 * i + 2], blocks[i])
    np.testing.assert_array_equal(placed[4:, 4:], blocks[0])
    np.testing.assert_array_equal(placed[:2, :2], blocks[1])
    assert np.count_nonzero(placed) == blocks.size


def test_products_within_sets():
    left, right, ends = sparse_rows(4), sparse_rows(5), np.array([2, 3, 7])
    for a in (left, left.toarray()):
        found = products_within(a, right, ends)
        for begin, end, own in zip([0, 2, 3], ends, found, strict=True):
            wanted = left.toarray()[begin:end] @ right.toarray()[begin:end].T
            np.testing.assert_allclose(own, wanted, atol=1e-14)
