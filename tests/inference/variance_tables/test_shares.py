"""Intraclass correlations, R² and the partition of variance."""

import numpy as np
import pytest

import lmm
from tests.inference.models import quietly, random_table


def dense_partition(fit):
    """Mean variance of a row by group, from the covariance of y."""
    found = {}
    for part, T in zip(fit.internals.design.random, fit.T, strict=True):
        Z = part.block.effective().to_dense()
        G = fit.sigma**2 * np.kron(np.eye(part.block.n_levels), T @ T.T)
        found[part.group] = found.get(part.group, 0.0) + np.mean(np.diag(Z @ G @ Z.T))
    return found


FORMULAS = [
    "y ~ x + t + (1 | g)",
    "y ~ x + t + (x | g) + (1 | h)",
    "y ~ x + (x || g)",
    "y ~ t + (0 + t | g)",
    "y ~ x + (1 | g) + (0 + x | g)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_partition(formula):
    fit = quietly(formula, random_table(2), weights="w")
    table = lmm.variance_partition(fit)
    expected = dense_partition(fit)
    fixed = np.var(fit.X @ fit.beta, ddof=1)
    residual = fit.sigma**2 * np.mean(1 / fit.weights)
    assert table["source"].tolist() == ["fixed effects", *expected, "Residual"]
    assert table["variance"] == pytest.approx([fixed, *expected.values(), residual])
    assert table["share"].sum() == pytest.approx(1.0)
    squared = lmm.r_squared(fit)
    total = table["variance"].sum()
    assert squared["marginal"] == pytest.approx([fixed / total])
    assert squared["conditional"] == pytest.approx([1 - residual / total])


@pytest.mark.parametrize("formula", FORMULAS)
def test_intraclass_correlations(formula):
    fit = quietly(formula, random_table(2))
    expected = dense_partition(fit)
    table = lmm.icc(fit)
    total = sum(expected.values()) + fit.sigma**2
    for i, size in enumerate(expected.values()):
        assert table["icc"][i] == pytest.approx(size / total)
    fixed = np.var(fit.X @ fit.beta, ddof=1)
    assert table["icc_unadjusted"] == pytest.approx(table["icc"] * total / (total + fixed))
    if len(expected) > 1:
        assert table["group"][-1] == "all groups"
        assert table["icc"][-1] == pytest.approx(sum(expected.values()) / total)
    else:
        assert len(table) == 1


def test_standard_error_is_by_the_delta_method():
    """One-way layout: ρ = (M - 1) / (M + n - 1) with M the ratio of the mean squares, which is σ² + n σ_b² over σ²."""
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
    theta2 = fit.theta[0] ** 2
    ratio = 1 + 5 * theta2
    # log M has the variance 2/5 + 2/24; dρ/dM = n / (M + n - 1)².
    slope = 5 / (ratio + 4) ** 2 * ratio
    expected = slope * np.sqrt(2 / 5 + 2 / 24)
    assert lmm.icc(fit)["std_error"] == pytest.approx([expected], rel=1e-4)


def test_known_covariances_count():
    root = np.array([[1.0, 0, 0], [0.5, 1.0, 0], [0, 0, 2.0]])
    rng = np.random.default_rng(0)
    Z = np.eye(3)[rng.integers(0, 3, 60)]
    y = Z @ root @ rng.normal(size=3) * 2 + rng.normal(size=60)
    fit = quietly("y ~ 1", {"y": y}, random={"s": lmm.block(Z, covariance=root @ root.T)})
    assert lmm.variance_partition(fit)["variance"][1] == pytest.approx(dense_partition(fit)["s"])


def test_zero_variance():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))
    table = lmm.icc(fit)
    assert table["icc"][0] == 0.0
    assert np.isnan(table["std_error"][0])


def test_slopes_are_noted():
    sleepstudy = lmm.datasets.load("sleepstudy")
    with_slopes = lmm.fit("Reaction ~ Days + (Days | Subject)", sleepstudy)
    assert "Random slopes count with their mean variance over the rows." in lmm.icc(with_slopes).notes
    without = lmm.fit("Reaction ~ Days + (1 | Subject)", sleepstudy)
    assert lmm.variance_partition(without).notes == ()


def test_linear_models_have_no_intraclass_correlation():
    fit = lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"))
    with pytest.raises(lmm.DesignError, match="no random effects, hence no intraclass correlation"):
        lmm.icc(fit)
    squared = lmm.r_squared(fit)
    assert squared["marginal"] == squared["conditional"]


def test_negative_components_count_as_they_are():
    fit = lmm.fit(
        "Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"), method="moments", negative="allow"
    )
    table = lmm.variance_partition(fit)
    assert table["variance"][1:] == pytest.approx(fit.moments.components)
    assert lmm.icc(fit)["icc"][0] < 0.0
