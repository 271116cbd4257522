"""Fits with smooth terms against the stored numbers of mgcv and gamm4 (tests/reference/star)."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.inference.smooth_terms.weighted_chi_square import weighted_chi_square_tail
from tests.bases.stored import STAR, reference, table

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
MRF = "bs='mrf',xt=list(polys=columb.polys)"
ENDS = {"smooths": {"ends": [0.5, 12.5]}}
GAM += [
    ("o06", "full", "columb", f"crime ~ s(district,{MRF})", {}),
    ("o06", "k20", "columb", f"crime ~ s(district,{MRF},k=20)", {}),
    ("o06", "k20_income", "columb", f"crime ~ s(district,{MRF},k=20)+s(income)", {}),
    ("o06", "full_geo", "columb", f"crime ~ income + s(district,{MRF},k=30)+s(home.value,k=5)", {}),
    ("o06", "by_numeric", "columb", f"crime ~ s(district,{MRF},k=15,by=income)", {}),
    ("o08", "tp30", "gamsim2", "y ~ s(x, z, k = 30)", {}),
    ("o08", "te5", "gamsim2", "y ~ te(x, z, k = 5)", {}),
    ("o08", "te_tp", "gamsim2", "y ~ te(x, z, bs = 'tp', k = 5)", {}),
    ("o08", "te_ps", "gamsim2", "y ~ te(x, z, bs = 'ps', k = 6)", {}),
    ("o08", "te_nonp", "gamsim2", "y ~ te(x, z, bs = 'tp', k = 5, np = FALSE)", {}),
    ("o08", "anova_ti", "gamsim2", "y ~ s(x, k = 6, bs='cr') + s(z, k = 6, bs='cr') + ti(x, z, k = 4)", {}),
    ("o08", "ti_all", "gamsim2", "y ~ ti(x, k = 6) + ti(z, k = 6) + ti(x, z, k = 4)", {}),
    ("o08", "s_plus_s2", "gamsim2", "y ~ s(x) + s(z) + s(x, z, k = 20)", {}),
    ("o08", "gp", "gamsim2", "y ~ s(x, z, bs = 'gp', k = 30, m = c(3, .3))", {}),
    ("o08", "ds", "gamsim2", "y ~ s(x, z, bs = 'ds', k = 30, m = c(1, .5))", {}),
    ("o08", "te_dslope", "gamsim2", "y ~ te(x, z, k = 5, fx = FALSE, m = 1, bs = 'ps')", {}),
    ("o09", "by_factor_id", "gamsim4", "y ~ fac + s(x2, by = fac, id = 1) + s(x0)", {}),
    ("o09", "sz", "gamsim4", "y ~ s(x2) + s(fac, x2, bs = 'sz') + s(x0)", {}),
    ("o09", "sz_id", "gamsim4", "y ~ s(x2) + s(fac, x2, bs = 'sz', id = 1) + s(x0)", {}),
    ("o09", "by_te", "gamsim4", "y ~ te(x0, x2, by = fac, k = 4) + fac", {}),
    ("o10", "cc", "nottem", "temp ~ s(month, bs = 'cc', k = 8, knots = ends)", ENDS),
    ("o10", "cp", "nottem", "temp ~ s(month, bs = 'cp', k = 8, knots = c(.5, 12.5))", {}),
    (
        "o10",
        "cc_year",
        "nottem",
        "temp ~ s(month, bs = 'cc', k = 10, knots = c(.5, 12.5)) + s(year, k = 8)",
        {},
    ),
    (
        "o10",
        "cc_year_re",
        "nottem",
        "temp ~ s(month, bs = 'cc', k = 10, knots = ends) + s(yearf, bs = 're')",
        ENDS,
    ),
    (
        "o10",
        "te_cc",
        "nottem",
        "temp ~ te(month, year, bs = c('cc','cr'), k = c(6, 5), knots = list(month = c(.5, 12.5)))",
        {},
    ),
    ("o10", "cc_default_knots", "nottem", "temp ~ s(month, bs = 'cc', k = 8)", {}),
    (
        "o11",
        "cr_re_gam",
        "sleepstudy",
        "Reaction~s(Days,k=8,bs='cr')+s(Subject,bs='re')+s(Days,Subject,bs='re')",
        {},
    ),
    ("o11", "sz", "sleepstudy", "Reaction~s(Days,k=6)+s(Subject,Days,bs='sz',k=5,id=1)", {}),
    ("o12", "default_k30", "topo", "z ~ s(x, y, bs = 'gp', k = 30)", {}),
    ("o12", "full_rank_mat15", "topo", "z ~ s(x, y, bs = 'gp', k = 52, m = c(3, 2))", {}),
    ("o12", "mat25", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(4, 2))", {}),
    ("o12", "mat35", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(5, 2))", {}),
    ("o12", "spherical", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(1, 3))", {}),
    ("o12", "exponential", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(2, 2))", {}),
    ("o12", "powexp", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(2, 2, 1.5))", {}),
    ("o12", "stationary_mat15", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(-3, 2))", {}),
    ("o12", "tp", "topo", "z ~ s(x, y, k = 30)", {}),
    ("o16", "ad", "mcycle", "accel ~ s(times, k = 20, bs = 'ad', m = 4)", {}),
    ("o16", "fx", "mcycle", "accel ~ s(times, k = 8, bs = 'cr', fx = TRUE)", {}),
    ("o16", "pc", "mcycle", "accel ~ s(times, k = 12, bs = 'cr', pc = 14.6)", {}),
    ("o16", "extrapolate_cr", "mcycle", "accel ~ s(times, k = 10, bs = 'cr')", {}),
    ("o16", "extrapolate_tp", "mcycle", "accel ~ s(times, k = 10)", {}),
    ("o16", "extrapolate_ps", "mcycle", "accel ~ s(times, k = 10, bs = 'ps')", {}),
    ("o16", "extrapolate_bs", "mcycle", "accel ~ s(times, k = 10, bs = 'bs')", {}),
    ("o16", "linear_truth_edf1", "edge", "y ~ s(x, k = 6) + s(u) + s(g, bs = 're')", {}),
    ("o16", "few_unique", "edge", "y ~ s(x, k = 11, bs = 'cr')", {}),
    ("o16", "no_intercept", "edge", "y ~ g - 1 + s(u, k = 6)", {}),
    ("o16", "offset", "edge", "y ~ offset(2 * x) + s(u, k = 6, bs = 'ps')", {}),
    ("o16", "re_only", "edge", "y ~ s(g, bs = 're')", {}),
    ("o16", "interaction_re", "edge", "y ~ s(x) + s(u, g, bs = 're')", {}),
    ("o16", "factor_and_smooth_tests", "edge", "y ~ g + s(u, k = 6)", {}),
]
NAMES = [f"{case}-{key}-{i}" for i, (case, key, *_) in enumerate(GAM)]


def stored(case, key):
    found = reference(case)
    return found["fits"][key] if "fits" in found else found[key]


def data_of(name):
    """Data with factors as the scripts make them."""
    found = dict(table(name))
    for factor in {"sleepstudy": ["Subject"], "gamsim4": ["fac"], "columb": ["district"]}.get(name, []):
        found[factor] = [f"{value:g}" for value in found[factor]]
    if name == "nottem":
        found["yearf"] = [f"{value:g}" for value in found["year"]]
    if name == "gamsim4":
        found |= {"ofac": pd.Categorical(found["fac"], ordered=True), "num": found["x1"] - 0.5}
    return found


@cache
def fitted(name):
    _, _, data, formula, options = GAM[NAMES.index(name)]
    if "columb.polys" in formula:
        options = {**options, "smooths": {"columb.polys": polygons()}}
    return lmm.fit(formula, data_of(data), **options)


def polygons():
    stored_ = json.loads((STAR / "data" / "columb_polys.json").read_text(encoding="utf-8"))["polygons"]
    return {region: np.array(rows, dtype=float) for region, rows in stored_.items()}


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
            # Of two halves of a direction the sign decides which is printed: rounding, in symmetric designs.
            is_halved = own["term"] in ("s(Days)", "s(year)") and own["ref_df"] < 2.5
            rel = 2e-2 if is_halved or own["basis"] == "sz" else 5e-5
            assert own["statistic"] * own["ref_df"] == pytest.approx(total, rel=rel)
        assert own["p_value"] == pytest.approx(row["p-value"], abs=5e-5)


def is_interior(fit, label):
    """Whether no penalty of a term is infinite; that is 1e7 or more there."""
    return all(row["sp"] < 1e6 for row in fit.smoothing() if row["term"] == label)


def test_standard_deviations_and_smoothing_parameters(pair):
    fit, there = pair
    sp = there.get("full_sp") or there["sp"]
    sp = sp if isinstance(sp, dict) else {}
    found = fit.smoothing()
    numbers = {}
    for row in found:
        numbers[row["term"]] = number = numbers.get(row["term"], 0) + 1
        several = sum(term == row["term"] for term in found["term"]) > 1
        label = row["term"] + (str(number) if several else "")
        if label not in sp or not 1e-6 < sp[label] < 1e6:
            assert label not in sp or not 1e-6 < row["sp"] < 1e6
            continue
        components = there.get("variance_components_sd", [])
        for sd in [v["std.dev"] for v in components if isinstance(v, dict) and v["term"] == label]:
            assert row["sd"] == pytest.approx(sd, rel=1e-4)
        assert row["sp"] == pytest.approx(sp[label], rel=2e-4)


def test_predictions(pair):
    fit, there = pair
    new = {name: [row[name] for row in there["newdata"]] for name in there["newdata"][0]}
    if "ofac" in new:
        new["ofac"] = pd.Categorical(new["ofac"], ["1", "2", "3"], ordered=True)
    np.testing.assert_allclose(fit.predict(new), there["fit"], rtol=2e-5, atol=2e-5 * np.std(fit.y))


def test_the_spline_of_the_document():
    there, data = reference("o01"), table("engine")
    fit = lmm.fit("wear ~ s(x, bs='rk', knots=kn)", data, smooths={"kn": np.arange(1, 8) / 8})
    # There the fixed columns are 1 and x; here x is centred, with an orthonormal map.
    length = np.log(1 + np.mean(data["x"]) ** 2)
    assert fit.criterion + length == pytest.approx(there["REML"]["minus2_logREML"], rel=1e-8)
    assert fit.smooths()["sd"][0] == pytest.approx(there["REML"]["sd_spline"], rel=1e-5)
    assert fit.edf == pytest.approx(there["REML"]["edf"], rel=1e-6)
    found = fit.smooth("s(x)", {"x": there["grid"]}, intercept=True)
    np.testing.assert_allclose(found["estimate"], there["REML"]["fit_grid"], rtol=1e-6)
    np.testing.assert_allclose(found["std_error"], there["REML"]["se_grid_bayes"], rtol=1e-5)
    # Lambda of the penalty as it is defined: theta² c is its inverse.
    scale = fit.internals.spec.smooths.terms[0].curves[0].smooth.scales[0]
    held = lmm.fit(
        "wear ~ s(x, bs='rk', knots=kn)",
        data,
        smooths={"kn": np.arange(1, 8) / 8},
        theta={"s(x)": (1e-4 * scale) ** -0.5},
    )
    assert held.edf == pytest.approx(there["penalised_lambda_1e_4"]["trA"], rel=1e-8)
    np.testing.assert_allclose(held.fitted, there["penalised_lambda_1e_4"]["fitted"], rtol=1e-7)


def test_maximum_likelihood_of_a_map_has_an_inner_optimum():
    there = reference("o06")["fits"]["full_ML"]
    formula = f"crime ~ s(district,{MRF},sp={there['sp']['s(district)']!r})"
    fit = lmm.fit(formula, data_of("columb"), method="ml", smooths={"columb.polys": polygons()})
    assert fit.criterion == pytest.approx(2 * there["score"], rel=1e-7)
    assert fit.edf == pytest.approx(there["edf_total"], rel=1e-5)


@pytest.mark.parametrize("label", ["s(Subject)", "s(Days,Subject)"])
def test_tests_of_random_effects_beside_others(label):
    formula = "Reaction ~ Days + s(Subject, bs='re') + s(Days, Subject, bs='re')"
    fit = lmm.fit(formula, data_of("sleepstudy"))
    there = next(row for row in reference("o14")["re_tests"]["re_slopes"] if row["label"] == label)
    row = next(row for row in fit.smooths() if row["term"] == label)
    assert row["ref_df"] == there["rank"]
    assert row["statistic"] * there["rank"] == pytest.approx(there["stat"], rel=1e-5)
    assert row["p_value"] == pytest.approx(there["p"], abs=5e-5)


def test_weighted_sums():
    for row in reference("o14")["weighted_chisq"]:
        if row["q"]:
            found = weighted_chi_square_tail(np.array(row["weights"]), row["q"])
        else:
            *weights, last = row["weights"]
            found = weighted_chi_square_tail(np.array(weights), -last * row["df"][-1], row["df"][-1])
        assert found == pytest.approx(row["upper_tail"], abs=5e-7)


def test_an_unseen_level_has_the_mean_of_the_population():
    there = reference("o16")["unseen_level"]
    fit = lmm.fit("y ~ s(x,k=5)+s(g,bs='re')", data_of("edge"))
    found = fit.predict({"x": [0.5, 0.5], "g": ["a", "zz"]}, new_levels="population")
    np.testing.assert_allclose(found, there["fit"], rtol=2e-5)


# fs and t2 depend on a choice that LAPACK makes there; ours is canonical.
CANONICAL = [
    ("o09", "fs", "gamsim4", "y ~ s(x2, fac, bs = 'fs', k = 6) + s(x0)"),
    ("o09", "fs_cr", "gamsim4", "y ~ s(x2, fac, bs = 'fs', k = 6, xt = 'cr')"),
    ("o08", "t2", "gamsim2", "y ~ t2(x, z, k = 5)"),
    ("o08", "t2_full", "gamsim2", "y ~ t2(x, z, k = 5, full = TRUE)"),
    ("o11", "fs_gam", "sleepstudy", "Reaction~s(Days,Subject,bs='fs',k=5)"),
    ("o11", "pop_fs", "sleepstudy", "Reaction~s(Days,bs='cr',k=8)+s(Days,Subject,bs='fs',k=5,xt='cr')"),
]


@pytest.mark.parametrize(("case", "key", "data", "formula"), CANONICAL)
def test_terms_with_a_canonical_choice_are_near(case, key, data, formula):
    there = stored(case, key)
    fit = lmm.fit(formula, data_of(data))
    assert fit.converged
    assert fit.criterion == pytest.approx(2 * there["score"], abs=5.0)
    assert fit.edf == pytest.approx(there["edf_total"], rel=0.08)
    new = {name: [row[name] for row in there["newdata"]] for name in there["newdata"][0]}
    np.testing.assert_allclose(fit.predict(new), there["fit"], atol=0.1 * np.std(fit.y))


def test_gamm4_agrees_in_all_that_it_prints():
    there = reference("o02")["gamm4_tight"]
    fit = fitted("o02-gam-0")
    assert fit.criterion == pytest.approx(there["REMLcrit_or_dev"], rel=1e-9)
    assert fit.varcorr["sdcor"] == pytest.approx([37.12336, 30.99688], rel=1e-5)
    assert fit.beta == pytest.approx(list(there["fixef"].values()), rel=1e-7)
    assert fit.smooths()["sd"][0] == pytest.approx(reference("o02")["scalings"]["sd_days_raw_S"], rel=1e-4)
