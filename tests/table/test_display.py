"""Tables of any size show their first and last rows, and nothing in them is obeyed by a terminal or a browser."""

import numpy as np
import pytest

import lmm
import lmm.table as tables

CONTROL = [
    "\x1b[31mred",
    "bell\x07",
    "back\x08",
    "c1\x9b2J",
    "turn\u202ened",
    "line\nbreak",
    "\x7f",
    "cr\rx",
    "\ufeff",
]


def large(n=1_000_000):
    numbers = np.arange(n)
    return lmm.Table(
        {
            "row": numbers,
            "estimate": numbers / 7.0,
            "std_error": np.full(n, 0.5),
            "p_value": numbers / n,
            "x": numbers * 1e3,
        }
    )


@pytest.mark.parametrize("show", [repr, str, lmm.Table._repr_html_, lmm.Table.to_text])
def test_a_million_rows_are_shown_by_their_first_and_last(show, monkeypatch):
    seen = []
    real = tables.format_columns

    def counting(columns, formats):
        seen.append(max(len(values) for values in columns.values()))
        return real(columns, formats)

    monkeypatch.setattr(tables, "format_columns", counting)
    text = show(large())
    assert seen == [60]
    assert "⋮ 999,940 more rows" in text
    assert "999999" in text
    assert "500000" not in text


def test_all_rows_are_in_what_is_made_to_be_kept():
    table = large(300)
    for text in (table.to_text(None), table.to_html(), table.to_markdown(), table.to_latex()):
        assert all(f"{row}" in text for row in range(300))
        assert "more row" not in text
    assert len(table.to_dict()["row"]) == len(table.to_pandas()) == 300


@pytest.mark.parametrize(
    ("n", "line"), [(60, None), (61, "⋮ 1 more row"), (62, "⋮ 2 more rows"), (5000, "⋮ 4,940 more rows")]
)
def test_the_rows_that_are_not_shown_are_counted(n, line):
    table = lmm.Table({"row": range(n)})
    for text in (str(table), table._repr_html_()):
        assert ("more row" in text) is (line is not None)
        assert line is None or line in text
    assert table._repr_html_().count("<tr>") == 1 + min(n, 60) + (line is not None)


@pytest.mark.parametrize("text", CONTROL)
def test_control_characters_are_written_out(text):
    table = lmm.Table({text: [text, "b"]}, title=text.replace("\n", " "), notes=[text.replace("\n", " ")])
    for written in (str(table), table.to_html(), table._repr_html_(), table.to_markdown(), table.to_latex()):
        assert all(char.isprintable() or char == "\n" for char in written)
    assert table.columns == (text,)
    assert table[text][0] == text


@pytest.mark.parametrize("text", CONTROL)
def test_no_result_has_control_characters_of_the_data(text):
    name = f"x{text}".replace("\n", " ")
    rows = [
        {"y": 3.0 * i + j + (i * j) % 3, name: float(j), "g": f"{text}{i}", "f": f"{text}{j % 2}"}
        for i in range(5)
        for j in range(6)
    ]
    fit = lmm.fit(f"y ~ `{name}` + f + (1 | g)", rows)
    means, tests = fit.emmeans("f"), fit.anova()
    tables_of_it = [fit.fixef, fit.ranef(), fit.varcorr, fit.coefficients(), tests, means, fit.model_frame]
    others = [
        fit,
        fit.summary(),
        fit.profile("sigma"),
        fit.internals.design,
        fit.certificate,
        fit.internals.criterion_function,
    ]
    for result in (*tables_of_it, *others):
        ways = [way for way in ("__repr__", "_repr_html_", "to_markdown") if hasattr(result, way)]
        for written in (getattr(result, way)() for way in ways):
            assert all(char.isprintable() or char == "\n" for char in written)
