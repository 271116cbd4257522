"""Combinations of rows without writing them out."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from lmm.inference.contrast import combinations
from lmm.inference.contrast.combinations import pieces, quadratic


@pytest.mark.parametrize("entries", [2, 12])
def test_few_and_many_entries_in_a_row(entries):
    rng = np.random.default_rng(entries)
    rows, root = rng.normal(size=(15, 4)), rng.normal(size=(4, 4))
    V = root @ root.T
    dense = np.zeros((9, 15))
    for row in dense:
        row[rng.choice(15, entries, replace=False)] = rng.normal(size=entries)
    written = dense @ rows
    wanted = np.einsum("ij,jk,ik->i", written, V, written)
    np.testing.assert_allclose(quadratic(rows, V, csr_array(dense)), wanted)


def test_pieces_are_the_whole(monkeypatch):
    monkeypatch.setattr(combinations, "_PIECE", 8)
    rows, combine = np.arange(12.0).reshape(3, 4), csr_array(np.arange(15.0).reshape(5, 3))
    found = list(pieces(rows, combine))
    assert len(found) == 3
    np.testing.assert_allclose(np.vstack(found), combine.toarray() @ rows)
