"""The three tables of pipelines."""

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.errors import DataError, LmmError


@pytest.fixture(scope="module")
def data():
    return lmm.datasets.load("sleepstudy")


@pytest.fixture(scope="module")
def fit(data):
    return lmm.fit("Reaction ~ Days + (Days | Subject)", data)


def test_tidy_has_the_numbers_of_the_other_tables(fit):
    table = fit.tidy(["fixed", "ran_pars", "ran_vals", "ran_coefs"], df="satterthwaite", level=0.9)
    fixed = table["effect"] == "fixed"
    expected = lmm.coefficients(fit, df="satterthwaite", level=0.9)
    for name in expected.columns:
        assert list(table[name][fixed]) == list(expected[name])
    np.testing.assert_allclose(
        table["estimate"][table["effect"] == "ran_pars"], fit.varcorr["sdcor"][[0, 1, 2, 3]]
    )
    values = table["effect"] == "ran_vals"
    np.testing.assert_allclose(table["std_error"][values], fit.ranef(cond_var=True)["std_error"])
    width = table["conf_high"][values] - table["estimate"][values]
    np.testing.assert_allclose(width, 1.6448536269514722 * table["std_error"][values])
    np.testing.assert_allclose(table["estimate"][table["effect"] == "ran_coefs"], fit.coef()["estimate"])
    assert table["p_value"][values].tolist() == pytest.approx([np.nan] * 36, nan_ok=True)


def test_tidy_names_standard_deviations_and_correlations_by_group():
    fit = lmm.fit("diameter ~ 1 + (1 | plate) + (1 | sample)", lmm.datasets.load("Penicillin"))
    table = fit.tidy("ran_pars")
    assert list(zip(table["group"], table["term"], strict=True)) == [
        ("plate", "sd__Intercept"),
        ("sample", "sd__Intercept"),
        ("Residual", "sd__Observation"),
    ]


def test_tidy_refuses_other_effects(fit):
    with pytest.raises(LmmError, match=r"effects= must be of .* 'random' is none of them"):
        fit.tidy("random")
    with pytest.raises(LmmError, match=r'Did you mean "ran_vals"'):
        fit.tidy(["fixed", "ran_val"])


def test_glance_is_one_row(fit):
    (row,) = fit.glance()
    assert row["n_obs"] == 180
    assert row["criterion"] == fit.criterion
    assert (row["method"], row["converged"], row["singular"]) == ("reml", True, False)


def test_augment_keeps_all_rows_and_columns_of_the_table(data):
    frame = pd.DataFrame(data).assign(note="kept")
    frame.loc[[3, 10], "Reaction"] = np.nan
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", frame)
    table = fit.augment(frame)
    assert table.columns[:4] == ("Reaction", "Days", "Subject", "note")
    assert len(table) == 180
    assert np.flatnonzero(np.isnan(table[".fitted"])).tolist() == [3, 10]
    used = fit.internals.design.rows
    np.testing.assert_allclose(table[".residual"][used], fit.residuals())
    np.testing.assert_allclose(table[".fixed"][used], fit.X @ fit.beta)
    np.testing.assert_allclose(table[".leverage"][used], lmm.leverage(fit))
    np.testing.assert_allclose(table[".cooks_distance"][used], fit.influence()["cooks_distance"])
    with pytest.raises(DataError, match=r"The table has 178 rows, the one that was fitted 180"):
        fit.augment(frame.dropna())


def test_augment_without_a_table_has_the_model_frame(fit):
    table = fit.augment()
    assert set(table.columns[:3]) == {"Reaction", "Days", "Subject"}
    np.testing.assert_allclose(table["Reaction"] - table[".fitted"], table[".residual"])
