"""Every table of emmeans: families and adjustments, weights, interactions, trends, scales, empty cells.

Mixed models are compared where R's search stopped, and again at our optimum.
"""

import re
from contextlib import nullcontext

import numpy as np
import pytest

import lmm
from lmm.means.adjusting.multivariate_t import sample_directions
from tests.reference.emmeans import cases
from tests.reference.emmeans.tables import Closeness, check, with_tests

OATS = ("oats_unbalanced", "oats_unbalanced_additive")


def tables_of_contrasts():
    found = []
    for case_id in (*OATS, "cake", "warpbreaks_lm"):
        case = cases.reference()[case_id]
        if case_id == "warpbreaks_lm":
            found += [(case_id, "tension", name) for name in case["tension"]]
            continue
        for spec, tables in case.items():
            if isinstance(tables, dict) and "contrasts" in tables:
                found += [(case_id, spec, name) for name in tables["contrasts"]]
    return found


def theirs_of(case_id, spec, name):
    found = cases.reference()[case_id][spec]
    return found[name] if case_id == "warpbreaks_lm" else found["contrasts"][name]


@pytest.mark.parametrize(
    ("case_id", "spec", "name"), [row for row in tables_of_contrasts() if not row[2].endswith(".mvt")]
)
def test_families_and_adjustments(case_id, spec, name):
    family, _, adjust = name.rpartition(".")
    ours = lmm.emmeans(cases.at_theta_of_r(case_id), spec).contrast(family, adjust=adjust)
    # Its critical values there come from a root found to 1e-4.
    close = Closeness(limits=1e-3) if adjust == "dunnettx" else Closeness()
    check(ours, theirs_of(case_id, spec, name), close)


@pytest.mark.parametrize(
    ("case_id", "spec", "name"), [row for row in tables_of_contrasts() if row[2].endswith(".mvt")]
)
def test_multivariate_t(case_id, spec, name):
    """mvtnorm takes whole degrees of freedom, for which emmeans cuts those plus 0.2, and stops at errors of 1e-3."""
    theirs = theirs_of(case_id, spec, name)
    means = lmm.emmeans(cases.at_theta_of_r(case_id), spec)
    ours = means.contrast(name.removesuffix(".mvt"), adjust="mvt")
    check(ours, [without(row, "p.value", "lower.CL", "upper.CL") for row in theirs], Closeness())
    t, df, p = (np.array([row[column] for row in theirs]) for column in ("t.ratio", "df", "p.value"))
    covariance = ours.functions.covariance("auto", None)
    sd = np.sqrt(np.diag(covariance))
    sample = sample_directions(covariance / np.outer(sd, sd), two_sided=True)
    whole = np.floor(df + 0.2)
    there = sample.tail(np.abs(t), whole)
    assert there.value == pytest.approx(p, abs=5e-4)
    assert there.error.max() < 2e-4
    assert (ours["p_value"] <= sample.tail(np.abs(t), np.floor(df)).value + 1e-12).all()
    assert (ours["p_value"] >= sample.tail(np.abs(t), np.ceil(df)).value - 1e-12).all()
    half = np.array([(row["upper.CL"] - row["estimate"]) / row["SE"] for row in theirs])
    assert sample.quantile(0.95, whole).value == pytest.approx(half, abs=5e-3)


@pytest.mark.parametrize("case_id", [*OATS, "cake"])
@pytest.mark.parametrize("spec", ["Variety", "nitro", "recipe", "temperature"])
def test_means(case_id, spec):
    case = cases.reference()[case_id]
    if spec in case:
        means = lmm.emmeans(cases.at_theta_of_r(case_id), spec)
        check(with_tests(means), case[spec]["table"], Closeness())


@pytest.mark.parametrize("case_id", cases.THETA)
def test_at_our_optimum(case_id):
    case = cases.reference()[case_id]
    for spec, tables in case.items():
        if isinstance(tables, dict) and "contrasts" in tables:
            means = lmm.emmeans(cases.fitted(case_id), spec)
            close = Closeness(1e-5, p=5e-6, limits=1e-4)
            check(with_tests(means), tables["table"], close)
            check(means.contrast("pairwise"), tables["contrasts"]["pairwise.tukey"], close)
    if case_id == "sleep_quadratic":
        means = lmm.emmeans(cases.fitted(case_id), "Days", at={"Days": [0, 4.5, 9]})
        check(with_tests(means), case["at"], Closeness(1e-5, limits=1e-4))


