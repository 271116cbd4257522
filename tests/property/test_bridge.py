"""Whatever arrives at the core, it answers with numbers or with an exception: never a panic, never a hang."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lmm import _core

# What a caller may meet. A panic becomes a failure of the kind "internal", which is not accepted here.
REFUSED = (_core.CoreFailure, TypeError, ValueError, OverflowError)
HARD = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 5e-324, 1e-300, 1e-160, 1e160, 1e300, 1.7e308)
OFTEN = settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

numbers = st.one_of(st.sampled_from(HARD), st.floats(-3, 3), st.integers(-2, 2).map(float))
tame = st.one_of(st.floats(-3, 3), st.integers(-2, 2).map(float))


def matrices(rows, columns, elements):
    return arrays(np.float64, (rows, columns), elements=elements)


@st.composite
def group_terms(draw, n, elements):
    n_levels = draw(st.sampled_from([1, 2, n, n + 1, 0, 40]))
    codes = draw(arrays(np.uint32, draw(lengths(n)), elements=st.integers(0, max(n_levels - 1, 0))))
    if draw(st.sampled_from([False] * 9 + [True])) and codes.size:
        codes[-1] = draw(st.sampled_from([n_levels, 2**32 - 1]))
    k = draw(st.integers(1, 3))
    values = draw(st.one_of(st.none(), matrices(draw(lengths(n)), k, elements)))
    return codes, values, n_levels, draw(parts(1 if values is None else k))


@st.composite
def matrix_terms(draw, n, elements):
    k, n_levels = draw(st.integers(1, 2)), draw(st.integers(0, 4))
    width = max(k * n_levels, 1)
    counts = draw(arrays(np.int64, draw(lengths(n)), elements=st.integers(0, 3)))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    size = int(starts[-1]) + draw(st.sampled_from([0] * 9 + [1]))
    columns = draw(arrays(np.uint32, size, elements=st.integers(0, width - 1)))
    values = draw(arrays(np.float64, size, elements=elements))
    if draw(st.sampled_from([False] * 9 + [True])):
        starts = starts[::-1].copy() - draw(st.integers(0, 3))
    return starts, columns, values, n_levels, draw(parts(k))


def lengths(n):
    """Mostly the right one."""
    return st.sampled_from([n] * 19 + [n + 1, max(n - 1, 0)])


def parts(k):
    return st.sampled_from([[k]] * 8 + [[1] * k] * 6 + [[], [0], [k + 1], [0, k]])


@st.composite
def inputs(draw, elements):
    n = draw(st.sampled_from([0, 1, 2, 3, 5, 8, 12]))
    p = draw(st.integers(0, 3))
    y = draw(arrays(np.float64, draw(lengths(n)), elements=elements))
    X = draw(matrices(draw(lengths(n)), p, elements))
    if p and draw(st.booleans()):
        X[:, 0] = 1.0
    w = draw(st.one_of(st.none(), arrays(np.float64, draw(lengths(n)), elements=elements)))
    term = st.one_of(group_terms(n, elements), group_terms(n, elements), matrix_terms(n, elements))
    terms = draw(st.lists(term, max_size=3))
    if terms and draw(
        st.sampled_from([False] * 5 + [True])
    ):  # the same levels, or the same columns, a second time
        terms.append(draw(st.sampled_from(terms)))
    return y, X, w, terms


@st.composite
def factors(draw, terms, elements):
    sizes = [sum(term[-1]) for term in terms]
    if draw(st.sampled_from([False] * 9 + [True])):
        sizes = [*sizes, 1]
    return [draw(matrices(k, k, elements)) for k in sizes]


def made(arguments):
    return answers(lambda: _core.Problem(*arguments))


def answers(call):
    """The answer, or None where the core refuses."""
    try:
        return call()
    except REFUSED as refusal:
        kind = refusal.args[0]
    assert kind != "internal"
    return None


@OFTEN
@given(data=st.data(), wild=st.booleans(), reml=st.booleans())
def test_evaluation(data, wild, reml):
    elements = numbers if wild else tame
    arguments = data.draw(inputs(elements))
    problem = made(arguments)
    if problem is None:
        return
    T = data.draw(factors(arguments[3], data.draw(st.sampled_from([numbers, tame]))))
    found = answers(lambda: problem.evaluate(T, reml, True))
    assert found is None or np.isfinite(found.criterion)
    answers(lambda: problem.conditional(T, reml))
    answers(lambda: problem.average_information(T, reml))


@OFTEN
@given(data=st.data(), wild=st.booleans(), reml=st.booleans())
def test_search(data, wild, reml):
    elements = numbers if wild else tame
    arguments = data.draw(inputs(elements))
    problem = made(arguments)
    if problem is None:
        return
    start = data.draw(st.one_of(st.none(), factors(arguments[3], elements)))
    hold = None
    if start is not None and data.draw(st.booleans()):
        hold = [data.draw(arrays(np.bool_, T.shape)) for T in start]
    limits = (
        data.draw(st.sampled_from([0, 1, 60])),
        data.draw(st.sampled_from([1e-8, 0.0, np.nan, np.inf, 1e300])),
    )
    found = answers(lambda: problem.optimize(reml, start, hold, limits, None))
    assert found is None or np.isfinite(found.criterion)


@OFTEN
@given(data=st.data(), wild=st.booleans(), reml=st.booleans())
def test_batch(data, wild, reml):
    elements = numbers if wild else tame
    y, *others = data.draw(inputs(elements))
    batch = answers(lambda: _core.Design(*others))
    if batch is None:
        return
    responses = data.draw(matrices(data.draw(lengths(y.size)), data.draw(st.integers(0, 3)), elements))
    start = data.draw(st.one_of(st.none(), factors(others[2], elements)))
    found = answers(lambda: batch.fit(responses, reml, start, (60, 1e-8)))
    if found is not None:
        assert found.criterion.size == responses.shape[1]
        assert np.all(np.isfinite(found.criterion[found.converged]))


@pytest.mark.parametrize("n_levels", [2**31, 2**32, 2**40, 2**62])
def test_more_levels_than_a_computer_holds(n_levels):
    codes = np.array([0, 1, 0, 1], dtype=np.uint32)
    problem = (np.array([1.0, 2.0, 4.0, 8.0]), np.ones((4, 1)), None, [(codes, None, n_levels, [1])])
    assert answers(lambda: _core.Problem(*problem)) is None


LAYOUT = np.repeat(np.arange(6, dtype=np.uint32), 5)


def optimum(y=1.0, x=1.0, z=1.0, w=1.0):
    """Relative factor of one layout with its response, columns and weights in other units."""
    rng = np.random.default_rng(1)
    values, covariate = rng.normal(size=30) + 2.0 * rng.normal(size=6)[LAYOUT], rng.normal(1.0, 0.5, 30)
    X = np.column_stack([np.ones(30), x * covariate])
    term = (LAYOUT, z * covariate[:, None], 6, [1])
    problem = _core.Problem(y * values, X, np.full(30, w), [term])
    found = problem.optimize(True, None, None, (60, 1e-8), None)
    assert found.converged
    T = z * np.sqrt(w) * found.t[0]
    assert T > 0.1
    return T


@pytest.mark.parametrize("size", [1e-140, 1e-100, 1e100, 1e140])
@pytest.mark.parametrize("what", ["y", "x", "z", "w"])
def test_units_at_the_edge_of_all_squares(what, size):
    np.testing.assert_allclose(optimum(**{what: size}), optimum(), rtol=1e-7)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e-150, 1e150, 1e200, 1e300])
@pytest.mark.parametrize(
    ("what", "named"),
    [("y", "the response"), ("x", "column 2 of X"), ("z", "column 1 of random term 1"), ("w", "weights")],
)
def test_units_beyond_all_squares(what, named, size):
    """Squares of such numbers leave double precision: the message says so."""
    with pytest.raises(_core.CoreFailure) as refused:
        optimum(**{what: size})
    kind, text = refused.value.args
    assert kind == "input"
    assert named in text
    assert ("as large as" if size > 1.0 else "no larger than") in text
    assert "double precision cannot hold their squares" in text


@pytest.mark.parametrize(
    ("n", "starts", "rows"),
    [(1, [1, 0], [0]), (3, [0, 0, 0], []), (2, [0, 1, 2], [0, 5]), (1, [0, 3], [0]), (2, [0, 1], [0])],
    ids=["backwards", "too few columns", "row out of range", "too few values", "a column short"],
)
def test_sparse_factor_refuses_what_is_no_matrix(n, starts, rows):
    with pytest.raises(_core.CoreFailure):
        _core.sparse_cholesky(n, starts, rows, np.ones(len(rows)))
