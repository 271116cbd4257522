import numpy as np
import pytest

import lmm
from lmm.plots import influence_data, plot_influence


def test_clusters_are_those_of_the_first_grouping_factor(sleepstudy, linear):
    assert influence_data(sleepstudy) == sleepstudy.influence("Subject")
    assert influence_data(linear) == linear.influence("row")


def test_few_clusters_are_named(sleepstudy):
    (axes,) = plot_influence(sleepstudy).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list(influence_data(sleepstudy)["level"])
    ends = [segment[1, 0] for segment in axes.collections[0].get_segments()]
    np.testing.assert_allclose(ends, influence_data(sleepstudy)["cooks_distance"])


def test_changes_of_each_fixed_effect_have_limits(sleepstudy):
    axes = plot_influence(sleepstudy, show="dfbetas").axes
    assert [panel.get_title("left") for panel in axes] == ["Intercept", "Days"]
    limits = [line.get_xdata()[0] for line in axes[0].lines[1:]]
    np.testing.assert_allclose(limits, [-2 / np.sqrt(18), 2 / np.sqrt(18)])


def test_many_rows_stand_in_order_and_the_largest_are_numbered(sleepstudy):
    (axes,) = plot_influence(sleepstudy, "row").axes
    distance = influence_data(sleepstudy, "row")["cooks_distance"]
    assert str(distance.argmax()) in [text.get_text() for text in axes.texts]
    assert len(axes.collections[0].get_segments()) == 180


def test_of_very_many_the_largest_of_each_run_are_drawn():
    rng = np.random.default_rng(3)
    data = {"y": rng.normal(size=1500), "x": rng.normal(size=1500), "g": np.repeat(np.arange(500), 3)}
    fit = lmm.fit("y ~ x + (1 | g)", data)
    figure = plot_influence(fit, show="dfbetas")
    assert figure.axes[-1].get_xlabel() == "g, 500 levels in order"
    drawn = {segment[1, 1] for segment in figure.axes[1].collections[0].get_segments()}
    assert len(drawn) == 400
    values = influence_data(fit)["dfbetas.x"]
    assert {values.min(), values.max()} <= drawn


def test_what_cannot_be_drawn(sleepstudy, monkeypatch):
    with pytest.raises(
        lmm.LmmError,
        match=r"show= must be \"cooks_distance\" or \"dfbetas\"; it is 'dfbeta'.*Did you mean \"dfbetas\"",
    ):
        plot_influence(sleepstudy, show="dfbeta")
    with pytest.raises(lmm.LmmError, match=r"by= must be one of row, Subject"):
        plot_influence(sleepstudy, "subjects")
    monkeypatch.setattr("lmm.plots.influence._MOST_PANELS", 1)
    with pytest.raises(lmm.LmmError, match=r"2 fixed effects are too many"):
        plot_influence(sleepstudy, show="dfbetas")


def test_many_panels_stand_side_by_side():
    data = dict(lmm.datasets.load("Oats"))
    data["nitro"] = data["nitro"].astype(str)
    figure = lmm.fit("yield ~ nitro * Variety + (1 | Block)", data).plot("influence", show="dfbetas")
    assert len(figure.axes) == 12
    assert figure.get_figwidth() > figure.get_figheight()