@pytest.mark.parametrize("case_id", OATS)
def test_groups(case_id):
    case = cases.reference()[case_id]["nitro_by_Variety"]
    means = lmm.emmeans(cases.at_theta_of_r(case_id), "nitro | Variety")
    check(with_tests(means), case["table"], Closeness())
    check(means.contrast("pairwise"), case["pairwise.tukey"], Closeness())
    dunnettx = means.contrast("trt.vs.ctrl1")
    check(dunnettx, case["trt.vs.ctrl1.dunnettx"], Closeness(limits=1e-3))


@pytest.mark.parametrize("case_id", OATS)
def test_simple_contrasts(case_id):
    case = cases.reference()[case_id]["simple"]
    means = lmm.emmeans(cases.at_theta_of_r(case_id), "nitro:Variety")
    check(means.contrast(simple="nitro", adjust="holm"), case["nitro"], Closeness())
    check(means.contrast(simple="Variety", adjust="none"), case["Variety"], Closeness())


def test_interaction_contrasts():
    case = cases.reference()["oats_unbalanced"]["interaction"]
    means = lmm.emmeans(cases.at_theta_of_r("oats_unbalanced"), "nitro:Variety")
    check(means.contrast(interaction=["poly", "consec"]), case["poly_consec"], Closeness())
    check(means.contrast(interaction="pairwise"), case["pairwise"], Closeness())


@pytest.mark.parametrize("weights", ["equal", "proportional", "outer", "cells", "flat"])
@pytest.mark.parametrize("case_id", OATS)
def test_weights(case_id, weights):
    means = lmm.emmeans(cases.at_theta_of_r(case_id), "Variety", weights=weights)
    check(with_tests(means), cases.reference()[case_id]["weights"][weights], Closeness())


@pytest.mark.parametrize("case_id", OATS)
def test_own_contrasts(case_id):
    own = {"low vs high": [-0.5, -0.5, 0.5, 0.5], "linear": [-3, -1, 1, 3]}
    ours = lmm.emmeans(cases.at_theta_of_r(case_id), "nitro").contrast(own)
    check(ours, cases.reference()[case_id]["custom"], Closeness())


@pytest.mark.parametrize("case_id", OATS)
def test_sides_null_values_and_margins(case_id):
    case, close = cases.reference()[case_id], Closeness()
    means = lmm.emmeans(cases.at_theta_of_r(case_id), "Variety")
    pairs = means.contrast("pairwise", adjust="none")
    check(pairs.test(side=">"), case["one_sided"], close)
    check(means.test(null=100), case["null"], close)
    check(pairs.test(delta=10), case["equivalence"], close)
    check(pairs.test(delta=10, side="noninferiority"), case["noninferiority"], close)


@pytest.mark.parametrize("case_id", OATS)
def test_effect_sizes(case_id):
    fit = cases.at_theta_of_r(case_id)
    ours = lmm.emmeans(fit, "Variety").effect_size(sigma=fit.sigma, edf=20)
    check(ours, cases.reference()[case_id]["eff_size"], Closeness())


@pytest.mark.parametrize(
    ("case_id", "spec"),
    [
        (case_id, spec)
        for case_id, specs in {**dict.fromkeys(OATS, ("Variety", "nitro")), "cake": ("recipe",)}.items()
        for spec in specs
    ],
)
def test_joint_tests_have_kenward_and_rogers_scale_and_denominator(case_id, spec):
    theirs = next(row for row in cases.reference()[case_id][spec]["joint_kr"] if row["_row"] == "Ftest")
    means = lmm.emmeans(cases.at_theta_of_r(case_id), spec)
    for family in ("consec", "pairwise", "eff"):
        ours = next(iter(means.contrast(family, adjust="none").joint_test()))
        assert ours["num_df"] == theirs["ndf"]
        assert ours["den_df"] == pytest.approx(theirs["ddf"], rel=1e-4)
        assert ours["f_value"] == pytest.approx(theirs["stat"], rel=1e-5)
        assert ours["p_value"] == pytest.approx(theirs["p.value"], abs=1e-6)


