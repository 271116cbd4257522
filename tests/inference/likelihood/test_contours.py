"""Contours: the deviance on a boundary is above its minimum by the quantile of χ²(2)."""

import numpy as np
from scipy.stats import chi2

from tests.inference.likelihood.one_way import deviance, fit


def test_both_standard_deviations():
    own = fit()
    region = own.profile().contour("sd_Intercept|Batch", "sigma", levels=[0.5, 0.95])
    inside = region["sd_Intercept|Batch"] > 0.0
    rise = np.array(
        [
            deviance(sd, sigma) - own.criterion
            for sd, sigma in zip(region["sd_Intercept|Batch"], region["sigma"], strict=True)
        ]
    )
    np.testing.assert_allclose(rise[inside], chi2.ppf(region["level"][inside], 2), rtol=2e-3)
    # Where the region meets the end of the parameter space its boundary follows it.
    assert (rise[~inside] <= chi2.ppf(0.95, 2) * (1.0 + 2e-3)).all()
