"""Weights over twelve orders and data far from zero: the criterion does not depend on where zero is."""

from __future__ import annotations

import numpy as np
import pytest

from lmm.engine import CrossProducts, GroupBlock
from tests.reference.optimum.designs import Design, Term
from tests.reference.optimum.harsh import criterion

GRAIN = 2.0**12  # shifts of up to 1e9 round nothing


def drawn(seed):
    """Response, covariate, level and weights of each row; for odd seeds a few rows weigh more than all others."""
    rng = np.random.default_rng([seed, 12])
    n = int(rng.choice([24, 60, 600]))
    g = np.concatenate([np.arange(6), rng.integers(0, 6, n - 6)])
    x = np.round(rng.normal(size=n) * GRAIN) / GRAIN
    y = np.round((x + rng.normal(size=6)[g] + rng.normal(size=n)) * GRAIN) / GRAIN
    weights = 10.0 ** rng.uniform(-6, 6, n)
    if seed % 2:
        weights = np.where(rng.random(n) < 3 / n, 1e6, 10.0 ** rng.uniform(-6, -2, n))
    return y, x, g, weights


def evaluated(y, x, g, weights, T):
    X = np.column_stack([np.ones(y.size), x])
    return CrossProducts(y, X, [GroupBlock(g.astype(np.int32), None, 6)], weights).evaluate([T], reml=True)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("shift", [(1e6, 0.0), (0.0, 1e6), (1e9, 0.0), (0.0, 1e9), (-1e9, 1e9)])
def test_shifts_change_no_digit_that_counts(seed, shift):
    """The oracle is the QR factor of the rows without the shift: REML does not depend on it."""
    y, x, g, weights = drawn(seed)
    T = np.array([[0.8]])
    X = np.column_stack([np.ones(y.size), x])
    wanted = criterion(Design("", y, X, (Term(g, (0,)),), weights, True, 2), [T])
    here, there = evaluated(y, x, g, weights, T), evaluated(y + shift[0], x + shift[1], g, weights, T)
    assert there.criterion == pytest.approx(wanted, abs=2e-6)
    error = here.sigma * np.sqrt(here.unscaled_vcov[1, 1])
    assert abs(there.beta[1] - here.beta[1]) < 1e-7 * error


def test_the_intercept_follows_the_shift():
    y, x, g, weights = drawn(0)
    here, there = (evaluated(y + shift, x, g, weights, np.array([[0.8]])) for shift in (0.0, 1e6))
    assert there.beta[0] - here.beta[0] == pytest.approx(1e6, abs=1e-8)
    np.testing.assert_allclose(there.unscaled_vcov, here.unscaled_vcov, rtol=1e-9)
