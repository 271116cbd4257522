"""Values of wrong kinds in the place of every argument: our errors or a result, never an error of Python or NumPy."""

from __future__ import annotations

import inspect

import pytest

import lmm
from lmm import plots
from tests.arguments.calls import Call, calls
from tests.arguments.fuzz import complaint, pairs

SHARE = 10
"""One pair of so many is tried here; ``make fuzz`` tries all."""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Files that a call may write belong to nobody's folder."""
    monkeypatch.chdir(tmp_path)


def test_wrong_values_end_in_errors_of_ours(capsys):
    tried = list(pairs(SHARE))

    assert len(tried) > 1000
    assert [text for text in (complaint(*pair) for pair in tried) if text] == []
    capsys.readouterr()


@pytest.mark.parametrize("name", [name for name in calls() if name != "table.[]"])
def test_an_unknown_argument_is_refused_by_name(name):
    call = calls()[name]
    with pytest.raises(lmm.LmmError, match="zzz"):
        call.run(zzz=1)


@pytest.mark.parametrize("name", calls())
def test_the_signature_is_that_of_the_function(name):
    call = calls()[name]
    own = inspect.signature(inspect.unwrap(getattr(call.function, "__func__", call.function)))
    shown = list(inspect.signature(call.function).parameters)
    # A method does not show its object, nor what makes no sense for it; tests/architecture/test_questions.py says more.
    known = (
        [p for p in own.parameters if p in shown] if inspect.ismethod(call.function) else list(own.parameters)
    )

    assert known == shown


def test_every_public_function_has_a_good_call():
    tried = {call.function for call in calls().values() if isinstance(call, Call)}
    functions = [getattr(lmm, name) for name in lmm.__all__ if inspect.isfunction(getattr(lmm, name))]
    drawn = [getattr(plots, name) for name in plots.__all__ if name.startswith("plot_")]

    assert [f.__name__ for f in (*functions, *drawn) if f not in tried] == []
