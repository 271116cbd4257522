"""The method of moments: solutions, negative components, what cannot be solved."""

import numpy as np
import pandas as pd
import pytest

import lmm

ONE_WAY = "Yield ~ 1 + (1 | Batch)"


@pytest.fixture
def dyestuff2():
    return lmm.datasets.load("Dyestuff2")


def test_one_way_layout_by_hand():
    fit = lmm.fit(ONE_WAY, lmm.datasets.load("Dyestuff"), method="moments")
    y = fit.y.reshape(6, 5)
    within = np.sum((y - y.mean(1, keepdims=True)) ** 2) / 24
    between = 5 * np.sum((y.mean(1) - y.mean()) ** 2) / 5
    np.testing.assert_allclose(fit.moments.mean_sq, [between, within])
    np.testing.assert_allclose(fit.moments.solution, [(between - within) / 5, within])
    np.testing.assert_allclose(fit.varcorr["vcov"], [(between - within) / 5, within])


def test_negative_solution_is_said_and_zero_used(dyestuff2):
    fit = lmm.fit(ONE_WAY, dyestuff2, method="moments")
    within, between = fit.moments.mean_sq[::-1]
    assert fit.moments.solution[0] == pytest.approx((between - within) / 5)
    assert fit.moments.solution[0] < 0
    np.testing.assert_allclose(fit.varcorr["vcov"], [0.0, within])
    assert fit.sigma**2 == pytest.approx(within)  # REML would pool to 13.806
    assert fit.singular
    assert any("Negative" in note and "-1.322" in note and "set to zero" in note for note in fit.notes)
    assert "-1.322" in str(fit.summary())


def test_kept_negative_component_is_in_the_covariance_of_beta(dyestuff2):
    fit = lmm.fit(ONE_WAY, dyestuff2, method="moments", negative="allow")
    between, within = fit.moments.mean_sq
    np.testing.assert_allclose(fit.varcorr["vcov"], [(between - within) / 5, within])
    assert np.isnan(fit.varcorr["sdcor"][0])
    # The variance of the mean is what the analysis of variance says: MS(Batch) / n.
    assert fit.vcov[0, 0] == pytest.approx(between / 30)
    assert not fit.singular
    np.testing.assert_array_equal(fit.theta, 0.0)
    np.testing.assert_array_equal(fit.b, 0.0)
    assert any("is kept" in note for note in fit.notes)


def test_kept_negative_component_against_dense_algebra():
    """A split plot with a negative whole-plot component: V = sum of components, X and y as they are."""
    rng = np.random.default_rng(12)
    frame = pd.DataFrame(
        [(b, a, c) for b in range(5) for a in range(3) for c in range(4)], columns=["B", "A", "C"]
    ).astype(str)
    e = rng.normal(size=(15, 4))
    e -= 0.5 * e.mean(axis=1, keepdims=True)
    frame["y"] = e.ravel() + 2.0 * rng.normal(size=5)[np.repeat(np.arange(5), 12)]
    frame["w"] = rng.uniform(0.8, 1.2, 60)
    fit = lmm.fit("y ~ A * C + (1 | B/A)", frame, method="moments", negative="allow", weights="w")
    assert fit.moments.is_negative.tolist() == [False, True, False]

    Z = fit.Z.toarray()
    sigma2 = np.repeat(fit.moments.components[:2], [5, 15])
    V = (Z * sigma2) @ Z.T + np.diag(fit.sigma**2 / frame["w"])
    inverse = np.linalg.inv(V)
    vcov = np.linalg.inv(fit.X.T @ inverse @ fit.X)
    beta = vcov @ fit.X.T @ inverse @ fit.y
    r = fit.y - fit.X @ beta
    np.testing.assert_allclose(fit.vcov, vcov, rtol=1e-9)
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-9)
    loglik = np.linalg.slogdet(V)[1] - np.linalg.slogdet(vcov)[1] + r @ inverse @ r
    assert fit.criterion == pytest.approx(loglik + (60 - 12) * np.log(2 * np.pi))
    np.testing.assert_allclose(fit.b[:5], sigma2[0] * Z[:, :5].T @ inverse @ r)
    np.testing.assert_array_equal(fit.b[5:], 0.0)


def test_criterion_is_the_restricted_likelihood_at_the_moments():
    oats = lmm.datasets.load("Oats").drop(index=[3, 20, 41, 42, 60])
    fit = lmm.fit("yield ~ Variety + C(nitro) + (1 | Block/Variety)", oats, method="moments")
    assert fit.criterion == pytest.approx(-2 * lmm.marginal(fit).loglik)
    assert fit.criterion > fit.update(method="reml").criterion


