import numpy as np
import pytest
from matplotlib.colors import to_hex

import lmm
from lmm.plots import coefficients_data, plot_coefficients
from lmm.plots.style import ACCENT


def test_intervals_are_those_of_the_coefficients(oats):
    table = coefficients_data(oats, level=0.9, df="satterthwaite")
    expected = lmm.coefficients(oats, level=0.9, df="satterthwaite")
    assert list(table["term"]) == list(expected["term"])[1:]
    np.testing.assert_allclose(table["conf_low"], expected["conf_low"][1:])
    half = lmm.coefficients(oats, level=0.5, df="satterthwaite")
    np.testing.assert_allclose(table["inner_high"], half["conf_high"][1:])


def test_terms_are_chosen_by_name(oats):
    assert list(coefficients_data(oats, ["nitro", "Intercept"])["term"]) == ["nitro", "Intercept"]
    with pytest.raises(lmm.LmmError, match=r'not a coefficient of this model.*Did you mean "nitro"'):
        coefficients_data(oats, ["Nitro"])


def test_intervals_that_exclude_zero_are_in_colour(oats):
    table = coefficients_data(oats)
    excludes = (table["conf_low"] > 0) | (table["conf_high"] < 0)
    assert excludes.tolist() == [False, False, True, False, False]
    points = plot_coefficients(oats).axes[0].collections[-1]
    assert [to_hex(colour) == ACCENT for colour in points.get_facecolors()] == excludes.tolist()


def test_aliased_coefficients_are_left_out():
    data = lmm.datasets.load("sleepstudy")
    fit = lmm.fit("Reaction ~ Days + I(2 * Days) + (1 | Subject)", data)
    assert list(coefficients_data(fit)["term"]) == ["Days"]


def test_nothing_but_an_intercept(penicillin):
    with pytest.raises(lmm.LmmError, match=r'name some, such as terms=\["Intercept"\]'):
        plot_coefficients(penicillin)


def test_too_many_lines_are_refused(oats, monkeypatch):
    monkeypatch.setattr("lmm.plots.coefficients.MOST_TERMS", 3)
    with pytest.raises(lmm.LmmError, match=r"5 coefficients are too many.*choose up to 3 with terms="):
        plot_coefficients(oats)
