"""Profiles of weighted fits: R's are not a reference, since lme4 1.1-31 ends too early there."""

import numpy as np
import pytest
from scipy.stats import chi2

from tests.inference.models import quietly, random_table


@pytest.mark.parametrize("seed", [3, 4])
def test_intervals_of_fixed_effects_end_where_a_refit_with_an_offset_says(seed):
    data = random_table(seed)
    fit = quietly("y ~ x + (1 | g) + (1 | h)", data, weights="w", method="ml")
    table = fit.confint(terms="x")
    limits = np.array([table["conf_low"][0], table["conf_high"][0]])
    rise = [
        quietly(
            "y ~ 1 + (1 | g) + (1 | h)", data, weights="w", method="ml", offset=limit * data["x"]
        ).criterion
        - fit.criterion
        for limit in limits
    ]
    assert rise == pytest.approx([chi2.ppf(0.95, 1)] * 2, abs=1e-4)
