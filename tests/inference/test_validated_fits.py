"""Fits by cross-validation: what they answer, and what they refuse in words."""

import copy
import pickle

import numpy as np
import pytest

import lmm
from lmm.errors import LmmError, UnsupportedError

RNG = np.random.default_rng(11)
N = 90
TABLE = {
    "x": RNG.uniform(size=N),
    "z": RNG.uniform(size=N),
    "f": RNG.choice(["a", "b", "c"], N),
    "v": RNG.normal(size=N),
    "g": RNG.integers(0, 9, N).astype(str),
}
TABLE["y"] = np.sin(6 * TABLE["x"]) + TABLE["z"] + (TABLE["f"] == "b") + 0.3 * RNG.normal(size=N)
FORMULA = "y ~ f + v + s(x, k=8) + s(z, bs='cr', k=5)"


@pytest.fixture(scope="module")
def fit():
    return lmm.fit(FORMULA, TABLE, method="gcv")


def test_the_criterion_is_the_score_of_the_hat_matrix(fit):
    sigma2 = fit.sigma**2
    rss = float(np.sum((fit.y - fit.fitted) ** 2))
    freedom = N - fit.edf
    assert fit.criterion == pytest.approx(N * rss / freedom**2, rel=1e-10)
    assert sigma2 == pytest.approx(rss / freedom, rel=1e-10)
    assert fit.trace["criterion"][-1] == pytest.approx(fit.criterion, rel=1e-9)
    heard = []
    fit.update(control={"callback": lambda _, score: heard.append(score)})
    assert min(heard) == pytest.approx(fit.criterion, rel=1e-9)


def test_no_other_smoothing_parameters_are_better(fit):
    for j in range(len(fit.theta)):
        for factor in (0.9, 1.1):
            theta = fit.theta.copy()
            theta[j] = theta[j] * factor if theta[j] > 0.0 else 0.1 * factor
            assert lmm.fit(FORMULA, TABLE, method="gcv", theta=theta).criterion > fit.criterion


def test_degrees_of_freedom_are_those_that_the_curves_leave(fit):
    table = fit.coefficients()
    np.testing.assert_allclose(table["df"], N - fit.edf)
    assert "n less the effective degrees of freedom" in table.notes[0]
    np.testing.assert_allclose(fit.anova()["den_df"], N - fit.edf)
    np.testing.assert_allclose(fit.predict_intervals(TABLE, interval="prediction")["df"], N - fit.edf)
    reml = lmm.fit(FORMULA, TABLE)
    np.testing.assert_allclose(reml.coefficients(df="effective")["df"], N - reml.edf)
    plain = lmm.fit("y ~ f + v", TABLE)
    assert set(plain.coefficients(df="effective")["df"]) == {float(plain.df_residual)}


REFUSED = {
    "loglik": (lambda fit: fit.loglik, "which loglik, AIC and BIC need"),
    "aic": (lambda fit: fit.aic, "which loglik, AIC and BIC need"),
    "bic": (lambda fit: fit.bic, "which loglik, AIC and BIC need"),
    "profile": (lambda fit: fit.profile(), r"which profiles need.*bootstrap"),
    "confint": (lambda fit: fit.confint(), r"which profiles need.*bootstrap"),
    "wald": (lambda fit: fit.confint(method="wald"), r"Wald intervals of variances need.*beta_"),
    "picture of profiles": (lambda fit: fit.plot("profile"), "which profiles need"),
    "satterthwaite": (lambda fit: fit.coefficients(df="satterthwaite"), 'Use df="effective"'),
    "kenward-roger": (lambda fit: fit.coefficients(df="kenward-roger"), 'or use df="effective"'),
    "variance_components": (lambda fit: fit.variance_components(), "standard errors of variances need"),
    "asymptotic_covariance": (lambda fit: fit.asymptotic_covariance(), "standard errors of variances need"),
    "compare": (lambda fit: lmm.compare(fit, fit.update(". ~ . - v")), "comparisons of fits need"),
    "bootstrap_test": (
        lambda fit: lmm.bootstrap_test(fit.update(". ~ . - v"), fit, n=3, seed=1),
        "comparisons of fits need",
    ),
    "drop1": (lambda fit: lmm.drop1(fit, test="lrt"), "likelihood ratios need"),
    "random_anova": (lambda fit: lmm.random_anova(fit, test="exact"), "tests of variances need"),
    "corrected band": (
        lambda fit: fit.smooth("s(x)", covariance="corrected"),
        r'corrected covariances need.*covariance="bayes"',
    ),
    "corrected draws": (
        lambda fit: fit.coefficient_draws(2, covariance="corrected", seed=1),
        "corrected covariances need",
    ),
    "marginal": (lambda fit: fit.marginal().loglik, "which log-likelihoods need"),
}


