"""A fit does not depend on units, origins, orders or codings: the criterion moves by its known constant only.

X' = X A, Z' = Z (I ⊗ B), y' = unit · y + X · level: then β = (A β' − level) / unit, S = B S' B', σ = σ' / unit,
and REML, which has log|X'V⁻¹X|, moves by 2 log|A|.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lmm
from lmm.engine import CrossProducts
from tests.reference.optimum.designs import draw, draw_units

CRITERION = 1e-9  # of 1 + n
ESTIMATES = 1e-7

# formula, data set, covariate, and the powers of it that are columns of X and of Z
MODELS = {
    "slopes": ("Reaction ~ Days + (Days | Subject)", "sleepstudy", "Days"),
    "nested": ("yield ~ nitro + (nitro | Block/Variety)", "Oats", "nitro"),
    "curves": ("height ~ age + I(age^2) + (age + I(age^2) | Subject)", "Oxboys", "age"),
}
METHODS = ("ml", "reml")

every_model = pytest.mark.parametrize("model", MODELS)
every_method = pytest.mark.parametrize("method", METHODS)


@functools.cache
def table(dataset):
    return lmm.datasets.load(dataset)


@functools.cache
def plain(formula, dataset, method, weights=None):
    data = table(dataset)
    return lmm.fit(formula, data, method=method, weights=None if weights is None else list(weights))


def assert_close(found, expected, scale):
    gap = np.abs(np.asarray(found) - expected)
    np.testing.assert_array_less(gap, ESTIMATES * (np.abs(expected) + scale) + 1e-300)


def assert_same(found, expected, *, A=None, B=None, unit=1.0, level=0.0, weight=1.0, same_rows=True):
    """The fit `found` is `expected` seen in other units."""
    n, p = expected.n_obs, expected.n_fixed
    A = np.eye(p) if A is None else A
    B = [np.eye(len(T)) for T in expected.T] if B is None else B
    constant = 2.0 * (n - p if expected.method == "reml" else n) * np.log(unit)
    if expected.method == "reml":
        constant += 2.0 * np.linalg.slogdet(A)[1]
    assert found.converged
    assert found.criterion - constant == pytest.approx(expected.criterion, rel=0, abs=CRITERION * (1 + n))

    errors = np.sqrt(np.diag(expected.vcov))
    shift = np.zeros(p)
    shift[0] = level
    assert_close((A @ found.beta - shift) / unit, expected.beta, errors)
    assert_close(A @ found.vcov @ A.T / unit**2, expected.vcov, np.outer(errors, errors))
    assert found.sigma / unit / np.sqrt(weight) == pytest.approx(expected.sigma, rel=ESTIMATES)
    for T, T0, own in zip(found.T, expected.T, B, strict=True):
        S, S0 = weight * own @ T @ T.T @ own.T, T0 @ T0.T
        sizes = np.sqrt(np.diag(S0))
        assert_close(S, S0, np.outer(sizes, sizes) + 1e-6 * sizes.max(initial=1e-6) ** 2)
    if same_rows:
        assert_close((found.fitted - level) / unit, expected.fitted, expected.sigma)


def powers(scale, shift, count):
    """A of (1, x, x², …) for x' = scale · (x + shift)."""
    x = np.polynomial.Polynomial([scale * shift, scale])
    columns = [np.pad((x**i).coef, (0, count - 1 - i)) for i in range(count)]
    return np.column_stack(columns)


@every_model
@every_method
@pytest.mark.parametrize(
    ("scale", "shift"), [(1.0, 2000.0), (1e6, 0.0), (1000.0, 0.0), (1e-6, 0.0), (-0.5, 3.0), (1e6, -40.0)]
)
def test_units_and_origin_of_a_covariate(model, method, scale, shift):
    formula, dataset, covariate = MODELS[model]
    if model == "curves":  # the square of a covariate far from zero has lost its digits before any fit
        shift = np.clip(shift, -4.0, 4.0)
    expected = plain(formula, dataset, method)
    data = table(dataset).copy()
    data[covariate] = scale * (data[covariate] + shift)
    A = powers(scale, shift, expected.n_fixed)
    B = [A] * len(expected.T)
    assert_same(lmm.fit(formula, data, method=method), expected, A=A, B=B)


@every_model
@every_method
@pytest.mark.parametrize(("unit", "far"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 1e6), (1e3, 1e4)])
def test_units_and_origin_of_the_response(model, method, unit, far):
    """`far` is mean over standard deviation."""
    formula, dataset, _ = MODELS[model]
    expected = plain(formula, dataset, method)
    data, response = table(dataset).copy(), formula.split(" ~ ")[0]
    # What the addition leaves of the digits of y is the response of both fits.
    level = unit * 2.0 ** np.round(np.log2(far * data[response].std())) if far else 0.0
    moved = unit * data[response] + level
    kept = data.assign(**{response: (moved - level) / unit})
    expected = lmm.fit(formula, kept, method=method) if far else expected
    found = lmm.fit(formula, data.assign(**{response: moved}), method=method)
    assert_same(found, expected, unit=unit, level=level)


