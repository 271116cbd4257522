"""The optimum of the compiled engine is never above that of SciPy on the dense oracle."""

import numpy as np
import pytest

from lmm.engine import Control, CrossProducts, DenseCrossProducts
from tests.engine.problems import TermPlan, make_problem

PLANS = {
    "scalar": [TermPlan()],
    "slope": [TermPlan(k=2, effects="days")],
    "three correlated": [TermPlan("balanced", k=3)],
    "diagonal": [TermPlan(k=3, structure="diag")],
    "indicators": [TermPlan("balanced", k=2, effects="indicators")],
    "crossed": [TermPlan(), TermPlan("balanced")],
    "nested": [TermPlan("balanced"), TermPlan("inside")],
    "chain with slope": [TermPlan("balanced"), TermPlan("inside"), TermPlan("around", k=2)],
    "split bars": [TermPlan("crossed"), TermPlan("same", k=2, structure="diag")],
    "matrix": [TermPlan("matrix"), TermPlan()],
    "known": [TermPlan("known", k=2)],
    "four terms": [TermPlan(), TermPlan("balanced", k=2), TermPlan("sparse matrix"), TermPlan("crossed")],
}


@pytest.mark.parametrize("reml", [False, True], ids=["ml", "reml"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", PLANS)
def test_optimum_is_as_low_as_that_of_the_oracle(name, seed, reml):
    problem = make_problem(seed, PLANS[name], n=70, p=3, weighted=seed == 1)
    compiled, oracle = CrossProducts(*problem.arguments), DenseCrossProducts(*problem.arguments)
    found, expected = compiled.optimize(reml), oracle.optimize(reml)
    assert found.converged
    assert found.criterion <= expected.criterion + 1e-6
    np.testing.assert_allclose(
        found.criterion, oracle.evaluate(found.T, reml).criterion, rtol=1e-9, atol=1e-7
    )
    for T, N, block in zip(found.T, found.null_directions, problem.blocks, strict=True):
        assert np.all(np.triu(T, 1) == 0)
        assert np.all(np.diag(T) >= 0)
        assert N.shape[0] == block.n_columns
        np.testing.assert_allclose(N.T @ T, 0.0, atol=1e-6)
    assert found.singular == any(N.shape[1] > 0 for N in found.null_directions)


@pytest.mark.parametrize("reml", [False, True], ids=["ml", "reml"])
@pytest.mark.parametrize("name", ["slope", "diagonal", "nested", "known"])
def test_trace_leads_to_the_optimum(name, reml):
    problem = make_problem(7, PLANS[name], n=70, p=3)
    model = CrossProducts(*problem.arguments)
    found = model.optimize(reml, control=Control(max_iterations=80))
    trace = found.trace
    assert set(trace) >= {"iteration", "criterion", "step", "decrement", "T"}
    assert {len(column) for column in trace.values()} == {len(trace["iteration"])}
    assert list(trace["iteration"]) == list(range(len(trace["iteration"])))
    np.testing.assert_allclose(trace["criterion"][-1], found.criterion, atol=1e-8)
    for T, criterion in zip(trace["T"], trace["criterion"], strict=True):
        np.testing.assert_allclose(model.evaluate(T, reml).criterion, criterion, atol=1e-8)


@pytest.mark.parametrize("hold", [None, [np.array([[True, False], [False, False]])]], ids=["free", "held"])
def test_a_watcher_is_told_the_criterion_in_the_units_of_the_user(hold):
    problem = make_problem(7, PLANS["slope"], n=70, p=3)
    start, seen = [np.eye(2)], []
    found = CrossProducts(*problem.arguments).optimize(
        True, start, hold, check=lambda *told: seen.append(told)
    )
    criteria = found.trace["criterion"][: len(seen)]
    assert len(seen) >= len(found.trace["criterion"]) - 1
    np.testing.assert_allclose([criterion for _, criterion in seen], criteria, rtol=1e-12)
    assert [iteration for iteration, _ in seen] == list(range(len(seen)))


@pytest.mark.parametrize("reml", [False, True], ids=["ml", "reml"])
def test_held_entries_stay_where_they_are(reml):
    problem = make_problem(3, [TermPlan(k=2), TermPlan("balanced")], n=60)
    start = [np.array([[0.7, 0.0], [0.1, 0.3]]), np.array([[0.5]])]
    hold = [np.array([[True, False], [False, False]]), np.array([[True]])]
    found = CrossProducts(*problem.arguments).optimize(reml, start, hold, Control())
    expected = DenseCrossProducts(*problem.arguments).optimize(reml, start, hold, Control())
    np.testing.assert_allclose([found.T[0][0, 0], found.T[1][0, 0]], [0.7, 0.5], rtol=1e-12)
    assert found.criterion <= expected.criterion + 1e-6


@pytest.mark.parametrize("reml", [False, True], ids=["ml", "reml"])
def test_start_at_zero_does_not_stay_there(reml):
    """Zero is a saddle in T: the slope with respect to S decides."""
    problem = make_problem(2, [TermPlan("balanced", k=2)], n=60)
    model = CrossProducts(*problem.arguments)
    found = model.optimize(reml, start=[np.zeros((2, 2))])
    assert found.criterion <= DenseCrossProducts(*problem.arguments).optimize(reml).criterion + 1e-6


@pytest.mark.parametrize("size", [1e4, 1e5])
def test_no_direction_is_lost_far_away(size):
    """Where S is large the data seem to say nothing about it."""
    problem = make_problem(7, PLANS["slope"], n=70, p=3)
    model = CrossProducts(*problem.arguments)
    found, expected = model.optimize(True, start=[size * np.eye(2)]), model.optimize(True)
    assert found.criterion == pytest.approx(expected.criterion, abs=1e-7)
    assert found.singular == expected.singular
