"""Warnings of plans: replication, confounding, pseudo-replication."""

import pandas as pd
import pytest

import lmm


def notes(formula, plan, about):
    return [note for note in lmm.shell(formula, plan).notes if note.startswith(about)]


@pytest.fixture
def fields():
    """Each treatment on one field of six plots: the plots are not replicates."""
    return pd.DataFrame(
        [(t, f"field{t}", p) for t in "abcd" for p in range(6)], columns=["trt", "field", "plot"]
    )


def test_one_unit_for_each_treatment_is_no_replication(fields):
    shell = lmm.shell("~ trt + (1 | field)", fields)
    assert any(
        "No replication: the stratum field" in note and "trt cannot be tested" in note for note in shell.notes
    )
    assert dict(zip(shell["source"], shell["df"], strict=True))["Error(field)"] == 0
    assert shell["error_term"][0] is None
    assert shell.units["fewest"].tolist() == [1]


def test_units_that_the_formula_forgets(fields):
    (note,) = notes("~ trt", fields, "Pseudo-replication")
    assert "one level of field, which the formula leaves out" in note


def test_units_that_the_formula_forgets_with_replicates():
    pens = lmm.datasets.load("pigs_grcbd").drop(columns="F.Dry.matter")
    (note,) = notes("~ Trt * C(Day)", pens, "Pseudo-replication")
    assert "within each of the 90 levels of Pen" in note
    assert "its 3 rows are not replicates: add (1 | Pen)" in note
    assert notes("~ Trt * C(Day) + (1 | Pen)", pens, "Pseudo-replication") == []


def test_units_within_the_blocks_that_the_formula_names():
    """Whole plots of a split plot, with only the blocks in the formula."""
    oats = lmm.datasets.load("Oats").drop(columns="yield")
    strips = oats.assign(Strip=oats["Block"].astype(str) + oats["Variety"].astype(str))
    (note,) = notes("~ Variety * C(nitro) + (1 | Block)", strips, "Pseudo-replication")
    assert "Variety has one level within each of the 18 levels of Strip" in note
    assert notes("~ Variety * C(nitro) + (1 | Block/Variety)", strips, "Pseudo-replication") == []


def test_rows_within_units_are_no_replicates():
    (note,) = notes("~ Diet + (1 | Diet:Pen)", {"Diet": 3, "Pen": 4, "replicates": 6}, "Pseudo-replication")
    assert "there are 12 units, not 72" in note


def test_an_interaction_confounded_with_blocks():
    """2³ in blocks of four: N:P:K differs between blocks only (Yates' npk)."""
    rows = [
        (b, n, p, k)
        for b in range(6)
        for n in "01"
        for p in "01"
        for k in "01"
        if (int(n) + int(p) + int(k) + b) % 2
    ]
    plan = pd.DataFrame(rows, columns=["block", "N", "P", "K"]).astype(str)
    shell = lmm.shell("~ N * P * K + (1 | block)", plan)
    error = dict(zip(shell["source"], shell["error_term"], strict=True))
    assert error["N:P:K"] == "Error(block)"
    assert error["N:P"] == "Error"
    assert any(note.startswith("Confounding: N:P:K is not constant within block") for note in shell.notes)
    formula = dict(zip(shell["source"], shell["df_formula"], strict=True))
    assert formula["Error(block)"] == "b-1 - (n-1)(p-1)(k-1)"
    assert formula["Error"] == "N - n p k - (b-1) + (n-1)(p-1)(k-1)"


def test_incomplete_blocks_confound_in_part():
    blocks = [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)] * 2
    plan = pd.DataFrame(
        [(b, t) for b, own in enumerate(blocks) for t in own], columns=["block", "trt"]
    ).astype(str)
    (note,) = notes("~ trt + (1 | block)", plan, "Confounding")
    # Efficiency of a balanced incomplete block design: v (k - 1) / (k (v - 1)) = 4 * 2 / (3 * 3).
    assert "0.111 in block, 0.889 in Within" in note


def test_treatments_confounded_with_each_other():
    plan = pd.DataFrame({"A": list("aabb") * 4, "B": list("uuvv") * 4, "C": list("stst") * 4})
    (note,) = notes("~ A + B + C", plan, "Confounding")
    assert note == "Confounding: B loses 1 of its 1 degrees of freedom to terms before it."


def test_a_sound_plan_has_no_warnings():
    shell = lmm.shell("~ Variety * nitro + (1 | Block/Variety)", {"Variety": 3, "nitro": 4, "Block": 6})
    assert not any(note.startswith(("No replication", "Confounding", "Pseudo")) for note in shell.notes)


def test_blocks_that_are_fixed_and_random():
    """The same factor twice: its random part has nothing left."""
    shell = lmm.shell("~ Block + trt + (1 | Block)", {"Block": 4, "trt": 3, "replicates": 2})
    assert dict(zip(shell["source"], shell["df"], strict=True))["Error(Block)"] == 0
    assert any("cannot be tested" in note for note in shell.notes)
    assert "Block (random) 4 (0)" in str(shell.hasse)
