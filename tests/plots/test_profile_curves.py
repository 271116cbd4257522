import numpy as np
import pytest

import lmm
from lmm.plots import contours_data, plot_contours, plot_profile, profile_data


@pytest.fixture(scope="module")
def dyestuff():
    return lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))


def test_density_is_that_of_a_distribution(sleepstudy):
    table = profile_data(sleepstudy.profile(most=4))
    for term in dict.fromkeys(table["term"]):
        rows = table["term"] == term
        value, density = table["value"][rows], table["density"][rows]
        at_end = np.isnan(density)
        assert np.all(value[at_end] == 1.0)
        value, density = value[~at_end], density[~at_end]
        assert np.all(density >= 0)
        assert np.trapezoid(density, value) == pytest.approx(1.0, abs=0.02), term


def test_zeta_rises_through_the_estimate(sleepstudy):
    table = profile_data(sleepstudy)
    sigma = table["term"] == "sigma"
    assert np.all(np.diff(table["zeta"][sigma]) > 0)
    assert np.interp(sleepstudy.sigma, table["value"][sigma], table["zeta"][sigma]) == pytest.approx(
        0, abs=1e-3
    )


def test_intervals_are_marked(dyestuff):
    limits = dyestuff.confint()
    for view in ("zeta", "density"):
        axes = plot_profile(dyestuff.profile(), view).axes[1]
        marked = [line.get_xdata()[0] for line in axes.lines if len(set(line.get_xdata())) == 1]
        assert marked == pytest.approx([limits["conf_low"][1], limits["conf_high"][1]], rel=1e-4)


def test_a_curve_that_ends_at_zero_is_drawn_to_its_end(dyestuff):
    (axes, *_) = dyestuff.profile().plot().axes
    assert min(line.get_xdata().min() for line in axes.lines if len(line.get_xdata()) > 2) == 0.0


def test_every_pair_has_a_panel_and_every_level_a_line(dyestuff):
    profile = dyestuff.profile()
    figure = plot_contours(profile, levels=(0.5, 0.9))
    assert [len(axes.lines) for axes in figure.axes] == [2, 2, 2]
    assert len(plot_contours(profile, ["sigma", "Intercept"]).axes) == 1
    table = contours_data(profile, ["Intercept", "sigma"], levels=[0.8])
    assert set(table["first"]) == {"Intercept"}


def test_names_of_the_fit_find_the_pictures(dyestuff):
    assert len(dyestuff.plot("profile", view="density").axes) == 3
    assert len(dyestuff.plot("contours", terms=["sigma", "Intercept"]).axes) == 1


def test_what_is_refused(dyestuff):
    with pytest.raises(lmm.LmmError, match=r'view= must be "zeta" or "density"; .* Did you mean "density"'):
        plot_profile(dyestuff, "densty")
    with pytest.raises(lmm.LmmError, match="level"):
        plot_profile(dyestuff, level=2)
    with pytest.raises(lmm.LmmError, match="2 to 7 parameters, these are 1; name some with terms="):
        plot_contours(dyestuff.profile("sigma"))
    with pytest.raises(lmm.LmmError, match='Did you mean "sigma"'):
        plot_contours(dyestuff.profile(), ["sigm", "Intercept"])


def test_long_names_are_cut_to_their_panel():
    data = dict(lmm.datasets.load("Oats"))
    data["nitro"] = data["nitro"].astype(str)
    fit = lmm.fit("yield ~ nitro * Variety + (1 | Block)", data)
    profile = fit.profile(["nitro[T.0.2]:Variety[T.Marvellous]", "sigma", "Intercept"])
    titles = [axes.get_title("left") for axes in profile.plot().axes]
    assert "…" in titles[0]
    assert titles[1:] == ["sigma", "Intercept"]
    assert all(len(title) <= 28 for title in titles)
