"""What smooth terms leave: without a penalty's effects, without a curve."""

import pytest

import lmm
from lmm.inference.random_terms.smooth_reductions import smooth_reductions
from tests.bases.stored import table


def test_penalties_of_a_fit_by_reml():
    fit = lmm.fit("y ~ s(x0) + s(x2)", table("gamsim1"))
    assert [reduction.label for reduction in smooth_reductions(fit, True)] == ["s(x0)", "s(x2)"]
    for reduction in smooth_reductions(fit, True):
        # The straight line stays.
        assert reduction.columns == ()
        assert len(reduction.random(fit)) == 1


def test_whole_curves_of_a_fit_by_ml():
    fit = lmm.fit("y ~ s(x0) + s(x2)", table("gamsim1"), method="ml")
    found = list(smooth_reductions(fit, False))
    assert [reduction.label for reduction in found] == ["s(x0)", "s(x2)"]
    assert [len(reduction.columns) for reduction in found] == [1, 1]
    with pytest.raises(lmm.LmmError):
        list(smooth_reductions(lmm.fit("y ~ s(x0)", table("gamsim1")), False))
