import subprocess
import sys
from typing import get_args

import matplotlib as mpl
import pytest

import lmm
from lmm.plots import PlotKind, plot, plot_residuals
from lmm.plots.style import shorten


@pytest.mark.parametrize("kind", get_args(PlotKind))
@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_every_picture_can_be_written(sleepstudy, tmp_path, kind, form):
    fit = sleepstudy if kind != "smooths" else sleepstudy.update("Reaction ~ s(Days, k=5) + (1 | Subject)")
    plot(fit, kind).savefig(tmp_path / f"figure.{form}")
    assert (tmp_path / f"figure.{form}").stat().st_size > 1000


def test_unknown_picture_gets_the_nearest_name(sleepstudy):
    with pytest.raises(
        lmm.LmmError, match=r"kind= must be one of .*; it is 'residual'.*Did you mean \"residuals\""
    ):
        sleepstudy.plot("residual")


def test_style_does_not_leak(sleepstudy):
    before = dict(mpl.rcParams)
    plot_residuals(sleepstudy)
    assert dict(mpl.rcParams) == before


def test_global_state_of_pyplot_is_not_touched():
    program = (
        "import sys, lmm\n"
        "fit = lmm.fit('Reaction ~ Days', lmm.datasets.load('sleepstudy'))\n"
        "fit.plot('residuals').savefig(sys.argv[1])\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program, "/dev/null"], check=True)


def test_missing_extra_is_named(sleepstudy, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(lmm.MissingExtraError, match=r'matplotlib.*pip install "lmm\[plot\]"'):
        plot_residuals(sleepstudy)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("short", "short"), ("abcdefghij", "abc…ghij"), ("a\tb", "a\N{REPLACEMENT CHARACTER}b")],
)
def test_long_names_lose_their_middle(text, shown):
    assert shorten(text, 8) == shown
