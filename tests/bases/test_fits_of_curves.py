"""Fits of whole models at mgcv's smoothing parameters have its score, edf, fitted values and standard errors."""

from functools import cache

import numpy as np
import pytest

from lmm.bases import Settings, learn_smooths, mixed_form, side_conditions
from tests.bases.additive import Additive, Term, term_of
from tests.bases.stored import factor, numbers, reference, table
from tests.bases.test_products import with_the_nulls_of_lapack


def s(names, basis="tp", k=None, m=None, by=None, knots=None, extra=None, **more):
    """One term: covariates by name, basis, settings, by-variable."""
    return names.split(), basis, Settings(k, m, knots, extra or {}), by, more


def additive(basis="tp", **more):
    return [s(name, basis, **more) for name in ("x0", "x1", "x2", "x3")]


# Case, fit: data, response, parametric columns, terms.
FITS = {
    "o04": {
        "cr20_REML": [s("times", "cr", 20)],
        "cr20_ML": [s("times", "cr", 20)],
        "cr20_GCV.Cp": [s("times", "cr", 20)],
        "tp20_REML": [s("times", "tp", 20)],
        "tp20_ML": [s("times", "tp", 20)],
        "tp20_GCV.Cp": [s("times", "tp", 20)],
        "ps20_REML": [s("times", "ps", 20)],
        "bs20_REML": [s("times", "bs", 20)],
        "cs20_REML": [s("times", "cs", 20)],
        "ts20_REML": [s("times", "ts", 20)],
        "tp20_m1_REML": [s("times", "tp", 20, m=1)],
        "gp20_REML": [s("times", "gp", 20)],
        "gp20_exp_REML": [s("times", "gp", 20, m=(2, 10))],
        "cr20_select_REML": [s("times", "cr", 20, select=True)],
        "cr20_fixed_sp_0.05": [s("times", "cr", 20)],
        "cr20_REML_weights": [s("times", "cr", 20)],
    },
    "o07": {
        "tp_REML": additive(),
        "tp_ML": additive(),
        "tp_GCV": additive(),
        "tp_select": additive(select=True),
        "ts": additive("ts"),
        "ts_better_optimum": additive("ts"),
        "fixed_sp": additive(),
        "cr_mixed_parametric": ["x1", s("x0", "cr", 8), s("x2", "ps", 15), "x3"],
    },
    "o08": {
        "tp30": [s("x z", "tp", 30)],
        "te5": [s("x z", "te", 5)],
        "te_tp": [s("x z", "te", 5, extra={"bs": "tp"})],
        "te_ps": [s("x z", "te", 6, extra={"bs": "ps"})],
        "te_nonp": [s("x z", "te", 5, extra={"bs": "tp", "np": False})],
        "anova_ti": [s("x", "cr", 6), s("z", "cr", 6), s("x z", "ti", 4)],
        "ti_all": [s("x", "ti", 6), s("z", "ti", 6), s("x z", "ti", 4)],
        "s_plus_s2": [s("x"), s("z"), s("x z", "tp", 20)],
        "gp": [s("x z", "gp", 30, m=(3, 0.3))],
        "ds": [s("x z", "ds", 30, m=(1, 0.5))],
        "te_dslope": [s("x z", "te", 5, m=1, extra={"bs": "ps"})],
    },
    "o09": {
        "by_factor": ["fac", s("x2", by="fac"), s("x0")],
        "by_factor_id": ["fac", s("x2", by="fac"), s("x0")],
        "by_ordered": ["ofac", s("x2"), s("x2", by="fac", by_is_ordered=True), s("x0")],
        "by_numeric_vc": [s("x2", by="x1")],
        "by_numeric_vc_plus": [s("x2"), s("x2", by="x1")],
        "by_numeric_centred": [s("x0"), s("x2", "cr", by="num")],
        "by_te": ["fac", s("x0 x2", "te", 4, by="fac")],
        "re_slope": [s("x2"), s("fac", "re"), s("fac x0", "re")],
    },
    "o16": {
        "ad": [s("times", "ad", 20, m=4)],
        "fx": [s("times", "cr", 8, fx=True)],
        "pc": [s("times", "cr", 12, pc=(14.6,))],
        "extrapolate_cr": [s("times", "cr", 10)],
        "extrapolate_tp": [s("times", "tp", 10)],
        "extrapolate_ps": [s("times", "ps", 10)],
        "extrapolate_bs": [s("times", "bs", 10)],
        "linear_truth_edf1": [s("x", "tp", 6), s("u"), s("g", "re")],
        "few_unique": [s("x", "cr", 11)],
        "no_intercept": ["g", s("u", "tp", 6)],
        "re_only": [s("g", "re")],
        "interaction_re": [s("x"), s("u g", "re")],
        "factor_and_smooth_tests": ["g", s("u", "tp", 6)],
    },
}
FACTORS = {"fac": ("1", "2", "3"), "g": tuple("abcdef")}
# Every smoothing parameter of one id is the same one.
SHARED = {("o09", "by_factor_id"): [0, 0, 0, 1]}

