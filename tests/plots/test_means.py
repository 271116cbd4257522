"""Pictures of means: their numbers, and what stands where."""

import numpy as np
import pytest
from matplotlib.text import Text

import lmm
from lmm.plots import (
    blocks_data,
    interaction_data,
    means_data,
    p_values_data,
    plot_blocks,
    plot_interaction,
    plot_means,
    plot_of_means,
    plot_p_values,
)


@pytest.fixture(scope="module")
def looms():
    return lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks"))


@pytest.fixture(scope="module")
def pigs():
    data = lmm.datasets.load("pigs_grcbd")
    return {
        "fixed": lmm.fit("F.Dry.matter ~ Day * Trt + Room", data),
        "random": lmm.fit("F.Dry.matter ~ Day * Trt + (1 | Room)", data),
    }


def labels(axes):
    return [text.get_text() for text in axes.get_yticklabels()]


def test_data_of_means_are_those_of_the_tables(looms):
    means = looms.emmeans("tension | wool")
    table = means_data(means)
    assert table["estimate"] == pytest.approx(means["emmean"])
    assert table["conf_low"] == pytest.approx(means["conf_low"])
    assert list(table["panel"][::3]) == ["wool A", "wool B"]
    letters = {(row["wool"], row["tension"]): row["letters"] for row in means.letters()}
    assert [
        letters[panel[-1], label] for panel, label in zip(table["panel"], table["label"], strict=True)
    ] == list(table["letters"])


def test_contrasts_have_no_arrows_and_no_letters(looms):
    pairs = looms.emmeans("tension").contrast()
    assert means_data(pairs).columns == ("panel", "label", "estimate", "conf_low", "conf_high")
    assert labels(plot_means(pairs).axes[0]) == ["L - M", "L - H", "M - H"]
    with pytest.raises(lmm.LmmError, match="Letters need several means"):
        plot_means(pairs, letters=True)
    with pytest.raises(lmm.LmmError, match="There are arrows for means"):
        plot_means(pairs, arrows=True)


def test_panels_names_and_letters(looms):
    figure = plot_means(looms.emmeans("tension | wool"), letters=True, arrows=True)
    assert [axes.get_title("left") for axes in figure.axes] == ["wool A", "wool B"]
    first = figure.axes[0]
    assert labels(first) == ["L", "M", "H"]
    assert [text.get_text() for text in first.texts if text.get_text()] == ["a", "b", "b"]


def test_panels_share_their_names_and_leave_room_for_numbers():
    means = lmm.fit("yield ~ Variety * C(nitro)", lmm.datasets.load("Oats")).emmeans("Variety | nitro")
    figure = plot_means(means.contrast("pairwise"))
    assert [bool(labels(axes)) for axes in figure.axes] == [True, False, True, False]
    figure.canvas.draw()
    assert min(axes.get_position().width * 4.8 for axes in figure.axes) > 0.9
    own = plot_p_values(means)
    assert all(labels(axes) for axes in own.axes)


def test_the_lowest_panel_of_each_column_names_its_levels():
    means = lmm.fit("yield ~ Variety * C(nitro)", lmm.datasets.load("Oats")).emmeans("nitro | Variety")
    assert [axes.xaxis.get_tick_params()["labelbottom"] for axes in plot_interaction(means).axes] == [
        True
    ] * 3
    means = lmm.fit("conc ~ source * C(percent)", lmm.datasets.load("emm_pigs")).emmeans("source | percent")
    shown = [axes.xaxis.get_tick_params()["labelbottom"] for axes in plot_interaction(means).axes]
    assert shown == [False, False, True, True]


def test_more_lines_than_colours_and_long_names():
    rng = np.random.default_rng(0)
    data = {"f": [f"a long name {i}" for i in range(8)] * 9, "g": np.repeat(list("abc"), 24)}
    means = lmm.fit("y ~ f * g", {**data, "y": rng.normal(size=72)}).emmeans("g:f")
    figure = plot_interaction(means)
    lines = [line for line in figure.axes[0].lines if line.get_linestyle() != "None"]
    assert len({(line.get_color(), line.get_marker(), line.get_linestyle()) for line in lines}) == 8
    figure.canvas.draw()
    (legend,) = figure.legends
    assert legend.get_window_extent().x1 <= figure.bbox.x1
    panels = plot_interaction(lmm.emmeans(means.functions.fit, "g | f"))
    panels.canvas.draw()
    first, second, third = (
        next(text for text in axes.findobj(Text) if text.get_text() == axes.get_title("left"))
        for axes in panels.axes[:3]
    )
    assert first.get_window_extent().x1 < second.get_window_extent().x0
    assert second.get_window_extent().x1 < third.get_window_extent().x0


