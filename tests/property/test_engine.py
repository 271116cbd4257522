"""The compiled engine equals the dense oracle on random designs, and its gradient finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmm.engine import CrossProducts, DenseCrossProducts
from lmm.engine.dense import symmetric_basis
from lmm.inference.algebra.elements import translation
from tests.engine.drawn import random_problems
from tests.engine.problems import make_problem
from tests.inference.dense_derivatives import parts_of

TOLERANCE = 1e-9
RANDOMLY = settings(max_examples=200, deadline=None, derandomize=True)

problems = random_problems(largest_k=4, fewest_terms=1, most_terms=4, most_rows=60)

# crossed factors fill what is left of them, or leave it sparse: small designs never choose the second
tails = st.sampled_from(["full", "sparse"])


def close(found, expected, scale=1.0):
    """Equal to the tolerance, relative to a sensible scale, element by element."""
    assert np.shape(found) == np.shape(expected)
    gap = np.abs(np.asarray(found) - expected)
    # the last summand: exact zeros beside numbers of ordinary size
    allowed = TOLERANCE * (np.abs(expected) + scale + 1e-3 * np.max(np.abs(expected), initial=0.0))
    assert np.all(gap <= allowed), f"differs by {np.max(gap / allowed):.3g} times the tolerance"


def both(problem, tail="auto"):
    return CrossProducts(*problem.arguments, tail=tail), DenseCrossProducts(*problem.arguments)


def slope_scales(oracle, T, reml):
    """Size of Z'V⁻¹Z per term, of which projection on X and Z'V⁻¹e take their parts."""
    W = oracle._state(T, reml).V_inverse
    traces = [np.einsum("njc,nm,mjc->c", Z, W, Z, optimize=True) for Z in oracle._Z]
    return [np.sqrt(np.outer(trace, trace)) + 1e-3 for trace in traces]


def information_scale(oracle, T, reml):
    """Size of F'WF / σ² for the working variates F, of which the factor takes its part."""
    state = oracle._state(T, reml)
    variates = [
        np.einsum("njc,cd,jd->n", Z, E, r)
        for Z, r, block in zip(oracle._Z, oracle._scores(state), oracle.blocks, strict=True)
        for E in symmetric_basis(block.n_columns, block.structure)
    ]
    squares = np.square(variates) @ oracle._weights / state.sigma2
    return np.sqrt(np.outer(squares, squares)) + 1e-6


@RANDOMLY
@given(problem=problems, reml=st.booleans(), tail=tails)
def test_criterion_and_its_parts(problem, reml, tail):
    compiled, oracle = both(problem, tail)
    assert (compiled.n_obs, compiled.n_fixed) == (oracle.n_obs, oracle.n_fixed)
    found, expected = compiled.evaluate(problem.T, reml), oracle.evaluate(problem.T, reml)
    n = oracle.n_obs
    close(found.criterion, expected.criterion, n)
    close(found.log_det_Z, expected.log_det_Z, n)
    close(found.log_det_X, expected.log_det_X, n)
    close(found.r2, expected.r2)
    close(found.sigma, expected.sigma)


@RANDOMLY
@given(problem=problems, reml=st.booleans(), tail=tails)
def test_estimates(problem, reml, tail):
    compiled, oracle = both(problem, tail)
    found, expected = compiled.evaluate(problem.T, reml), oracle.evaluate(problem.T, reml)
    errors = np.sqrt(np.diag(expected.unscaled_vcov))
    close(found.beta, expected.beta, expected.sigma * errors)
    close(found.unscaled_vcov, expected.unscaled_vcov, np.outer(errors, errors))
    assert len(found.b) == len(found.u) == len(problem.blocks)
    for term, T in enumerate(problem.T):
        size = np.abs(expected.u[term]).max(initial=0.0) + expected.sigma
        close(found.u[term], expected.u[term], size)
        close(found.b[term], expected.b[term], size * np.abs(T).max())


@RANDOMLY
@given(problem=problems, reml=st.booleans(), tail=tails)
def test_gradient(problem, reml, tail):
    compiled, oracle = both(problem, tail)
    found, expected = compiled.evaluate(problem.T, reml), oracle.evaluate(problem.T, reml)
    scales = slope_scales(oracle, problem.T, reml)
    for M, exact, scale in zip(found.M, expected.M, scales, strict=True):
        close(M, exact, scale)
        np.testing.assert_allclose(M, M.T, rtol=1e-11, atol=1e-11 * scale.max())


@RANDOMLY
@given(problem=problems, reml=st.booleans(), tail=tails)
def test_conditional_covariances(problem, reml, tail):
    compiled, oracle = both(problem, tail)
    found, expected = compiled.conditional(problem.T, reml), oracle.conditional(problem.T, reml)
    for blocks, exact, T in zip(found, expected, problem.T, strict=True):
        sizes = np.abs(T) @ np.abs(T.T)
        close(blocks, exact, np.broadcast_to(sizes + 1e-3 * sizes.max() + 1e-9, np.shape(blocks)))


