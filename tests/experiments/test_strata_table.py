"""Strata: expectations, error terms, efficiency, what is refused. Numbers of R are in tests/reference."""

import numpy as np
import pandas as pd
import pytest

import lmm

FORMULA = "yield ~ Variety * C(nitro) + (1 | Block/Variety)"


@pytest.fixture(scope="module")
def oats():
    return lmm.datasets.load("Oats")


def test_numbers_of_the_oats(oats):
    table = lmm.strata(FORMULA, oats)
    assert table.columns == ("stratum", "term", "df", "sum_sq", "mean_sq", "ems", "f_value", "p_value")
    # Sums of squares of whole numbers over 36 and 12: the mean squares are fractions.
    assert table["mean_sq"] == pytest.approx([3175.06, 893.18, 601.33, 6673.5, 53.625, 177.08], abs=5.01e-3)
    assert table["mean_sq"][4] == pytest.approx(321.75 / 6)
    assert table["stratum"].tolist() == ["Block", *["Block:Variety"] * 2, *["Within"] * 3]
    assert table["ems"].tolist() == [
        "σ²_ε + 4 σ²_Block:Variety + 12 σ²_Block",
        "σ²_ε + 4 σ²_Block:Variety + φ²(Variety)",
        "σ²_ε + 4 σ²_Block:Variety",
        "σ²_ε + φ²(C(nitro))",
        "σ²_ε + φ²(Variety:C(nitro))",
        "σ²_ε",
    ]
    assert table.notes == ("Sums of squares of type I.",)


def test_a_fit_has_the_strata_of_its_data(oats):
    table = lmm.strata(FORMULA, oats)
    for method in ("reml", "ml", "moments"):
        assert lmm.fit(FORMULA, oats, method=method).strata() == table
    assert lmm.strata(lmm.fit(FORMULA, oats)) == table


def test_coefficients_are_numbers_too(oats):
    table = lmm.strata(FORMULA, oats).coefficients
    assert table.columns == ("stratum", "term", "Block", "Block:Variety", "Residual")
    np.testing.assert_allclose(table["Block:Variety"], [4, 4, 4, 0, 0, 0], atol=1e-10)


def test_tests_name_their_denominators(oats):
    tests = lmm.strata(FORMULA, oats).tests
    assert tests["denominator"].tolist() == ["MS(Block:Variety)", "MS(Within)", "MS(Within)"]
    assert tests["den_df"].tolist() == [10.0, 45.0, 45.0]


def test_balanced_tests_are_those_of_kenward_and_roger(oats):
    """Balanced data, no negative component: F and its degrees of freedom are exact both ways."""
    tests = lmm.strata(FORMULA, oats).tests
    anova = lmm.fit(FORMULA, oats).anova()
    assert anova["term"].tolist() == tests["term"].tolist()
    np.testing.assert_allclose(anova["f_value"], tests["f_value"], rtol=1e-6)
    np.testing.assert_allclose(anova["den_df"], tests["den_df"], rtol=1e-6)


