"""Tests of random terms: which terms, which mixtures."""

import numpy as np
import pytest
from scipy.stats import chi2, norm

import lmm
from lmm.inference.fits.chi_bar import half_and_half, positive_semidefinite, quadrant


@pytest.fixture(scope="module")
def sleep():
    frame = lmm.datasets.load("sleepstudy")
    return frame.assign(part=np.array(["early", "middle", "late"])[frame["Days"] // 4])


@pytest.fixture(scope="module")
def cake():
    frame = lmm.datasets.load("cake")
    return frame[np.arange(len(frame)) % 4 != 0]


@pytest.mark.parametrize(
    ("random", "reduced", "whole"),
    [
        ("(1 | Subject)", ["(1 | Subject)"], ["(1 | Subject)"]),
        ("(Days | Subject)", ["Days in (Days | Subject)"], ["(Days | Subject)"]),
        ("(0 + Days | Subject)", ["Days in (0 + Days | Subject)"], ["(0 + Days | Subject)"]),
        (
            "(Days || Subject)",
            ["Intercept in (Days || Subject)", "Days in (Days || Subject)"],
            ["(Days || Subject)"],
        ),
        ("(1 + part | Subject)", ["part in (1 + part | Subject)"], ["(1 + part | Subject)"]),
        (
            "(Days + I(Days**2) | Subject)",
            ["Days in (Days + I(Days**2) | Subject)", "I(Days ** 2) in (Days + I(Days**2) | Subject)"],
            ["(Days + I(Days**2) | Subject)"],
        ),
        ("(1 | part/Subject)", ["(1 | part)", "(1 | part:Subject)"], ["(1 | part)", "(1 | part:Subject)"]),
    ],
)
def test_rows(sleep, random, reduced, whole):
    fit = lmm.fit(f"Reaction ~ Days + {random}", sleep)
    assert list(lmm.random_anova(fit)["term"]) == ["<none>", *reduced]
    assert list(lmm.random_anova(fit, reduce=False)["term"]) == ["<none>", *whole]


def test_effects_that_others_contain_stay(cake):
    fit = lmm.fit("angle ~ recipe * temp + (temp * recipe | replicate)", cake)
    rows = list(lmm.random_anova(fit)["term"])
    assert rows == ["<none>", "temp:recipe in (temp * recipe | replicate)"]


def test_ratios_are_those_of_separate_fits(cake):
    fit = lmm.fit("angle ~ temp + (temp | replicate) + (1 | replicate:recipe)", cake)
    table = lmm.random_anova(fit)
    others = [
        lmm.fit("angle ~ temp + (1 | replicate) + (1 | replicate:recipe)", cake),
        lmm.fit("angle ~ temp + (temp | replicate)", cake),
    ]
    assert table["loglik"] == pytest.approx([fit.loglik, *(other.loglik for other in others)], abs=1e-7)
    assert table["lrt"][1:] == pytest.approx([2 * (fit.loglik - other.loglik) for other in others], abs=1e-6)
    assert list(table["n_parameters"]) == [fit.n_parameters, *(other.n_parameters for other in others)]
    assert table["p_value_naive"][1:] == pytest.approx(chi2.sf(table["lrt"][1:], table["df"][1:]))


def test_one_variance_is_half_of_chi_square(cake):
    fit = lmm.fit("angle ~ temp + (1 | replicate) + (1 | replicate:recipe)", cake)
    row = list(lmm.random_anova(fit))[1]
    assert row["p_value"] == pytest.approx(row["p_value_naive"] / 2.0)


def test_a_slope_with_its_covariance(sleep):
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", sleep)
    row = list(lmm.random_anova(fit))[1]
    expected = (chi2.sf(row["lrt"], 1) + chi2.sf(row["lrt"], 2)) / 2.0
    assert row["p_value"] == pytest.approx(expected)


def test_a_variance_of_zero_has_p_one():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))
    row = list(lmm.random_anova(fit))[1]
    assert (row["lrt"], row["p_value"], row["p_value_naive"]) == (0.0, 1.0, 1.0)


def test_more_than_two_variances_have_a_bound(sleep):
    fit = lmm.fit("Reaction ~ Days + (0 + part | Subject)", sleep)
    table = lmm.random_anova(fit)
    row = list(table)[1]
    assert row["df"] == 6
    assert row["p_value"] == pytest.approx((chi2.sf(row["lrt"], 5) + chi2.sf(row["lrt"], 6)) / 2.0)
    assert "p_value: at most 0.5 χ²(5) + 0.5 χ²(6) for part in (0 + part | Subject)." in table.notes


def test_another_variance_at_zero_is_noted():
    fit = lmm.fit(
        "Coloursaturation ~ TVset + (1 | Assessor) + (1 | Assessor:TVset)", lmm.datasets.load("TVbo")
    )
    assert not any("approximate" in note for note in lmm.random_anova(fit).notes)
    data = lmm.datasets.load("Dyestuff2")
    data = data.assign(other=np.tile(list("abcde"), 6))
    both = lmm.fit("Yield ~ 1 + (1 | Batch) + (1 | other)", data)
    assert any("approximate: lmm.bootstrap_test needs none" in note for note in lmm.random_anova(both).notes)


