"""Other weights on the same columns, and other responses: the numbers of a problem that was built anew."""

import numpy as np
import pytest

from lmm import _core
from lmm.engine import Batch, CrossProducts
from lmm.engine.compiled import core_term
from tests.engine.problems import TermPlan, make_problem

PLANS = {
    "one factor": [TermPlan(k=2)],
    "five columns": [TermPlan(k=5)],
    "crossed": [TermPlan(k=2), TermPlan(k=2, structure="diag")],
    "nested": [TermPlan(k=2), TermPlan(kind="around", k=2), TermPlan()],
    "a matrix": [TermPlan(), TermPlan(kind="matrix", k=2)],
    "a sparse matrix alone": [TermPlan(kind="sparse matrix")],
}


def answers(problem, T):
    found = problem.evaluate(T, True, True)
    names = ("criterion", "sigma", "r2", "log_det_z", "log_det_x", "beta", "b", "u", "unscaled_vcov", "m")
    of_reml = {name: getattr(found, name) for name in names}
    return {**of_reml, "criterion of ML": problem.evaluate(T, False, False).criterion}


def same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        pairs = zip(found[name], value, strict=True) if isinstance(value, list) else [(found[name], value)]
        for a, b in pairs:
            np.testing.assert_array_equal(a, b, err_msg=name)


@pytest.mark.parametrize("tail", ["full", "sparse"])
@pytest.mark.parametrize("n", [40, 2_000])
@pytest.mark.parametrize("plans", PLANS.values(), ids=PLANS.keys())
def test_other_weights_give_the_numbers_of_a_new_problem(plans, n, tail):
    drawn = make_problem(3, plans, n=n, p=3, weighted=True)
    rng = np.random.default_rng(4)
    w, y = np.exp(rng.normal(size=n)), rng.normal(size=n)
    terms = [core_term(block.effective()) for block in drawn.blocks]
    wanted = answers(_core.Problem(y, drawn.X, w, terms, tail), drawn.T)

    design = _core.Design(drawn.X, drawn.weights, terms, tail)
    before = design.problem(drawn.y)
    first = answers(before, drawn.T)
    reweighed = design.reweigh(drawn.X, w)

    same(answers(reweighed.problem(y), drawn.T), wanted)
    same(answers(before.refilled(reweighed, y), drawn.T), wanted)
    same(answers(before, drawn.T), first)
    same(first, answers(_core.Problem(drawn.y, drawn.X, drawn.weights, terms, tail), drawn.T))


@pytest.mark.parametrize("plans", PLANS.values(), ids=PLANS.keys())
def test_responses_of_a_batch_are_fitted_as_if_alone(plans):
    drawn = make_problem(5, plans, n=300, p=2, weighted=True)
    Y = np.column_stack([drawn.y, drawn.y[::-1], np.random.default_rng(6).normal(size=300)])

    found = Batch(drawn.X, drawn.blocks, drawn.weights).fit(Y, reml=True)

    for i, y in enumerate(Y.T):
        alone = CrossProducts(y, drawn.X, drawn.blocks, drawn.weights).optimize(True)
        assert found.criterion[i] == pytest.approx(alone.criterion, rel=1e-12)
        for batch, T in zip(found.T, alone.T, strict=True):
            np.testing.assert_array_equal(batch[i], T)


@pytest.mark.parametrize(
    ("columns", "weights", "said"),
    [
        (2, [1.0, -1.0], "positive"),
        (2, [1.0, np.nan], "positive"),
        (2, [0.0, 1.0], "positive"),
        (2, [1e200, 1.0], "another unit"),
        (3, [1.0, 2.0], "2 fixed columns"),
    ],
)
def test_weights_that_cannot_be_are_refused(columns, weights, said):
    drawn = make_problem(7, [TermPlan()], n=40, p=2)
    design = _core.Design(drawn.X, None, [core_term(drawn.blocks[0])])
    X = np.column_stack([drawn.X, np.arange(40.0)])[:, :columns]

    with pytest.raises(_core.CoreFailure, match=said):
        design.reweigh(X, np.tile(weights, 20))


@pytest.mark.parametrize(
    "beside", [[], [TermPlan()], [TermPlan(k=2), TermPlan()]], ids=["alone", "factor", "two"]
)
def test_many_dense_columns_give_the_numbers_of_the_dense_oracle(beside):
    """Columns that are not zero in most rows are multiplied as matrices from 2,048 rows on."""
    from lmm.engine import DenseCrossProducts, MatrixBlock

    n = 2_050
    drawn = make_problem(8, beside, n=n, p=3, weighted=True)
    rng = np.random.default_rng(9)
    Z = rng.normal(size=(n, 12)) * (rng.random((n, 12)) < 0.8)
    blocks = [MatrixBlock(Z, 1), *drawn.blocks, MatrixBlock(rng.normal(size=(n, 9)), 3)]
    T = [np.eye(1), *drawn.T, np.tril(np.full((3, 3), 0.5))]
    arguments = (drawn.y, drawn.X, blocks, drawn.weights)

    found, wanted = (
        CrossProducts(*arguments).evaluate(T, True),
        DenseCrossProducts(*arguments).evaluate(T, True),
    )

    assert found.criterion == pytest.approx(wanted.criterion, rel=1e-11)
    np.testing.assert_allclose(found.beta, wanted.beta, rtol=1e-8, atol=1e-10)
    for a, b in zip(found.M + found.b, wanted.M + wanted.b, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8 * np.abs(b).max())
