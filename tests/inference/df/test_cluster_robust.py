"""Cluster-robust covariances: closed forms, expectation under the model, which clusters, and what is refused."""

import numpy as np
import pytest

import lmm
from lmm.inference import joint_test, row_tests
from tests.inference.dense_derivatives import DenseModel
from tests.inference.models import quietly, random_table


def balanced(n_clusters=12, m=4, seed=0):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(n_clusters), m)
    return {"y": rng.normal(size=n_clusters)[g] + rng.normal(size=g.size), "g": g}


def test_mean_of_balanced_clusters():
    """The mean of the cluster means, with its classical standard error and J - 1 degrees of freedom."""
    data = balanced()
    fit = lmm.fit("y ~ 1 + (1 | g)", data)
    means = np.asarray(data["y"]).reshape(12, 4).mean(axis=1)
    table = fit.coefficients(vcov=lmm.ClusterRobust("CR2"))
    assert table["std_error"] == pytest.approx([means.std(ddof=1) / np.sqrt(12)])
    assert table["df"] == pytest.approx([11.0])
    plain = fit.coefficients(vcov=lmm.ClusterRobust("CR0"))
    assert plain["std_error"] == pytest.approx([means.std(ddof=0) / np.sqrt(12)])
    corrected = fit.coefficients(vcov=lmm.ClusterRobust("CR1"))
    assert corrected["std_error"] == pytest.approx(table["std_error"])


@pytest.mark.parametrize("random", ["(1 | g)", "(x | g)", "(1 | g/h)"])
def test_cr2_is_unbiased_under_the_fitted_model(random):
    """E[sandwich] = (X'V⁻¹X)⁻¹, exactly: the expectation of e e' over all residuals is V - X Φ X'."""
    fit = quietly(f"y ~ x + t + {random}", random_table(4, n=60), weights="w")
    model = DenseModel.of_fit(fit)
    expected = np.zeros((4, 4))
    for e in np.linalg.cholesky(model.V - model.X @ model.phi @ model.X.T + 1e-13 * np.eye(60)).T:
        # The sandwich is a quadratic form in the residuals: feed it the columns of a root of their covariance.
        expected += sandwich(fit, model, e)
    assert expected == pytest.approx(model.phi, rel=1e-6, abs=1e-8)


def sandwich(fit, model, e):
    """Cluster-robust covariance for residuals e, by the definition with a symmetric adjustment."""
    codes = fit.internals.design.random[0].codes
    meat = np.zeros((4, 4))
    for j in range(codes.max() + 1):
        rows = np.flatnonzero(codes == j)
        V = model.V[np.ix_(rows, rows)]
        X = model.X[rows]
        L = np.linalg.cholesky(V)
        values, vectors = np.linalg.eigh(L.T @ (V - X @ model.phi @ X.T) @ L)
        A = L @ (vectors / np.sqrt(values)) @ vectors.T @ L.T
        score = X.T @ np.linalg.solve(V, A @ e[rows])
        meat += np.outer(score, score)
    return model.phi @ meat @ model.phi


def test_definition_on_the_residuals_of_the_fit():
    fit = quietly("y ~ x + t + (1 | g/h)", random_table(4, n=60), weights="w")
    model = DenseModel.of_fit(fit)
    expected = fit.sigma**2 * sandwich(fit, model, model.residuals)
    assert lmm.ClusterRobust().vcov(fit) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_joint_test_of_one_row_is_the_row():
    fit = quietly("y ~ x + t + (x | g)", random_table(4, n=60))
    row, joint = (
        test(fit, [[0.0, 1.0, 0.0, 0.0]], vcov=lmm.ClusterRobust()) for test in (row_tests, joint_test)
    )
    assert joint.den_df == pytest.approx(row.df[0])
    assert joint.f_value == pytest.approx(row.statistic[0] ** 2)


def test_joint_test_does_not_depend_on_the_rows_chosen():
    fit = quietly("y ~ x + t + (x | g)", random_table(4, n=60))
    rows = np.eye(4)[1:]
    mixed = np.array([[1.0, 1.0, 0.0], [0.0, 3.0, -1.0], [5.0, 0.0, 1.0]]) @ rows
    first, second = (joint_test(fit, C, vcov=lmm.ClusterRobust()) for C in (rows, mixed))
    assert second.den_df == pytest.approx(first.den_df)
    assert second.f_value == pytest.approx(first.f_value)


def test_clusters_by_name_and_by_array():
    data = random_table(4, n=60)
    fit = quietly("y ~ x + t + (1 | g/h)", data)
    default = lmm.ClusterRobust().vcov(fit)
    assert lmm.ClusterRobust(cluster="g").vcov(fit).tolist() == default.tolist()
    assert lmm.ClusterRobust(cluster=data["g"]).vcov(fit).tolist() == default.tolist()
    linear = lmm.fit("y ~ x + g", data)
    assert lmm.ClusterRobust(cluster="g").vcov(linear).shape == (7, 7)


def test_rows_left_out_leave_the_clusters_too():
    data = random_table(4, n=60)
    data["y"] = np.where(np.arange(60) == 7, np.nan, data["y"])
    fit = quietly("y ~ x + (1 | g)", data)
    assert lmm.ClusterRobust(cluster=data["g"]).vcov(fit).tolist() == lmm.ClusterRobust().vcov(fit).tolist()


