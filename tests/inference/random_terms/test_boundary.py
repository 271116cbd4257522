"""Which mixture belongs to a random term that is left out."""

import pytest

import lmm
from lmm.inference.random_terms.boundary import boundary_mixture
from lmm.inference.random_terms.reductions import reductions


def mixtures(formula, data, reduce):
    fit = lmm.fit(formula, data)
    for reduction in reductions(fit, reduce):
        yield boundary_mixture(fit, reduction, 1 if reduction.left is None else 2)


def test_one_variance_is_half_and_half():
    ((mixture, exact),) = mixtures("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), False)
    assert exact
    assert mixture.p_value(2.7055) == pytest.approx(0.05, abs=1e-5)


def test_a_slope_and_its_correlation():
    """½χ²(1) + ½χ²(2) for the slope of a correlated pair."""
    from scipy.stats import chi2

    found = list(mixtures("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"), True))
    for mixture, exact in found:
        assert exact
        assert mixture.p_value(5.0) == pytest.approx(0.5 * (chi2.sf(5.0, 1) + chi2.sf(5.0, 2)), rel=1e-9)
