"""Hasse diagrams: nesting, layers, and how they are drawn with letters."""

import lmm
from lmm.experiments.diagram import arranged, drawn


def split_plot():
    return lmm.shell("~ Variety * nitro + (1 | Block/Variety)", {"Variety": 3, "nitro": 4, "Block": 6}).hasse


def test_nodes_have_levels_degrees_of_freedom_and_what_is_above():
    found = {node.name: (node.role, node.levels, node.df, set(node.above)) for node in split_plot().nodes}
    assert found == {
        "Mean": ("mean", 1, 1, set()),
        "Block": ("design", 6, 5, {"Mean"}),
        "Variety": ("treatment", 3, 2, {"Mean"}),
        "nitro": ("treatment", 4, 3, {"Mean"}),
        "Variety:nitro": ("treatment", 12, 6, {"Variety", "nitro"}),
        "Block:Variety": ("design", 18, 10, {"Block", "Variety"}),
        "observation": ("error", 72, 45, {"Variety:nitro", "Block:Variety"}),
    }


def test_degrees_of_freedom_add_up_to_the_rows():
    assert sum(node.df for node in split_plot().nodes) == 72


def test_table_has_a_row_for_each_node():
    table = split_plot().table()
    assert table.columns == ("factor", "role", "levels", "df", "nested_in")
    assert table["nested_in"][0] is None


def test_drawing():
    assert str(split_plot()).splitlines() == [
        "                Mean 1 (1)",
        "                  ╱  │ ╲",
        "             ╱       │       ╲",
        "        ╱            │            ╲",
        "nitro 4 (3)    Variety 3 (2)    Block 6 (5)",
        "      ╲           ╱     ╲           ╱",
        "        ╲   ╱                ╲   ╱",
        "Variety:nitro 12 (6)  Block:Variety 18 (10)",
        "            ╲                ╱",
        "                  ╲     ╱",
        "            observation 72 (45)",
    ]


def test_lines_pass_layers_that_they_do_not_end_in():
    layers = arranged({"mean": (), "a": ("mean",), "b": ("mean",), "a:b": ("a", "b"), "row": ("a:b", "mean")})
    assert [sorted(place.name for place in layer) for layer in layers] == [
        ["mean"],
        ["", "a", "b"],
        ["", "a:b"],
        ["row"],
    ]


def test_crossings_are_avoided():
    single = dict.fromkeys("abcd", ("m",))
    diagram = arranged({"m": (), **single, "a:c": ("a", "c"), "b:d": ("b", "d")})
    names = "".join(place.name for place in diagram[1])
    assert {frozenset(names[:2]), frozenset(names[2:])} == {frozenset("ac"), frozenset("bd")}


def test_a_chain_is_a_straight_line():
    text = drawn(arranged({"m": (), "a": ("m",), "b": ("a",)}), {"m": "mean", "a": "lab 4", "b": "row 40"})
    assert text.splitlines() == [" mean", "   │", " lab 4", "   │", "row 40"]


def test_treatments_that_divide_alike_are_nested_in_the_first():
    plan = {"A": list("aabb") * 3, "pen": list("uuvv") * 3}
    found = {node.name: node for node in lmm.shell("~ A + (1 | pen)", plan).hasse.nodes}
    assert found["pen"].above == ("A",)
    assert found["pen"].df == 0
