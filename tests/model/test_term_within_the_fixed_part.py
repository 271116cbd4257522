"""A random term within the span of the fixed part: its variance is zero, and all else is as without it."""

from __future__ import annotations

import numpy as np
import pytest

import lmm


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_the_fit_is_that_of_the_fixed_part_alone(method):
    data = lmm.datasets.load("Oats")
    alone = lmm.fit("yield ~ Block:Variety", data, method=method)
    both = lmm.fit("yield ~ Block:Variety + (1 | Block:Variety)", data, method=method)

    assert both.theta.tolist() == [0.0]
    assert both.singular
    assert both.criterion == pytest.approx(alone.criterion, abs=1e-8)
    np.testing.assert_allclose(both.beta, alone.beta, rtol=1e-9)
    np.testing.assert_allclose(both.vcov, alone.vcov, rtol=1e-9)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_the_other_terms_are_found_as_ever(method):
    data = lmm.datasets.load("Oats")
    without = lmm.fit("yield ~ nitro + Block + (1 | Block:Variety)", data, method=method)
    both = lmm.fit("yield ~ nitro + Block + (1 | Block/Variety)", data, method=method)

    assert both.theta[0] == 0.0
    assert both.theta[1] == pytest.approx(without.theta[0], rel=1e-6)
    assert both.criterion == pytest.approx(without.criterion, abs=1e-8)
