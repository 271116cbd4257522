"""Eigenvalues of one variance: of a balanced layout with a levels of n rows, n with multiplicity a - 1."""

import numpy as np
import pytest

import lmm
from lmm.inference.random_terms.null_spectrum import null_spectrum


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_balanced_one_way_layout(method):
    data = lmm.datasets.load("Dyestuff")
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", data, method=method)
    small = lmm.fit("Yield ~ 1", data, method=method)
    found = null_spectrum(fit, small, [np.eye(1)], [np.zeros((1, 1))])
    np.testing.assert_allclose(np.sort(found.mu), [0.0] + [5.0] * 5, atol=1e-10)
    np.testing.assert_allclose(
        np.sort(found.xi), [0.0] + [5.0] * 5 if method == "reml" else [5.0] * 6, atol=1e-10
    )
    assert (found.n_free, found.n_counted) == (29, 29 if method == "reml" else 30)
