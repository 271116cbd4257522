"""The reference grid: covariates, transformations, offsets, nesting, new designs."""

import numpy as np
import pandas as pd
import pytest

import lmm
from tests.means.models import looms, unbalanced, without_warnings


def predictions(fit, rows):
    return fit.predict(rows, random=False)


def test_means_are_averages_of_predictions():
    fit = unbalanced()
    frame = fit.model_frame.to_pandas()
    grid = pd.MultiIndex.from_product(
        [["x", "y", "z"], ["hi", "lo"], [1, 2, 4], [False, True]], names=["a", "b", "dose", "sick"]
    ).to_frame(index=False)
    grid["x"] = frame["x"].mean()
    grid["mean"] = predictions(fit, grid)
    expected = grid.groupby("a")["mean"].mean()
    assert fit.emmeans("a")["emmean"] == pytest.approx(expected.to_numpy(), rel=1e-10)
    cells = grid.groupby(["b", "a"])["mean"].mean()
    assert fit.emmeans("a | b")["emmean"] == pytest.approx(cells.to_numpy(), rel=1e-10)


def test_weights_are_frequencies_of_the_data():
    fit = unbalanced()
    frame = fit.model_frame.to_pandas()
    x = frame["x"].mean()
    # "cells": each observation counts once, at the mean of the covariate.
    own = frame.assign(x=x)
    own["mean"] = predictions(fit, own)
    expected = own.groupby("a")["mean"].mean()
    assert fit.emmeans("a", weights="cells")["emmean"] == pytest.approx(expected.to_numpy(), rel=1e-10)
    # "proportional": the same combinations of the other factors for all levels.
    for level, value in zip("xyz", fit.emmeans("a", weights="proportional")["emmean"], strict=True):
        every = frame.assign(x=x, a=level)
        assert value == pytest.approx(predictions(fit, every).mean(), rel=1e-10)


@pytest.mark.parametrize("coding", ["sum", "helmert", "poly", "sas", "difference"])
def test_means_do_not_depend_on_the_coding(coding):
    frame = lmm.datasets.load("warpbreaks")
    other = lmm.fit("breaks ~ wool * tension", frame, contrasts={"wool": coding, "tension": coding})
    for specs in ("tension", "tension | wool"):
        ours, theirs = other.emmeans(specs), looms().emmeans(specs)
        assert ours["emmean"] == pytest.approx(theirs["emmean"], rel=1e-10)
        assert ours["std_error"] == pytest.approx(theirs["std_error"], rel=1e-10)


def test_without_an_intercept():
    frame = lmm.datasets.load("warpbreaks")
    other = lmm.fit("breaks ~ 0 + wool:tension", frame)
    assert other.emmeans("tension")["emmean"] == pytest.approx(
        looms().emmeans("tension")["emmean"], rel=1e-10
    )


@pytest.mark.parametrize(
    "formula", ["y ~ f + poly(x, 3)", "y ~ f + bs(x, df=5)", "y ~ f * log(x)", "y ~ f + scale(x)"]
)
def test_transformations_are_evaluated_anew(formula):
    rng = np.random.default_rng(3)
    data = {"y": rng.normal(size=90), "x": rng.uniform(1, 9, 90), "f": list("abc") * 30}
    fit = lmm.fit(formula, data)
    low, high = data["x"].min(), data["x"].max()
    at = [low, 3.0, high]
    expected = np.mean([predictions(fit, {"x": at, "f": [level] * 3}) for level in "abc"], axis=0)
    assert fit.emmeans("x", at={"x": at})["emmean"] == pytest.approx(expected, rel=1e-9)
    middle = predictions(fit, {"x": [data["x"].mean()] * 3, "f": list("abc")})
    assert fit.emmeans("f")["emmean"] == pytest.approx(middle, rel=1e-9)


def test_covariates_may_be_held_elsewhere():
    fit = unbalanced()
    x = fit.model_frame["x"]
    by_name = fit.emmeans("a", cov_reduce={"x": np.median})
    assert by_name["emmean"] == pytest.approx(fit.emmeans("a", at={"x": np.median(x)})["emmean"])
    assert fit.emmeans("a", cov_reduce=True)["emmean"] == pytest.approx(fit.emmeans("a")["emmean"])
    all_values = fit.emmeans("a", cov_reduce=False)
    assert all_values["emmean"] == pytest.approx(fit.emmeans("a", at={"x": np.unique(x)})["emmean"])


def test_too_many_values_or_rows_are_refused():
    rng = np.random.default_rng(0)
    fit = lmm.fit("y ~ x", {"y": rng.normal(size=1500), "x": rng.normal(size=1500)})
    with pytest.raises(lmm.LmmError, match='"x" has 1500 different values; name those of interest with at='):
        fit.emmeans("1", cov_reduce=False)
    data = {f"f{i}": rng.integers(0, 13, 400).astype(str) for i in range(6)}
    fit = lmm.fit(f"y ~ {' + '.join(data)}", {**data, "y": rng.normal(size=400)})
    with pytest.raises(lmm.LmmError, match=r"The reference grid would have 4,826,809 rows of 73 columns"):
        fit.emmeans("f0")


