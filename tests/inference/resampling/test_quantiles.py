"""Intervals from replicates."""

import numpy as np
import pytest

from lmm.errors import LmmError
from lmm.inference.resampling.quantiles import fewest_replicates, interval, known_kinds

DRAWS = np.random.default_rng(2).normal(size=4001)


def test_bca_without_bias_and_acceleration_is_the_percentile_interval():
    centre = float(np.median(DRAWS))
    plain = interval(DRAWS, centre, 0.9, "percentile")
    np.testing.assert_allclose(interval(DRAWS, centre, 0.9, "bca"), plain, atol=2e-3)


def test_basic_intervals_are_reflected():
    low, high = interval(DRAWS, 0.3, 0.9, "percentile")
    np.testing.assert_allclose(interval(DRAWS, 0.3, 0.9, "basic"), (0.6 - high, 0.6 - low))


def test_acceleration_moves_both_ends_the_same_way():
    centre = float(np.median(DRAWS))
    plain, moved = interval(DRAWS, centre, 0.9, "bca"), interval(DRAWS, centre, 0.9, "bca", 0.1)
    assert moved[0] > plain[0]
    assert moved[1] > plain[1]


def test_too_few_replicates_have_no_interval():
    n = fewest_replicates(0.95)
    assert np.isnan(interval(DRAWS[: n - 1], 0.0, 0.95, "percentile")).all()
    assert np.isfinite(interval(DRAWS[:n], 0.0, 0.95, "percentile")).all()
    with pytest.raises(LmmError, match="percentile"):
        known_kinds("percentil")
