import numpy as np
import pytest

import lmm
from lmm.plots import caterpillar_data, plot_caterpillar
from lmm.plots.caterpillar import MOST_LINES, MOST_NAMES


def _many(n_levels):
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(n_levels), 2)
    y = rng.normal(size=n_levels)[group] + 0.3 * rng.normal(size=group.size)
    return lmm.fit("y ~ 1 + (1 | g)", {"y": y, "g": group})


def test_levels_stand_in_the_order_of_the_first_effect(sleepstudy):
    table = caterpillar_data(sleepstudy)
    first, second = (table["term"] == name for name in ("Intercept", "Days"))
    assert np.all(np.diff(table["estimate"][first]) >= 0)
    assert list(table["level"][first]) == list(table["level"][second])


def test_intervals_are_normal_quantiles_of_the_conditional_sd(sleepstudy):
    table = caterpillar_data(sleepstudy, level=0.9)
    half = 1.6448536269514722 * table["std_error"]
    np.testing.assert_allclose(table["conf_low"], table["estimate"] - half, rtol=1e-12)
    np.testing.assert_allclose(table["conf_high"], table["estimate"] + half, rtol=1e-12)
    source = {(r["level"], r["term"]): r["std_error"] for r in sleepstudy.ranef(cond_var=True)}
    assert all(row["std_error"] == source[row["level"], row["term"]] for row in table)


def test_each_group_has_its_own_picture(penicillin):
    figure = plot_caterpillar(penicillin, "sample")
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == list(caterpillar_data(penicillin, "sample")["level"])


def test_one_of_several_groups_must_be_named(penicillin):
    with pytest.raises(
        lmm.LmmError, match=r'say which group to draw, as in fit.plot\("caterpillar", group="plate"\)'
    ):
        plot_caterpillar(penicillin)


def test_unknown_group_gets_the_nearest_name(penicillin):
    with pytest.raises(lmm.DesignError, match=r'no random effects of "plat".*Did you mean "plate"'):
        caterpillar_data(penicillin, "plat")


def test_model_without_random_effects_has_none_to_draw(linear):
    with pytest.raises(lmm.DesignError, match="no random effects"):
        plot_caterpillar(linear)


@pytest.mark.parametrize("level", [0, 1, 95, -0.1])
def test_level_is_a_coverage(sleepstudy, level):
    with pytest.raises(lmm.LmmError, match="level= must lie between 0 and 1"):
        caterpillar_data(sleepstudy, level=level)


@pytest.mark.parametrize("n_levels", [MOST_NAMES, MOST_NAMES + 1, MOST_LINES + 50])
def test_large_groups_are_drawn_without_names_and_thinned(n_levels):
    figure = plot_caterpillar(_many(n_levels))
    axes = figure.axes[0]
    if n_levels <= MOST_NAMES:
        assert len(axes.get_yticklabels()) == n_levels
        return
    (lines,) = axes.collections
    shown = len(lines.get_segments())
    assert shown == min(n_levels, MOST_LINES)
    ranks = [segment[0, 0] for segment in lines.get_segments()]
    assert (ranks[0], ranks[-1]) == (1, n_levels)
    assert f"Rank among {n_levels:,} levels of g" == axes.get_xlabel()


def test_many_effects_stand_in_rows_and_names_on_the_left():
    fit = lmm.fit("angle ~ temperature + (0 + temperature | replicate)", lmm.datasets.load("cake"))
    axes = plot_caterpillar(fit, "replicate").axes
    assert len(axes) == 6
    assert [bool(panel.get_yticklabels()[0].get_text()) for panel in axes] == [True, False, False] * 2
