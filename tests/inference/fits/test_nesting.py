"""Which models contain which, whatever their formulas look like."""

import pytest

import lmm
from lmm.inference.fits.nesting import is_nested, same_fixed

DATA = lmm.datasets.load("sleepstudy")


def fit(formula):
    return lmm.fit(formula, DATA, method="ml")


@pytest.mark.parametrize(
    ("small", "large", "wanted"),
    [
        ("Reaction ~ 1 + (1 | Subject)", "Reaction ~ Days + (1 | Subject)", True),
        ("Reaction ~ Days + (1 | Subject)", "Reaction ~ Days + (Days | Subject)", True),
        ("Reaction ~ Days + (Days || Subject)", "Reaction ~ Days + (Days | Subject)", True),
        ("Reaction ~ Days + (Days | Subject)", "Reaction ~ Days + (Days || Subject)", False),
        ("Reaction ~ Days", "Reaction ~ Days + (1 | Subject)", True),
        ("Reaction ~ Days + (0 + Days | Subject)", "Reaction ~ Days + (1 | Subject)", False),
        ("Reaction ~ Days + (1 | Subject)", "Reaction ~ poly(Days, 2) + (1 | Subject)", True),
    ],
)
def test_pairs(small, large, wanted):
    assert is_nested(fit(small), fit(large)) == wanted


def test_the_same_columns_of_x():
    one = fit("Reaction ~ Days + (1 | Subject)")
    assert same_fixed(one, fit("Reaction ~ 1 + Days + (Days | Subject)"))
    # The same span, and another criterion by REML.
    assert not same_fixed(one, fit("Reaction ~ I(2 * Days + 1) + (1 | Subject)"))