def test_scale_of_the_response():
    fit = lmm.fit("log(conc) ~ source", lmm.datasets.load("emm_pigs"))
    means = fit.emmeans("source", transform="response")
    table = means_data(means)
    assert "arrow_low" not in table
    assert table["estimate"] == pytest.approx(means["response"])
    assert plot_means(means, letters=True).get_supxlabel() == "conc"
    assert plot_means(means.contrast()).get_supxlabel() == "Ratio"
    behind = interaction_data(means)
    assert behind["value"][behind["source"] == "data"] == pytest.approx(lmm.datasets.load("emm_pigs")["conc"])


def test_interaction_has_means_and_the_data_behind(looms):
    table = interaction_data(looms.emmeans("tension:wool"))
    data = table["source"] == "data"
    assert int(data.sum()) == 54
    for level in "LMH":
        for wool in "AB":
            cell = (table["x"] == level) & (table["line"] == wool)
            assert table["value"][cell & data].mean() == pytest.approx(table["value"][cell & ~data][0])
    axes = plot_interaction(looms.emmeans("tension:wool")).axes[0]
    assert axes.get_xlabel() == "tension"
    assert axes.get_ylabel() == "breaks"
    panels = plot_interaction(looms.emmeans("tension | wool"), data=False).axes
    assert [axes.get_title("left") for axes in panels] == ["wool A", "wool B"]


def test_interaction_of_some_levels_leaves_the_others_out(looms):
    table = interaction_data(looms.emmeans("tension", at={"tension": ["L", "H"]}))
    assert int((table["source"] == "data").sum()) == 36


@pytest.mark.parametrize(
    "rows",
    [lambda fit: fit.emmeans("1"), lambda fit: fit.emmeans("tension").contrast()],
    ids=["all", "contrasts"],
)
def test_no_interaction_of_what_is_no_mean_of_a_factor(looms, rows):
    with pytest.raises(lmm.LmmError, match="An interaction plot is one of marginal means"):
        plot_interaction(rows(looms))


def test_p_values_are_those_of_the_comparisons(looms):
    means = looms.emmeans("tension | wool")
    table = p_values_data(means, adjust="holm")
    assert table["p_value"] == pytest.approx(means.contrast("pairwise", adjust="holm")["p_value"])
    assert (table["first"][0], table["second"][0]) == ("L", "M")
    figure = plot_p_values(means)
    # Smallest mean at the bottom.
    assert labels(figure.axes[0]) == ["M", "H", "L"]
    assert labels(figure.axes[1]) == ["H", "L", "M"]


def test_blocks_fixed_or_random(pigs):
    table = blocks_data(pigs, "Trt")
    fixed, random = (table["blocks"] == kind for kind in ("fixed", "random"))
    assert table["emmean"][fixed] == pytest.approx(table["emmean"][random], rel=1e-6)
    assert (table["std_error"][fixed] < table["std_error"][random]).all()
    assert table["sed"][fixed] == pytest.approx(table["sed"][random], rel=1e-5)
    axes = plot_blocks(pigs, "Trt").axes[0]
    assert axes.get_xlabel() == "Trt"
    assert axes.get_ylabel() == "F.Dry.matter, mean ± s.e."
    with pytest.raises(lmm.LmmError, match="Give the fits by name"):
        plot_blocks({}, "Trt")
    with pytest.raises(lmm.LmmError, match="has no groups"):
        plot_blocks(pigs, "Trt | Day")


@pytest.mark.parametrize("kind", ["intervals", "arrows", "letters", "interaction", "p_values"])
def test_by_name_and_again_the_same(looms, kind):
    means = looms.emmeans("wool:tension")
    one, again = (plot_of_means(means, kind) for _ in range(2))
    assert [len(axes.lines) for axes in one.axes] == [len(axes.lines) for axes in again.axes]
    one.canvas.draw()


def test_unknown_kind(looms):
    with pytest.raises(
        lmm.LmmError, match=r'kind= must be one of .*; it is .leters..* Did you mean "letters"'
    ):
        looms.emmeans("tension").plot("leters")


def test_missing_means_are_not_drawn():
    frame = lmm.datasets.load("warpbreaks")
    fit = lmm.fit("breaks ~ wool * tension", frame[~((frame["wool"] == "B") & (frame["tension"] == "H"))])
    means = fit.emmeans("wool:tension")
    table = means_data(means)
    assert np.isnan(table["estimate"]).sum() == np.isnan(table["arrow_low"]).sum() == 1
    for kind in ("arrows", "letters", "interaction", "p_values"):
        means.plot(kind).canvas.draw()


def test_more_means_than_names_fit_on_the_axis():
    rng = np.random.default_rng(0)
    fit = lmm.fit("y ~ f", {"y": rng.normal(size=210), "f": [f"v{i:02d}" for i in range(70)] * 3})
    figure = plot_means(fit.emmeans("f"), letters=True)
    assert labels(figure.axes[0]) == []