ALL = [(case, name) for case, fits in FITS.items() for name in fits]
each_fit = pytest.mark.parametrize(("case", "name"), ALL)


def data_of(case, name):
    if case == "o09":
        data = dict(table("gamsim3" if "by_numeric_vc" in name else "gamsim4"))
        if "x0" in data:
            data["num"] = data["x1"] - 0.5
        return data, "y"
    if case in {"o04", "o16"} and "times" in reference(case)["fits"][name]["newdata"][0]:
        return table("mcycle"), "accel"
    return table({"o07": "gamsim1", "o08": "gamsim2", "o16": "edge"}[case]), "y"


def covariate(name, values):
    if name in FACTORS:
        whole = [str(int(v)) if not isinstance(v, str) else v for v in values]
        return factor(name, whole, FACTORS[name])
    return numbers(name, values)


def parametric(wanted, columns, n):
    X = [np.ones(n)]
    for name in wanted:
        if name == "ofac":  # of R: orthogonal polynomials
            codes = np.array([int(value) for value in columns["fac"]]) - 1
            X += [
                np.array([-1.0, 0.0, 1.0])[codes] / np.sqrt(2),
                np.array([1.0, -2.0, 1.0])[codes] / np.sqrt(6),
            ]
            continue
        held = covariate(name, columns[name])
        X += (
            [held.values]
            if held.values is not None
            else [(held.codes == i) * 1.0 for i in range(1, len(held.levels))]
        )
    return np.column_stack(X)


@cache
def model(case, name):
    stored = reference(case)["fits"][name]
    data, response = data_of(case, name)
    new = {key: [row[key] for row in stored["newdata"]] for key in stored["newdata"][0]}
    wanted = [term for term in FITS[case][name] if isinstance(term, str)]
    smooths, at, by_at = [], [], []
    for term in FITS[case][name]:
        if isinstance(term, str):
            continue
        names, basis, settings, by, more = term
        own = [covariate(each, data[each]) for each in names]
        held = None if by is None else covariate(by, data[by])
        label = ",".join(names)
        learned = learn_smooths(label, basis, own, settings, by=held, **more)
        smooths += learned
        at += [(own, [covariate(each, new[each]) for each in names])] * len(learned)
        by_at += [(held, None if by is None else covariate(by, new[by]))] * len(learned)
    columns = [smooth.columns(own[0], by[0]) for smooth, own, by in zip(smooths, at, by_at, strict=True)]
    smooths = side_conditions(smooths, columns)
    places = SHARED.get((case, name))
    n, n_new = len(data[response]), len(stored["newdata"])
    terms, first = [Term(parametric(wanted, data, n), parametric(wanted, new, n_new))], 0
    for smooth, own, by in zip(smooths, at, by_at, strict=True):
        many = len(smooth.penalties)
        own_places = list(range(first, first + many)) if places is None else places[first : first + many]
        terms.append(
            term_of(smooth, smooth.columns(own[0], by[0]), smooth.columns(own[1], by[1]), own_places)
        )
        first += many
    weights = np.resize([1.0, 2.0, 0.5], n) if name == "cr20_REML_weights" else None
    return Additive(data[response], terms, weights=weights), smooths, stored


def smoothing(stored):
    sp = stored["sp"] or stored.get("full_sp") or {}
    return list(sp.values())


@each_fit
def test_score_edf_fit_and_standard_errors_are_those_of_mgcv(case, name):
    built, smooths, stored = model(case, name)
    fit = built.by_effects(smoothing(stored))
    np.testing.assert_allclose(fit.scores[stored["method"]], stored["score"], rtol=1e-7)
    assert [smooth.p for smooth in smooths] == [s["n_coef"] for s in stored["smooths"]]
    np.testing.assert_allclose(fit.edf[1:], [s["edf"] for s in stored["smooths"]], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fit.edf_total, stored["edf_total"], rtol=1e-5)
    np.testing.assert_allclose(fit.sig2, stored["sig2"], rtol=1e-5)
    np.testing.assert_allclose(fit.fit, stored["fit"], rtol=1e-5, atol=1e-5 * np.abs(stored["fit"]).max())
    # The condition of this one's cross-products is 1e15, and mgcv solves with these.
    np.testing.assert_allclose(fit.se, stored["se"], rtol=5e-5 if name == "gp20_REML" else 1e-5)


@each_fit
def test_scales_are_those_of_mgcv(case, name):
    _, smooths, stored = model(case, name)
    for smooth, theirs in zip(smooths, stored["smooths"], strict=True):
        if name != "fx" and not np.isnan(smooth.scales).any():
            np.testing.assert_allclose(smooth.scales, np.atleast_1d(theirs["S_scale"]), rtol=1e-6)


@each_fit
def test_effects_and_penalties_give_the_same_scores(case, name):
    built, _, stored = model(case, name)
    sp = np.clip(smoothing(stored), 1e-3, 1e3)
    if case in {"o08", "o09", "o16"} and name in {"ad", "by_te"}:
        sp = np.clip(sp, 0.1, 10.0)
    by_effects = built.by_effects(sp)
    for method in ("REML", "ML"):
        by_penalties, _ = built.score(np.log(sp), method)
        np.testing.assert_allclose(by_effects.scores[method], by_penalties, rtol=1e-8)


