"""Derivatives of the covariance of y at the level of Gram matrices, against their n × n definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lmm
from lmm.inference.algebra import derivatives as room
from lmm.inference.algebra.derivatives import are_feasible, derivatives
from tests.engine.drawn import random_problems
from tests.inference.dense_derivatives import DenseModel, of_problem, projected
from tests.inference.dense_equations import SHAPES, fitted

TOLERANCE = 1e-8

problems = random_problems(largest_k=3, fewest_terms=0, most_terms=3, most_rows=50)


def compare(found, dense):
    """Equal on the scale on which the information has a diagonal of ones."""
    d = np.sqrt(np.diag(dense.traces))
    d[d == 0.0] = 1.0
    M = found.root
    pairs = np.outer(d, d)
    close(found.P / d[:, None, None], M.T @ dense.P_i @ M / d[:, None, None])
    close(found.Q / pairs[:, :, None, None], M.T @ dense.Q_ij @ M / pairs[:, :, None, None])
    close(found.trace / d, dense.trace / d)
    close(found.traces / pairs, dense.traces / pairs)
    close(found.projected_traces / pairs, dense.projected_traces / pairs)
    close(found.squares / d, dense.squares / d)
    close(found.quadratic / pairs, dense.quadratic / pairs)


def close(found, expected):
    assert np.shape(found) == np.shape(expected)
    gap = np.abs(found - expected)
    assert np.max(gap, initial=0.0) <= TOLERANCE * (1.0 + np.max(np.abs(expected), initial=0.0))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problem=problems, small=st.sampled_from([0, 64]))
def test_random_designs(problem, small):
    """Also where a small tail is taken apart into what hangs together, as a large one is."""
    dense = of_problem(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lmm.inference.algebra.head_and_tail.SMALL_TAIL", small)
        compare(projected(problem, dense), dense)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problem=problems, scale=st.sampled_from([1e-4, 1e-2, 30.0]))
def test_small_and_large_variances(problem, scale):
    problem = type(problem)(
        problem.y, problem.X, problem.blocks, problem.weights, [scale * T for T in problem.T]
    )
    dense = of_problem(problem)
    compare(projected(problem, dense), dense)


@pytest.mark.parametrize("shape", SHAPES)
def test_fits(shape):
    fit = fitted(shape)
    compare(derivatives(fit), DenseModel.of_fit(fit))


def test_many_parts_of_the_tail_are_stacked(monkeypatch):
    """Three levels of nesting; stacks of two parts give what one stack gives."""
    data = lmm.datasets.load("Oxide")
    fit = lmm.fit("Thickness ~ Source + (1 | Lot/Wafer)", data)
    whole = derivatives(fit)
    monkeypatch.setattr("lmm.inference.algebra.head_and_tail.SMALL_TAIL", 0)
    monkeypatch.setattr("lmm.inference.algebra.gram._MOST_STACKED", 2)
    again = derivatives(lmm.fit("Thickness ~ Source + (1 | Lot/Wafer)", data))
    assert again.traces == pytest.approx(whole.traces)
    assert np.abs(again.Q - whole.Q).max() < 1e-12


def test_one_factor_costs_time_linear_in_its_levels():
    """No array grows with the square of the levels: 20,000 of them would need 3 GB."""
    rng = np.random.default_rng(0)
    g = np.repeat(np.arange(20_000), 2)
    y = rng.normal(size=20_000)[g] + rng.normal(size=40_000)
    fit = lmm.fit("y ~ 1 + (1 | g)", {"y": y, "g": g})
    # Balanced: V⁻¹ has the eigenvalues 1 and 1 / (1 + 2 θ²).
    between = 1.0 / (1.0 + 2.0 * fit.theta[0] ** 2)
    at = derivatives(fit)
    assert at.trace == pytest.approx([40_000 * between, 20_000 * (1.0 + between)])
    assert at.traces[1, 1] == pytest.approx(20_000 * (1.0 + between**2))


def test_too_large_a_tail_is_refused_and_satterthwaite_goes_on(monkeypatch):
    monkeypatch.setattr(room, "LARGEST_PART", 3)
    fit = lmm.fit("diameter ~ 1 + (1 | plate) + (1 | sample)", lmm.datasets.load("Penicillin"))
    assert not are_feasible(fit)
    with pytest.raises(lmm.UnsupportedError, match=r'Use df="satterthwaite"'):
        fit.coefficients(df="kenward-roger")
    with pytest.raises(lmm.UnsupportedError, match="expected information of so many crossed random effects"):
        fit.coefficients(df=lmm.Satterthwaite("expected"))
    assert "Degrees of freedom: Satterthwaite." in fit.coefficients().notes


def test_nested_parts_are_feasible_however_many(monkeypatch):
    monkeypatch.setattr(room, "LARGEST_PART", 3)
    assert are_feasible(lmm.fit("Thickness ~ 1 + (1 | Lot/Wafer)", lmm.datasets.load("Oxide")))


def test_components_are_computed_once_per_fit():
    fit = fitted("slopes")
    assert derivatives(fit) is derivatives(fit)
