"""Every result shows at the prompt what it is, short."""

import numpy as np
import pytest

import lmm

SLEEP = lmm.datasets.load("sleepstudy")
FIT = lmm.fit("Reaction ~ Days + (Days | Subject)", SLEEP)
OPEN = lmm.criterion("Reaction ~ Days + (Days | Subject)", SLEEP)
RESULTS = {
    "certificate": (FIT.certificate, ["Converged:", "iterations", "predicted fall of the criterion"]),
    "evaluation": (FIT.internals.evaluation, ["criterion = 1743.62", "sigma = 25.59", "beta = [251.405", "18 x 2"]),
    "criterion function": (OPEN, ["REML criterion of", "Subject.Days", "n = 180, p = 2, q = 36"]),
    "solution": (OPEN.pls(FIT.theta), ["penalized least squares", "beta = [251.405"]),
    "criterion of a fit": (
        FIT.internals.criterion_function,
        ["REML criterion in (Subject.Intercept", "n = 180, p = 2"]),
    "design": (FIT.internals.design, ["180 of 180 rows", "2 columns of X, rank 2", "Subject (18 levels)"]),
    "block": (lmm.block(np.eye(5000), covariance=np.eye(5000)), ["rows 5,000", "levels 5,000", "covariance is known"]),
    "profile": (FIT.profile("sigma"), ["Profile of the REML criterion", "sigma", "zeta_from", ".confint()"]),
    "curve": (FIT.profile("sigma").curves[0], ["profile of sigma", "points"]),
    "bootstrap": (FIT.bootstrap(n=3, seed=1), ["Parametric bootstrap, 3 responses", "bias", "sd_Days|Subject"]),
    "fit": (FIT, ["Linear mixed model fit by REML", "Reaction ~ Days", "Subject 18"]),
    "summary": (FIT.summary(), ["Linear mixed model fit by REML", "Fixed effects"]),
    "influence": (FIT.influence(), ["Influence by row", "cooks_distance"]),
    "bootstrap test": (
        lmm.bootstrap_test(lmm.fit("Reaction ~ Days + (1 | Subject)", SLEEP), FIT, n=3, seed=1),
        ["Likelihood ratio by parametric bootstrap"],
    ),
    "marginal": (lmm.marginal(FIT), ["log-likelihood"]),
}  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_what_it_is_shows_at_the_prompt(name):
    result, words = RESULTS[name]
    text = repr(result)
    assert [word for word in words if word not in text] == []
    assert " at 0x" not in text
    assert len(text) < 6000
    assert max(map(len, text.splitlines())) <= 160


def test_many_parameters_do_not_make_a_long_line():
    n = 400
    rng = np.random.default_rng(3)
    table = {
        "y": rng.normal(size=n),
        "g": np.arange(n) % 40,
        **{f"column{j:02}": rng.normal(size=n) for j in range(30)},
    }
    formula = "y ~ " + " + ".join(list(table)[2:]) + " + (" + " + ".join(list(table)[2:8]) + " || g)"
    for result in (lmm.criterion(formula, table), lmm.criterion(formula, table)._criterion):
        assert len(repr(result)) < 1000
