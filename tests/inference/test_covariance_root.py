"""The root of a covariance of estimates, or an error that says why there is none."""

import numpy as np
import pytest

from lmm.errors import DesignError
from lmm.inference.covariance_root import covariance_root


def test_it_is_lower_and_its_square_the_covariance():
    A = np.random.default_rng(1).normal(size=(5, 5))
    V = A @ A.T
    M = covariance_root(V)
    np.testing.assert_allclose(M @ M.T, V)
    np.testing.assert_array_equal(M, np.tril(M))
    assert covariance_root(np.zeros((0, 0))).shape == (0, 0)


def test_dependent_columns_are_named_as_the_cause():
    with pytest.raises(DesignError, match="nearly linearly dependent"):
        covariance_root(np.array([[1.0, 1.0], [1.0, 1.0 - 1e-12]]))
