"""Fits with smooth terms against the stored numbers of mgcv and gamm4 (tests/reference/star)."""

from functools import cache

import numpy as np
import pandas as pd
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
    ("o04", "tp20_REML", "mcycle", "accel ~ s(times, k = 20)", {}),
    ("o04", "tp20_ML", "mcycle", "accel ~ s(times, k = 20)", {"method": "ml"}),
    ("o04", "ts20_REML", "mcycle", 'accel ~ s(times, k = 20, bs = "ts")', {}),
    ("o04", "tp20_m1_REML", "mcycle", "accel ~ s(times, k = 20, m = 1)", {}),
    ("o04", "gp20_REML", "mcycle", 'accel ~ s(times, k = 20, bs = "gp")', {}),
    ("o04", "gp20_exp_REML", "mcycle", 'accel ~ s(times, k = 20, bs = "gp", m = c(2, 10))', {}),
    ("o07", "tp_REML", "gamsim1", "y~s(x0)+s(x1)+s(x2)+s(x3)", {}),
    ("o07", "tp_ML", "gamsim1", "y~s(x0)+s(x1)+s(x2)+s(x3)", {"method": "ml"}),
    (
        "o07",
        "tp_select",
        "gamsim1",
        "y~s(x0,select=TRUE)+s(x1,select=TRUE)+s(x2,select=TRUE)+s(x3,select=TRUE)",
        {},
    ),
    ("o07", "ts_better_optimum", "gamsim1", "y~s(x0,bs='ts')+s(x1,bs='ts')+s(x2,bs='ts')+s(x3,bs='ts')", {}),
    ("o07", "fixed_sp", "gamsim1", "y~s(x0,sp=.1)+s(x1,sp=.2)+s(x2,sp=.003)+s(x3,sp=5)", {}),
    ("o07", "cr_mixed_parametric", "gamsim1", "y ~ x1 + s(x0,bs='cr',k=8)+s(x2,bs='ps',k=15)+x3", {}),
]
GAM += [
    ("o02", "gam", "sleepstudy", "Reaction ~ s(Days,bs='cs')+s(Subject,bs='re')", {}),
    ("o09", "by_factor", "gamsim4", "y ~ fac + s(x2, by = fac) + s(x0)", {}),
    (
        "o09",
        "by_ordered",
        "gamsim4",
        "y ~ ofac + s(x2) + s(x2, by = ofac) + s(x0)",
        {"contrasts": {"ofac": "poly"}},
    ),
    ("o09", "by_numeric_vc", "gamsim3", "y ~ s(x2, by = x1)", {}),
    ("o09", "by_numeric_vc_plus", "gamsim3", "y ~ s(x2) + s(x2, by = x1)", {}),
    ("o09", "by_numeric_centred", "gamsim4", "y ~ s(x0) + s(x2, by = num, bs = 'cr')", {}),
    ("o09", "re_slope", "gamsim4", "y ~ s(x2) + s(fac, bs = 're') + s(fac, x0, bs = 're')", {}),
]
NAMES = [f"{case}-{key}-{i}" for i, (case, key, *_) in enumerate(GAM)]


def stored(case, key):
    found = reference(case)
    return found["fits"][key] if "fits" in found else found[key]


def data_of(name):
    """Data with factors as the scripts make them."""
    found = dict(table(name))
    for factor in {"sleepstudy": ["Subject"], "gamsim4": ["fac"]}.get(name, []):
        found[factor] = [f"{value:g}" for value in found[factor]]
    if name == "gamsim4":
        found |= {"ofac": pd.Categorical(found["fac"], ordered=True), "num": found["x1"] - 0.5}
    return found


@cache
def fitted(name):
    _, _, data, formula, options = GAM[NAMES.index(name)]
    return lmm.fit(formula, data_of(data), **options)


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
        assert edf[row["label"]] == pytest.approx(row["edf"], rel=2e-5, abs=1e-6)
    assert fit.edf == pytest.approx(there["edf_total"], rel=2e-5)


def test_tests_of_smooth_terms(pair):
    fit, there = pair
    rows = {row["term"]: row for row in fit.smooths()}
    for row in own_labels(fit, there["smooth_table"]):
        own = rows[row["label"]]
        if own["edf"] < 1e-3:
            assert row["p-value"] > 0.1
            continue
        if is_interior(fit, row["label"]):
            assert own["ref_df"] == pytest.approx(row["Ref.df"], rel=5e-5)
        if abs(row["edf"] - 1) > 0.02:
            total = row["F"] * row["Ref.df"]
            assert own["statistic"] * own["ref_df"] == pytest.approx(total, rel=5e-5)
        assert own["p_value"] == pytest.approx(row["p-value"], abs=5e-5)


def is_interior(fit, label):
    """Whether no penalty of a term is infinite; that is 1e7 or more there."""
    return all(row["sp"] < 1e6 for row in fit.smoothing() if row["term"] == label)


def test_standard_deviations_and_smoothing_parameters(pair):
    fit, there = pair
    sp = there.get("full_sp") or there["sp"]
    found = fit.smoothing()
    numbers = {}
    for row in found:
        numbers[row["term"]] = number = numbers.get(row["term"], 0) + 1
        several = sum(term == row["term"] for term in found["term"]) > 1
        label = row["term"] + (str(number) if several else "")
        if not sp[label] < 1e6:
            assert not row["sp"] < 1e6
            continue
        for sd in [v["std.dev"] for v in there.get("variance_components_sd", []) if v["term"] == label]:
            assert row["sd"] == pytest.approx(sd, rel=1e-4)
        assert row["sp"] == pytest.approx(sp[label], rel=2e-4)


def test_predictions(pair):
    fit, there = pair
    new = {name: [row[name] for row in there["newdata"]] for name in there["newdata"][0]}
    if "ofac" in new:
        new["ofac"] = pd.Categorical(new["ofac"], ["1", "2", "3"], ordered=True)
    np.testing.assert_allclose(fit.predict(new), there["fit"], rtol=2e-5, atol=2e-5 * np.std(fit.y))


def test_gamm4_agrees_in_all_that_it_prints():
    there = reference("o02")["gamm4_tight"]
    fit = fitted("o02-gam-0")
    assert fit.criterion == pytest.approx(there["REMLcrit_or_dev"], rel=1e-9)
    assert fit.varcorr["sdcor"] == pytest.approx([37.12336, 30.99688], rel=1e-5)
    assert fit.beta == pytest.approx(list(there["fixef"].values()), rel=1e-7)
    assert fit.smooths()["sd"][0] == pytest.approx(reference("o02")["scalings"]["sd_days_raw_S"], rel=1e-4)
