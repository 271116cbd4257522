"""The fixed part: columns, names, terms and codings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from formulaic import model_matrix

from tests.design.designs import N_ROWS, design, table


def frame() -> pd.DataFrame:
    data = pd.DataFrame(table())
    data["b"] = data["b"].astype(str).astype("category")
    return data


@pytest.mark.parametrize(
    "right_side",
    [
        "1",
        "0 + x",
        "x + z",
        "f",
        "0 + f",
        "0 + x + f",
        "f * x",
        "f:x",
        "x + f:x",
        "f * h",
        "f + f:h",
        "f:h",
        "0 + f:h",
        "(f + b + x)**2",
        "f * b * x",
        "h / f",
        "poly(x, 3)",
        "poly(x, 2):f",
        "bs(x, df=5)",
        "cs(x, df=4)",
        "center(z) + scale(z)",
        "np.log(z) + log(z) + I(x**2)",
        "C(f, contr.sum) * x",
        "C(f, contr.helmert)",
        "C(f, contr.poly)",
        "C(f, contr.treatment('b'))",
        "C(f, contr.SAS)",
        "C(f, contr.diff)",
        "x:z + x",
        "{x + 1}",
    ],
)
def test_columns_and_names_are_those_of_formulaic(right_side):
    """The same matrix as formulaic builds by its own materializer for pandas."""
    expected = model_matrix(right_side, frame())

    built = design(f"y ~ {right_side}")

    assert built.names == tuple(expected.columns)
    np.testing.assert_allclose(built.X, expected.to_numpy(dtype=float), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("right_side", "names"),
    [
        ("x", ["Intercept", "x"]),
        ("f", ["Intercept", "f[T.b]", "f[T.c]"]),
        ("0 + f", ["f[a]", "f[b]", "f[c]"]),
        ("b", ["Intercept", "b[T.True]"]),
        ("f:x", ["Intercept", "f[a]:x", "f[b]:x", "f[c]:x"]),
        ("f * x", ["Intercept", "f[T.b]", "f[T.c]", "x", "f[T.b]:x", "f[T.c]:x"]),
        ("f - 1 + x", ["f[a]", "f[b]", "f[c]", "x"]),
        ("C(dose)", ["Intercept", "C(dose)[T.5]", "C(dose)[T.10]"]),
        ("C(x)", ["Intercept", *(f"C(x)[T.{i}]" for i in range(1, 7))]),
        ("factor(dose)", ["Intercept", "C(dose)[T.5]", "C(dose)[T.10]"]),
        ("I(x > 3)", ["Intercept", "I(x > 3)[T.True]"]),
        ("I(f == 'a')", ["Intercept", "I(f == 'a')[T.True]"]),
        (
            "C(dose, levels=[10, 0, 5])",
            ["Intercept", "C(dose, levels=[10, 0, 5])[T.0]", "C(dose, levels=[10, 0, 5])[T.5]"],
        ),
        (
            "C(dose, contr.treatment(5))",
            ["Intercept", *(f"C(dose, contr.treatment(5))[T.{i}]" for i in (0, 10))],
        ),
        ("C(f, Sum)", ["Intercept", "C(f, Sum)[S.a]", "C(f, Sum)[S.b]"]),
        ("C(f, Treatment)", ["Intercept", "C(f, Treatment)[T.b]", "C(f, Treatment)[T.c]"]),
    ],
)
def test_names(right_side, names):
    assert design(f"y ~ {right_side}").names == tuple(names)


@pytest.mark.parametrize(
    ("right_side", "rank"),
    # The dimension of the model as analysis of variance counts it.
    [("f * h", 12), ("f:h", 12), ("0 + f:h", 12), ("f + f:h", 12), ("f + b", 4), ("f * b", 6), ("h / f", 12)],
)
def test_factors_are_coded_to_full_rank_and_span_the_model(right_side, rank):
    built = design(f"y ~ {right_side}")

    assert len(built.names) == rank
    assert built.rank == rank


def test_terms_know_their_columns_parts_and_variables():
    built = design("y ~ f * C(dose) + log(z)")

    assert [term.name for term in built.terms] == ["Intercept", "f", "C(dose)", "log(z)", "f:C(dose)"]
    assert [term.columns for term in built.terms] == [
        slice(0, 1),
        slice(1, 3),
        slice(3, 5),
        slice(5, 6),
        slice(6, 10),
    ]
    assert [term.parts for term in built.terms][-2:] == [("log(z)",), ("f", "C(dose)")]
    assert [term.variables for term in built.terms] == [(), ("f",), ("dose",), ("z",), ("dose", "f")]


def test_factors_know_their_levels_and_coding():
    built = design("y ~ f * C(dose)", contrasts={"dose": "sum"})

    coding = {factor.name: factor for factor in built.factors}
    assert coding["f"].contrasts == "treatment"
    assert coding["C(dose)"].variable == "dose"
    assert coding["C(dose)"].levels == ("0", "5", "10")
    assert coding["C(dose)"].contrasts == "sum"
    np.testing.assert_array_equal(coding["C(dose)"].matrix, [[1, 0], [0, 1], [-1, -1]])


def test_a_model_without_any_column():
    assert design("y ~ 0 + (1 | g)").X.shape == (N_ROWS, 0)


def test_a_name_in_backticks():
    data = table() | {"dry matter": np.arange(24.0)}

    assert design("y ~ `dry matter`", data).names == ("Intercept", "dry matter")


def test_a_column_that_is_called_like_a_function_is_no_obstacle():
    data = table() | {"scale": np.arange(24.0)}

    assert design("y ~ scale(x)", data).names == ("Intercept", "scale(x)")


def test_ordered_categories_get_treatment_coding():
    data = table()
    data["f"] = pd.Categorical(data["f"], categories=list("cab"), ordered=True)

    assert design("y ~ f", data).names == ("Intercept", "f[T.a]", "f[T.b]")


def test_levels_that_occur_in_no_kept_row_are_dropped():
    data = table()
    data["x"] = np.where(np.array(data["f"]) == "c", np.nan, data["x"])

    built = design("y ~ x + f", data)

    assert built.names == ("Intercept", "x", "f[T.b]")
    assert built.n_dropped_missing == 8
