"""A curve for each level is not a single curve for all."""

import numpy as np
import pytest

import lmm


@pytest.mark.parametrize("k", [4, 5])
def test_curves_per_level_differ_between_levels(k):
    data = lmm.datasets.load("sleepstudy")
    fit = lmm.fit(f'Reaction ~ s(Days, Subject, bs="fs", k={k})', data)
    assert fit.smooths()["n_coef"].tolist() == [18 * k]
    ends = fit.predict({"Days": np.full(18, 9.0), "Subject": data["Subject"].unique()})
    assert np.ptp(ends) > 100.0
    # one curve for all has the residual variance of the subjects too
    assert fit.sigma < 0.6 * lmm.fit(f"Reaction ~ s(Days, k={k})", data).sigma
