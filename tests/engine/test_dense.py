"""The dense oracle is itself checked: against densities, finite differences, closed forms."""

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.stats import multivariate_normal

from lmm.engine import Control, DenseCrossProducts, GroupBlock
from lmm.engine.dense import symmetric_basis
from lmm.errors import DesignError, LmmError
from tests.engine.problems import TermPlan, make_problem

PLANS = {
    "one scalar term": [TermPlan()],
    "slopes": [TermPlan(k=2, effects="days")],
    "diagonal and crossed": [TermPlan(k=3, structure="diag"), TermPlan()],
    "nested": [TermPlan(), TermPlan("inside", k=2), TermPlan("around")],
    "matrix": [TermPlan("matrix", k=2), TermPlan("known")],
    "singular": [TermPlan(k=3, rank="deficient"), TermPlan("crossed", rank="zero")],
    "no random term": [],
}


@pytest.fixture(params=PLANS, name="problem")
def _problem(request):
    return make_problem(len(request.param), PLANS[request.param], n=24, p=3, weighted=True)


@pytest.fixture(params=[False, True], ids=["ml", "reml"], name="reml")
def _reml(request):
    return request.param


def relative_covariance(problem, T=None):
    """V = W⁻¹ + ZSZ', and the full Z and S."""
    T = problem.T if T is None else T
    V = np.diag(1 / problem.weights)
    Z = [block.effective().to_dense() for block in problem.blocks]
    S = [np.kron(np.eye(b.n_levels), t @ t.T) for b, t in zip(problem.blocks, T, strict=True)]
    for z, s in zip(Z, S, strict=True):
        V = V + z @ s @ z.T
    return V, Z, S


def test_ml_criterion_is_the_log_density_at_its_estimates(problem):
    at = DenseCrossProducts(*problem.arguments).evaluate(problem.T, reml=False)
    V, _, _ = relative_covariance(problem)
    density = multivariate_normal(problem.X @ at.beta, at.sigma**2 * V)
    np.testing.assert_allclose(at.criterion, -2 * density.logpdf(problem.y), rtol=1e-11)


def test_reml_criterion_is_the_log_density_of_error_contrasts(problem):
    """Orthonormal contrasts K: their density counts log|X'X|, which lme4's convention leaves out."""
    at = DenseCrossProducts(*problem.arguments).evaluate(problem.T, reml=True)
    V, _, _ = relative_covariance(problem)
    K = null_space(problem.X.T)
    density = multivariate_normal(np.zeros(K.shape[1]), at.sigma**2 * K.T @ V @ K)
    expected = -2 * density.logpdf(K.T @ problem.y) + np.linalg.slogdet(problem.X.T @ problem.X)[1]
    np.testing.assert_allclose(at.criterion, expected, rtol=1e-11)


def test_estimates_solve_the_mixed_model_equations(problem, reml):
    at = DenseCrossProducts(*problem.arguments).evaluate(problem.T, reml)
    W = np.diag(problem.weights)
    scaled = [
        b.effective().to_dense() @ np.kron(np.eye(b.n_levels), t)
        for b, t in zip(problem.blocks, problem.T, strict=True)
    ]
    A = np.column_stack([*scaled, problem.X])
    penalty = np.zeros(A.shape[1])
    penalty[: A.shape[1] - problem.X.shape[1]] = 1.0
    solution = np.linalg.solve(A.T @ W @ A + np.diag(penalty), A.T @ W @ problem.y)
    u = np.concatenate([u.ravel() for u in at.u]) if at.u else np.zeros(0)
    np.testing.assert_allclose(np.r_[u, at.beta], solution, atol=1e-10)
    for b, u_term, T in zip(at.b, at.u, problem.T, strict=True):
        np.testing.assert_allclose(b, u_term @ T.T, atol=1e-12)
    r2 = problem.y @ W @ (problem.y - A @ solution)
    np.testing.assert_allclose(at.r2, r2, rtol=1e-10)
    np.testing.assert_allclose(at.sigma**2, r2 / (problem.y.size - reml * problem.X.shape[1]), rtol=1e-10)


def test_determinants_are_those_of_the_penalized_system(problem):
    at = DenseCrossProducts(*problem.arguments).evaluate(problem.T, reml=True)
    V, _, _ = relative_covariance(problem)
    log_det = np.linalg.slogdet(V)[1] + np.log(problem.weights).sum()
    np.testing.assert_allclose(at.log_det_Z, log_det, atol=1e-10)
    information = problem.X.T @ np.linalg.solve(V, problem.X)
    np.testing.assert_allclose(at.log_det_X, np.linalg.slogdet(information)[1], atol=1e-10)
    np.testing.assert_allclose(at.unscaled_vcov @ information, np.eye(3), atol=1e-10)


