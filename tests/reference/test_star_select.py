"""Fits with `select=True` against gam(select = TRUE) of mgcv (tests/reference/star)."""

import numpy as np
import pytest

import lmm
from tests.bases.stored import reference, table

DATA = {"sim1": "gamsim1", "sim2": "gamsim2", "sim4": "gamsim4", "sleep": "sleepstudy", "not": "nottem"}
FITS = reference("o19")["fits"]


def fitted(key):
    there = FITS[key]
    data = dict(table(DATA[there["data"]]))
    for factor in ("fac", "Subject"):
        if factor in data:
            data[factor] = np.array([str(int(level)) for level in data[factor]])
    formula = there["formula"]
    if key == "cyclic":
        formula = formula.replace("bs='cc', k=8", "bs='cc', k=8, knots=c(.5, 12.5)")
    return lmm.fit(formula, data, method=there["method"].lower(), select=True)


@pytest.mark.parametrize("key", [key for key in FITS if key != "ts"])
def test_every_term_is_penalized_on_its_null_space(key):
    there, fit = FITS[key], fitted(key)
    assert fit.criterion == pytest.approx(2 * there["score"], rel=1e-8)
    np.testing.assert_allclose(fit.fitted[:20], there["fit"], rtol=0, atol=1e-6 * np.ptp(fit.fitted))
    edf = [smooth["edf"] for smooth in there["smooths"]]
    np.testing.assert_allclose(fit.smooths()["edf"], edf, rtol=1e-5, atol=1e-5)
    assert len(fit.smoothing()["term"]) == sum(smooth["n_penalties"] for smooth in there["smooths"])


def test_where_mgcv_ends_at_the_worse_of_two_optima():
    there, fit = FITS["ts"], fitted("ts")
    assert fit.criterion < 2 * there["score"] - 0.5
    assert list(fit.smoothing()["penalty"]) == [""] * 4  # nothing is left to penalize


def test_a_variance_of_zero_may_leave_others_undetermined():
    data = dict(table("gamsim4"))
    data["fac"] = np.array([str(int(level)) for level in data["fac"]])
    fit = lmm.fit("y ~ s(x0, k=8) + s(x0, fac, bs='sz', k=8)", data)
    # gam(..., method = "REML")$gcv.ubre of mgcv 1.8-41 is 707.350101009, with one smoothing parameter at 2318
    assert fit.criterion / 2 == pytest.approx(707.350101009, rel=1e-6)
    assert fit.criterion / 2 < 707.350101009
    assert any("hardly tell apart the parameters s(x0,fac).1, s(x0,fac).3" in note for note in fit.notes)
