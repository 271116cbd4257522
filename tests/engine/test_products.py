"""Cross-products as inference reads them: the compiled ones, in units of their own, against W^½[Z X y] itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmm.engine import CrossProducts, DenseCrossProducts, GroupBlock
from tests.engine.drawn import random_problems

TOLERANCE = 1e-11

problems = random_problems(largest_k=3, fewest_terms=0, most_terms=4, most_rows=60)
tails = st.sampled_from(["full", "sparse"])


def close(found, expected):
    """Equal, on the scale of the largest number."""
    assert np.shape(found) == np.shape(expected)
    gap = np.max(np.abs(found - expected), initial=0.0)
    assert gap <= TOLERANCE * (1.0 + np.max(np.abs(expected), initial=0.0))


def in_users_units(at, blocks):
    """Z'WZ, Z'WX, Z'W(y - X beta0) and X'WX from the products and their units."""
    size = sum(block.n_effects for block in blocks)
    U, first = np.zeros((size, size)), 0
    for block, unit in zip(blocks, at.units, strict=True):
        own = slice(first, first + block.n_effects)
        U[own, own] = np.kron(np.eye(block.n_levels), unit)
        first = own.stop
    return U.T @ at.ZZ.toarray() @ U, U.T @ at.ZX @ at.R, U.T @ at.Zy * at.y_scale, at.R.T @ at.XX @ at.R


def scaled(A, d):
    d = np.where(d > 0.0, d, 1.0)
    return A / d / d[:, None]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problem=problems, tail=tails)
def test_the_compiled_products_are_those_of_the_rows(problem, tail):
    cross, dense = CrossProducts(*problem.arguments, tail), DenseCrossProducts(*problem.arguments)
    at, plain = cross.products(), dense.products()
    ZZ, ZX, Zy, XX = in_users_units(at, problem.blocks)
    z, x = np.sqrt(plain.ZZ.diagonal()), np.sqrt(np.diag(plain.XX))
    safe = np.where(z > 0.0, z, 1.0)
    close(scaled(ZZ, z), scaled(plain.ZZ.toarray(), z))
    close(ZX / safe[:, None] / x, plain.ZX / safe[:, None] / x)
    close(scaled(XX, x), scaled(plain.XX, x))
    close(Zy / safe, (plain.Zy - plain.ZX @ at.beta0) / safe)
    yy = plain.yy - 2.0 * at.beta0 @ plain.Xy + at.beta0 @ plain.XX @ at.beta0
    assert at.yy * at.y_scale**2 == pytest.approx(yy)
    assert at.n_obs == plain.n_obs == len(problem.y)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problem=problems, tail=tails)
def test_columns_and_residuals(problem, tail):
    """Products of Z with XC and with y - Xβ, in the engine's columns of Z and in those of the data."""
    rng = np.random.default_rng(len(problem.y))
    p = problem.X.shape[1]
    C, beta = rng.normal(size=(p, 2)), rng.normal(size=p)
    at, plain = (
        cross.products()
        for cross in (CrossProducts(*problem.arguments, tail), DenseCrossProducts(*problem.arguments))
    )
    first = 0
    for block, unit, inverse in zip(problem.blocks, at.units, at.inverses, strict=True):
        own = slice(first, first + block.n_effects)
        size = np.sqrt(plain.ZZ.diagonal()[own].max())
        for found, expected in (
            (at.with_fixed(C), plain.with_fixed(C)),
            (at.with_residuals(beta)[:, None], plain.with_residuals(beta)[:, None]),
        ):
            turned = np.kron(np.eye(block.n_levels), unit).T @ found[own]
            close(turned / max(size, 1.0), expected[own] / max(size, 1.0))
        np.testing.assert_allclose(unit @ inverse, np.eye(len(unit)), atol=1e-9)
        first = own.stop


@settings(max_examples=100, deadline=None, derandomize=True)
@given(problem=problems, tail=tails)
def test_connected_levels(problem, tail):
    """The same parts as rows of the data tie together, each numbered by the first of its levels."""
    found = CrossProducts(*problem.arguments, tail).connected()
    expected = DenseCrossProducts(*problem.arguments).connected()
    assert len(found) == sum(block.n_levels for block in problem.blocks)
    # Products that happen to cancel tie nothing: parts can only be finer.
    assert all(len(set(expected[found == label])) == 1 for label in set(found))
    assert all(found[label] == label for label in found)


@pytest.mark.parametrize("tail", ["full", "sparse"])
def test_levels_that_no_row_ties_stay_apart(tail):
    rng = np.random.default_rng(2)
    one, two = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 2, 3])
    blocks = [GroupBlock(codes, None, codes.max() + 1) for codes in (one, two)]
    cross = CrossProducts(rng.normal(size=6), np.ones((6, 1)), blocks, None, tail)
    assert cross.connected().tolist() == [0, 0, 2, 0, 0, 2, 2]
    assert DenseCrossProducts(rng.normal(size=6), np.ones((6, 1)), blocks).connected().tolist() == [
        0,
        0,
        2,
        0,
        0,
        2,
        2,
    ]


@pytest.mark.parametrize("shift", [1e2, 1e4, 1e6])
def test_large_means_hide_nothing(shift):
    """Products of columns far from zero: those of the columns without their means, whatever the means."""
    rng = np.random.default_rng(4)
    x, g = rng.normal(size=80), np.repeat(np.arange(10), 8)

    def sums(mean):
        X = np.column_stack([np.ones(80), mean + x])
        return CrossProducts(mean + rng_y, X, [GroupBlock(g, X, 10)]).products()

    rng_y = x + rng.normal(size=80)
    near, far = sums(0.0), sums(shift)
    tolerance = 1e-14 * shift
    for name in ("ZX", "Zy", "XX"):
        np.testing.assert_allclose(getattr(far, name), getattr(near, name), atol=10 * tolerance)
    np.testing.assert_allclose(far.ZZ.toarray(), near.ZZ.toarray(), atol=10 * tolerance)
