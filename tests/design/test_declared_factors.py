"""Columns that are factors because the user says so, and one coding for all factors."""

from __future__ import annotations

import numpy as np
import pytest

import lmm

FORMULA = "yield ~ Variety * nitro + (1 | Block/Variety)"


def oats():
    return lmm.datasets.load("Oats")


@pytest.mark.parametrize(
    ("plain", "declared", "factors"),
    [
        ("yield ~ C(nitro)", "yield ~ nitro", "nitro"),
        ("yield ~ Variety * C(nitro)", "yield ~ Variety * nitro", ["nitro"]),
        ("yield ~ 0 + C(nitro) + (1 | Block)", "yield ~ 0 + nitro + (1 | Block)", ("nitro",)),
        ("yield ~ 1 + (0 + C(nitro) | Block)", "yield ~ 1 + (0 + nitro | Block)", np.array(["nitro"])),
        ("yield ~ C(nitro):Variety", "yield ~ nitro:Variety", ["nitro", "Variety"]),
    ],
)
def test_a_declared_factor_is_that_of_the_formula(plain, declared, factors):
    expected = lmm.criterion(plain, oats()).X
    found = lmm.criterion(declared, oats(), factors=factors).X

    assert found.tolist() == expected.tolist()


def test_what_follows_from_a_fit_knows_the_declared_factors(tmp_path):
    fit = lmm.fit(FORMULA, oats(), factors="nitro", contrasts="sum")
    plain = lmm.fit(
        FORMULA, oats().astype({"nitro": "category"}), contrasts={"Variety": "sum", "nitro": "sum"}
    )
    new = {"Variety": ["Victory"], "nitro": [0.2], "Block": ["I"]}
    fit.save(tmp_path / "oats.lmm")
    loaded = lmm.load(tmp_path / "oats.lmm")

    assert fit.beta.tolist() == plain.beta.tolist()
    assert fit.predict(new).tolist() == plain.predict(new).tolist() == loaded.predict(new).tolist()
    assert fit.emmeans("nitro")["emmean"].tolist() == plain.emmeans("nitro")["emmean"].tolist()
    assert fit.update(method="ml").n_fixed == loaded.update(method="ml", data=oats()).n_fixed == 12
    assert fit.update(". ~ . - Variety:nitro", factors=()).n_fixed == 4
    assert lmm.strata(FORMULA, oats(), factors="nitro")["df"].tolist() == fit.strata()["df"].tolist()


@pytest.mark.parametrize("coding", ["treatment", "sas", "sum", "helmert", "difference", "poly"])
def test_one_coding_for_all_factors(coding):
    data = oats().astype({"nitro": "category"})
    every = lmm.fit("yield ~ Variety * nitro", data, contrasts=coding)
    named = lmm.fit("yield ~ Variety * nitro", data, contrasts={"Variety": coding, "nitro": coding})

    assert every.X.tolist() == named.X.tolist()
    assert list(every.fixef["term"]) == list(named.fixef["term"])


def test_the_coding_of_a_formula_comes_before_that_of_all():
    fit = lmm.fit("yield ~ Variety + C(nitro, contr.helmert)", oats(), contrasts="sum")
    own = lmm.fit("yield ~ Variety + C(nitro, contr.helmert)", oats(), contrasts={"Variety": "sum"})

    assert fit.X.tolist() == own.X.tolist()


def test_sums_of_squares_of_type_3_are_those_of_sum_contrasts():
    """Terms by t or F of their coefficients in a balanced design, whatever the coding of the fit."""
    fit = lmm.fit("yield ~ Variety * nitro", oats(), factors=["nitro"], contrasts="sum")
    table = fit.anova(type=3)
    own = [
        fit.test(np.eye(fit.n_fixed)[rows], joint=True)["f_value"][0]
        for rows in (slice(1, 3), slice(3, 6), slice(6, 12))
    ]

    np.testing.assert_allclose(table["f_value"][:3], own, rtol=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factors": "nitr"}, 'factors= names "nitr", which the formula does not use. Did you mean "nitro"'),
        ({"factors": ["nitro", "Days"]}, 'factors= names "Days", which the formula does not use'),
        ({"factors": 3}, "factors= must be text or a list of texts"),
        ({"factors": [1]}, "factors= must be text or a list of texts"),
        ({"factors": {"nitro"}}, "factors= must be text or a list of texts"),
        ({"factors": "yield"}, "yield"),
        ({"contrasts": "sums"}, 'Unknown contrasts "sums". Did you mean "sum"'),
        ({"contrasts": 3}, "contrasts= must be a coding of all factors"),
    ],
)
def test_mistakes(options, message):
    with pytest.raises(lmm.LmmError) as raised:
        lmm.fit(FORMULA, oats(), **options)
    assert message in str(raised.value)
