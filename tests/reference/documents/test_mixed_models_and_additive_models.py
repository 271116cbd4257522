"""Numbers of "Mixed Model Estimation, a Connection to Additive Models, and Beyond" (after Wood 2006, chapter 6)."""

import json
import pathlib

import numpy as np
import pytest
from examples.mixed_model_and_spline import scaled_engine, wiggles

import lmm
from tests import tolerances
from tests.reference.documents.printed import as_printed

FORMULA = "Reaction ~ Days + (1 | Subject)"
ENGINE = json.loads(pathlib.Path(__file__).with_name("engine.json").read_text())
PREDICTIONS = {
    "308": "40.64",
    "309": "-77.57",
    "310": "-62.88",
    "330": "4.39",
    "331": "10.18",
    "332": "8.19",
    "333": "16.44",
    "334": "-2.99",
    "335": "-45.12",
    "337": "71.92",
    "349": "-21.12",
    "350": "14.06",
    "351": "-7.83",
    "352": "36.25",
    "369": "7.01",
    "370": "-6.34",
    "371": "-3.28",
    "372": "18.05",
}


@pytest.fixture(scope="module")
def by_ml():
    return lmm.fit(FORMULA, lmm.datasets.load("sleepstudy"), method="ml")


@pytest.fixture(scope="module")
def by_reml():
    return lmm.fit(FORMULA, lmm.datasets.load("sleepstudy"))


@pytest.fixture(scope="module")
def slow(by_ml):
    return lmm.marginal(by_ml)


@pytest.fixture(scope="module", params=["reml", "ml"])
def spline(request):
    engine = scaled_engine()
    term = lmm.block(wiggles(engine["x"]))
    return lmm.fit("wear ~ x", engine, method=request.param, random={"spline": term})


def test_lme4_by_maximum_likelihood(by_ml):
    tau, sigma = by_ml.varcorr["sdcor"]
    assert as_printed(tau, "36.01")
    assert as_printed(sigma, "30.90")
    assert as_printed(by_ml.criterion, "1794.0786")
    assert as_printed(by_ml.aic, "1802.0786")
    assert as_printed(by_ml.bic, "1814.8505")
    assert as_printed(by_ml.loglik, "-897.0393")
    assert as_printed(by_ml.beta[0], "251.41")
    assert as_printed(by_ml.beta[1], "10.47")
    # lme4's df.resid takes all parameters from n; `df_residual` the fixed effects only.
    assert by_ml.n_obs - by_ml.n_parameters == 176
    assert by_ml.n_obs == 180
    assert by_ml.n_levels == {"Subject": 18}


def test_negative_log_likelihood_of_the_documents_function(slow):
    assert as_printed(-slow.loglik, "897.04")


def test_predictions_of_the_subjects(by_ml):
    effects = by_ml.ranef()
    found = dict(zip(effects["level"], effects["estimate"], strict=True))
    assert found.keys() == PREDICTIONS.keys()
    for subject, printed in PREDICTIONS.items():
        assert as_printed(found[subject], printed), subject


def test_predictions_from_the_marginal_covariance(by_ml, slow):
    # tau^2 Z' solve(Sigma) resid / sigma^2, as the document writes GZ'V^-1 (y - Xb).
    assert slow.b == pytest.approx(by_ml.b, abs=1e-9)
    assert slow.beta == pytest.approx(by_ml.beta, abs=1e-9)
    assert slow.loglik == pytest.approx(by_ml.loglik, abs=1e-9)


def test_balanced_data_give_the_least_squares_line(by_ml):
    y, X = by_ml.y, by_ml.X
    assert by_ml.beta == pytest.approx(np.linalg.lstsq(X, y)[0], abs=1e-9)


def test_gamm4_by_reml(by_reml):
    tau, sigma = by_reml.varcorr["sdcor"]
    se = np.sqrt(np.diag(by_reml.vcov))
    assert as_printed(by_reml.criterion, "1786.5")
    assert [as_printed(tau**2, "1378.2"), as_printed(tau, "37.12")] == [True, True]
    assert [as_printed(sigma**2, "960.5"), as_printed(sigma, "30.99")] == [True, True]
    for value, printed in zip(by_reml.beta, ("251.4051", "10.4673"), strict=True):
        assert as_printed(value, printed)
    for value, printed in zip(se, ("9.7467", "0.8042"), strict=True):
        assert as_printed(value, printed)
    for value, printed in zip(by_reml.beta / se, ("25.79", "13.02"), strict=True):
        assert as_printed(value, printed)
    assert as_printed(by_reml.corr[0, 1], "-0.371")


def test_scaled_residuals(by_reml):
    quartiles = np.quantile(by_reml.residuals("scaled"), [0, 0.25, 0.5, 0.75, 1])
    for value, printed in zip(quartiles, ("-3.2257", "-0.5529", "0.0109", "0.5188", "4.2506"), strict=True):
        assert as_printed(value, printed)


def test_spline_as_random_term(spline):
    expected = ENGINE[spline.method]
    tau, sigma = spline.varcorr["sdcor"]
    assert as_printed(spline.criterion, {"reml": "38.513576", "ml": "37.392824"}[spline.method])
    assert spline.criterion <= expected["criterion"] + tolerances.CRITERION_ABOVE
    assert tau == pytest.approx(expected["sd_spline"], rel=tolerances.SD)
    assert sigma == pytest.approx(expected["sd_residual"], rel=tolerances.SIGMA)
    if spline.method == "reml":
        assert as_printed(tau, "12.0005")


def test_spline_curve(spline):
    # The curve of mgcv on 0, 1/20, ..., 1, from the coefficients of its own basis.
    grid = np.linspace(0, 1, 21)
    curve = spline.beta[0] + spline.beta[1] * grid + wiggles(grid) @ spline.b
    assert curve == pytest.approx(ENGINE[spline.method]["fit_grid"], abs=1e-4 * spline.sigma)


def test_spline_at_the_smoothing_parameter_of_the_document():
    # Its first fit takes lambda = 1e-4: penalised least squares, the mixed model at theta = 1 / sqrt(lambda).
    engine = scaled_engine()
    fit = lmm.fit("wear ~ x", engine, random={"spline": lmm.block(wiggles(engine["x"]))}, theta=[100.0])
    assert fit.fitted == pytest.approx(ENGINE["lambda 1e-4"]["fitted"], abs=1e-9)


def test_spline_by_hand(spline):
    # Penalised least squares with the penalty sigma^2 / tau^2.
    tau, sigma = spline.varcorr["sdcor"]
    C = np.hstack([spline.X, spline.Z.toarray()])
    penalty = np.diag([0.0, 0.0, *[(sigma / tau) ** 2] * 7])
    coefficients = np.linalg.solve(C.T @ C + penalty, C.T @ spline.y)
    assert np.concatenate([spline.beta, spline.b]) == pytest.approx(coefficients, rel=1e-7)
