"""One line while a search takes long, and nothing left of it."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import lmm
from lmm.estimation import progress
from lmm.estimation.progress import INTERVAL, PATIENCE, ProgressLine, watched


class Screen(io.StringIO):
    """A terminal: what was written, and what is seen."""

    def isatty(self):
        return True

    @property
    def seen(self):
        """The line after its last writing."""
        return self.getvalue().split("\r")[-1]


class Clock:
    """Seconds that pass when told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_nothing_in_the_first_two_seconds(clock):
    screen = Screen()
    with ProgressLine(screen, clock) as line:
        for iteration in range(10):
            line(iteration, 1.0)
            clock.now += PATIENCE / 10 - 0.01
    assert screen.getvalue() == ""


def test_then_one_line_that_is_written_over_and_wiped_out(clock):
    screen = Screen()
    with ProgressLine(screen, clock) as line:
        clock.now += 3.2
        line(7, 12345678.9)
        assert screen.seen == "fitting: 3 s, iteration 7, criterion 12345678.9000"
        clock.now += 1.0
        line(8, -2.5)
        assert screen.seen.rstrip() == "fitting: 4 s, iteration 8, criterion -2.5000"
        assert len(screen.seen) == len("fitting: 3 s, iteration 7, criterion 12345678.9000")
    assert "\n" not in screen.getvalue()
    assert screen.getvalue().split("\r")[-2].strip() == screen.seen == ""


def test_not_more_often_than_can_be_read(clock):
    screen = Screen()
    with ProgressLine(screen, clock) as line:
        clock.now += PATIENCE
        for iteration in range(100):
            line(iteration, 1.0)
            clock.now += INTERVAL / 50
    assert screen.getvalue().count("iteration") <= 3


def test_several_starts_are_counted(clock):
    screen = Screen()
    with ProgressLine(screen, clock) as line:
        clock.now += 10.0
        line.begin(2, 6)
        line(1, 1.0)
        assert screen.seen == "fitting: 10 s, start 2 of 6, iteration 1, criterion 1.0000"


def test_a_line_is_wiped_out_after_an_interruption(clock):
    screen = Screen()

    def interrupted():
        with ProgressLine(screen, clock) as line:
            clock.now += 10.0
            line(1, 1.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "iteration 1" in screen.getvalue()
    assert screen.seen == ""


def test_files_and_pipes_get_nothing(clock):
    pipe = io.StringIO()
    with ProgressLine(pipe, clock) as line:
        for iteration in range(5):
            clock.now += 10.0
            line(iteration, 1.0)
    assert pipe.getvalue() == ""
    assert not watched(None)


@pytest.mark.parametrize(
    ("shell", "seen"), [("ZMQInteractiveShell", True), ("TerminalInteractiveShell", False)]
)
def test_a_notebook_is_watched(monkeypatch, shell, seen):
    running = type(shell, (), {})()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: running))
    assert watched(io.StringIO()) is seen


@pytest.mark.parametrize("shown", [True, False])
def test_a_long_fit(monkeypatch, clock, shown):
    """The clock of this fit goes a second an iteration."""
    screen = Screen()

    def tick():
        clock.now += 1.0
        return clock.now

    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress.ProgressLine.__init__, "__defaults__", (None, tick))
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(9), 6)
    table = {"y": rng.normal(size=54) + rng.normal(size=9)[g], "x": rng.normal(size=54), "g": g.astype(str)}
    fit = lmm.fit("y ~ x + (x | g)", table, control={} if shown else {"progress": False})
    assert fit.converged
    assert ("iteration 3, criterion" in screen.getvalue()) is shown
    assert screen.seen == ""