@pytest.mark.parametrize("question", REFUSED)
def test_what_needs_a_likelihood_is_refused(fit, question):
    ask, message = REFUSED[question]
    with pytest.raises(LmmError, match=message):
        ask(fit)


def test_tables_have_no_likelihood_where_there_is_none(fit):
    row = next(iter(lmm.glance(fit)))
    assert row["method"] == "gcv"
    assert row["criterion"] == fit.criterion
    assert all(row[name] is None for name in ("loglik", "aic", "bic"))
    text = str(fit.summary())
    assert f"GCV score\n─────────\n{fit.criterion:.6g}" in text
    assert "AIC" not in text
    assert "divided by n less the effective degrees of freedom" in text
    assert f"GCV score: {fit.criterion:.6g}" in repr(fit)
    assert any("there is no likelihood" in note for note in fit.notes)
    assert "log-likelihood" not in str(fit.marginal())
    assert lmm.reports.as_dict(fit)["aic"] is None


def test_resampling_fits_in_the_same_way(fit):
    drawn = fit.simulate(40, seed=1)
    again = fit.refit(drawn[:, 0])
    assert again.method == "gcv"
    asked = fit.bootstrap(n=40, seed=1, statistics=lambda own: own.criterion)
    assert float(asked.replicates[0, 0]) == pytest.approx(again.criterion)
    table = fit.confint(method="bootstrap", n=40, seed=1)
    assert np.all(table["conf_low"] <= table["conf_high"])


def test_files_copies_and_updates(fit, tmp_path):
    lmm.save(fit, tmp_path / "fit.lmm")
    for again in (lmm.load(tmp_path / "fit.lmm"), pickle.loads(pickle.dumps(fit)), copy.deepcopy(fit)):
        assert again.criterion == fit.criterion
        assert again.sigma == fit.sigma
        np.testing.assert_array_equal(again.smooths()["p_value"], fit.smooths()["p_value"])
    reml = lmm.fit(FORMULA, TABLE)
    assert fit.update(method="reml").criterion == pytest.approx(reml.criterion)
    assert reml.update(method="gcv").criterion == pytest.approx(fit.criterion)


def test_held_parameters_and_no_parameters():
    held = lmm.fit("y ~ s(x, sp=0.1) + s(z)", TABLE, method="gcv")
    assert held.smoothing()["sp"][0] == pytest.approx(0.1)
    free = lmm.fit("y ~ s(x) + s(z)", TABLE, method="gcv")
    assert free.criterion < held.criterion
    fixed = lmm.fit("y ~ s(x, fx=TRUE, k=5)", TABLE, method="gcv")
    rss = float(np.sum((fixed.y - fixed.fitted) ** 2))
    assert fixed.criterion == pytest.approx(N * rss / (N - 5) ** 2)


@pytest.mark.parametrize(
    ("formula", "random", "message"),
    [
        ("y ~ s(x) + (1 | g)", {}, r"\(1 \| g\) is a random term: cross-validation says nothing"),
        ("y ~ s(x) + s(g, bs='re')", {}, r"s\(g, bs='re'\) is a random term"),
        ("y ~ s(x)", {"own": np.ones((N, 2))}, r"own is a random term"),
        ("y ~ v", {}, "chooses the smoothing parameters of smooth terms, and this model has none"),
        ("y ~ (1 | g)", {}, r"\(1 \| g\) is a random term"),
    ],
)
def test_other_models_are_refused(formula, random, message):
    blocks = {name: lmm.block(Z) for name, Z in random.items()}
    with pytest.raises(UnsupportedError, match=message):
        lmm.fit(formula, TABLE, method="gcv", random=blocks or None)


def test_the_criterion_function_of_the_theory_is_a_likelihood():
    with pytest.raises(LmmError, match="method= must be"):
        lmm.criterion("y ~ s(x)", TABLE, method="gcv")