@pytest.mark.parametrize("case_id", OATS)
def test_joint_tests_of_terms(case_id):
    """R rounds its F to three decimals, and takes the smallest degrees of freedom of single contrasts."""
    ours = {row["term"]: row for row in lmm.joint_tests(cases.at_theta_of_r(case_id))}
    for theirs in cases.reference()[case_id]["joint_tests"]:
        mine = ours[theirs["model term"]]
        assert mine["num_df"] == theirs["df1"]
        assert mine["f_value"] == pytest.approx(theirs["F.ratio"], rel=2e-3, abs=1e-3)
        assert mine["den_df"] >= theirs["df2"] - 0.01


def test_joint_tests_of_a_linear_model():
    case, fit = cases.reference()["warpbreaks_lm"], cases.at_theta_of_r("warpbreaks_lm")
    for ours, theirs in (
        (lmm.joint_tests(fit), case["joint_tests"]),
        (lmm.joint_tests(fit, by="wool"), case["joint_by_wool"]),
    ):
        for mine, row in zip(ours, theirs, strict=True):
            assert (mine["term"], mine["num_df"], mine["den_df"]) == (
                row["model term"],
                row["df1"],
                row["df2"],
            )
            assert mine.get("wool") == row.get("wool")
            assert mine["f_value"] == pytest.approx(row["F.ratio"], abs=5.1e-4)
            assert mine["p_value"] == pytest.approx(row["p.value"], rel=1e-6)


def test_linear_model():
    case = cases.reference()["warpbreaks_lm"]
    means = lmm.emmeans(cases.at_theta_of_r("warpbreaks_lm"), "tension | wool")
    check(with_tests(means), case["table"], Closeness())
    check(means.contrast("pairwise"), case["pairwise.tukey"], Closeness())


def test_an_empty_cell_makes_means_missing():
    case, fit = cases.reference()["warpbreaks_empty_cell"], cases.at_theta_of_r("warpbreaks_empty_cell")
    for specs, name in (("tension", "tension"), ("wool", "wool"), ("wool:tension", "cells")):
        means = lmm.emmeans(fit, specs)
        check(with_tests(means), case[name], Closeness())
        assert any("not estimable" in note for note in means.notes)
    pairs = lmm.emmeans(fit, "wool | tension").contrast("pairwise")
    check(pairs, case["pairs_wool_by_tension"], Closeness())


def test_covariate():
    case, fit = cases.reference()["fiber_ancova"], cases.at_theta_of_r("fiber_ancova")
    means, trends = lmm.emmeans(fit, "machine"), lmm.emtrends(fit, "machine", "diameter")
    check(with_tests(means), case["means"], Closeness())
    check(means.contrast("pairwise"), case["pairwise.tukey"], Closeness())
    check(with_tests(trends), case["trends"], Closeness())
    check(trends.contrast("pairwise"), case["trend_pairs.tukey"], Closeness())
    at = lmm.emmeans(fit, "machine | diameter", at={"diameter": [20, 30]})
    check(with_tests(at), case["at"], Closeness())


def test_scale_of_the_response():
    case, fit = cases.reference()["pigs_log"], cases.at_theta_of_r("pigs_log")
    assert fit.sigma == pytest.approx(case["sigma"], rel=1e-10)
    link = lmm.emmeans(fit, "source")
    check(with_tests(link), case["link"], Closeness())
    response = lmm.emmeans(fit, "source", transform="response")
    check(with_tests(response), case["response"], Closeness())
    adjusted = lmm.emmeans(fit, "source", transform="response", bias_adjust=True)
    check(with_tests(adjusted), case["response_bias_adjusted"], Closeness())
    check(response.contrast("pairwise"), case["ratios.tukey"], Closeness())
    check(with_tests(link.regrid()), case["regrid"], Closeness())
    percent = lmm.emmeans(fit, "percent")
    check(percent.contrast("poly"), case["percent_poly"], Closeness())
    check(percent.contrast("consec"), case["percent_consec"], Closeness(p=1e-3, limits=1e-2))


def test_polynomial_of_a_covariate():
    case, fit = cases.reference()["pigs_poly"], cases.at_theta_of_r("pigs_poly")
    check(with_tests(lmm.emmeans(fit, "source")), case["means"], Closeness())
    at = lmm.emmeans(fit, "pc", at={"pc": [9, 12, 15, 18]})
    check(with_tests(at), case["at"], Closeness())


