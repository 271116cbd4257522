"""The covariance that counts the uncertainty of smoothing parameters."""

import numpy as np
import pytest

import lmm
from lmm.errors import UnsupportedError
from lmm.inference.smooth_terms.of_the_mean import mean_covariance
from tests.bases.stored import reference, table
from tests.inference.smooth_terms.fits import motorcycle


def test_it_is_larger():
    fit = motorcycle()
    more = mean_covariance(fit, "corrected") - mean_covariance(fit, "bayes")
    assert np.linalg.eigvalsh(more)[0] > -1e-8 * np.abs(more).max()
    assert np.trace(more) > 0.0


def test_frequentist_is_smaller():
    fit = motorcycle()
    less = mean_covariance(fit, "bayes") - mean_covariance(fit, "frequentist")
    assert np.linalg.eigvalsh(less)[0] > -1e-8 * np.abs(less).max()


@pytest.mark.parametrize("random", ["(1 | g)", "s(g, bs='re')"])
def test_beside_random_effects_as_mgcv(random):
    data = dict(table("bars"))
    data["g"] = [f"{value:g}" for value in data["g"]]
    stored, at = reference("o25"), {"x": [0.1, 0.3, 0.5, 0.9]}
    fit = lmm.fit(f"y ~ s(x, k=10, bs='cr') + {random}", data)
    assert fit.criterion / 2.0 == pytest.approx(stored["score"], rel=1e-8)
    for covariance, tolerance in (("bayes", 1e-5), ("corrected", 1e-3)):
        found = fit.smooth("s(x)", at, covariance=covariance)["std_error"]
        np.testing.assert_allclose(found, stored[covariance], rtol=tolerance)


def test_correlated_effects_are_held_and_given_parameters_too():
    data = lmm.datasets.load("sleepstudy")
    at = {"Days": [0.0, 4.0, 9.0]}
    fit = lmm.fit("Reaction ~ s(Days, k=6, bs='cr') + (Days | Subject)", data)
    plain, more = (fit.smooth("s(Days)", at, covariance=kind)["std_error"] for kind in ("bayes", "corrected"))
    assert (more >= plain * (1.0 - 1e-9)).all()
    held = lmm.fit("Reaction ~ s(Days, k=6, bs='cr', sp=3) + (1 | Subject)", data)
    assert np.isfinite(held.smooth("s(Days)", at, covariance="corrected")["std_error"]).all()


def test_too_many_effects(monkeypatch):
    monkeypatch.setattr("lmm.inference.smooth_terms.corrected.MOST_EFFECTS", 10)
    fit = lmm.fit("Reaction ~ s(Days, k=6, bs='cr') + (1 | Subject)", lmm.datasets.load("sleepstudy"))
    with pytest.raises(UnsupportedError, match="10 random effects"):
        fit.smooth("s(Days)", covariance="corrected")
