"""What is left of random terms when an effect goes."""

import lmm
from lmm.inference.random_terms.reductions import bar_text, reductions, without_columns

DATA = lmm.datasets.load("sleepstudy")


def labels(formula, reduce):
    return [reduction.label for reduction in reductions(lmm.fit(formula, DATA), reduce)]


def test_effects_or_whole_terms():
    assert labels("Reaction ~ Days + (Days | Subject)", True) == ["Days in (Days | Subject)"]
    assert labels("Reaction ~ Days + (Days | Subject)", False) == ["(Days | Subject)"]
    assert labels("Reaction ~ Days + (Days || Subject)", True) == [
        "Intercept in (Days || Subject)",
        "Days in (Days || Subject)",
    ]


def test_what_is_left_is_the_smaller_term():
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", DATA)
    (reduction,) = reductions(fit, True)
    assert reduction.left.columns == ("Intercept",)
    assert reduction.columns_left_out(fit) == [1]
    assert without_columns(fit.internals.design.random[0], [0]).columns == ("Days",)


def test_bars_of_nested_terms_are_written_out():
    fit = lmm.fit("yield ~ 1 + (1 | Block/Variety)", lmm.datasets.load("Oats"))
    assert [bar_text(part) for part in fit.internals.design.random] == ["(1 | Block)", "(1 | Block:Variety)"]
