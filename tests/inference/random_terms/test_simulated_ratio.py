"""Draws of the likelihood ratio: the mass at zero of a balanced layout is P(F ≤ 1)."""

import numpy as np
import pytest
from scipy.stats import f

from lmm.inference.random_terms.simulated_ratio import Spectrum, draw_ratios


@pytest.mark.parametrize(("levels", "rows"), [(6, 5), (20, 3), (4, 30)])
def test_the_mass_at_zero(levels, rows):
    mu, n = np.full(levels - 1, float(rows)), levels * rows
    ratios = draw_ratios(Spectrum(mu, mu, n - 1, n - 1), 40_000, np.random.default_rng(7))
    wanted = f.cdf(1.0, levels - 1, levels * (rows - 1))
    assert np.mean(ratios == 0.0) == pytest.approx(wanted, abs=4.0 * np.sqrt(0.25 / 40_000))
    assert (ratios >= 0.0).all()


def test_the_same_seed_gives_the_same_draws():
    mu = np.full(5, 5.0)
    one, other = (draw_ratios(Spectrum(mu, mu, 29, 29), 100, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
