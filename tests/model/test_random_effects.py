"""Coefficients by level: one row for each coefficient, however its two parts are written."""

from __future__ import annotations

import numpy as np
import pytest

import lmm

RNG = np.random.default_rng(5)
N = 96
TABLE = {
    "x": RNG.normal(size=N),
    "z": RNG.normal(size=N),
    "w": RNG.normal(size=N),
    "f": np.resize(["a", "b", "c"], N),
    "h": RNG.choice(["u", "v"], N),
    "dose": np.resize([1, 2, 4], N),
    "s": np.repeat([f"s{j}" for j in range(8)], 12),
}
TABLE["y"] = TABLE["x"] + np.repeat(RNG.normal(size=8), 12) * (1 + TABLE["z"]) + RNG.normal(size=N)


def by_level(formula, **options):
    """Coefficients by term, (n_levels,) each; also the fit."""
    fit = lmm.fit(formula, TABLE, **options)
    found = {}
    for row in fit.coef():
        found.setdefault(row["term"], []).append(row["estimate"])
    return {term: np.array(values) for term, values in found.items()}, fit


SAME = {
    "product": ("x * z", "(0 + z:x | s)", "x:z"),
    "product the other way": ("z * x", "(0 + x:z | s)", "z:x"),
    "product of three": ("x * z * w", "(0 + w:x:z | s)", "x:z:w"),
    "C() in the random part": ("f", "(0 + x | s) + (C(f) || s)", "f[T.b]"),
    "C() in the fixed part": ("C(f)", "(f || s)", "C(f)[T.b]"),
    "factor()": ("f", "(factor(f) || s)", "f[T.c]"),
    "backticks": ("f", "(`f` || s)", "f[T.c]"),
    "C() of numbers": ("C(dose)", "(factor(dose) || s)", "C(dose)[T.2]"),
    "factor and covariate": ("f * x", "(0 + x:f || s)", "f[T.b]:x"),
    "factor in C() and covariate": ("C(f) * x", "(x * f || s)", "C(f)[T.b]:x"),
    "two factors": ("f * h", "(h * C(f) || s)", "f[T.b]:h[T.v]"),
    "coding of the formula": ("C(f, contr.sum)", "(1 | s) + (0 + x | s)", "C(f, contr.sum)[S.a]"),
}


@pytest.mark.parametrize(("fixed", "random", "term"), SAME.values(), ids=SAME.keys())
def test_the_two_parts_of_a_coefficient_find_each_other(fixed, random, term):
    found, fit = by_level(f"y ~ {fixed} + {random}")
    fixed_effects = {row["term"]: row["estimate"] for row in fit.fixef}
    if term not in found:  # a product of a factor in full
        raise AssertionError(sorted(found))

    # fixed plus random, the random effect found by the numbers of its column
    column = fit.internals.design.X[:, fit.internals.design.names.index(term)]
    total = np.full(8, fixed_effects[term])
    for part, b in zip(fit.internals.design.random, fit.effects, strict=True):
        values = part.block.values
        for j in range(0 if values is None else values.shape[1]):
            if np.allclose(values[:, j], column, rtol=1e-12, atol=0.0):
                total = total + b[:, j]
    np.testing.assert_allclose(found[term], total, rtol=1e-12)


@pytest.mark.parametrize(
    ("fixed", "random", "alone"),
    [
        ("x", "(0 + z | s)", "z"),
        ("C(dose > 1)", "(C(dose > 2) || s)", "C(dose > 2)[T.True]"),
        ("f", "(C(f, contr.sum) || s)", "C(f, contr.sum)[S.a]"),
        ("f", "(0 + f || s)", "f[a]"),
        ("x", "(0 + I(x^2) | s)", "I(x ** 2)"),
        ("x + z", "(0 + x:z | s)", "x:z"),
    ],
)
def test_other_terms_stand_by_themselves(fixed, random, alone):
    found, fit = by_level(f"y ~ {fixed} + {random}")
    place = [
        (part, part.columns.index(alone)) for part in fit.internals.design.random if alone in part.columns
    ]
    ((part, j),) = place
    b = fit.effects[fit.internals.design.random.index(part)]

    np.testing.assert_array_equal(found[alone], b[:, j])


def test_two_ways_of_writing_a_model_have_the_same_coefficients():
    one, _ = by_level("y ~ x*z + (x*z || s)")
    other, _ = by_level("y ~ x*z + (z*x || s)")

    assert one.keys() == other.keys()
    for term in one:
        np.testing.assert_allclose(other[term], one[term], rtol=1e-4, atol=1e-5)