def criterion_at(model, problem, S, reml):
    """The criterion as a function of S, which need not stay positive semidefinite."""
    V = np.diag(1 / problem.weights)
    for block, s in zip(problem.blocks, S, strict=True):
        Z = block.effective().to_dense()
        V = V + Z @ np.kron(np.eye(block.n_levels), s) @ Z.T
    Vi = np.linalg.inv(V)
    information = problem.X.T @ Vi @ problem.X
    residual = problem.y - problem.X @ np.linalg.solve(information, problem.X.T @ Vi @ problem.y)
    m = model.n_obs - reml * model.n_fixed
    log_det = np.linalg.slogdet(V)[1] + reml * np.linalg.slogdet(information)[1]
    return log_det + m * (1 + np.log(2 * np.pi * (residual @ Vi @ residual) / m))


def directions(problem):
    """(term, E) for every distinct element of every S."""
    return [
        (term, E)
        for term, block in enumerate(problem.blocks)
        for E in symmetric_basis(block.n_columns, block.structure)
    ]


def moved(problem, term, E, step):
    S = [T @ T.T for T in problem.T]
    S[term] = S[term] + step * E
    return S


def test_gradient_is_that_of_finite_differences(problem, reml):
    model = DenseCrossProducts(*problem.arguments)
    at = model.evaluate(problem.T, reml)
    for term, E in directions(problem):
        step = 1e-5
        values = [criterion_at(model, problem, moved(problem, term, E, s), reml) for s in (-step, step)]
        slope = (values[1] - values[0]) / (2 * step)
        np.testing.assert_allclose(np.sum(at.M[term] * E), slope, rtol=2e-6, atol=2e-6)


def test_average_information_is_the_quadratic_form_of_textbooks(problem, reml):
    """(y'P V_i P V_j P y)/σ² and the term that profiles σ out, with n × n matrices."""
    model = DenseCrossProducts(*problem.arguments)
    at = model.evaluate(problem.T, reml)
    V, Z, _ = relative_covariance(problem)
    Vi = np.linalg.inv(V)
    P = Vi - Vi @ problem.X @ at.unscaled_vcov @ problem.X.T @ Vi
    slopes = [Z[t] @ np.kron(np.eye(problem.blocks[t].n_levels), E) @ Z[t].T for t, E in directions(problem)]
    Py = P @ problem.y
    c = np.array([Py @ D @ Py for D in slopes]) / at.sigma**2
    quadratic = (
        np.array([[Py @ D @ P @ E @ Py for E in slopes] for D in slopes]).reshape(len(c), len(c))
        / at.sigma**2
    )
    m = model.n_obs - reml * model.n_fixed
    np.testing.assert_allclose(
        model.average_information(problem.T, reml), quadratic - np.outer(c, c) / m, rtol=1e-8, atol=1e-8
    )


def test_average_information_completes_the_hessian(problem, reml):
    """Hessian in S = 2 AI + cc'/m − tr(Q V_i Q V_j), so that AI is checked by second differences."""
    model = DenseCrossProducts(*problem.arguments)
    at = model.evaluate(problem.T, reml)
    V, Z, _ = relative_covariance(problem)
    Vi = np.linalg.inv(V)
    Q = Vi - reml * Vi @ problem.X @ at.unscaled_vcov @ problem.X.T @ Vi
    found = directions(problem)
    slopes = [Z[t] @ np.kron(np.eye(problem.blocks[t].n_levels), E) @ Z[t].T for t, E in found]
    Ve = Vi @ (problem.y - problem.X @ at.beta)
    c = np.array([Ve @ D @ Ve for D in slopes]) / at.sigma**2
    traces = np.array([[np.sum((Q @ D) * (E @ Q)) for E in slopes] for D in slopes]).reshape(len(c), len(c))
    m = model.n_obs - reml * model.n_fixed
    hessian = 2 * model.average_information(problem.T, reml) + np.outer(c, c) / m - traces
    step = 1e-3
    for (term, E), row in zip(found, hessian, strict=True):
        values = [
            criterion_at(model, problem, moved(problem, term, E, s * step), reml) for s in (-2, -1, 0, 1, 2)
        ]
        curvature = np.dot([-1, 16, -30, 16, -1], values) / (12 * step**2)
        at_diagonal = row[[t is term and e is E for t, e in found]]
        np.testing.assert_allclose(curvature, at_diagonal, rtol=1e-4, atol=1e-3 * max(1.0, np.abs(row).max()))


def test_conditional_covariance_given_beta_is_that_of_normal_vectors(problem):
    found = DenseCrossProducts(*problem.arguments).conditional(problem.T, reml=False)
    V, Z, S = relative_covariance(problem)
    for z, s, blocks, T in zip(Z, S, found, problem.T, strict=True):
        joint = s - s @ z.T @ np.linalg.solve(V, z @ s)
        k = len(T)
        for level, block in enumerate(blocks):
            at = slice(level * k, level * k + k)
            np.testing.assert_allclose(block, joint[at, at], atol=1e-10)


