"""What the search asks of a structure, <M, dS> and <M, d²S>, against the derivatives themselves."""

import numpy as np
import pytest

from lmm.covariance import Penalized, Tied, structure
from lmm.covariance.layout import ThetaLayout

RANDOM = np.random.default_rng(8)
SCALES = np.array([[1.0, 0.0], [0.5, 2.0], [0.0, 3.0]])
FAMILIES = {
    "us": (structure("us"), 2),
    "diag": (structure("diag"), 3),
    "cs": (structure("cs"), 3),
    "tied": (Tied(SCALES, ["a", "b"]), 3),
    "penalized": (Penalized(np.array([np.diag([1.0, 2.0]), [[2.0, 1.0], [1.0, 2.0]]]), ["a", "b"]), 2),
}


@pytest.mark.parametrize("factor", [1.0, 0.3, 7.0])
@pytest.mark.parametrize("name", FAMILIES)
def test_slopes_are_sums_over_derivatives(name, factor):
    family, k = FAMILIES[name]
    theta = factor * (family.start(k) + 0.1)
    M = RANDOM.normal(size=(k, k))
    M += M.T
    first, second = family.slopes(theta, M)
    np.testing.assert_allclose(
        first, [np.sum(M * d) for d in family.derivatives(theta, k)], rtol=1e-12, atol=1e-12
    )
    expected = [[np.sum(M * d) for d in row] for row in family.second(theta, k)]
    np.testing.assert_allclose(second, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("theta", [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [-1.0, 2.0]])
def test_slopes_of_tied_variances_at_zero_and_below(theta):
    family, theta, M = FAMILIES["tied"][0], np.array(theta), np.diag([1.0, -2.0, 3.0])
    first, second = family.slopes(theta, M)
    np.testing.assert_allclose(first, np.einsum("kl,ikl->i", M, family.derivatives(theta, 3)), atol=1e-14)
    np.testing.assert_allclose(second, np.einsum("kl,ijkl->ij", M, family.second(theta, 3)), atol=1e-14)


def test_slopes_of_a_layout_are_those_of_its_terms():
    layout = ThetaLayout.of([("g", ("a", "b"), "us"), ("s", ("1", "2", "3"), FAMILIES["tied"][0])])
    M = [np.eye(2), np.diag([1.0, 2.0, 3.0])]
    theta = layout.start + 0.5
    for (first, _), own, m, (_, dS) in zip(
        layout.slopes(theta, M), layout.places, M, layout.derivatives(theta), strict=True
    ):
        assert len(first) == own.stop - own.start
        np.testing.assert_allclose(first, np.einsum("kl,ikl->i", m, dS))
