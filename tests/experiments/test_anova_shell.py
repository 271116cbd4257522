"""ANOVA shells: degrees of freedom, error terms and expectations of plans."""

import pandas as pd
import pytest

import lmm

SPLIT_PLOT = ("~ Variety * nitro + (1 | Block/Variety)", {"Variety": 3, "nitro": 4, "Block": 6})


def column(shell, name):
    return dict(zip(shell["source"], shell[name], strict=True))


@pytest.fixture(scope="module")
def pigs():
    """The third document: 90 pens of pigs, six diets, three days, three rooms."""
    return lmm.shell("~ Diet * Time + (1 | Room)", {"Diet": 6, "Time": 3, "Room": 3, "replicates": 5})


@pytest.fixture(scope="module")
def split_plot():
    return lmm.shell(*SPLIT_PLOT)


def test_shell_of_the_document_with_rooms(pigs):
    assert pigs.columns == ("source", "role", "df_formula", "df", "error_term", "ems")
    assert column(pigs, "df") == {
        "Room": 2,
        "Diet": 5,
        "Time": 2,
        "Diet:Time": 10,
        "Error": 250,
        "Total": 269,
    }
    assert column(pigs, "df_formula") == {
        "Room": "r-1",
        "Diet": "d-1",
        "Time": "t-1",
        "Diet:Time": "(d-1)(t-1)",
        "Error": "N - d t - (r-1)",
        "Total": "N - 1",
    }
    assert pigs["role"].tolist() == ["design", "treatment", "treatment", "treatment", "error", "total"]
    assert column(pigs, "error_term")["Diet"] == "Error"


def test_shell_of_the_document_without_rooms():
    shell = lmm.shell("~ Diet * Time", {"Diet": 6, "Time": 3, "replicates": 15})
    assert shell["df"].tolist() == [5, 2, 10, 252, 269]
    assert column(shell, "df_formula")["Error"] == "N - d t"


def test_split_plot_is_that_of_the_text_books(split_plot):
    """Source, df and expected mean square as in the course's table, with b, v, n for r, a, c."""
    rows = [tuple(row.values()) for row in split_plot]
    assert rows == [
        ("Block", "design", "b-1", 5, None, "σ²_ε + n σ²_bv + v n σ²_b"),
        ("Variety", "treatment", "v-1", 2, "Error(Block:Variety)", "σ²_ε + n σ²_bv + φ²(Variety)"),
        ("Error(Block:Variety)", "error", "(b-1)(v-1)", 10, None, "σ²_ε + n σ²_bv"),
        ("nitro", "treatment", "n-1", 3, "Error", "σ²_ε + φ²(nitro)"),
        ("Variety:nitro", "treatment", "(v-1)(n-1)", 6, "Error", "σ²_ε + φ²(Variety:nitro)"),
        ("Error", "error", "v(b-1)(n-1)", 45, None, "σ²_ε"),
        ("Total", "total", "N - 1", 71, None, None),
    ]
    assert split_plot.notes[0] == "b = Block (6), v = Variety (3), n = nitro (4), N = 72 rows."


def test_experimental_units_are_named(split_plot):
    assert [tuple(row.values()) for row in split_plot.units] == [
        ("Variety", "Block:Variety", 18, 6, 6),
        ("nitro", "observation", 72, 18, 18),
        ("Variety:nitro", "observation", 72, 6, 6),
    ]
    assert "Experimental unit of Variety: Block:Variety (18 in all; 6 for each level)." in split_plot.notes


def test_a_field_plan_gives_the_same_shell(split_plot):
    plan = lmm.datasets.load("Oats").drop(columns="yield").astype({"nitro": "category"})
    assert lmm.shell("~ Variety * nitro + (1 | Block/Variety)", plan) == split_plot
    # The response may be named in the formula; whether it is there does not matter.
    assert lmm.shell("yield ~ Variety * nitro + (1 | Block/Variety)", plan) == split_plot


def test_plan_may_be_any_table(split_plot):
    plan = lmm.datasets.load("Oats")
    columns = {
        "Variety": plan["Variety"].astype(str).tolist(),
        "nitro": [str(value) for value in plan["nitro"]],
        "Block": plan["Block"].astype(str).tolist(),
    }
    assert (
        lmm.shell("~ Variety * nitro + (1 | Block/Variety)", columns)["df"].tolist()
        == split_plot["df"].tolist()
    )