@RANDOMLY
@given(problem=problems, reml=st.booleans(), tail=tails)
def test_average_information(problem, reml, tail):
    compiled, oracle = both(problem, tail)
    found = compiled.average_information(problem.T, reml)
    expected = oracle.average_information(problem.T, reml)
    close(found, expected, information_scale(oracle, problem.T, reml))


@RANDOMLY
@given(problem=problems, reml=st.booleans(), tail=tails)
def test_spread(problem, reml, tail):
    compiled, oracle = both(problem, tail)
    found, expected = compiled.spread(problem.T, reml), oracle.spread(problem.T, reml)
    parts = parts_of(problem)
    moved = translation(parts, found.units)[:-1, :-1]  # elements of S in the units of the engine
    average = moved.T @ found.average @ moved
    close(average, expected.average, information_scale(oracle, problem.T, reml))
    scales = slope_scales(oracle, problem.T, reml)
    for square, exact, scale, U in zip(found.squares, expected.squares, scales, found.units, strict=True):
        close(U.T @ square @ U, exact, scale)
    errors = np.sqrt(np.diag(expected.root @ expected.root.T))
    close(found.root @ found.root.T, expected.root @ expected.root.T, np.outer(errors, errors))
    # Roots may differ by a rotation; Z'V⁻¹X(X'V⁻¹X)⁻¹ does not.
    for rows, exact, scale, U in zip(found.fixed, expected.fixed, scales, found.units, strict=True):
        sizes = np.sqrt(np.diag(scale))[:, None] * errors
        close(U.T @ rows @ found.root.T, exact @ expected.root.T, np.broadcast_to(sizes, exact.shape))


@RANDOMLY
@given(problem=problems, reml=st.booleans(), seed=st.integers(0, 10**6))
def test_gradient_is_that_of_finite_differences(problem, reml, seed):
    """Along a random direction in the entries of T: d criterion = 2 <M T, dT>."""
    compiled = CrossProducts(*problem.arguments)
    rng = np.random.default_rng(seed)
    scale = max(np.abs(T).max() for T in problem.T) + 0.1
    directions = [np.tril(rng.normal(size=T.shape)) * scale for T in problem.T]
    for block, D in zip(problem.blocks, directions, strict=True):
        if block.structure == "diag":
            D[~np.eye(len(D), dtype=bool)] = 0.0
    at = compiled.evaluate(problem.T, reml)
    slope = 2 * sum(np.sum((M @ T) * D) for M, T, D in zip(at.M, problem.T, directions, strict=True))

    def along(step):
        return compiled.evaluate(
            [T + step * D for T, D in zip(problem.T, directions, strict=True)], reml
        ).criterion

    step = 2e-4
    values = [along(i * step) for i in (-2, -1, 1, 2)]
    numerical = np.dot([1, -8, 8, -1], values) / (12 * step)
    np.testing.assert_allclose(slope, numerical, rtol=1e-5, atol=1e-5 * (1.0 + abs(at.criterion)))


@pytest.mark.parametrize("reml", [False, True], ids=["ml", "reml"])
def test_no_random_term_is_least_squares(reml):
    problem = make_problem(5, [], n=20, p=3, weighted=True)
    compiled, oracle = both(problem)
    found, expected = compiled.evaluate([], reml), oracle.evaluate([], reml)
    root = np.sqrt(problem.weights)
    beta, r2, *_ = np.linalg.lstsq(root[:, None] * problem.X, root * problem.y)
    close(found.beta, beta)
    close(found.r2, r2[0])
    close(found.criterion, expected.criterion)
    assert found.log_det_Z == 0.0
    assert compiled.conditional([], reml) == []
    assert np.size(compiled.average_information([], reml)) == 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problem=problems, reml=st.booleans())
def test_results_do_not_depend_on_the_order_of_terms(problem, reml):
    turned = CrossProducts(problem.y, problem.X, problem.blocks[::-1], problem.weights)
    found = turned.evaluate(problem.T[::-1], reml)
    expected = CrossProducts(*problem.arguments).evaluate(problem.T, reml)
    close(found.criterion, expected.criterion, problem.y.size)
    close(found.beta, expected.beta, np.sqrt(np.diag(expected.unscaled_vcov)).sum() * expected.sigma)
    for b, exact in zip(found.b[::-1], expected.b, strict=True):
        close(b, exact, np.abs(exact).max() + expected.sigma)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problem=problems, reml=st.booleans(), shift=st.sampled_from([1e3, 1e5, 1e7]))
def test_a_large_mean_of_the_response_costs_no_precision(problem, reml, shift):
    """Where there is an intercept, adding a constant changes only its estimate."""
    X = np.column_stack([np.ones(problem.y.size), problem.X[:, 1:]])
    moved = problem.y + shift
    kept = moved - shift  # exact: what the addition left of y
    plain = DenseCrossProducts(kept, X, problem.blocks, problem.weights).evaluate(problem.T, reml)
    found = CrossProducts(moved, X, problem.blocks, problem.weights).evaluate(problem.T, reml)
    close(found.criterion, plain.criterion, problem.y.size)
    close(found.sigma, plain.sigma)
