"""The Hasse diagram as a figure."""

import pytest

import lmm
from lmm.plots import hasse_data, plot_hasse


@pytest.fixture(scope="module")
def shell():
    return lmm.shell("~ Variety * nitro + (1 | Block/Variety)", {"Variety": 3, "nitro": 4, "Block": 6})


def test_data_are_the_table_of_the_diagram(shell):
    assert hasse_data(shell) == shell.hasse.table()


def test_every_node_is_written_with_its_numbers(shell):
    figure = plot_hasse(shell)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert len(texts) == 7
    assert "Block:Variety\n18 levels, 10 df" in texts
    assert "Mean\n1 df" in texts
    assert len(figure.axes[0].lines) == 9


def test_no_two_nodes_overlap(shell):
    figure = plot_hasse(shell)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    width, height = figure.canvas.get_width_height()
    assert all(box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height for box in boxes)


def test_size_may_be_given(shell):
    assert plot_hasse(shell.hasse, width=4, height=3).get_size_inches().tolist() == [4, 3]
