"""Fits with smooth terms against the stored numbers of mgcv and gamm4 (tests/reference/star)."""

from functools import cache

import numpy as np
import pytest

import lmm
from tests.bases.stored import reference, table

WEIGHTS = np.resize([1.0, 2.0, 0.5], 133)

# Case, fit there, data, formula as in R, arguments.
GAM = [
    ("o02", "gam", "sleepstudy", 'Reaction ~ s(Days, bs="cs") + (1 | Subject)', {}),
    ("o04", "cr20_REML", "mcycle", 'accel ~ s(times, k = 20, bs = "cr")', {}),
    ("o04", "cr20_ML", "mcycle", 'accel ~ s(times, k = 20, bs = "cr")', {"method": "ml"}),
    ("o04", "ps20_REML", "mcycle", 'accel ~ s(times, k = 20, bs = "ps")', {}),
    ("o04", "bs20_REML", "mcycle", 'accel ~ s(times, k = 20, bs = "bs")', {}),
    ("o04", "cs20_REML", "mcycle", 'accel ~ s(times, k = 20, bs = "cs")', {}),
    ("o04", "cr20_select_REML", "mcycle", 'accel ~ s(times, k = 20, bs = "cr", select=TRUE)', {}),
    ("o04", "cr20_fixed_sp_0.05", "mcycle", "accel~s(times,k=20,bs='cr',sp=0.05)", {}),
    ("o04", "cr20_REML_weights", "mcycle", 'accel ~ s(times, k = 20, bs = "cr")', {"weights": WEIGHTS}),
    ("o07", "cr_mixed_parametric", "gamsim1", "y ~ x1 + s(x0,bs='cr',k=8)+s(x2,bs='ps',k=15)+x3", {}),
]
NAMES = [f"{case}-{key}" for case, key, *_ in GAM]


def stored(case, key):
    found = reference(case)
    return found["fits"][key] if "fits" in found else found[key]


@cache
def fitted(name):
    _, _, data, formula, options = GAM[NAMES.index(name)]
    return lmm.fit(formula, table(data), **options)


@pytest.fixture(params=NAMES)
def pair(request):
    case, key, *_ = GAM[NAMES.index(request.param)]
    return fitted(request.param), stored(case, key)


def own_labels(fit, there):
    """Smooth terms there that are smooth terms here: s(g, bs="re") may be written as a bar."""
    return [row for row in there if row["label"] in set(fit.smooths()["term"])]


def test_the_criterion_is_twice_the_score(pair):
    fit, there = pair
    assert fit.criterion == pytest.approx(2 * there["score"], rel=1e-7)


def test_effective_degrees_of_freedom(pair):
    fit, there = pair
    edf = dict(zip(fit.smooths()["term"], fit.smooths()["edf"], strict=True))
    for row in own_labels(fit, there["smooths"]):
        assert edf[row["label"]] == pytest.approx(row["edf"], rel=2e-5)
    assert fit.edf == pytest.approx(there["edf_total"], rel=2e-5)


def test_tests_of_smooth_terms(pair):
    fit, there = pair
    rows = {row["term"]: row for row in fit.smooths()}
    for row in own_labels(fit, there["smooth_table"]):
        own = rows[row["label"]]
        assert own["ref_df"] == pytest.approx(row["Ref.df"], rel=5e-5)
        assert own["statistic"] == pytest.approx(row["F"], rel=5e-5)
        assert own["p_value"] == pytest.approx(row["p-value"], abs=5e-5)


def test_standard_deviations_and_smoothing_parameters(pair):
    fit, there = pair
    sp = there.get("full_sp") or there["sp"]
    found = fit.smoothing()
    for i, row in enumerate(found):
        several = sum(term == row["term"] for term in found["term"]) > 1
        label = row["term"] + (str(1 + i) if several else "")
        for sd in [v["std.dev"] for v in there.get("variance_components_sd", []) if v["term"] == label]:
            assert row["sd"] == pytest.approx(sd, rel=1e-4)
        if label in sp:
            assert row["sp"] == pytest.approx(sp[label], rel=1e-4)


def test_predictions(pair):
    fit, there = pair
    new = {name: [row[name] for row in there["newdata"]] for name in there["newdata"][0]}
    np.testing.assert_allclose(fit.predict(new), there["fit"], rtol=2e-5, atol=2e-5 * np.std(fit.y))


def test_gamm4_agrees_in_all_that_it_prints():
    there = reference("o02")["gamm4_tight"]
    fit = fitted("o02-gam")
    assert fit.criterion == pytest.approx(there["REMLcrit_or_dev"], rel=1e-9)
    assert fit.varcorr["sdcor"] == pytest.approx([37.12336, 30.99688], rel=1e-5)
    assert fit.beta == pytest.approx(list(there["fixef"].values()), rel=1e-7)
    assert fit.smooths()["sd"][0] == pytest.approx(reference("o02")["scalings"]["sd_days_raw_S"], rel=1e-4)
