"""Variance components side by side."""

import numpy as np
import pytest

import lmm

OATS = "yield ~ Variety * C(nitro) + (1 | Block/Variety)"


@pytest.fixture(scope="module")
def oats():
    return lmm.datasets.load("Oats")


def test_three_methods_side_by_side(oats):
    fits = {method: lmm.fit(OATS, oats, method=method) for method in ("moments", "reml", "ml")}
    table = fits["reml"].components()
    assert table.columns == (
        *(
            "component",
            "moments",
            "reml",
            "ml",
            "df",
            "conf_low",
            "conf_high",
            "percent",
            "cv",
            "cv_low",
            "cv_high",
        ),
    )
    assert table["component"].tolist() == ["Block", "Block:Variety", "Residual", "Total"]
    for method, fit in fits.items():
        np.testing.assert_allclose(table[method][:3], fit.varcorr["vcov"], rtol=1e-9)
        assert table[method][3] == pytest.approx(table[method][:3].sum())
        assert fit.components() == table


def test_moments_by_hand(oats):
    """The course's way: differences of mean squares over the numbers of plots."""
    table = lmm.components(lmm.fit(OATS, oats))
    ms = lmm.strata(OATS, oats)["mean_sq"]
    np.testing.assert_allclose(table["moments"][:3], [(ms[0] - ms[2]) / 12, (ms[2] - ms[5]) / 4, ms[5]])


def test_total_and_coefficient_of_variation(oats):
    table = lmm.components(lmm.fit(OATS, oats))
    np.testing.assert_allclose(table["percent"], 100 * table["moments"] / table["moments"][-1])
    np.testing.assert_allclose(table["cv"], 100 * np.sqrt(table["moments"]) / oats["yield"].mean())
    np.testing.assert_allclose(table["cv_high"], 100 * np.sqrt(table["conf_high"]) / oats["yield"].mean())


def test_total_has_satterthwaite_degrees_of_freedom():
    """One-way layout: total = MS(between) / 5 + 4 MS(within) / 5."""
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    ms = fit.strata()["mean_sq"]
    parts = np.array([ms[0] / 5, 4 * ms[1] / 5])
    assert fit.components()["df"][-1] == pytest.approx(
        parts.sum() ** 2 / (parts[0] ** 2 / 5 + parts[1] ** 2 / 24)
    )


def test_negative_component_is_said():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))
    table = fit.components()
    np.testing.assert_allclose(table["moments"][:2], [0.0, 14.9459], atol=1e-4)
    assert table["reml"][1] == pytest.approx(13.806, abs=1e-3)
    assert np.isnan(table["conf_high"][0])
    assert any("Batch: the mean squares give -1.322, set to zero." in note for note in table.notes)
    # What was set to zero is not part of the total.
    assert table["df"].tolist()[1:] == pytest.approx([24.0, 24.0])


def test_negative_component_kept():
    fit = lmm.fit(
        "Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"), method="moments", negative="allow"
    )
    table = fit.components()
    assert table["moments"][0] == pytest.approx(-1.3219, abs=1e-4)
    assert table["moments"][2] == pytest.approx(table["moments"][:2].sum())
    assert table["reml"][0] == 0.0
    assert fit.components(negative="zero")["moments"][0] == 0.0


def test_modified_large_samples_have_an_end_for_a_zero_component():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))
    table = fit.components(interval="mls")
    assert table["conf_low"][0] == 0.0
    assert table["conf_high"][0] > 0.0
    assert "modified large samples" in table.notes[0]


def test_level_widens_the_intervals(oats):
    fit = lmm.fit(OATS, oats)
    wide, narrow = fit.components(level=0.99), fit.components(level=0.8)
    assert (wide["conf_low"] < narrow["conf_low"]).all()
    assert (wide["conf_high"] > narrow["conf_high"]).all()


def test_no_coefficient_of_variation_around_a_negative_mean():
    oats = lmm.datasets.load("Oats")
    table = lmm.fit(OATS, oats.assign(**{"yield": oats["yield"] - 500})).components()
    assert np.isnan(table["cv"]).all()
    assert any("No coefficient of variation" in note for note in table.notes)


def test_a_linear_model_has_its_residual():
    table = lmm.fit("Yield ~ Batch", lmm.datasets.load("Dyestuff")).components()
    assert table["component"].tolist() == ["Residual", "Total"]
    assert table["df"].tolist() == pytest.approx([24.0, 24.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 95}, "level= must lie between 0 and 1"),
        ({"interval": "wald"}, 'interval= must be "satterthwaite" or "mls"'),
    ],
)
def test_options_are_checked(oats, options, message):
    with pytest.raises(lmm.LmmError, match=message):
        lmm.fit(OATS, oats).components(**options)


def test_correlated_effects_have_no_components():
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    with pytest.raises(lmm.UnsupportedError, match=r"Write \(Days \|\| Subject\)"):
        fit.components()