def test_prediction_error_covariance_is_that_of_henderson(problem):
    found = DenseCrossProducts(*problem.arguments).conditional(problem.T, reml=True)
    W = np.diag(problem.weights)
    Lambda = [np.kron(np.eye(b.n_levels), t) for b, t in zip(problem.blocks, problem.T, strict=True)]
    A = np.column_stack(
        [*(b.effective().to_dense() @ L for b, L in zip(problem.blocks, Lambda, strict=True)), problem.X]
    )
    penalty = np.zeros(A.shape[1])
    penalty[: A.shape[1] - 3] = 1.0
    C = np.linalg.inv(A.T @ W @ A + np.diag(penalty))
    start = 0
    for block, L, blocks in zip(problem.blocks, Lambda, found, strict=True):
        stop = start + block.n_effects
        joint = L @ C[start:stop, start:stop] @ L.T
        k = block.n_columns
        for level, conditional in enumerate(blocks):
            at = slice(level * k, level * k + k)
            np.testing.assert_allclose(conditional, joint[at, at], atol=1e-10)
        start = stop


def one_way(between):
    """Balanced one-way layout, 6 groups of 5 with centred noise, and its mean squares."""
    rng = np.random.default_rng(11)
    codes = np.repeat(np.arange(6, dtype=np.int32), 5)
    noise = rng.normal(size=(6, 5))
    noise -= noise.mean(axis=1, keepdims=True)
    y = 10 + between * rng.normal(size=6)[codes] + noise.ravel()
    means = y.reshape(6, 5).mean(axis=1)
    ms_between = 5 * np.var(means, ddof=1)
    ms_within = np.sum((y.reshape(6, 5) - means[:, None]) ** 2) / 24
    return DenseCrossProducts(y, np.ones((30, 1)), [GroupBlock(codes, None, 6)]), y, ms_between, ms_within


def test_balanced_one_way_optimum_is_the_analysis_of_variance(reml):
    model, _, ms_between, ms_within = one_way(2.0)
    assert ms_between > ms_within
    optimum = model.optimize(reml)
    at = model.evaluate(optimum.T, reml)
    adjusted = ms_between if reml else ms_between * 5 / 6
    np.testing.assert_allclose(at.sigma**2, ms_within, rtol=1e-7)
    np.testing.assert_allclose((at.sigma * optimum.T[0][0, 0]) ** 2, (adjusted - ms_within) / 5, rtol=1e-7)
    assert optimum.converged
    assert not optimum.singular
    assert optimum.null_directions[0].shape == (1, 0)


def test_balanced_one_way_without_spread_between_groups_is_singular(reml):
    model, y, ms_between, ms_within = one_way(0.1)
    assert ms_between < ms_within
    optimum = model.optimize(reml)
    at = model.evaluate(optimum.T, reml)
    assert optimum.T[0][0, 0] == 0.0
    assert optimum.singular
    assert optimum.null_directions[0].shape == (1, 1)
    np.testing.assert_allclose(at.sigma**2, np.var(y, ddof=int(reml)), rtol=1e-12)
    assert at.M[0][0, 0] > 0


def test_held_entries_stay_and_the_others_move(reml):
    problem = make_problem(3, [TermPlan(k=2), TermPlan()], n=40)
    model = DenseCrossProducts(*problem.arguments)
    start = [np.array([[0.7, 0.0], [0.1, 0.3]]), np.array([[0.5]])]
    hold = [np.array([[True, False], [False, False]]), np.array([[True]])]
    optimum = model.optimize(reml, start=start, hold=hold, control=Control(max_iterations=100))
    assert optimum.T[0][0, 0] == 0.7
    assert optimum.T[1][0, 0] == 0.5
    slope = 2 * model.evaluate(optimum.T, reml).M[0] @ optimum.T[0]
    np.testing.assert_allclose(slope[1], 0.0, atol=1e-5)


def test_trace_goes_down_to_the_optimum(reml):
    model, *_ = one_way(2.0)
    optimum = model.optimize(reml)
    criterion = optimum.trace["criterion"]
    assert optimum.trace["iteration"] == list(range(len(criterion)))
    assert np.all(np.diff(criterion) <= 1e-10)
    np.testing.assert_allclose(criterion[-1], optimum.criterion, atol=1e-9)
    np.testing.assert_allclose(np.diff(criterion), np.negative(optimum.trace["decrement"][1:]))


def test_wrong_shapes_are_refused():
    block = GroupBlock(np.array([0, 1, 1], dtype=np.int32), None, 2)
    with pytest.raises(DesignError, match="y has 4 rows"):
        DenseCrossProducts(np.ones(4), np.ones((4, 1)), [block])
    model = DenseCrossProducts(np.array([1.0, 2.0, 4.0]), np.ones((3, 1)), [block])
    with pytest.raises(DesignError, match=r"of shapes \[\(1, 1\)\]; it has \[\(2, 2\)\]"):
        model.evaluate([np.eye(2)], reml=True)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"max_iterations": 0}, "whole number of at least 1, not 0"),
        ({"max_iterations": 2.5}, "not 2.5"),
        ({"max_iterations": True}, "not True"),
        ({"tolerance": 0.0}, "between 0 and 1, not be 0.0"),
        ({"tolerance": "small"}, "not be 'small'"),
        ({"progress": 1}, "True or False, not 1"),
    ],
)
def test_control_is_checked(arguments, text):
    with pytest.raises(LmmError, match=text):
        Control(**arguments)