def test_strip_plot_has_three_error_strata():
    shell = lmm.shell("~ A * B + (1 | Rep) + (1 | Rep:A) + (1 | Rep:B)", {"A": 3, "B": 4, "Rep": 6})
    assert column(shell, "df") == {
        "Rep": 5,
        "A": 2,
        "Error(Rep:A)": 10,
        "B": 3,
        "Error(Rep:B)": 15,
        "A:B": 6,
        "Error": 30,
        "Total": 71,
    }
    assert column(shell, "error_term")["B"] == "Error(Rep:B)"
    assert column(shell, "ems")["Rep"] == "σ²_ε + a σ²_rb + b σ²_ra + a b σ²_r"
    assert column(shell, "df_formula")["Error"] == "(r-1)(a-1)(b-1)"


def test_units_with_labels_of_their_own():
    """Pens numbered through 1 to 90: the diet is known with the pen."""
    plan = lmm.datasets.load("pigs_grcbd").drop(columns="F.Dry.matter")
    shell = lmm.shell("~ Trt * C(Day) + (1 | Pen)", plan)
    assert column(shell, "df")["Error(Pen)"] == 84
    assert column(shell, "df_formula")["Error(Pen)"] == "p - t"
    assert column(shell, "ems")["Error(Pen)"] == "σ²_ε + d σ²_p"
    inside = lmm.shell("~ Trt * C(Day) + (1 | Room/Pen)", plan)
    assert column(inside, "df_formula")["Error(Room:Pen)"] == "p - r - t + 1"
    assert column(inside, "df")["Error(Room:Pen)"] == 82


def test_unequal_replication_keeps_formulas_and_has_numbers_in_the_expectations():
    plan = lmm.datasets.load("Oats").drop(index=[0, 30, 31])
    shell = lmm.shell("~ Variety * C(nitro) + (1 | Block)", plan)
    assert column(shell, "df_formula")["Error"] == "N - v n - (b-1)"
    assert column(shell, "df")["Error"] == 69 - 12 - 5
    assert "σ²_b" in column(shell, "ems")["Variety"]
    assert "MS(Block)" in column(shell, "error_term")["Variety"]


def test_sampling_in_stages_has_no_treatments():
    shell = lmm.shell("~ 1 + (1 | Lab/Day)", {"Lab": 4, "Day": 5, "replicates": 2})
    assert shell["source"].tolist() == ["Lab", "Lab:Day", "Error", "Total"]
    assert shell["df_formula"].tolist() == ["l-1", "l(d-1)", "N - l d", "N - 1"]
    assert shell["role"].tolist() == ["design", "design", "error", "total"]
    assert len(shell.units) == 0


def test_covariates_take_what_their_columns_take():
    plan = lmm.datasets.load("Oats").drop(columns="yield")
    shell = lmm.shell("~ Variety * nitro + (1 | Block/Variety)", plan)
    assert column(shell, "df_formula")["nitro"] == "1"
    assert column(shell, "df_formula")["Variety:nitro"] == "v-1"
    assert column(shell, "df")["Variety:nitro"] == 2
    assert any("C(nitro) makes it a factor" in note for note in shell.notes)
    polynomial = lmm.shell("~ Variety + poly(nitro, 2) + (1 | Block)", plan)
    assert column(polynomial, "df_formula")["poly(nitro, 2)"] == "2"


def test_degrees_of_freedom_are_those_of_the_analysis():
    oats = lmm.datasets.load("Oats")
    formula = "yield ~ Variety * C(nitro) + (1 | Block/Variety)"
    strata, shell = lmm.strata(formula, oats), lmm.shell(formula, oats)
    assert shell["df"].tolist()[:-1] == strata["df"].tolist()


def test_html_is_escaped():
    html = lmm.shell("~ `<b>` + (1 | Block)", {"<b>": 2, "Block": 3}).to_html()
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_correlated_effects_have_no_shell():
    plan = pd.DataFrame({"x": range(12), "g": list("abcd") * 3})
    with pytest.raises(lmm.UnsupportedError, match=r"Write \(x \|\| g\)"):
        lmm.shell("~ x + (x | g)", plan)
