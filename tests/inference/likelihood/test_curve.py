"""One curve of a profile: zeta is the signed root of the rise of the deviance."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from lmm.inference.likelihood.curve import to_phi, to_value, trace_curve
from lmm.inference.likelihood.parameters import select
from tests.inference.likelihood.one_way import deviance, fit


def test_zeta_of_a_standard_deviation():
    own = fit()
    (parameter,) = select(own, "sd_Intercept|Batch")
    curve = trace_curve(own, parameter, [1.0, 2.0], 1e-3, reml=False)
    for value, zeta in zip(curve.values, curve.zeta, strict=True):
        least = minimize_scalar(lambda s, sd=value: deviance(sd, s), bounds=(20.0, 120.0), method="bounded")
        rise = max(float(least.fun) - own.criterion, 0.0)
        assert np.sign(zeta) * zeta**2 == pytest.approx(np.sign(zeta) * rise, abs=1e-5)
    estimate = own.varcorr["sdcor"][0]
    assert np.interp(estimate, curve.values, curve.zeta) == pytest.approx(0.0, abs=1e-6)
    (limit,) = curve.limits([1.5])
    assert limit.reached == "crossed"
    assert curve.at(np.array([limit.value]))[0] == pytest.approx(1.5, abs=5e-3)


def test_coordinates_go_there_and_back():
    (parameter,) = select(fit(), "sigma")
    values = np.array([1.0, 49.5])
    np.testing.assert_allclose(to_value(parameter, to_phi(parameter, values)), values)
