"""Elimination of effects with variances: B, N and H against their definitions, also without variance."""

import numpy as np
import pytest

from lmm.inference.algebra.elimination import eliminate


@pytest.mark.parametrize("t", [1, 3, 120])
@pytest.mark.parametrize("scale", [0.0, 1e-4, 1.0, 1e4])
def test_against_the_definitions(t, scale):
    rng = np.random.default_rng(t)
    rows = rng.normal(size=(2, t + 2, t))
    A = np.einsum("cnt,cnu->ctu", rows, rows)
    tau = scale * np.linspace(0.0, 1.0, t) if t > 1 else np.array([scale])
    S = np.diag(tau**2)
    found = eliminate(A, tau)
    for own, B, N, H in zip(A, found.B, found.N, found.H, strict=True):
        inverse = np.linalg.inv(np.eye(t) + S @ own)
        np.testing.assert_allclose(N, inverse, rtol=1e-6, atol=1e-9 * max(1.0, np.abs(inverse).max()))
        np.testing.assert_allclose(B, own @ inverse, rtol=1e-6, atol=1e-8 * np.abs(own @ inverse).max())
        right = S @ np.linalg.inv(np.eye(t) + own @ S)
        np.testing.assert_allclose(H, right, rtol=1e-6, atol=1e-9 * max(np.abs(right).max(), 1e-300))
