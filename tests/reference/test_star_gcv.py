"""Fits by cross-validation against gam(method = "GCV.Cp") of mgcv (tests/reference/star)."""

from functools import cache

import numpy as np
import pytest

import lmm
from tests.bases.stored import reference, table

DATA = {
    "sim1": "gamsim1", "sim2": "gamsim2", "sim4": "gamsim4", "sleep": "sleepstudy", "not": "nottem", "mcycle": "mcycle",
    "topo": "topo",
}  # fmt: skip
FITS = reference("o21")["fits"]
# mgcv ends at the worse of two optima there.
BETTER = ("ps", "kriging")
SAME = [key for key in FITS if key not in BETTER]


@cache
def fitted(key):
    there = FITS[key]
    data = dict(table(DATA[there["data"]]))
    for factor in ("fac", "Subject"):
        if factor in data:
            data[factor] = np.array([str(int(level)) for level in data[factor]])
    if there["data"] == "sim1":
        data["w"] = np.round(0.5 + np.arange(1, len(data["y"]) + 1) % 7 / 4, 2)
    formula = there["formula"]
    if key == "cyclic":
        formula = formula.replace("bs='cc', k=8", "bs='cc', k=8, knots=c(.5, 12.5)")
    return lmm.fit(formula, data, method="gcv", weights=there.get("weights"), select=there["select"])


@pytest.mark.parametrize("key", SAME)
def test_the_score_and_what_follows_from_it(key):
    there, fit = FITS[key], fitted(key)
    assert fit.converged
    # The eigenfunctions of a Gaussian process are approximate in mgcv: its score is higher.
    assert fit.criterion == pytest.approx(there["score"], rel=2e-7 if key == "mcycle_gp" else 1e-8)
    assert fit.edf == pytest.approx(there["edf_total"], rel=1e-5)
    assert fit.sigma**2 == pytest.approx(there["sig2"], rel=1e-6)
    edf = [smooth["edf"] for smooth in there["smooths"]]
    np.testing.assert_allclose(fit.smooths()["edf"], edf, rtol=2e-5, atol=1e-5)
    rows = np.array(there["rows"]) - 1
    np.testing.assert_allclose(fit.fitted[rows], there["fit"], rtol=0, atol=2e-6 * np.ptp(fit.fitted))


@pytest.mark.parametrize("key", BETTER)
def test_where_mgcv_ends_at_the_worse_of_two_optima(key):
    assert fitted(key).criterion < FITS[key]["score"] * (1 - 1e-3)


@pytest.mark.parametrize(
    "key", ["mcycle_cr", "mcycle_ps", "mcycle_bs", "tp", "cr", "weights", "parametric", "te", "ti"]
)
def test_smoothing_parameters(key):
    there = np.array(list(FITS[key]["sp"].values()), dtype=float)
    own = np.asarray(fitted(key).smoothing()["sp"], dtype=float)
    # A smoothing parameter of a straight line may be any that is large, one of no penalty any that is small.
    told = (there > 1e-6) & (there < 1e5)
    assert told.any()
    np.testing.assert_allclose(own[told], there[told], rtol=2e-3)


@pytest.mark.parametrize("key", [key for key in SAME if key not in ("fs", "sz")])
def test_parametric_terms_have_the_bayesian_covariance_and_the_residual_degrees_of_freedom(key):
    there, fit = FITS[key]["parametric"], fitted(key)
    own = fit.coefficients()
    np.testing.assert_allclose(own["estimate"], [row["Estimate"] for row in there], rtol=1e-5)
    np.testing.assert_allclose(own["std_error"], [row["Std. Error"] for row in there], rtol=1e-5)
    np.testing.assert_allclose(own["p_value"], [row["Pr(>|t|)"] for row in there], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(own["df"], fit.n_obs - FITS[key]["edf_total"], rtol=1e-5)


@pytest.mark.parametrize(
    "key", ["mcycle_tp", "mcycle_cr", "mcycle_ps", "tp", "cr", "weights", "plate", "te", "parametric"]
)
def test_tests_of_smooth_terms(key):
    there, own = FITS[key]["tests"], fitted(key).smooths()
    np.testing.assert_allclose(own["p_value"], [row["p-value"] for row in there], rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("key", ["mcycle_tp", "tp", "parametric", "te", "weights"])
def test_standard_errors_of_the_curves(key):
    there, fit = FITS[key], fitted(key)
    rows = np.array(there["rows"]) - 1
    frame = {name: np.asarray(fit.model_frame[name])[rows] for name in fit.model_frame.columns}
    found = fit.predict_intervals(frame, interval="confidence")
    np.testing.assert_allclose(found["std_error"], there["se"], rtol=1e-5)
