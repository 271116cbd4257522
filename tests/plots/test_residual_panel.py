import numpy as np
import pytest

import lmm
from lmm.plots import plot_residual_panel, residual_panel_data


def test_table_has_the_numbers_of_the_fit(sleepstudy):
    table = residual_panel_data(sleepstudy)
    np.testing.assert_allclose(table["residual"], sleepstudy.residuals("scaled"))
    np.testing.assert_allclose(table["root_size"] ** 2, np.abs(sleepstudy.residuals("studentized")))
    np.testing.assert_allclose(table["leverage"], lmm.leverage(sleepstudy))


def test_four_panels_and_the_rows_that_pull(sleepstudy):
    axes = plot_residual_panel(sleepstudy).axes
    assert [panel.get_title("left") for panel in axes] == ["Mean", "Spread", "Shape", "Pull"]
    largest = np.argsort(-sleepstudy.influence()["cooks_distance"])[:3]
    assert [text.get_text() for text in axes[3].texts] == [str(row) for row in largest]


def test_rows_of_leverage_one_have_no_studentized_residual():
    data = dict(lmm.datasets.load("sleepstudy"))
    data["only"] = np.where(np.arange(180) == 4, 1.0, 0.0)
    axes = plot_residual_panel(lmm.fit("Reaction ~ Days + only + (1 | Subject)", data)).axes
    assert len(axes[0].lines[1].get_xdata()) == 180
    assert len(axes[3].lines[1].get_xdata()) == 179


def test_panels_can_be_chosen(sleepstudy):
    axes = plot_residual_panel(sleepstudy, panels=("pull", "spread")).axes
    assert [panel.get_title("left") for panel in axes] == ["Pull", "Spread"]
    assert [panel.get_xlabel() for panel in plot_residual_panel(sleepstudy, panels=["shape"]).axes] == [
        "Normal quantile"
    ]


@pytest.mark.parametrize(
    ("panels", "message"), [(("meen",), 'Did you mean "mean"'), ((), "panels= is empty")]
)
def test_unknown_panels_are_named(sleepstudy, panels, message):
    with pytest.raises(lmm.LmmError, match=message):
        plot_residual_panel(sleepstudy, panels=panels)