def test_notes_say_what_was_averaged_and_held():
    notes = "\n".join(unbalanced().emmeans("a").notes)
    assert "Averaged over the levels of b, dose, sick, equal weights." in notes
    assert "Held at x = " in notes
    assert "May mislead: a in an interaction with b, x, averaged or held here." in notes
    assert "Degrees of freedom: Kenward–Roger" in notes
    assert "interaction" not in "\n".join(unbalanced().emmeans("dose").notes)
    trends = "\n".join(unbalanced().emtrends("a", "x").notes)
    assert "interaction" not in trends
    assert "Held" not in trends


def test_a_rank_deficient_model_has_means_where_the_data_have_them():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"f": list("aabbcc") * 5, "x": rng.normal(size=30), "y": rng.normal(size=30)})
    frame["twice"] = 2 * frame["x"]
    fit = lmm.fit("y ~ f + x + twice", frame)
    plain = lmm.fit("y ~ f + x", frame)
    assert fit.emmeans("f")["emmean"] == pytest.approx(plain.emmeans("f")["emmean"], rel=1e-9)
    with pytest.warns(lmm.LmmWarning, match="Extrapolation"):
        elsewhere = fit.emmeans("f", at={"x": 0.0, "twice": 50.0})
    assert np.isnan(elsewhere["emmean"]).all()


def test_a_mean_that_is_not_estimable_is_never_a_number():
    frame = lmm.datasets.load("warpbreaks")
    fit = lmm.fit("breaks ~ wool * tension", frame[~((frame["wool"] == "B") & (frame["tension"] == "H"))])
    means = fit.emmeans("wool:tension")
    for table in (means, means.test(), means.letters()):
        row = next(row for row in table if (row["wool"], row["tension"]) == ("B", "H"))
        assert all(value is None for name, value in row.items() if name not in ("wool", "tension"))
    assert any("Some combinations have no observations" in note for note in means.notes)


def test_cells_without_data_cannot_be_weighted():
    frame = lmm.datasets.load("warpbreaks")
    fit = without_warnings("breaks ~ wool + tension", frame[frame["wool"].eq("A") | frame["tension"].ne("H")])
    means = fit.emmeans("wool:tension", weights="cells")
    assert np.isnan(means["emmean"]).sum() == 1
    assert not np.isnan(fit.emmeans("wool:tension")["emmean"]).any()


def test_offsets_count_at_their_mean():
    frame = lmm.datasets.load("warpbreaks").assign(off=np.arange(54.0))
    fit = lmm.fit("breaks ~ wool + offset(off)", frame)
    plain = lmm.fit("I(breaks - off) ~ wool", frame)
    assert fit.emmeans("wool")["emmean"] == pytest.approx(plain.emmeans("wool")["emmean"] + 26.5)
    assert any("Offsets" in note for note in fit.emmeans("wool").notes)
    both = lmm.fit("breaks ~ wool + offset(off)", frame, offset=2 * frame["off"].to_numpy())
    thrice = lmm.fit("I(breaks - 3 * off) ~ wool", frame)
    assert both.emmeans("wool")["emmean"] == pytest.approx(thrice.emmeans("wool")["emmean"] + 3 * 26.5)


def test_a_loaded_fit_has_the_same_means(tmp_path):
    fit = unbalanced()
    lmm.save(fit, tmp_path / "fit.lmm")
    again = lmm.load(tmp_path / "fit.lmm")
    assert again.emmeans("a | b").table == fit.emmeans("a | b").table


def test_a_nested_factor_brings_what_it_is_nested_in():
    frame = pd.DataFrame(
        {
            "a": list("xxxxyyyy") * 2,
            "b": list("11223344") * 2,
            "y": np.arange(16.0) ** 0.5,
            "c": list("u" * 8 + "v" * 8),
        }
    )
    fit = lmm.fit("y ~ a / b + c", frame)
    means = fit.emmeans("b | c")
    assert list(means.labels) == ["b", "a", "c"]
    assert len(means) == 8
    assert means.by == ("c",)
    assert fit.emmeans("c | b").by == ("b", "a")
    assert any("b is nested in a" in note for note in means.notes)


def test_fits_by_moments_and_by_maximum_likelihood():
    """Balanced: moments and REML have the same components; maximum likelihood has the same means."""
    formula, data = "yield ~ Variety * C(nitro) + (1 | Block/Variety)", lmm.datasets.load("Oats")
    reml, moments, ml = (
        lmm.fit(formula, data, method=method).emmeans("Variety") for method in ("reml", "moments", "ml")
    )
    assert moments["emmean"] == pytest.approx(reml["emmean"], rel=1e-8)
    assert moments["std_error"] == pytest.approx(reml["std_error"], rel=1e-6)
    one, other = (means.contrast("pairwise") for means in (reml, moments))
    for column in ("estimate", "std_error", "df", "p_value", "conf_low"):
        assert other[column] == pytest.approx(one[column], rel=1e-5)
    assert any("Satterthwaite" in note for note in moments.notes)
    assert ml["emmean"] == pytest.approx(reml["emmean"], rel=1e-8)
    assert (ml["std_error"] < reml["std_error"]).all()


def test_a_negative_component_widens_nothing_else():
    fit = lmm.fit(
        "Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"), method="moments", negative="allow"
    )
    (row,) = fit.emmeans("1")
    coefficient = next(iter(fit.coefficients()))
    for column in ("std_error", "df", "conf_low", "conf_high"):
        assert row[column] == pytest.approx(coefficient[column])