def test_notes_say_what_was_done():
    fit = quietly("y ~ x + (1 | g)", random_table(4))
    notes = fit.coefficients(vcov=lmm.ClusterRobust("CR1")).notes
    assert notes[:2] == (
        "Degrees of freedom: Satterthwaite for the cluster-robust covariance CR1 (Bell and McCaffrey).",
        "Standard errors: cluster-robust (CR1), 6 clusters.",
    )
    mixed = fit.coefficients(vcov=lmm.ClusterRobust("CR1"), df="containment")
    assert mixed["df"].tolist() == [5.0, 29.0]
    assert mixed.notes[:2] == ("Degrees of freedom: containment.", notes[1])


@pytest.mark.parametrize(
    ("formula", "options", "message"),
    [
        ("y ~ x + (1 | g) + (1 | h)", {}, "Levels of g occur in several clusters"),
        ("y ~ x + h + (1 | g)", {"cluster": "h"}, "Levels of g occur in several clusters"),
        (
            "y ~ x + (1 | g)",
            {"cluster": "gg"},
            r"cluster= names no grouping factor.*'gg'; there are g, .*Did you mean",
        ),
        (
            "y ~ x + (1 | g)",
            {"cluster": [1, 2, 3]},
            r"cluster= has the shape \(3,\); it needs one entry for each of",
        ),
        ("y ~ x", {}, "This model has no grouping factor: say with cluster="),
        ("y ~ x", {"cluster": np.zeros(36)}, "There is only one cluster"),
    ],
)
def test_refused(formula, options, message):
    data = random_table(4)
    fit = quietly(formula, data)
    with pytest.raises(lmm.LmmError, match=message):
        fit.coefficients(vcov=lmm.ClusterRobust(**options))


def test_blocks_of_ones_own_may_tie_clusters():
    data = random_table(4)
    block = lmm.block(np.random.default_rng(0).normal(size=(36, 3)))
    fit = quietly("y ~ x + (1 | g)", data, random={"s": block})
    with pytest.raises(lmm.UnsupportedError, match="'s' is a block of your own, which may tie clusters"):
        fit.coefficients(vcov=lmm.ClusterRobust())


def test_too_many_pairs(monkeypatch):
    monkeypatch.setattr("lmm.inference.df.clusters.MOST_PAIRS", 100)
    fit = quietly("y ~ x + (1 | g)", random_table(4))
    with pytest.raises(lmm.UnsupportedError, match="more than 100 pairs of rows"):
        fit.coefficients(vcov=lmm.ClusterRobust())


def test_kind_is_checked():
    with pytest.raises(lmm.LmmError, match='kind= must be one of "CR0", "CR1", "CR2"; it is \'CR3\''):
        lmm.ClusterRobust("CR3")


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR2"])
def test_too_few_clusters_for_a_joint_test(kind):
    """Three clusters: a covariance of rank two or three, and no degrees of freedom for four rows."""
    rng = np.random.default_rng(0)
    data = {"y": rng.normal(size=60), "f": rng.integers(0, 5, 60).astype(str), "x": rng.normal(size=60)}
    fit = lmm.fit("y ~ f + x + (1 | g)", data | {"g": np.repeat(list("abc"), 20)})
    table = fit.anova(vcov=lmm.ClusterRobust(kind))
    assert table["num_df"].tolist() == [4, 1]
    for name in ("den_df", "f_value", "p_value"):
        assert np.isnan(table[name]).tolist() == [True, False]
    by_rows = fit.coefficients(vcov=lmm.ClusterRobust(kind))
    assert table["p_value"][1] == pytest.approx(by_rows["p_value"][-1], rel=1e-6)
    assert (
        "Missing: the data (or clusters) behind the covariance are too few for a joint test of 4 rows."
        in table.notes
    )


@pytest.mark.parametrize("seed", range(8))
def test_degrees_of_freedom_are_positive_or_missing(seed):
    """A covariance of full rank can leave fewer than none: 3 rows, 3 clusters."""
    rng = np.random.default_rng(seed)
    data = {"y": rng.normal(size=60), "f": rng.integers(0, 4, 60).astype(str), "x": rng.normal(size=60)}
    fit = lmm.fit("y ~ f + x + (1 | g)", data | {"g": np.repeat(list("abc"), 20)})
    table = fit.anova(vcov=lmm.ClusterRobust("CR2"))
    missing = np.isnan(table["den_df"])
    assert (table["den_df"][~missing] > 0.0).all()
    assert (table["f_value"][~missing] >= 0.0).all()
    assert np.isnan(table["f_value"][missing]).all()


def test_rows_that_every_cluster_fits_exactly_have_no_degrees_of_freedom():
    """Each cluster has its own level of f: its residuals say nothing about the differences."""
    rng = np.random.default_rng(1)
    fit = lmm.fit("y ~ f", {"y": rng.normal(size=30), "f": np.repeat(list("abcdef"), 5)})
    robust = lmm.ClusterRobust("CR0", cluster="f")
    table = fit.coefficients(vcov=robust)
    assert np.isnan(table["df"]).all()
    assert np.isnan(table["p_value"]).all()
    assert np.isnan(fit.anova(vcov=robust)["f_value"]).all()


@pytest.mark.parametrize("kind", ["CR1", "CR2"])
def test_a_covariance_within_clusters_without_digits_is_named(kind):
    rng = np.random.default_rng(0)
    data = {"y": rng.normal(size=30), "g": np.repeat(list("abc"), 10), "x": rng.normal(size=30)}
    fit = lmm.fit("y ~ 0 + x + (1 | g)", data, theta=[1e9])
    with pytest.raises(lmm.DesignError, match="has no digits left"):
        fit.coefficients(vcov=lmm.ClusterRobust(kind))