@pytest.mark.parametrize(
    ("case_id", "var", "places"),
    [("sleep_quadratic", "Days", [0.0, 4.5, 9.0]), ("pigs_poly", "pc", [9.0, 12.0, 15.0, 18.0])],
)
def test_slopes_of_a_curve(case_id, var, places):
    """emmeans takes the difference over a thousandth of the range; the derivative is what that goes to."""
    fit, theirs = cases.at_theta_of_r(case_id), cases.reference()[case_id]["trends"]
    step = 1e-3 * np.ptp(fit.model_frame[var])
    exact = lmm.emtrends(fit, var, var, at={var: places})
    for place, row, mine in zip(places, theirs, exact, strict=True):
        with pytest.warns(lmm.LmmWarning) if place == places[-1] else nullcontext():
            two = lmm.emmeans(fit, var, at={var: [place, place + step]})
        ours = two.contrast({"slope": [-1 / step, 1 / step]})
        slope = {"contrast": "slope", "estimate": row[f"{var}.trend"], **without(row, var, f"{var}.trend")}
        check(ours, [slope], Closeness(limits=2e-5))
        assert mine["trend"] == pytest.approx(
            row[f"{var}.trend"], abs=1.5 * step * abs(curvature(theirs, var))
        )


def test_means_of_a_curve():
    case, fit = cases.reference()["sleep_quadratic"], cases.at_theta_of_r("sleep_quadratic")
    at = lmm.emmeans(fit, "Days", at={"Days": [0, 4.5, 9]})
    check(with_tests(at), case["at"], Closeness())


def test_nested_factor():
    case, fit = cases.reference()["nested_factor"], cases.at_theta_of_r("nested_factor")
    check(with_tests(lmm.emmeans(fit, "a")), case["a"], Closeness())
    check(with_tests(lmm.emmeans(fit, "b")), case["b"], Closeness())


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


def curvature(rows, var):
    slopes = [row[f"{var}.trend"] for row in rows]
    return (slopes[-1] - slopes[0]) / (rows[-1][var] - rows[0][var])


COMPARED = {
    r"(Variety|nitro|recipe|temperature)/contrasts/.+|tension/.+": "test_families_and_adjustments, test_multivariate_t",
    r"(Variety|nitro|recipe|temperature)/table": "test_means",
    r"(Variety|nitro|recipe)/joint_kr": "test_joint_tests_have_kenward_and_rogers_scale_and_denominator",
    r"nitro_by_Variety/.+": "test_groups",
    r"simple/(nitro|Variety)": "test_simple_contrasts",
    r"interaction/.+": "test_interaction_contrasts",
    r"weights/.+": "test_weights",
    r"custom": "test_own_contrasts",
    r"one_sided|null|equivalence|noninferiority": "test_sides_null_values_and_margins",
    r"eff_size": "test_effect_sizes",
    r"joint_tests": "test_joint_tests_of_terms, test_joint_tests_of_a_linear_model",
    r"joint_by_wool": "test_joint_tests_of_a_linear_model",
    r"table|pairwise.tukey": "test_linear_model, test_covariate",
    r"tension|wool|cells|pairs_wool_by_tension": "test_an_empty_cell_makes_means_missing",
    r"means|at|trends|trend_pairs.tukey": "test_covariate, test_polynomial_of_a_covariate, test_slopes_of_a_curve, "
    "test_means_of_a_curve",
    r"link|response|response_bias_adjusted|ratios.tukey|regrid|percent_(poly|consec)": "test_scale_of_the_response",
    r"a|b": "test_nested_factor",
}
"""The tests above that read each kind of table."""


def test_no_table_is_left_out():
    def tables(found, path=()):
        if isinstance(found, dict):
            for name, inside in found.items():
                yield from tables(inside, (*path, name))
        elif isinstance(found, list):
            yield "/".join(path[1:])

    paths = list(tables(cases.reference()))
    assert len(paths) == 354
    for path in paths:
        (where,) = {tests for pattern, tests in COMPARED.items() if re.fullmatch(pattern, path)}
        assert all(name in globals() for name in where.split(", "))