def test_blocks_of_the_user(sleep):
    Z = (sleep["Subject"].to_numpy()[:, None] == np.unique(sleep["Subject"])).astype(float)
    own = lmm.fit("Reaction ~ Days", sleep, random={"people": lmm.block(Z)})
    plain = lmm.fit("Reaction ~ Days + (1 | Subject)", sleep)
    table = lmm.random_anova(own)
    assert list(table["term"]) == ["<none>", "people"]
    assert table["lrt"][1] == pytest.approx(lmm.random_anova(plain)["lrt"][1], rel=1e-8)
    slopes = np.stack([Z, Z * sleep["Days"].to_numpy()[:, None]], axis=2).reshape(len(Z), -1)
    two = lmm.fit("Reaction ~ Days", sleep, random={"people": lmm.block(slopes, k=2, structure="diag")})
    expected = lmm.random_anova(lmm.fit("Reaction ~ Days + (Days || Subject)", sleep))
    assert list(lmm.random_anova(two)["term"][1:]) == ["people[1] in people", "people[2] in people"]
    assert lmm.random_anova(two)["lrt"][1:] == pytest.approx(expected["lrt"][1:], rel=1e-7)


def test_what_cannot_be_tested(sleep):
    with pytest.raises(lmm.LmmError, match="no random terms to test"):
        lmm.random_anova(lmm.fit("Reaction ~ Days", sleep))
    fit = lmm.fit("Reaction ~ Days + (1 | Subject)", sleep)
    with pytest.raises(lmm.LmmError, match=r"reduce= must be True or False, not 'yes'"):
        lmm.random_anova(fit, reduce="yes")
    with pytest.raises(lmm.LmmError, match="method of moments has no likelihood"):
        lmm.random_anova(fit.update(method="moments"))
    with pytest.raises(lmm.LmmError, match=r"given as theta=.*Fit without theta="):
        lmm.random_anova(fit.update(theta=[1.0]))


# The mixtures themselves


@pytest.mark.parametrize("correlation", [-0.8, 0.0, 0.6])
def test_two_variances(correlation):
    """Weights are probabilities of quadrants (Sheppard)."""
    chi_bar = quadrant(np.array([[1.0, 2.0 * correlation], [2.0 * correlation, 4.0]]))
    both = 0.25 + np.arcsin(correlation) / (2.0 * np.pi)
    assert chi_bar.weights == pytest.approx((0.5 - both, 0.5, both), abs=1e-12)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_variances_and_their_covariance(seed):
    """The tail of squared lengths of projections on the cone, found by brute force."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(3, 3))
    covariance = A @ A.T + 0.3 * np.eye(3)
    chi_bar = positive_semidefinite(covariance, 0)
    assert sum(chi_bar.weights) == pytest.approx(1.0)
    assert min(chi_bar.weights) > 0.0
    information = np.linalg.inv(covariance)
    z = rng.multivariate_normal(np.zeros(3), covariance, 20_000)
    whole = np.einsum("ni,ij,nj->n", z, information, z)
    inside = (z[:, 0] > 0.0) & (z[:, 0] * z[:, 2] > z[:, 1] ** 2)
    angle = np.linspace(0.0, np.pi, 400, endpoint=False)
    edge = np.column_stack([np.cos(angle) ** 2, np.cos(angle) * np.sin(angle), np.sin(angle) ** 2])
    edge /= np.sqrt(np.einsum("ni,ij,nj->n", edge, information, edge))[:, None]
    # Outside, the nearest point lies on the edge.
    outside = np.maximum((z @ information @ edge.T).max(axis=1), 0.0) ** 2
    squared = np.where(inside, whole, outside)
    for statistic in (0.5, 2.0, 5.0):
        share = np.mean(squared >= statistic)
        assert chi_bar.p_value(statistic) == pytest.approx(share, abs=4 * np.sqrt(share / len(z)))


def test_covariances_with_other_effects_add_degrees_of_freedom():
    plain, more = (positive_semidefinite(np.diag([1.0, 0.5, 1.0]), n_free) for n_free in (0, 4))
    assert more.df == (4, 5, 6, 7)
    assert more.weights == plain.weights


def test_the_bound_is_one():
    rng = np.random.default_rng(8)
    for _ in range(20):
        A = rng.normal(size=(3, 3))
        exact = positive_semidefinite(A @ A.T + 0.1 * np.eye(3), 2)
        for statistic in (0.1, 1.0, 4.0, 20.0):
            assert exact.p_value(statistic) <= half_and_half(4).p_value(statistic) + 1e-9
            assert half_and_half(4).p_value(statistic) <= chi2.sf(statistic, 5)


def test_half_of_a_normal():
    assert half_and_half(0).p_value(1.959964**2) == pytest.approx(norm.sf(1.959964))
