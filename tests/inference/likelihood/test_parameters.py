"""Names, kinds and limits of what has intervals."""

import numpy as np
import pytest

import lmm
from lmm.errors import LmmError
from lmm.inference.likelihood.parameters import naming_notes, parameters, select, values_of

FIT = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))


def test_order_and_values():
    found = parameters(FIT)
    assert [p.kind for p in found] == ["sd", "sd", "correlation", "sigma", "beta", "beta"]
    values = values_of(found, FIT.T, FIT.sigma, FIT.beta)
    table = FIT.varcorr
    np.testing.assert_allclose(values[:2], table["sdcor"][:2])
    np.testing.assert_allclose(values[3], FIT.sigma)
    np.testing.assert_allclose(values[4:], FIT.beta)


def test_limits_and_names_of_variances():
    sd, _, correlation, sigma, intercept, _ = parameters(FIT)
    assert sd.limits == (0.0, np.inf)
    assert correlation.limits == (-1.0, 1.0)
    assert intercept.limits == (-np.inf, np.inf)
    assert (sd.squared_name(), sigma.squared_name()) == ("var_Intercept|Subject", "sigma^2")


def test_selection():
    assert [p.name for p in select(FIT, "beta_")] == ["Intercept", "Days"]
    assert len(select(FIT, "theta_")) == 4
    with pytest.raises(LmmError, match='Did you mean "Days"'):
        select(FIT, "Day")


def test_a_column_called_sigma():
    data = lmm.datasets.load("sleepstudy").rename(columns={"Days": "sigma"})
    fit = lmm.fit("Reaction ~ sigma + (1 | Subject)", data)
    chosen = parameters(fit)
    assert "sigma_" in [p.name for p in chosen]
    assert any("sigma_" in note for note in naming_notes(chosen))
