"""Curves of smooth terms with bands, against mgcv's stored numbers and dense matrices."""

import numpy as np
import pytest

import lmm
from lmm.errors import LmmError
from lmm.inference.smooth_terms.bands import tube_critical
from tests.bases.stored import reference, table

O13 = reference("o13")
TIMES = {"times": O13["derivative"]["times"]}


@pytest.fixture(scope="module")
def fit():
    return lmm.fit("accel~s(times,k=20,bs='cr')", table("mcycle"))


def test_estimates_and_standard_errors_of_a_term(fit):
    there = O13["fit"]
    found = fit.smooth("s(times)", TIMES)
    np.testing.assert_allclose(
        found["estimate"], [row["s(times)"] for row in there["terms"]], rtol=5e-5, atol=1e-5
    )
    np.testing.assert_allclose(found["std_error"], [row["s(times)"] for row in there["terms_se"]], rtol=5e-5)
    z = 1.959963984540054
    np.testing.assert_allclose(found["conf_low"], found["estimate"] - z * found["std_error"])
    whole = fit.smooth("s(times)", TIMES, intercept=True)
    np.testing.assert_allclose(whole["estimate"], there["fit"], rtol=5e-5, atol=1e-5)
    np.testing.assert_allclose(whole["std_error"], there["se"], rtol=5e-5)
    np.testing.assert_allclose(whole["estimate"], fit.predict(TIMES), rtol=1e-8)


@pytest.mark.parametrize(
    ("covariance", "key", "rel"),
    [("bayes", "Vp", 5e-5), ("frequentist", "Ve", 5e-5), ("corrected", "Vc", 1e-3)],
)
@pytest.mark.parametrize(("intercept", "of"), [(False, "term"), (True, "link")])
def test_three_covariances(fit, covariance, key, rel, intercept, of):
    found = fit.smooth("s(times)", TIMES, covariance=covariance, intercept=intercept)
    np.testing.assert_allclose(found["std_error"], O13[f"se_{of}_{key}"], rtol=rel)


def test_a_simultaneous_band_has_the_critical_value_of_simulation_and_of_the_tube(fit):
    there = O13["simultaneous"]
    times = table("mcycle")["times"]
    grid = {"times": np.linspace(times.min(), times.max(), 200)}
    for i, level in enumerate(there["levels"]):
        found = fit.smooth("s(times)", grid, band="simultaneous", level=level, seed=1)
        critical = (found["conf_high"] - found["estimate"]) / found["std_error"]
        assert critical == pytest.approx(there["crit_MC_200000_Vp"][i], abs=0.06 if level == 0.99 else 0.025)
        assert tube_critical(there["kappa_Vp"], level) == pytest.approx(
            there["crit_tube_formula_Vp"][i], rel=1e-8
        )
    assert "40,000 draws; tube formula" in found.notes[0]


def test_simultaneous_bands_of_several_curves_have_a_note_each():
    data = lmm.datasets.load("Orthodont")
    fit = lmm.fit("distance ~ Sex + s(age, by=Sex, k=4) + (1 | Subject)", data)
    found = fit.smooth("s(age):Sex", band="simultaneous", seed=1)
    for level in ("Male", "Female"):
        own = found["Sex"] == level
        # Zero only where the curve has no variance.
        has_variance = own & (found["std_error"] > 0)
        critical = (found["conf_high"] - found["estimate"])[has_variance] / found["std_error"][has_variance]
        (note,) = [note for note in found.notes if note.startswith(f"s(age):Sex{level}: ")]
        assert f"{critical[0]:.3f} standard errors" in note


def test_coefficients_and_their_matrix_are_those_of_predictions(fit):
    M = fit.design_matrix(TIMES)
    assert M.shape == (13, 20)
    draws = fit.coefficient_draws(20_000, seed=2)
    np.testing.assert_allclose((draws @ M.T).mean(axis=0), fit.predict(TIMES), atol=0.4)
    np.testing.assert_allclose((draws @ M.T).std(axis=0), O13["se_link_Vp"], rtol=0.03)
    np.testing.assert_allclose(fit.design_matrix().mean(axis=0)[1:], 0.0, atol=1e-12)
    with_gap = fit.design_matrix({"times": [np.nan, 3.0]})
    assert np.isnan(with_gap[0]).all()
    np.testing.assert_allclose(with_gap[1], M[0])