def test_synthesised_denominator_by_hand():
    """A fixed term crossed with two random ones that have interactions with it: MS(A:R) + MS(A:S) - MS(A:R:S)."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        [(a, r, s) for a in range(3) for r in range(4) for s in range(5) for _ in range(2)],
        columns=["A", "R", "S"],
    ).astype(str)
    frame["y"] = rng.normal(size=len(frame)) + rng.normal(size=(3, 4)).repeat(10)
    formula = "y ~ A + (1 | R) + (1 | S) + (1 | R:S) + (1 | A:R) + (1 | A:S) + (1 | A:R:S)"
    table = lmm.strata(formula, frame)
    ms = dict(zip(table["stratum"], table["mean_sq"], strict=True))
    df = dict(zip(table["stratum"], table["df"], strict=True))
    row = next(row for row in table if row["term"] == "A")
    parts = {"A:R": ms["A:R"], "A:S": ms["A:S"], "A:R:S": -ms["A:R:S"]}
    denominator = sum(parts.values())
    assert row["f_value"] == pytest.approx(row["mean_sq"] / denominator)
    den_df = denominator**2 / sum(parts[name] ** 2 / df[name] for name in parts)
    assert table.tests["den_df"][0] == pytest.approx(den_df)
    assert table.tests["denominator"][0] == "MS(A:R) + MS(A:S) - MS(A:R:S)"
    assert any("A is tested against MS(A:R) + MS(A:S) - MS(A:R:S)" in note for note in table.notes)


def test_no_test_where_the_denominator_is_not_positive():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        [(a, r, s) for a in range(2) for r in range(3) for s in range(3) for _ in range(2)],
        columns=["A", "R", "S"],
    ).astype(str)
    three = rng.normal(size=(2, 3, 3))
    three -= three.mean(axis=1, keepdims=True)
    three -= three.mean(axis=2, keepdims=True)  # nothing in A:R and A:S
    frame["y"] = three.ravel().repeat(2) * 5 + 0.01 * rng.normal(size=36)
    table = lmm.strata("y ~ A + (1 | R) + (1 | S) + (1 | A:R) + (1 | A:S) + (1 | A:R:S)", frame)
    row = next(row for row in table if row["term"] == "A")
    assert row["f_value"] is None
    assert row["p_value"] is None


def test_efficiency_of_incomplete_blocks_is_said():
    blocks = [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)] * 2
    frame = pd.DataFrame(
        [(b, t) for b, own in enumerate(blocks) for t in own], columns=["block", "trt"]
    ).astype(str)
    frame["y"] = np.random.default_rng(3).normal(size=24)
    table = lmm.strata("y ~ trt + (1 | block)", frame)
    assert any("0.111 in block, 0.889 in Within" in note for note in table.notes)
    # Type III is the analysis within blocks: its error is the residual alone.
    within = lmm.strata("y ~ trt + (1 | block)", frame, type=3)
    assert within.tests["denominator"].tolist() == ["MS(Within)"]
    assert within["stratum"].tolist() == ["block", "Within", "Within"]


def test_terms_without_degrees_of_freedom_are_named():
    frame = pd.DataFrame(
        {"A": list("aabb") * 4, "B": list("uuvv") * 4, "y": np.random.default_rng(1).normal(size=16)}
    )
    table = lmm.strata("y ~ A + B", frame)
    assert table["term"].tolist() == ["A", "Residuals"]
    assert any("Without degrees of freedom" in note and "B" in note for note in table.notes)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (
            "yield ~ Variety * Block + C(nitro) + (1 | Block/Variety)",
            "The stratum Block has no residual degrees",
        ),
        (
            "yield ~ Variety * C(nitro) * Block + (1 | Block)",
            "nothing is left to estimate a residual variance",
        ),
        ("yield ~ Variety * C(nitro) + (1 | Block/Variety/nitro)", "72 levels for 72 rows"),
    ],
)
def test_strata_without_residual_degrees_of_freedom(oats, formula, message):
    with pytest.raises(lmm.DesignError, match=message):
        lmm.strata(formula, oats)


def test_random_terms_that_take_all_rows_leave_no_residual():
    """A Latin square of two rows and two columns."""
    square = pd.DataFrame(
        {"row": list("aabb"), "col": list("xyxy"), "trt": list("pqqp"), "y": [1.0, 2.0, 4.0, 8.0]}
    )
    with pytest.raises(
        lmm.DesignError, match="No residual degrees of freedom are left within the finest stratum"
    ):
        lmm.strata("y ~ trt + (1 | row) + (1 | col)", square)


def test_duplicated_plot_is_refused(oats):
    twice = pd.concat([oats, oats.iloc[[5]]])
    with pytest.raises(
        lmm.DataError, match=r"Variety Golden Rain, nitro 0.2 is in the table twice with the same response"
    ):
        lmm.strata(FORMULA, twice)


def test_plot_with_two_responses_is_said(oats):
    twice = pd.concat([oats, oats.iloc[[5]].assign(**{"yield": 99.0})])
    table = lmm.strata(FORMULA, twice)
    assert any("nitro 0.2 is in the table more than once" in note for note in table.notes)


def test_real_replicates_pass():
    pigs = lmm.datasets.load("pigs_crd")
    assert lmm.strata("F.Dry.matter ~ C(Day) * Trt", pigs)["df"].tolist() == [2, 5, 10, 252]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lmm.strata(FORMULA), lmm.DataError, "There are no data"),
        (lambda: lmm.strata(lmm.datasets.load("Oats"), FORMULA), lmm.LmmError, "the table is the second one"),
        (
            lambda: lmm.strata(FORMULA, lmm.datasets.load("Oats"), type=4),
            lmm.LmmError,
            "type= must be 1, 2 or 3",
        ),
        (
            lambda: lmm.strata("yield ~ Varety", lmm.datasets.load("Oats")),
            lmm.ColumnError,
            'Did you mean "Variety"',
        ),
        (
            lambda: lmm.strata("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy")),
            lmm.UnsupportedError,
            r"Write \(Days \|\| Subject\)",
        ),
    ],
)
def test_requests_that_cannot_be_met(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_fit_needs_no_second_table(oats):
    with pytest.raises(lmm.LmmError, match="A fit has its data"):
        lmm.strata(lmm.fit(FORMULA, oats), oats)


def test_a_straight_line_over_few_values_is_said(oats):
    table = lmm.strata("yield ~ Variety * nitro + (1 | Block/Variety)", oats)
    assert dict(zip(table["term"], table["df"], strict=True))["nitro"] == 1
    assert any("nitro is numeric with 4 values" in note and "C(nitro)" in note for note in table.notes)
    covariate = oats.assign(x=np.linspace(0, 1, 72))
    assert not any("numeric" in note for note in lmm.strata("yield ~ x + (1 | Block)", covariate).notes)


@pytest.mark.parametrize("kind", [1, 2, 3])
@pytest.mark.parametrize("formula", ["y ~ A * B * C", "y ~ A * x + B * C", "y ~ A / B + C"])
@pytest.mark.parametrize("seed", range(4))
def test_without_random_terms_two_ways_to_the_same_tests(formula, kind, seed):
    """Quadratic forms here, hypotheses on the coefficients there; some cells are empty."""
    rng = np.random.default_rng(seed)
    cells = [(a, b, c) for a in "uvw" for b in "pqrs" for c in "xy" if rng.uniform() < 0.8]
    rows = [cell for cell in cells for _ in range(rng.integers(1, 4))]
    frame = pd.DataFrame(rows, columns=["A", "B", "C"])
    frame = frame.assign(x=rng.normal(size=len(frame)), y=rng.normal(size=len(frame)))
    tests = {row["term"]: row for row in lmm.strata(formula, frame, type=kind).tests}
    anova = {row["term"]: row for row in lmm.fit(formula, frame).anova(type=kind)}
    for term, test in tests.items():
        assert test["num_df"] == anova[term]["num_df"]
        assert test["f_value"] == pytest.approx(anova[term]["f_value"], rel=1e-8)