def test_scores_along_a_grid_are_those_of_mgcv():
    built, _, _ = model("o04", "cr20_REML")
    grid = reference("o04")["fits"]["cr20_profile"]
    for i, log_sp in enumerate(grid["log_sp"]):
        fit = built.by_effects([np.exp(log_sp)])
        np.testing.assert_allclose(
            [*(fit.scores[method] for method in ("REML", "ML", "GCV")), fit.edf_total],
            [grid["REML"][i], grid["ML"][i], grid["GCV"][i], grid["edf"][i]],
            rtol=1e-7,
        )


@pytest.mark.parametrize(("name", "full"), [("t2", False), ("t2_full", True)])
def test_t2_with_the_null_functions_of_lapack_has_the_score_of_mgcv(name, full, monkeypatch):
    from lmm.bases import smooth as smooth_file

    data, stored = table("gamsim2"), reference("o08")["fits"][name]
    own = [numbers(each, data[each]) for each in "xz"]
    new = [numbers(each, [row[each] for row in stored["newdata"]]) for each in "xz"]
    monkeypatch.setattr(smooth_file, "learn_basis", lambda *_: with_the_nulls_of_lapack(5, full))
    (smooth,) = learn_smooths("t2(x,z)", "t2", own, Settings(k=5))
    np.testing.assert_allclose(smooth.means, smooth.columns(own).mean(axis=0), atol=1e-12)
    terms = [
        Term(np.ones((200, 1)), np.ones((5, 1))),
        term_of(smooth, smooth.columns(own), smooth.columns(new)),
    ]
    fit = Additive(data["y"], terms).by_effects(smoothing(stored))
    np.testing.assert_allclose(fit.scores["REML"], stored["score"], rtol=1e-7)
    np.testing.assert_allclose(fit.edf_total, stored["edf_total"], rtol=1e-5)
    np.testing.assert_allclose(fit.fit, stored["fit"], rtol=1e-5)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_kernel_spline_of_engine_data_has_the_numbers_of_mgcv(method, monkeypatch):
    """By hand the two null functions are columns of their own; a constraint would only change how they are scaled."""
    from dataclasses import replace

    from lmm.bases import smooth as smooth_file
    from lmm.bases.catalog import learn_basis

    data, stored = table("engine"), reference("o01")
    x = [numbers("x", data["x"])]
    basis = replace(learn_basis("rk", x, Settings()), is_centred=False)
    np.testing.assert_allclose(basis.columns(x), stored["X"], atol=1e-12)
    np.testing.assert_allclose(basis.penalties[0], stored["S"], atol=1e-15)
    np.testing.assert_allclose(basis.columns([numbers("x", stored["grid"])]), stored["X_grid"], atol=1e-12)
    monkeypatch.setattr(smooth_file, "learn_basis", lambda *_: basis)
    (smooth,) = learn_smooths("s(x)", "rk", x, Settings())
    ours = stored[method]
    term = term_of(smooth, smooth.columns(x), smooth.columns([numbers("x", stored["grid"])]))
    built = Additive(data["wear"], [term])
    fit = built.by_effects([ours["lambda"] * smooth.scales[0]])
    wanted = ours["minus2_logREML" if method == "REML" else "minus2_logLik"]
    np.testing.assert_allclose(2 * fit.scores[method], wanted, rtol=1e-9)
    np.testing.assert_allclose(fit.edf_total, ours["edf"], rtol=1e-6)
    np.testing.assert_allclose(fit.fit, ours["fit_grid"], rtol=1e-6)
    np.testing.assert_allclose(built.by_effects([1e-4 * smooth.scales[0]]).edf_total, 6.8851188041, rtol=1e-9)


@pytest.mark.parametrize("name", ["cr", "tp", "ps", "cs", "bs"])
def test_random_effects_have_the_covariance_of_smooth2random(name):
    stored = reference("o05")["bases"][name]
    x = [numbers("times", table("mcycle")["times"])]
    (smooth,) = learn_smooths("s(times)", name, x, Settings(k=12))
    form = mixed_form(smooth)
    (piece,) = form.random
    assert (piece.size, form.fixed.shape[1]) == (stored["n_random"], stored["n_fixed"])
    values = np.linalg.eigvalsh(smooth.penalties[0])[::-1]
    np.testing.assert_allclose(values, stored["eigenvalues_S_absorbed"], rtol=1e-5, atol=1e-9 * values[0])
    rows = [row - 1 for row in stored["rows"]]
    Z, X = smooth.columns(x)[rows] @ piece.map, smooth.columns(x)[rows] @ form.fixed
    np.testing.assert_allclose(Z @ Z.T, stored["ZZt_rows"], rtol=1e-6)
    np.testing.assert_allclose(X @ X.T, np.reshape(stored["XfXft_rows"], (5, 5)), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(smooth.scales[0], stored["S_scale"], rtol=1e-7)
