"""Profiles where covariances have coordinates of their own, against those of the same model written another way."""

import numpy as np
import pytest

import lmm


@pytest.fixture(scope="module")
def sleepstudy():
    return lmm.datasets.load("sleepstudy")


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_two_columns_with_their_own_variances_are_profiled_as_unstructured_ones(sleepstudy, method):
    own = lmm.fit("Reaction ~ Days + csh(Days | Subject)", sleepstudy, method=method).confint(
        method="profile"
    )
    same = lmm.fit("Reaction ~ Days + (Days | Subject)", sleepstudy, method=method).confint(method="profile")
    for column in ("conf_low", "conf_high"):
        np.testing.assert_allclose(own[column], same[column], rtol=2e-4)


def test_an_end_of_the_interval_is_where_the_deviance_has_risen_by_chi_square(sleepstudy):
    formula = "Reaction ~ Days + ar1(0 + C(Days) | Subject)"
    fit = lmm.fit(formula, sleepstudy, method="ml")
    table = fit.confint(method="profile", terms="cor_ar1|Subject")
    for column in ("conf_low", "conf_high"):
        held = lmm.fit(formula, sleepstudy, method="ml", theta={"Subject.ar1.rho": float(table[column][0])})
        assert held.criterion - fit.criterion == pytest.approx(1.959963984540054**2, abs=2e-3)


def test_contours_say_that_they_are_not_there(sleepstudy):
    fit = lmm.fit("Reaction ~ Days + csh(Days | Subject)", sleepstudy)
    with pytest.raises(lmm.UnsupportedError, match="no contours"):
        lmm.profile(fit, terms=["sd_Days|Subject", "sigma"]).contour("sd_Days|Subject", "sigma")
