import numpy as np
import pytest

import lmm
from lmm.plots import plot_predictions, predictions_data


def test_bands_are_intervals_of_the_population(sleepstudy):
    table = predictions_data(sleepstudy, level=0.9)
    new = {"Days": table["Days"]}
    mean = sleepstudy.predict(new, random=False, interval="confidence", level=0.9)
    observation = sleepstudy.predict(new, random=False, interval="prediction", level=0.9)
    np.testing.assert_allclose(table["estimate"], 251.4051 + 10.46729 * table["Days"], rtol=1e-5)
    np.testing.assert_allclose(table["conf_low"], mean["conf_low"])
    np.testing.assert_allclose(table["pred_high"], observation["conf_high"])
    assert (table["Days"].min(), table["Days"].max()) == (0, 9)


def test_a_factor_has_a_line_for_each_level(oats):
    table = predictions_data(oats)
    assert list(dict.fromkeys(table["line"])) == ["Golden Rain", "Marvellous", "Victory"]
    figure = plot_predictions(oats)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "Golden Rain",
        "Marvellous",
        "Victory",
    ]


def test_along_a_factor_there_are_dots(oats):
    table = predictions_data(oats, "Variety", at={"nitro": [0.0, 0.6]})
    assert list(dict.fromkeys(table["line"])) == ["nitro 0", "nitro 0.6"]
    axes = plot_predictions(oats, "Variety", at={"nitro": [0.0, 0.6]}).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Golden Rain", "Marvellous", "Victory"]
    expected = oats.predict({"Variety": list(table["Variety"][:3]), "nitro": [0.0] * 3}, random=False)
    np.testing.assert_allclose(table["estimate"][:3], expected)


def test_other_variables_stand_at_typical_values():
    rng = np.random.default_rng(2)
    data = {
        "y": rng.normal(size=60),
        "x": rng.normal(size=60),
        "z": rng.uniform(size=60),
        "f": np.array(["a", "b"])[rng.integers(0, 2, 60)],
        "k": rng.integers(1, 4, 60),
        "g": rng.integers(0, 8, 60),
        "o": rng.normal(size=60),
        "w": rng.uniform(1, 2, 60),
    }
    fit = lmm.fit("y ~ x + f + C(k) + offset(o) + (z | g)", data, weights="w")
    table = predictions_data(fit)
    assert table.columns[1] == "x"
    assert table.notes[-1] == f"At k 1, z {data['z'].mean():.4g}, o {data['o'].mean():.4g}."
    row = {"x": [table["x"][0]], "f": ["a"], "k": [1], "z": [data["z"].mean()], "o": [data["o"].mean()]}
    (expected,) = fit.predict(row, random=False, interval="prediction", weights=1)
    assert table["pred_low"][0] == pytest.approx(expected["conf_low"])
    assert set(predictions_data(fit, "k", at={"x": 2.0, "f": "b"})["line"]) == {""}


def test_blocks_of_the_user_leave_no_band_for_new_observations():
    rng = np.random.default_rng(4)
    data = {"y": rng.normal(size=40), "x": rng.normal(size=40)}
    fit = lmm.fit("y ~ x", data, random={"s": lmm.block(rng.normal(size=(40, 4)))})
    table = predictions_data(fit)
    assert np.isnan(table["pred_low"]).all()
    assert not np.isnan(table["conf_low"]).any()
    assert "blocks are not known" in table.notes[-1]
    assert plot_predictions(fit).axes


def test_data_stand_behind_one_line_that_depends_on_nothing_else(sleepstudy, oats):
    assert np.size(plot_predictions(sleepstudy).axes[0].lines[0].get_xdata()) == 180
    assert np.size(plot_predictions(oats, at={"Variety": "Victory"}).axes[0].lines[0].get_xdata()) == 61


def test_what_cannot_be_drawn(sleepstudy, oats, penicillin):
    with pytest.raises(lmm.LmmError, match=r'no "days" in the fixed part; it has Days.*Did you mean "Days"'):
        plot_predictions(sleepstudy, "days")
    with pytest.raises(lmm.LmmError, match=r"at= names 'nitrogen'; there are Variety"):
        plot_predictions(oats, "nitro", at={"nitrogen": 1})
    with pytest.raises(lmm.DesignError, match="no variable to predict along"):
        plot_predictions(penicillin)
    with pytest.raises(lmm.LmmError, match=r"13 lines are too many"):
        plot_predictions(oats, "Variety", at={"nitro": np.linspace(0, 1, 13)})
    with pytest.raises(lmm.DesignError, match="level"):
        plot_predictions(oats, "nitro", at={"Variety": "Unknown"})
    fit = lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"), offset=np.zeros(180))
    with pytest.raises(lmm.UnsupportedError, match="array as offset="):
        plot_predictions(fit)
