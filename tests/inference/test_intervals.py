"""confint: one table for all methods."""

import numpy as np
import pytest
from scipy.stats import t

import lmm
from lmm.errors import LmmError

FIT = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))


def test_wald_intervals_of_fixed_effects_are_those_of_the_coefficients():
    found = FIT.confint(terms="beta_", method="wald")
    rows = FIT.coefficients()
    half = t.ppf(0.975, rows["df"]) * rows["std_error"]
    np.testing.assert_allclose(found["conf_low"], rows["estimate"] - half)
    np.testing.assert_allclose(found["conf_high"], rows["estimate"] + half)


@pytest.mark.parametrize("method", ["wald", "profile"])
def test_all_parameters_lie_within(method):
    found = FIT.confint(method=method)
    assert list(found["term"])[:2] == ["sd_Intercept|Subject", "sd_Days|Subject"]
    assert (found["conf_low"] < found["estimate"]).all()
    assert (found["estimate"] < found["conf_high"]).all()


def test_near_names_of_methods():
    with pytest.raises(LmmError, match="profile"):
        FIT.confint(method="profil")
