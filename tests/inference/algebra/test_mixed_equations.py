"""Variances of predictions against n × n algebra, and their derivatives against complex steps."""

import numpy as np
import pytest

import lmm
from lmm.errors import UnsupportedError
from lmm.inference.algebra import mixed_equations as room
from lmm.inference.algebra.derivatives import derivatives
from lmm.inference.algebra.elements import parameter_basis
from lmm.inference.algebra.mixed_equations import MixedEquations
from tests.inference.dense_equations import (
    SHAPES,
    error_variance,
    fitted,
    spherical,
    spherical_of,
    weights_of,
)

every_shape = pytest.mark.parametrize("shape", SHAPES)


def new_rows(fit, n=17):
    """Rows of X and of Z of each term: combinations of levels that the data need not have."""
    rng = np.random.default_rng(5)
    X = fit.X[rng.integers(0, fit.n_obs, n)]
    pick = [rng.integers(0, fit.n_obs, n) for _ in fit.internals.design.random]
    return X, [
        part.block.to_sparse()[rows] for part, rows in zip(fit.internals.design.random, pick, strict=True)
    ]


def within(equations, X, rows, sets):
    return [found.covariance for found in equations.covariances(X, rows, sets)]


SETS = [np.array([0, 3, 1]), np.array([2]), np.array([], dtype=int), np.array([5, 4, 3])]


def joined(matrices):
    return np.hstack([matrix.toarray() for matrix in matrices])


@every_shape
def test_variances_and_covariances_are_those_of_dense_algebra(shape):
    fit = fitted(shape)
    X, Z = new_rows(fit)
    equations = MixedEquations(fit)
    rows = equations.rows(Z, len(X))
    expected = error_variance(spherical(fit), fit.X, fit.Z.toarray(), weights_of(fit), X, joined(Z))
    (whole,) = within(equations, X, rows, [np.arange(len(X))])
    np.testing.assert_allclose(whole, expected, rtol=1e-9, atol=1e-12)
    for own, found in zip(SETS, within(equations, X, rows, SETS), strict=True):
        np.testing.assert_allclose(found, expected[np.ix_(own, own)], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(equations.variance(X, rows), np.diag(expected), rtol=1e-9)
    np.testing.assert_allclose(equations.moving(X, rows).value, np.diag(expected), rtol=1e-9)


@every_shape
def test_a_term_that_takes_no_part_has_rows_of_zeros(shape):
    fit = fitted(shape)
    X, Z = new_rows(fit)
    equations = MixedEquations(fit)
    without = joined([0 * Z[0], *Z[1:]])
    expected = error_variance(spherical(fit), fit.X, fit.Z.toarray(), weights_of(fit), X, without)
    rows = equations.rows([None, *Z[1:]], len(X))
    np.testing.assert_allclose(equations.variance(X, rows), np.diag(expected), rtol=1e-9)


@every_shape
def test_gradients_are_derivatives_of_dense_algebra(shape):
    fit = fitted(shape)
    X, Z = new_rows(fit)
    equations = MixedEquations(fit)
    found = equations.moving(X, equations.rows(Z, len(X)))
    S = [T @ T.T for T in fit.T]
    step = 1e-20j  # the imaginary part over the step is the derivative, with no difference of like numbers

    def derivative(factors, residual):
        dense = spherical_of(fit, factors)
        arguments = (fit.X, fit.Z.toarray(), weights_of(fit), X, joined(Z))
        return np.diag(error_variance(dense, *arguments, residual=residual)).imag / step.imag

    columns = []
    inverses = (
        fit.internals.criterion_function.cross.products().inverses
    )  # the parameters are those of the engine's columns
    for i, part in enumerate(fit.internals.design.random):
        for E in parameter_basis(part):
            moved = [*S[:i], S[i] + step * inverses[i] @ E @ inverses[i].T, *S[i + 1 :]]
            columns.append(derivative(moved, 1.0))
    columns.append(derivative(S, 1.0 + step))
    np.testing.assert_allclose(found.gradient, np.column_stack(columns), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("shape", ["crossed", "nested", "three"])
def test_a_tail_of_many_parts_is_sparse_and_the_same(shape, monkeypatch):
    fit = fitted(shape)
    X, Z = new_rows(fit)
    dense = MixedEquations(fit)
    monkeypatch.setattr("lmm.inference.algebra.head_and_tail.SMALL_TAIL", 0)
    monkeypatch.setattr(room, "_MOST_DENSE", 0)
    monkeypatch.setattr(room, "_LARGE_PART", 2.0)
    monkeypatch.setattr(room, "_MOST_NUMBERS", 60)
    sparse = MixedEquations(fit)
    assert isinstance(dense._tail["H"], np.ndarray)
    assert not isinstance(sparse._tail["H"], np.ndarray)
    rows = dense.rows(Z, len(X))
    for name in ("value", "gradient"):
        np.testing.assert_allclose(
            getattr(sparse.moving(X, rows), name), getattr(dense.moving(X, rows), name), rtol=1e-9, atol=1e-13
        )
    for found, expected in zip(within(sparse, X, rows, SETS), within(dense, X, rows, SETS), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-13)


@pytest.mark.parametrize("shape", ["crossed", "three"])
@pytest.mark.parametrize("most", [1, 60, 10_000])
def test_pieces_of_any_size_give_the_same(shape, most, monkeypatch):
    """Also without the product with H that levels of the head share, which a large design has no room for."""
    fit = fitted(shape)
    X, Z = new_rows(fit)
    rows = MixedEquations(fit).rows(Z, len(X))
    expected = within(MixedEquations(fit), X, rows, SETS)
    monkeypatch.setattr(room, "_MOST_NUMBERS", most)
    equations = MixedEquations(fit)
    assert (equations._EH is None) == (most < 10_000)
    for found, one in zip(within(equations, X, rows, SETS), expected, strict=True):
        np.testing.assert_allclose(found, one, atol=1e-13)


def test_each_row_goes_through_the_equations_once(monkeypatch):
    """All levels of a factor deleted: no work grows with their number but that of their own rows."""
    fit = fitted("crossed")
    counted = []
    products = MixedEquations._tail_products

    def count(self, pieces):
        counted.append(len(pieces.d))
        return products(self, pieces)

    monkeypatch.setattr(MixedEquations, "_tail_products", count)
    fit.influence(by="g")
    assert counted == [fit.n_obs]


def test_squares_of_unknown_effects():
    fit = fitted("slopes")
    values = np.array([[1.0, 2.0], [1.0, -0.5]])
    squares = values[:, :, None] * values[:, None, :]
    found = MixedEquations(fit).unknown([squares], 2)
    S = fit.T[0] @ fit.T[0].T
    np.testing.assert_allclose(found.value, np.einsum("mr,rs,ms->m", values, S, values))
    np.testing.assert_allclose(
        (found.gradient @ derivatives(fit).to_engine)[0], [1.0, 4.0, 4.0, 0.0], atol=1e-12
    )


def test_effects_that_hang_together_must_not_be_too_many(monkeypatch):
    monkeypatch.setattr(room, "LARGEST_PART", 5)
    fit = lmm.fit("diameter ~ 1 + (1 | plate) + (1 | sample)", lmm.datasets.load("Penicillin"))
    with pytest.raises(UnsupportedError, match=r"hang together.*left out: 6 here, 5 at most"):
        fit.predict(interval="confidence")
