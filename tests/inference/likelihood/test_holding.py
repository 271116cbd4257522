"""The deviance with parameters held, against n × n algebra."""

import numpy as np
import pytest

import lmm
from lmm.errors import LmmError
from lmm.inference.likelihood.holding import surface
from lmm.inference.likelihood.parameters import select
from tests.inference.likelihood.one_way import deviance, fit


def test_both_standard_deviations_held():
    own = fit()
    held = surface(own, select(own, ["sd_Intercept|Batch", "sigma"]), reml=False)
    place = held.minimize(held.towards(np.array([30.0, np.log(60.0)])))
    assert place.value == pytest.approx(deviance(30.0, 60.0) - own.criterion, rel=1e-8)


def test_the_mean_held():
    own = fit()
    held = surface(own, select(own, "Intercept"), reml=False)
    place = held.minimize(held.towards(np.array([1500.0])))
    sd, sigma = own.varcorr["sdcor"]
    assert 0.0 < place.value <= deviance(sd, sigma, 1500.0) - own.criterion


def test_correlations_that_share_no_effect():
    data = lmm.datasets.load("sleepstudy").assign(x=lambda d: d["Days"] % 3, z=lambda d: d["Days"] % 2)
    own = lmm.fit("Reaction ~ Days + (Days + x + z | Subject)", data)
    pair = select(own, ["cor_Intercept.Days|Subject", "cor_x.z|Subject"])
    with pytest.raises(LmmError, match="two correlations that share no effect"):
        surface(own, pair, reml=True)