@every_model
@every_method
@pytest.mark.parametrize("factor", [1e-8, 1e5])
def test_units_of_the_weights(model, method, factor):
    formula, dataset, _ = MODELS[model]
    n = len(table(dataset))
    weights = np.exp(np.sin(np.arange(n)))
    expected = plain(formula, dataset, method, tuple(weights))
    found = lmm.fit(formula, table(dataset), method=method, weights=factor * weights)
    assert_same(found, expected, weight=factor)


@every_model
@every_method
def test_order_of_the_rows(model, method):
    formula, dataset, _ = MODELS[model]
    expected = plain(formula, dataset, method)
    order = np.random.default_rng(0).permutation(expected.n_obs)
    found = lmm.fit(formula, table(dataset).iloc[order], method=method)
    assert_same(found, expected, same_rows=False)
    assert_close(found.fitted, expected.fitted[order], expected.sigma)


@every_method
def test_order_and_names_of_the_levels(method):
    formula, dataset, _ = MODELS["slopes"]
    expected = plain(formula, dataset, method)
    subjects = table(dataset)["Subject"].astype(str)
    names = {name: f"{hash_} of {name}" for hash_, name in enumerate(sorted(set(subjects), reverse=True))}
    found = lmm.fit(formula, table(dataset).assign(Subject=subjects.map(names)), method=method)
    assert_same(found, expected)
    ours = {(row["level"], row["term"]): row["estimate"] for row in found.ranef()}
    for row in expected.ranef():
        assert_close(ours[names[row["level"]], row["term"]], row["estimate"], expected.sigma)


@pytest.mark.parametrize(
    ("dataset", "one", "other"),
    [
        ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", "diameter ~ 1 + (1 | sample) + (1 | plate)"),
        ("Oats", "yield ~ nitro + (nitro | Block) + (1 | Variety)", "yield ~ nitro + (1 | Variety) + (nitro | Block)"),
        ("sleepstudy", "Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)",
         "Reaction ~ Days + (0 + Days | Subject) + (1 | Subject)"),
    ],
    ids=["crossed", "slope and factor", "same factor"],
)  # fmt: skip
@every_method
def test_order_of_the_random_terms(dataset, one, other, method):
    expected, found = plain(one, dataset, method), plain(other, dataset, method)
    assert found.criterion == pytest.approx(expected.criterion, rel=1e-12)
    assert_close(found.beta, expected.beta, np.sqrt(np.diag(expected.vcov)))
    assert found.sigma == pytest.approx(expected.sigma, rel=ESTIMATES)
    for T, T0 in zip(found.T[::-1], expected.T, strict=True):
        assert_close(T @ T.T, T0 @ T0.T, np.abs(T0 @ T0.T).max())


@every_method
def test_order_of_the_fixed_terms(method):
    one = plain("yield ~ nitro + Variety + (nitro | Block)", "Oats", method)
    other = plain("yield ~ Variety + nitro + (nitro | Block)", "Oats", method)
    assert_same(other, one, A=coefficients(other.X, one.X))


def coefficients(columns, basis):
    """A with columns = basis A."""
    return np.linalg.lstsq(basis, columns, rcond=None)[0]


@every_method
@pytest.mark.parametrize("coding", ["sum", "helmert", "poly"])
def test_coding_of_a_factor(method, coding):
    """Also that of a factor whose effects vary: its covariance turns with it."""
    formula = "yield ~ nitro + Variety + (Variety | Block)"
    expected = plain(formula, "Oats", method)
    found = lmm.fit(formula, table("Oats"), method=method, contrasts={"Variety": coding})
    A = coefficients(found.X, expected.X)
    first = slice(0, 3)  # the effects of the first block
    in_block = np.asarray(expected.Z[:, first].sum(axis=1)).ravel() != 0.0
    B = coefficients(found.Z[:, first].toarray()[in_block], expected.Z[:, first].toarray()[in_block])
    assert_same(found, expected, A=A, B=[B])


@settings(max_examples=80, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_hard_designs_in_other_units(seed):
    design = draw(seed)
    units = draw_units(design, seed)
    here, there = CrossProducts(*design.arguments), CrossProducts(*units.of(design).arguments)
    expected, found = here.optimize(design.reml), there.optimize(design.reml)
    assert (found.converged, found.singular) == (expected.converged, expected.singular)
    n = design.y.size
    moved = found.criterion - units.constant(design)
    assert moved == pytest.approx(expected.criterion, rel=0, abs=CRITERION * (1 + n))

    ours, theirs = (model.evaluate(at.T, design.reml) for model, at in ((there, found), (here, expected)))
    weight = 1.0 if design.weights is None else units.weight
    assert ours.sigma / units.unit / np.sqrt(weight) == pytest.approx(theirs.sigma, rel=ESTIMATES)
    errors = theirs.sigma * np.sqrt(np.diag(theirs.unscaled_vcov))
    assert_close(units.A @ ours.beta / units.unit - [units.level, 0.0, 0.0], theirs.beta, errors)
    for T, T0, term in zip(found.T, expected.T, design.terms, strict=True):
        own = units.A[np.ix_(term.columns, term.columns)]
        S, S0 = weight * own @ T @ T.T @ own.T, T0 @ T0.T
        assert_close(S, S0, np.abs(S0).max() + 1e-6)
