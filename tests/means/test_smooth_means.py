"""Marginal means, slopes and joint tests of models with smooth terms, against predictions and dense matrices."""

import numpy as np
import pytest

import lmm
from lmm.errors import UnsupportedError
from tests.model.test_smooth_fits import TABLE

MODELS = {
    "alone": "y ~ f + v + s(x, bs='cr', k=8)",
    "beside a bar": "y ~ f * v + s(x, bs='cr', k=8) + (1 | g)",
    "curves of levels": "y ~ f + s(x, by=f, bs='cr', k=5) + (1 | g)",
    "two covariates": "y ~ f + te(x, v, k=4) + (1 | g)",
    "unpenalized": "y ~ f + s(x, bs='cr', k=5, fx=TRUE)",
}


@pytest.fixture(scope="module", params=MODELS)
def fit(request):
    return lmm.fit(MODELS[request.param], TABLE)


def grid(**values):
    table = {"f": ["a", "b", "c"], "x": [np.mean(TABLE["x"])] * 3, "v": [np.mean(TABLE["v"])] * 3}
    return table | {name: [value] * 3 for name, value in values.items()}


def rows_and_covariance(fit, table):
    """Rows on coefficients of the mean, and their Bayesian covariance, from matrices (n, n)."""
    C = np.hstack([fit.X, *(part.block.to_dense() for part in fit.internals.design.smooths)])
    design = fit.internals.spec.build(table, random=False)
    rows = np.hstack([design.X[:, fit.internals.design.kept], *(p.block.to_dense() for p in design.smooths)])
    D, V = [np.zeros((fit.n_fixed,) * 2)], np.eye(fit.n_obs)
    for part, T in zip(fit.internals.design.random, fit.T, strict=True):
        S = np.kron(np.eye(part.block.n_levels), T @ T.T)
        if part.is_smooth:
            D.append(np.linalg.pinv(S, hermitian=True))
        else:
            Z = part.block.to_dense()
            V += Z @ S @ Z.T
    A = C.T @ np.linalg.solve(V, C)
    first = 0
    for block in D:
        A[first : first + len(block), first : first + len(block)] += block
        first += len(block)
    return rows, fit.sigma**2 * np.linalg.inv(A)


def test_means_are_predictions_with_their_standard_errors(fit):
    means = fit.emmeans("f")
    np.testing.assert_allclose(means["emmean"], fit.predict(grid(), random=False), rtol=1e-8)
    rows, V = rows_and_covariance(fit, grid())
    expected = np.sqrt(np.einsum("ij,jk,ik->i", rows, V, rows))
    if not fit.internals.design.smooths:
        return
    np.testing.assert_allclose(means["std_error"], expected, rtol=1e-6)
    np.testing.assert_allclose(means["df"], fit.n_obs - fit.edf, rtol=1e-9)
    assert any("values of smooth terms" in note for note in means.notes)


def test_means_at_other_values(fit):
    means = fit.emmeans("f", at={"x": [3.0]})
    np.testing.assert_allclose(means["emmean"], fit.predict(grid(x=3.0), random=False), rtol=1e-8)


def test_differences_are_those_of_predictions(fit):
    pairs = fit.emmeans("f").contrast("pairwise", adjust="tukey")
    rows, V = rows_and_covariance(fit, grid())
    L = np.array([[1, -1, 0], [1, 0, -1], [0, 1, -1]]) @ rows
    predicted = fit.predict(grid(), random=False)
    np.testing.assert_allclose(pairs["estimate"], predicted[[0, 0, 1]] - predicted[[1, 2, 2]], rtol=1e-7)
    curves_cancel = "by=f" not in fit.formula
    if not curves_cancel:
        np.testing.assert_allclose(pairs["std_error"], np.sqrt(np.diag(L @ V @ L.T)), rtol=1e-6)
    else:
        # Then the fixed part alone is compared, by the method of its own.
        own = fit.test(["f[T.b] = 0"]) if "*" not in fit.formula else None
        if own is not None:
            assert pairs["std_error"][0] == pytest.approx(own["std_error"][0], rel=1e-8)


def test_slopes_are_those_of_the_mean(fit):
    at = 4.0
    trends = fit.emtrends("f", "x", at={"x": [at]})
    h = 1e-4
    slopes = (fit.predict(grid(x=at + h), random=False) - fit.predict(grid(x=at - h), random=False)) / (2 * h)
    np.testing.assert_allclose(trends["trend"], slopes, rtol=1e-4, atol=1e-6)


def test_joint_tests_and_reports_work(fit, tmp_path):
    table = fit.joint_tests()
    assert "f" in list(table["term"])
    assert fit.report(tmp_path / "fit.html").exists()


def test_a_covariance_of_fixed_effects_is_not_enough():
    fit = lmm.fit(MODELS["alone"], TABLE)
    with pytest.raises(UnsupportedError, match="values of smooth terms"):
        _ = fit.emmeans("f", vcov=fit.vcov)["std_error"]
