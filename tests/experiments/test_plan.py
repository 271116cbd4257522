"""Sizes and field plans: what is read, and what is refused with which words."""

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.experiments.plan import read_plan

SIZES = {"Diet": 6, "Time": 3, "replicates": 2}


def test_sizes_are_crossed_and_repeated():
    design = read_plan("~ Diet * Time", SIZES).design
    assert design.n_obs == 36
    assert design.rank == 18


def test_replicates_may_be_a_factor():
    plan = read_plan("~ Diet + (1 | replicates)", {"Diet": 6, "replicates": 3})
    assert plan.design.n_obs == 18
    assert plan.design.random[0].levels == ("1", "2", "3")


@pytest.mark.parametrize(
    ("formula", "sizes", "message"),
    [
        ("~ Diet * Time", {"Diet": 6, "Time": 3}, "names no experimental unit.*Add the units, or replicates"),
        ("~ Diet * Time", {"Diet": 6, "Tme": 3}, 'Tme is not a factor of the formula.*Did you mean "Time"'),
        ("~ Diet * Time", {"Diet": 6, "replicates": 2}, "The factor Time of the formula has no size"),
        ("~ Diet", {"Diet": 6, "repeats": 2}, 'How often each combination occurs is called "replicates"'),
        (
            "~ Diet",
            {"Diet": 1, "replicates": 2},
            "size of the factor Diet must be a whole number of at least 2, not 1",
        ),
        ("~ Diet", {"Diet": 0, "replicates": 2}, "of at least 2, not 0"),
        ("~ Diet", {"Diet": 2.5, "replicates": 2}, "not 2.5"),
        ("~ Diet", {"Diet": "six", "replicates": 2}, "not 'six'"),
        ("~ Diet", {"Diet": True, "replicates": 2}, "not True"),
        ("~ Diet", {"Diet": 6, "replicates": 0}, "number of replicates must be a whole number of at least 1"),
        ("~ Diet", {}, "There are no factors"),
        ("~ Diet", {"Diet": ["a", "b"], "replicates": 3}, r"size of each factor as a number.*\{'Diet': 2\}"),
        ("~ Diet + (1 | Room)", {"Diet": 2000, "Room": 2000}, "would have 4,000,000 rows"),
        ("~ Diet + (1 | Diet:Pen)", {"Diet": 3, "Pen": 4}, "one for each row"),
    ],
)
def test_sizes_that_are_no_plan(formula, sizes, message):
    with pytest.raises(lmm.DesignError, match=message):
        lmm.shell(formula, sizes)


def test_a_mean_alone_needs_replicates():
    with pytest.raises(lmm.LmmError):
        lmm.shell("~ 1", {"replicates": 1})


@pytest.mark.parametrize("formula", ["~", "", "~ Diet +", "y ~ Diet ~ Time", 3])
def test_formulas_that_cannot_be_read(formula):
    with pytest.raises(lmm.FormulaError):
        lmm.shell(formula, SIZES)


@pytest.fixture
def plan():
    return lmm.datasets.load("Oats").drop(columns="yield")


def test_unknown_factor_of_a_table(plan):
    with pytest.raises(lmm.ColumnError, match=r'no column "Varety"\. Did you mean "Variety"'):
        lmm.shell("~ Varety + (1 | Block)", plan)


def test_empty_factor_of_a_table(plan):
    with pytest.raises(lmm.DataError, match="factor Variety has fewer than two levels"):
        lmm.shell("~ Variety + (1 | Block)", plan[plan["Variety"] == "Victory"])
    with pytest.raises(lmm.DataError, match="no rows"):
        lmm.shell("~ Variety + (1 | Block)", plan.head(0))


def test_duplicated_plot_of_a_table(plan):
    twice = pd.concat([plan, plan.iloc[[4]]])
    with pytest.raises(
        lmm.DataError, match=r"The plot Block I, Variety Golden Rain, nitro 0 is in the table more than once"
    ):
        lmm.shell("~ Variety * C(nitro) + (1 | Block)", twice)


def test_equal_replication_is_no_duplication(plan):
    twice = pd.concat([plan, plan])
    assert lmm.shell("~ Variety * C(nitro) + (1 | Block/Variety)", twice)["df"].tolist()[-1] == 143


def test_rows_with_missing_factors_are_left_out_and_counted(plan):
    holes = plan.astype({"nitro": object})
    holes.loc[3, "nitro"] = np.nan
    shell = lmm.shell("~ Variety + (1 | Block)", holes)
    assert shell["df"].tolist()[-1] == 71
    with_nitro = lmm.shell("~ Variety + C(nitro) + (1 | Block)", holes)
    assert with_nitro["df"].tolist()[-1] == 70
    assert any("left out because a value is missing" in note for note in with_nitro.notes)


def test_not_a_table():
    with pytest.raises(lmm.DataError, match="not a table"):
        lmm.shell("~ Diet", 3)
