"""Containment and between-within degrees of freedom, which belong to terms."""

import numpy as np
import pytest

import lmm
from lmm.inference import df_method, joint_test, row_tests
from tests.inference.models import quietly

OATS = "yield ~ Variety * C(nitro) + (1 | Block/Variety)"


def by_term(fit, name):
    return dict(
        zip(
            (term.name for term in fit.internals.design.terms), df_method(fit, name).term_df(fit), strict=True
        )
    )


@pytest.mark.parametrize(
    ("formula", "data", "expected"),
    [
        # Whole plots contain Variety: (6 - 1)(3 - 1) = 10; rest 72 - 12 - 5 - 10.
        (OATS, "Oats", {"Intercept": 5, "Variety": 10, "C(nitro)": 45, "Variety:C(nitro)": 45}),
        # Strips: Block:nitro contains nitro.
        (
            "yield ~ Variety * C(nitro) + (1 | Block) + (1 | Block:Variety) + (1 | Block:nitro)",
            "Oats",
            {"Intercept": 5, "Variety": 10, "C(nitro)": 15, "Variety:C(nitro)": 30},
        ),
        # Random slopes contain their covariate: 18 subjects less one.
        ("Reaction ~ Days + (Days | Subject)", "sleepstudy", {"Intercept": 17, "Days": 17}),
        ("Reaction ~ Days + (Days || Subject)", "sleepstudy", {"Intercept": 17, "Days": 17}),
        ("Reaction ~ Days + (1 | Subject)", "sleepstudy", {"Intercept": 17, "Days": 161}),
        # Slopes only: the intercepts of subjects stay in the residual.
        ("Reaction ~ Days + (0 + Days | Subject)", "sleepstudy", {"Intercept": 17, "Days": 17}),
        ("diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin", {"Intercept": 5}),
        ("Reaction ~ Days", "sleepstudy", {"Intercept": 178, "Days": 178}),
    ],
)
def test_containment(formula, data, expected):
    fit = lmm.fit(formula, lmm.datasets.load(data))
    assert by_term(fit, "containment") == expected


def test_containment_of_many_levels_is_quick():
    """The term with the most levels is eliminated, not made dense."""
    rng = np.random.default_rng(0)
    g = np.repeat(np.arange(10_000), 3)
    data = {"y": rng.normal(size=30_000), "x": rng.normal(size=30_000), "g": g, "h": g % 7}
    fit = lmm.fit("y ~ x + (x | g) + (1 | h)", data)
    # The levels of h are sums of levels of g, and add no rank.
    assert by_term(fit, "containment") == {"Intercept": 0, "x": 9_999}
    assert (
        "Missing: no degrees of freedom are left for Intercept." in fit.coefficients(df="containment").notes
    )


def test_blocks_of_ones_own_contain_nothing_but_take_rank():
    rng = np.random.default_rng(1)
    Z = rng.normal(size=(30, 4))
    data = {"y": rng.normal(size=30) + Z @ rng.normal(size=4), "x": rng.normal(size=30)}
    fit = lmm.fit("y ~ x", data, random={"s": lmm.block(Z)})
    assert by_term(fit, "containment") == {"Intercept": 24, "x": 24}


@pytest.mark.parametrize(
    ("formula", "data", "expected"),
    [
        # R: nlme 3.1, anova(lme(...)); the intercept as SAS has it.
        (OATS, "Oats", {"Intercept": 5, "Variety": 10, "C(nitro)": 45, "Variety:C(nitro)": 45}),
        (
            "distance ~ age * Sex + (age | Subject)",
            "Orthodont",
            {"Intercept": 25, "age": 79, "Sex": 25, "age:Sex": 79},
        ),
        ("Thickness ~ Source + (1 | Lot/Wafer)", "Oxide", {"Intercept": 6, "Source": 6}),
        ("Reaction ~ Days + (Days | Subject)", "sleepstudy", {"Intercept": 17, "Days": 161}),
        ("Reaction ~ 0 + Days + (1 | Subject)", "sleepstudy", {"Days": 161}),
        ("Reaction ~ Days", "sleepstudy", {"Intercept": 178, "Days": 178}),
    ],
)
def test_between_within(formula, data, expected):
    fit = lmm.fit(formula, lmm.datasets.load(data))
    assert by_term(fit, "between-within") == expected


def test_contrast_has_the_smallest_of_its_terms():
    fit = lmm.fit(OATS, lmm.datasets.load("Oats"))
    rows = np.zeros((3, 12))
    rows[0, 3] = 1.0  # nitro
    rows[1, [1, 3]] = 1.0  # Variety and nitro
    assert row_tests(fit, rows, "containment").df[:2].tolist() == [45.0, 10.0]
    assert np.isnan(row_tests(fit, rows, "containment").df[2])
    assert joint_test(fit, rows[:2], "containment").den_df == 10.0
    assert joint_test(fit, rows[:1], "containment").den_df == 45.0


def test_analysis_of_variance_takes_the_degrees_of_freedom_of_the_term_itself():
    """The hypothesis of `a` uses coefficients of a:b, which has fewer: most whole plots have one row."""
    rng = np.random.default_rng(0)
    rows = [
        {"y": rng.normal() + block, "block": f"B{block}", "a": f"a{a}", "b": f"b{b}"}
        for block in range(10)
        for a in range(3)
        for b in range(2 if block < 3 else 1)
    ]
    fit = quietly("y ~ a * b + (1 | block/a)", rows)
    assert by_term(fit, "containment") == {"Intercept": 9, "a": 18, "b": 6, "a:b": 6}
    for df in ("containment", "between-within"):
        found = fit.anova(df=df)
        expected = by_term(fit, df)
        assert dict(zip(found["term"], found["den_df"], strict=True)) == {
            name: value for name, value in expected.items() if name != "Intercept"
        }


def test_crossed_factors_are_neither_between_nor_within():
    fit = lmm.fit("diameter ~ 1 + (1 | plate) + (1 | sample)", lmm.datasets.load("Penicillin"))
    with pytest.raises(lmm.UnsupportedError) as error:
        fit.coefficients(df="between-within")
    assert str(error.value) == (
        "plate is not nested in sample: between and within need grouping factors in one nested chain. "
        'Use df="kenward-roger" or "satterthwaite".'
    )


def test_blocks_of_ones_own_are_no_groups():
    rng = np.random.default_rng(1)
    data = {"y": rng.normal(size=30), "x": rng.normal(size=30)}
    fit = lmm.fit("y ~ x", data, random={"s": lmm.block(rng.normal(size=(30, 4)))})
    with pytest.raises(
        lmm.UnsupportedError, match="The random term 's' is a block of your own and has no groups"
    ):
        fit.coefficients(df="between-within")
