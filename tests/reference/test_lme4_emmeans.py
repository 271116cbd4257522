"""What emmeans makes of lme4's fits, at the theta where R stopped and at ours."""

import functools

import numpy as np
import pytest

import lmm
from tests.inference.models import as_estimated
from tests.reference.emmeans.tables import Closeness, check, with_tests
from tests.reference.lme4 import cases

TIGHT, LOOSE = Closeness(), Closeness(1e-5, p=1e-6, limits=1e-4)


def having(key):
    return [case_id for case_id, case in cases.reference().items() if case.get(key)]


def entries():
    return [
        (case_id, index)
        for case_id in having("emmeans")
        for index in range(len(cases.reference()[case_id]["emmeans"]))
    ]


def drawn():
    return [
        (case_id, index)
        for case_id, index in entries()
        if any(name.endswith(".mvt") for name in cases.reference()[case_id]["emmeans"][index])
    ]


@functools.cache
def at_theta_of_r(case_id):
    return as_estimated(cases.at_theta_of_r(case_id))


@pytest.fixture(
    params=[("theta of R", at_theta_of_r, TIGHT), ("optimum", cases.fitted, LOOSE)], ids=lambda p: p[0]
)
def place(request):
    return request.param[1:]


@pytest.mark.parametrize(("case_id", "index"), entries())
def test_means_and_contrasts(case_id, index, place):
    fitted, close = place
    entry = cases.reference()[case_id]["emmeans"][index]
    means = lmm.emmeans(fitted(case_id), entry["specs"], at=entry["at"], df=entry["ddf"])
    check(with_tests(means), entry["table"], close)
    for name, rows in entry.items():
        family, _, adjust = name.rpartition(".")
        if isinstance(rows, list) and family:
            # Drawn with errors of 1e-3; and of effects, emmeans takes rounding for a dimension: see below.
            loosely = adjust == "mvt" or name == "eff.scheffe"
            theirs = [without(row, "p.value", "lower.CL", "upper.CL") for row in rows] if loosely else rows
            own = Closeness(close.estimate, p=close.p, limits=1e-3) if adjust == "dunnettx" else close
            check(means.contrast(family, adjust=adjust), theirs, own)


def test_effects_have_one_dimension_less_than_means():
    """Three effects add up to zero: Scheffé's rank is 2, as emmeans has it for the pairs of these means; it says 3."""
    entry = cases.reference()["cake_split_plot_reml"]["emmeans"][0]
    effects = lmm.emmeans(at_theta_of_r("cake_split_plot_reml"), "recipe").contrast("eff", adjust="scheffe")
    pairs = entry["pairwise.scheffe"][0]
    width = (pairs["upper.CL"] - pairs["estimate"]) / pairs["SE"]
    assert (effects["conf_high"] - effects["estimate"]) / effects["std_error"] == pytest.approx(
        width, rel=1e-6
    )


@pytest.mark.parametrize(("case_id", "index"), drawn())
def test_multivariate_t(case_id, index):
    entry = cases.reference()[case_id]["emmeans"][index]
    means = lmm.emmeans(at_theta_of_r(case_id), entry["specs"], at=entry["at"], df=entry["ddf"])
    for name in (name for name in entry if name.endswith(".mvt")):
        ours, theirs = means.contrast(name.removesuffix(".mvt"), adjust="mvt"), entry[name]
        # Of these fits the degrees of freedom are whole, but for rounding.
        assert ours["df"] == pytest.approx(np.round(ours["df"]), abs=1e-6)
        assert ours["p_value"] == pytest.approx([row["p.value"] for row in theirs], abs=1e-3)
        for side, limit in (("conf_low", "lower.CL"), ("conf_high", "upper.CL")):
            gaps = ours[side] - np.array([row[limit] for row in theirs])
            assert gaps / ours["std_error"] == pytest.approx(0, abs=1e-2)


@pytest.mark.parametrize("case_id", having("emtrends"))
def test_slopes(case_id, place):
    fitted, close = place
    entry = cases.reference()[case_id]["emtrends"]
    check(with_tests(lmm.emtrends(fitted(case_id), entry["specs"], entry["var"])), entry["table"], close)


@pytest.mark.parametrize("case_id", having("joint_tests"))
def test_joint_tests(case_id, place):
    """R rounds its F to three decimals; in these balanced designs the smallest degrees of freedom are those of all."""
    fitted, close = place
    ours = {row["term"]: row for row in lmm.joint_tests(fitted(case_id))}
    for theirs in cases.reference()[case_id]["joint_tests"]:
        mine = ours.pop(theirs["model term"])
        assert mine["num_df"] == theirs["df1"]
        assert mine["den_df"] == pytest.approx(theirs["df2"], rel=1e-4)
        assert mine["f_value"] == pytest.approx(theirs["F.ratio"], abs=5.1e-4)
        assert mine["p_value"] == pytest.approx(theirs["p.value"], abs=close.p)
    assert not ours


def test_no_table_is_left_out():
    """Each list of rows is the table of means or contrasts named family.adjustment, and all of these are compared."""
    tables = [name for case_id, i in entries() for name in cases.reference()[case_id]["emmeans"][i]]
    named = [name for name in tables if name not in ("specs", "at", "ddf")]
    assert all(name == "table" or name.rpartition(".")[0] for name in named)
    assert (len(named), len(having("emtrends")), len(having("joint_tests"))) == (88, 2, 5)


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}
