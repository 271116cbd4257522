"""Estimable functions where a cell is empty."""

import numpy as np
import pytest

import lmm
from lmm.errors import LmmError
from lmm.inference.contrast.estimability import as_matrix, estimable_part, estimable_rows, kept_columns


@pytest.fixture(scope="module")
def fit():
    """a × b without the cell (a2, b2)."""
    rng = np.random.default_rng(5)
    cells = [("a1", "b1"), ("a1", "b2"), ("a2", "b1")] * 4
    data = {"a": [a for a, _ in cells], "b": [b for _, b in cells], "y": rng.normal(size=len(cells))}
    return lmm.fit("y ~ a * b", data)


def test_rows_of_x_are_estimable_and_the_empty_cell_is_not(fit):
    X = fit.internals.design.X
    assert estimable_rows(fit, X).all()
    assert not estimable_rows(fit, np.array([[1.0, 1.0, 1.0, 1.0]])).any()


def test_what_is_estimable_of_two_rows_is_their_difference(fit):
    both = np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    rows, rhs = estimable_part(fit, both, np.array([3.0, 1.0]))
    assert rows.shape == (1, 4)
    np.testing.assert_allclose(rows[0] / rows[0, 0], [1.0, 1.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(rhs[0] / rows[0, 0], 2.0)


def test_widths(fit):
    assert as_matrix(fit, [1.0, 0.0, 0.0, 0.0]).shape == (1, 4)
    assert kept_columns(fit, np.eye(4)).shape == (4, 3)
    with pytest.raises(LmmError, match="one number for each of the 4"):
        as_matrix(fit, [1.0, 2.0])
    with pytest.raises(LmmError, match="missing or infinite"):
        as_matrix(fit, [1.0, np.nan, 0.0, 0.0])