def test_random_effects_are_integrated_out():
    data = table("sleepstudy")
    there = reference("o02")["gamm4_tight"]
    fit = lmm.fit("Reaction ~ s(Days, bs='cs') + (1 | Subject)", data)
    new = {"Days": [row["Days"] for row in there["newdata"]]}
    found = fit.smooth("s(Days)", new)
    np.testing.assert_allclose(
        found["estimate"], [row["s(Days)"] for row in there["terms"]], rtol=2e-3, atol=0.02
    )
    np.testing.assert_allclose(found["std_error"], [row["s(Days)"] for row in there["terms_se"]], rtol=1e-3)
    both = lmm.fit(
        "Reaction ~ s(Days, bs='cs') + s(Subject, bs='re')", {**data, "Subject": data["Subject"].astype(str)}
    )
    np.testing.assert_allclose(both.smooth("s(Days)", new)["std_error"], found["std_error"], rtol=1e-7)
    more = fit.smooth("s(Days)", new, covariance="corrected")["std_error"]
    assert (more >= found["std_error"] * (1.0 - 1e-9)).all()
    with pytest.raises(LmmError, match="is a random term"):
        both.smooth("s(Subject)")


def test_grids_of_curves_by_levels_and_of_surfaces():
    data = dict(table("gamsim4"))
    data["fac"] = [f"{value:g}" for value in data["fac"]]
    fit = lmm.fit("y ~ fac + s(x2, by=fac, bs='cr') + s(x0, x1, k=12) + s(x1, by=x0, bs='cr')", data)
    every = fit.smooth("s(x2):fac")
    assert every.columns[:2] == ("x2", "fac")
    assert len(every) == 300
    one = fit.smooth("s(x2):fac3")
    np.testing.assert_array_equal(one["estimate"], every["estimate"][200:])
    assert len(fit.smooth("s(x0, x1)")) == 900
    assert len(fit.smooth("s(x0,x1)", {"x0": [0.1, 0.2]})) == 200
    unit = fit.smooth("s(x1):x0", {"x1": [0.3, 0.6]})
    half = fit.smooth("s(x1):x0", {"x1": [0.3, 0.6], "x0": [0.5, 0.5]})
    np.testing.assert_allclose(half["estimate"], unit["estimate"] / 2)


def test_names_that_are_no_smooth_term(fit):
    with pytest.raises(LmmError, match=r"no smooth term 's\(time\)'. Did you mean \"s\(times\)\""):
        fit.smooth("s(time)")
    with pytest.raises(LmmError, match="no smooth terms"):
        lmm.fit("accel ~ times", table("mcycle")).smooth("s(times)")
    with pytest.raises(LmmError, match="missing values of times"):
        fit.smooth("s(times)", {"times": [np.nan]})


def test_derivatives(fit):
    there = O13["derivative"]
    first = fit.derivative("s(times)", TIMES)
    np.testing.assert_allclose(first["estimate"], there["first"], rtol=5e-5, atol=1e-5)
    np.testing.assert_allclose(first["std_error"], there["first_se_Vp"], rtol=5e-5)
    second = fit.derivative("s(times)", TIMES, order=2)
    np.testing.assert_allclose(second["estimate"], there["second"], rtol=2e-3, atol=2e-3)
    plates = lmm.fit("accel~s(times,k=20)", table("mcycle")).derivative("s(times)", TIMES)
    np.testing.assert_allclose(plates["estimate"], there["tp_first"], rtol=5e-5, atol=1e-4)
    np.testing.assert_allclose(plates["std_error"], there["tp_first_se_Vp"], rtol=5e-5)
    with pytest.raises(LmmError, match="no numeric covariate 'time'"):
        fit.derivative("s(times)", along="time")
