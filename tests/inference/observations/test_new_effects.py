"""Effects of levels without data count with their variance."""

import numpy as np
import pytest

import lmm


@pytest.mark.parametrize("interval", ["confidence", "prediction"])
def test_a_new_batch(interval):
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    between, within = fit.varcorr["vcov"]
    found = fit.predict({"Batch": ["Z"]}, interval=interval, new_levels="sample", df="normal")
    wanted = fit.vcov[0, 0] + between + (within if interval == "prediction" else 0.0)
    np.testing.assert_allclose(found["std_error"] ** 2, wanted, rtol=1e-8)


def test_terms_that_take_no_part_count_in_predictions_only():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    between, within = fit.varcorr["vcov"]
    new = {"Batch": ["A"]}
    mean = fit.predict(new, interval="confidence", random=False, df="normal")["std_error"][0]
    observation = fit.predict(new, interval="prediction", random=False, df="normal")["std_error"][0]
    assert mean**2 == pytest.approx(fit.vcov[0, 0], rel=1e-10)
    assert observation**2 == pytest.approx(fit.vcov[0, 0] + between + within, rel=1e-8)
