"""Settings of the search: an end by the clock, a callback, and what is planned."""

from dataclasses import fields

import pytest

import lmm
from lmm.elsewhere import SETTINGS
from lmm.engine import Control
from lmm.errors import ConvergenceError, LmmError, UnsupportedError
from lmm.estimation.progress import ProgressLine, watch

LINEAR, CURVED = "Reaction ~ Days + (Days | Subject)", "Reaction ~ Days + ar1(0 + C(Days) | Subject)"


@pytest.mark.parametrize("restarts", [0, 2])
@pytest.mark.parametrize("formula", [LINEAR, CURVED])
def test_a_callback_sees_each_iteration(formula, restarts):
    seen = []
    data = lmm.datasets.load("sleepstudy")
    control = {"progress": False, "callback": lambda i, criterion: seen.append((i, criterion))}
    fit = lmm.fit(formula, data, control=control, restarts=restarts)
    assert min(criterion for _, criterion in seen) == pytest.approx(fit.criterion, abs=1e-6)
    assert [i for i, _ in seen].count(0) >= 1
    assert fit.criterion == lmm.fit(formula, data, restarts=restarts).criterion


@pytest.mark.parametrize("formula", [LINEAR, CURVED])
def test_what_a_callback_raises_comes_through(formula):
    def stop(iteration, _):
        if iteration == 1:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        lmm.fit(formula, lmm.datasets.load("sleepstudy"), control={"callback": stop})


@pytest.mark.parametrize("formula", [LINEAR, CURVED])
def test_a_search_ends_with_its_time(formula):
    data = lmm.datasets.load("sleepstudy")
    with pytest.raises(ConvergenceError, match=r"time_limit=1e-09 seconds: iteration 0, criterion 1[78]"):
        lmm.fit(formula, data, control=Control(time_limit=1e-9))
    assert lmm.fit(formula, data, control={"time_limit": 600}).converged


def test_the_time_is_that_of_all_starts():
    seconds = iter([0.0, 1.0, 2.5, 3.5])
    told = watch(Control(progress=False, time_limit=3), ProgressLine(), lambda: next(seconds))
    told(0, 5.0)
    told(1, 4.0)
    with pytest.raises(ConvergenceError, match="iteration 0, criterion 7"):
        told(0, 7.0)
    assert watch(Control(progress=False), ProgressLine()) is None


@pytest.mark.parametrize("setting", [{"engine": "iterative"}, {"accuracy": 0.01}, {"probes": 30}])
def test_what_is_planned_says_so(setting):
    name = next(iter(setting))
    with pytest.raises(UnsupportedError, match=f"{name}=.*not available yet, planned"):
        lmm.fit(LINEAR, lmm.datasets.load("sleepstudy"), control=setting)


@pytest.mark.parametrize(
    ("setting", "match"),
    [
        ({"time_limit": 0}, "time_limit must be a number of seconds above 0"),
        ({"time_limit": "1 h"}, "time_limit must be"),
        ({"time_limit": float("nan")}, "time_limit must be"),
        ({"time_limit": True}, "time_limit must be"),
        ({"callback": 3}, "callback must be a function"),
        ({"engine": "fast"}, "engine must be 'exact'"),
    ],
)
def test_settings_that_cannot_be_are_refused(setting, match):
    with pytest.raises(LmmError, match=match):
        lmm.fit(LINEAR, lmm.datasets.load("sleepstudy"), control=setting)


def test_a_fit_with_a_callback_can_be_saved(tmp_path):
    fit = lmm.fit(LINEAR, lmm.datasets.load("sleepstudy"), control={"callback": lambda *_: None})
    lmm.save(fit, tmp_path / "fit.lmm")
    assert lmm.load(tmp_path / "fit.lmm").criterion == pytest.approx(fit.criterion)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("residual", "nlme"),
        ("variance", "weights="),
        ("trials", "glmmTMB"),
        ("exposure", "offset="),
        ("frequency", "as often as it counts"),
        ("known", "lmm.block"),
    ],
)
def test_arguments_of_later_versions_say_what_to_do_today(name, advice):
    with pytest.raises(UnsupportedError, match=f"^{name}= is not available yet, planned.*{advice}"):
        lmm.fit(LINEAR, lmm.datasets.load("sleepstudy"), **{name: "x"})


def test_the_object_and_the_dict_are_the_same():
    data = lmm.datasets.load("sleepstudy")
    control = lmm.Control(max_iterations=100, memory_limit="1 GB")
    fit = lmm.fit(LINEAR, data, control=control)
    assert fit.internals.request.control == control
    assert (
        lmm.fit(LINEAR, data, control={"max_iterations": 100, "memory_limit": 1e9}).internals.request.control
        == control
    )


def test_settings_given_as_arguments_are_told_where_they_belong():
    assert set(SETTINGS) == {field.name for field in fields(lmm.Control)}
    for name in SETTINGS:
        with pytest.raises(LmmError, match=f"{name} is a setting of the search: control={{'{name}': ...}}"):
            lmm.fit(LINEAR, lmm.datasets.load("sleepstudy"), **{name: 1})
