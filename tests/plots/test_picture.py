"""What a plot returns shows itself in a notebook, on white, and belongs to nobody's global state."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import subprocess
import sys
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import lmm
from lmm.plots import plot_blocks, plot_hasse


def pixels(png: bytes):
    from matplotlib.image import imread

    return imread(io.BytesIO(png), format="png")


def test_every_plot_is_a_figure_that_shows_itself(sleepstudy):
    means = lmm.fit("breaks ~ wool * tension", lmm.datasets.load("warpbreaks")).emmeans("tension")
    shell = lmm.shell("~ a + (1 | block)", {"a": 2, "block": 3})
    figures = [
        *(sleepstudy.plot(kind) for kind in ("residuals", "qq", "caterpillar", "fitted", "coefficients")),
        means.plot(),
        plot_hasse(shell),
        plot_blocks({"a": sleepstudy.update("Reaction ~ C(Days) + (1 | Subject)")}, "Days"),
    ]
    for figure in figures:
        assert isinstance(figure, Figure)
        assert figure._repr_png_().startswith(b"\x89PNG")
        assert ET.fromstring(figure._repr_svg_()).tag.endswith("svg")
        assert figure.axes


def test_the_paper_is_white_whatever_the_settings_are(sleepstudy):
    with mpl.rc_context({"figure.facecolor": "black", "savefig.facecolor": "black"}):
        picture = pixels(sleepstudy.plot("qq")._repr_png_())

    np.testing.assert_array_equal(picture[0, 0], [1.0, 1.0, 1.0, 1.0])


def test_the_same_figure_gives_the_same_bytes(sleepstudy):
    first, second = sleepstudy.plot("qq"), sleepstudy.plot("qq")

    assert first._repr_svg_() == second._repr_svg_()
    assert first._repr_png_() == second._repr_png_()


def test_a_figure_survives_pickling_and_closing(sleepstudy):
    figure = sleepstudy.plot("qq")
    again = pickle.loads(pickle.dumps(figure))

    assert type(again) is type(figure)
    assert again._repr_svg_().startswith("<svg")
    figure.clear()
    assert figure._repr_png_().startswith(b"\x89PNG")


CELLS = {
    "plain": [
        "import lmm",
        "fit = lmm.fit('Yield ~ 1 + (1 | Batch)', lmm.datasets.load('Dyestuff'))",
        "fit.plot('qq')",
    ],
    "inline": [
        "%matplotlib inline\nimport lmm",
        "fit = lmm.fit('Yield ~ 1 + (1 | Batch)', lmm.datasets.load('Dyestuff'))",
        "fit.plot('qq')",
    ],
}


@pytest.mark.parametrize("kind", CELLS)
def test_a_notebook_shows_the_picture_once(kind, tmp_path):
    code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    notebook = {
        "cells": [{**code, "id": f"cell{i}", "source": source} for i, source in enumerate(CELLS[kind])],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = tmp_path / "notebook.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", str(path)]
    # A kernel of this interpreter, and nothing of the user's settings.
    env = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(tmp_path),
        "IPYTHONDIR": str(tmp_path),
        "MPLCONFIGDIR": str(tmp_path),
    }
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    outputs = json.loads(path.read_text(encoding="utf-8"))["cells"][-1]["outputs"]
    pictures = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 1
    picture = pixels(base64.b64decode(pictures[0]))
    np.testing.assert_array_equal(picture[0, 0, :3], [1.0, 1.0, 1.0])
    assert picture[..., :3].min() < 0.5
