"""The picture of smooth terms: its numbers are those of the curves, its panels those of the terms."""

import numpy as np
import pytest

import lmm
from lmm.errors import ArgumentError, DesignError, LmmError
from lmm.plots import plot_smooths, smooths_data
from tests.bases.stored import table
from tests.bases.test_levels import columbus


@pytest.fixture(scope="module")
def additive():
    data = dict(table("gamsim4"))
    data["fac"] = [f"{value:g}" for value in data["fac"]]
    return lmm.fit("y ~ fac + s(x2, by=fac, bs='cr') + s(x0, x1, k=12) + s(fac, bs='re')", data)


@pytest.fixture(scope="module")
def single():
    return lmm.fit("accel ~ s(times, k=12, bs='cr')", table("mcycle"))


def test_the_grid_is_that_of_the_curve(single):
    found = smooths_data(single, level=0.9, band="simultaneous")
    curve = np.flatnonzero(found["part"] == "curve")
    there = single.smooth("s(times)", level=0.9, band="simultaneous")
    for ours, name in (("x", "times"), ("estimate", "estimate"), ("conf_low", "conf_low")):
        np.testing.assert_array_equal(found[ours][curve], there[name])


def test_partial_residuals_are_the_curve_and_the_residuals(single):
    found = smooths_data(single)
    rows = np.flatnonzero(found["part"] == "residual")
    # One curve and an intercept: what is left is the response.
    np.testing.assert_allclose(found["estimate"][rows], single.y - single.beta[0], rtol=1e-9)
    np.testing.assert_array_equal(found["x"][rows], table("mcycle")["times"])
    assert np.isnan(found["conf_low"][rows].astype(float)).all()


def test_each_level_has_its_rows(additive):
    frame = additive.model_frame
    for level in "123":
        rows = additive.partial_residuals(f"s(x2):fac{level}")
        own = [i for i, value in enumerate(frame["fac"]) if value == level]
        np.testing.assert_array_equal(rows["x2"], frame["x2"][own])


def test_panels_are_those_of_the_curves(additive):
    figure = plot_smooths(additive)
    edf = {row["term"]: row["edf"] for row in additive.smooths()}
    texts = [axes.get_ylabel() for axes in figure.axes[:3]]
    assert texts == [f"s(x2):fac{level}, {edf[f's(x2):fac{level}']:.2f} edf" for level in "123"]
    surface = figure.axes[3]
    assert surface.get_title(loc="left") == f"s(x0,x1), {edf['s(x0,x1)']:.2f} edf"
    assert (surface.get_xlabel(), surface.get_ylabel()) == ("x0", "x1")
    # A random effect that is written as a smooth has its own picture.
    assert len(figure.axes) == 4
    (line,) = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 100]
    np.testing.assert_array_equal(line.get_ydata(), additive.smooth("s(x2):fac1")["estimate"])


def test_chosen_terms_and_options(additive):
    assert len(additive.plot("smooths", terms="s(x0,x1)").axes) == 1
    assert len(additive.plot("smooths", terms=["s(x2):fac"], residuals=False).axes) == 3
    with pytest.raises(LmmError, match="no smooth term 's\\(z\\)'"):
        additive.plot("smooths", terms="s(z)")
    with pytest.raises(ArgumentError, match="does not depend on band="):
        additive.plot("qq", band="pointwise")


def test_what_has_no_picture_says_so():
    with pytest.raises(LmmError, match="no smooth terms to draw"):
        lmm.fit("accel ~ times", table("mcycle")).plot("smooths")
    data = table("gamsim1")
    fit = lmm.fit("y ~ s(x0, x1, x2, k=15)", data)
    with pytest.raises(DesignError, match="one or two covariates"):
        fit.plot("smooths")
    with pytest.raises(DesignError, match="more than two numeric covariates"):
        fit.plot("smooths", terms="s(x0,x1,x2)")


def test_levels_and_curves_of_levels_are_drawn():
    data = dict(table("gamsim4"))
    data["fac"] = [f"{value:g}" for value in data["fac"]]
    fit = lmm.fit("y ~ s(x2, fac, bs='fs', k=5)", data)
    (axes,) = fit.plot("smooths").axes
    assert len(axes.lines) == 3
    chain = {"1": ["2"], "2": ["1", "3"], "3": ["2"]}
    fit = lmm.fit("y ~ x1 + s(fac, bs='mrf', nb=chain)", data, smooths={"chain": chain})
    (axes,) = fit.plot("smooths").axes
    assert sorted(label.get_text() for label in axes.get_xticklabels()) == ["1", "2", "3"]


@pytest.mark.parametrize("as_text", [False, True])
def test_regions_with_polygons_are_drawn_as_a_map(as_text):
    from matplotlib.patches import PathPatch

    _, polygons = columbus()
    data = {name: values[1:] for name, values in table("columb").items()}
    names = [f"{value:g}" for value in data["district"]]
    if as_text:
        data["district"] = names
    fit = lmm.fit("crime ~ income + s(district, bs='mrf', xt=list(polys=p))", data, smooths={"p": polygons})
    figure = fit.plot("smooths")
    regions = [patch for patch in figure.axes[0].patches if isinstance(patch, PathPatch)]
    assert len(regions) == len(polygons)
    assert [region.get_hatch() is not None for region in regions] == [
        name not in names for name in sorted(polygons)
    ]
    # A hole is a ring of its own: a start and an end more.
    rings = [int((np.asarray(region.get_path().codes) == 1).sum()) for region in regions]
    corners = [np.array(polygons[name], dtype=float) for name in sorted(polygons)]
    assert rings == [1 + int(np.isnan(points[:, 0]).sum()) for points in corners]
    assert max(rings) > 1
    found = smooths_data(fit)
    np.testing.assert_allclose(
        found["estimate"],
        fit.smooth(
            "s(district)",
            {"district": sorted(polygons) if as_text else [float(name) for name in sorted(polygons)]},
        )["estimate"],
    )


def test_a_map_of_neighbours_and_polygons_needs_the_same_regions():
    _, polygons = columbus()
    neighbours = {name: list(others) for name, others in columbus()[0].items()}
    half = {name: corners for name, corners in polygons.items() if name != "7"}
    with pytest.raises(ArgumentError, match='no polygon for region "7"'):
        lmm.fit(
            "crime ~ s(district, bs='mrf', xt=list(nb=n, polys=p))",
            table("columb"),
            smooths={"n": neighbours, "p": half},
        )


def test_pictures_of_predictions_and_data_run_along_a_smooth_covariate(single):
    (axes,) = single.plot("predictions").axes
    assert axes.get_xlabel() == "times"
    line = next(line for line in axes.lines if len(line.get_xdata()) > 50 and line.get_linestyle() == "-")
    np.testing.assert_allclose(line.get_ydata(), single.predict({"times": line.get_xdata()}), rtol=1e-8)
    assert single.plot("fitted").axes


def test_the_page_shows_the_curves(additive, tmp_path):
    page = additive.report(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Curves with 95% bands" in page
    assert "Smooth terms" in page