@pytest.mark.parametrize(
    ("wanted", "ask"),
    [
        ("Conditional covariances", lambda fit: fit.ranef(cond_var=True)),
        ("G and the density", lmm.marginal),
    ],
)
def test_what_needs_random_effects_is_refused_with_a_kept_component(dyestuff2, wanted, ask):
    fit = lmm.fit(ONE_WAY, dyestuff2, method="moments", negative="allow")
    with pytest.raises(lmm.UnsupportedError, match=f"{wanted}.*keeps a negative one"):
        ask(fit)


def test_a_component_that_leaves_no_covariance_is_refused():
    """Unbalanced, strongly negative: V has a negative eigenvalue."""
    y = [0.0, 10.0, -0.1, 9.9, 0.1, 10.1, 0.0, 10.0, 5.0, 5.1, 4.9, 5.05, 4.95, 5.0, 5.02]
    table = {"g": [0, 0, 1, 1, 2, 2, 3, 3, *[4] * 7], "y": y}
    with pytest.raises(lmm.DesignError, match="not positive definite"):
        lmm.fit("y ~ 1 + (1 | g)", table, method="moments", negative="allow")


def test_a_fit_by_moments_is_a_fit_like_any_other(dyestuff2, tmp_path):
    fit = lmm.fit(ONE_WAY, dyestuff2, method="moments")
    assert fit.converged
    assert fit.refit(2 * fit.y).moments.solution == pytest.approx(4 * fit.moments.solution)
    assert fit.update(negative="allow").moments.keeps_negative
    assert fit.predict({"Batch": ["A"]}) == pytest.approx(fit.beta)
    lmm.save(fit, tmp_path / "fit")
    again = lmm.load(tmp_path / "fit")
    assert again.varcorr == fit.varcorr
    np.testing.assert_array_equal(again.moments.mean_sq, fit.moments.mean_sq)


def test_fits_by_likelihood_have_no_moments(dyestuff2):
    assert lmm.fit(ONE_WAY, dyestuff2).moments is None


def test_without_random_terms_the_residual_mean_square_is_all():
    pigs = lmm.datasets.load("pigs_crd")
    fit = lmm.fit("`F.Dry.matter` ~ C(Day) * Trt", pigs, method="moments")
    assert fit.sigma**2 == pytest.approx(lmm.fit(fit.formula, pigs).sigma ** 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "moments", "theta": [1.0]}, "theta= has no meaning"),
        ({"method": "moments", "start": [1.0]}, "start= has no meaning"),
        ({"method": "moments", "restarts": 2}, "restarts= has no meaning"),
        ({"method": "moments", "control": {"max_iterations": 5}}, "control= has no meaning"),
        ({"negative": "allow"}, 'negative="allow" belongs to method="moments"'),
        ({"method": "moments", "negative": "keep"}, 'negative= must be "zero" or "allow"'),
        ({"method": "momnets"}, 'Did you mean "moments"'),
    ],
)
def test_options_of_the_other_methods_are_refused(dyestuff2, arguments, message):
    with pytest.raises(lmm.LmmError, match=message):
        lmm.fit(ONE_WAY, dyestuff2, **arguments)


def test_correlated_slopes_are_refused():
    with pytest.raises(
        lmm.UnsupportedError, match=r"not defined for correlated effects. Write \(Days \|\| Subject\)"
    ):
        lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"), method="moments")


def test_uncorrelated_slopes_are_solved():
    """By hand: for each subject a least-squares line on days 0..9."""
    fit = lmm.fit("Reaction ~ Days + (Days || Subject)", lmm.datasets.load("sleepstudy"), method="moments")
    y, days = fit.y.reshape(18, 10), np.arange(10) - 4.5
    slopes, means = y @ days / 82.5, y.mean(axis=1)
    lines = means[:, None] + slopes[:, None] * days
    within = np.sum((y - lines) ** 2) / (180 - 36)
    variance_slope = np.var(slopes, ddof=1) - within / 82.5
    # A mean of subject varies by its intercept, by 4.5 slopes and by the error of ten rows.
    variance_intercept = np.var(means, ddof=1) - 4.5**2 * variance_slope - within / 10
    np.testing.assert_allclose(fit.varcorr["vcov"], [variance_intercept, variance_slope, within], rtol=1e-9)


def test_a_stratum_without_degrees_of_freedom_is_refused():
    table = {"y": np.random.default_rng(0).normal(size=12), "T": list("abab") * 3, "g": [*"pqrs"] * 3}
    with pytest.raises(lmm.DesignError, match="The stratum g has no residual degrees of freedom"):
        lmm.fit("y ~ g + (1 | g)", table, method="moments")
