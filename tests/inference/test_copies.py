"""Every result goes through a pickle and a deep copy and says the same afterwards."""

import copy
import pickle

import numpy as np
import pytest

import lmm

SLEEP, OATS = lmm.datasets.load("sleepstudy"), lmm.datasets.load("Oats")
FIT = lmm.fit("Reaction ~ Days + (Days | Subject)", SLEEP)
SMALLER = lmm.fit("Reaction ~ Days + (1 | Subject)", SLEEP)
SPLIT = lmm.fit("yield ~ nitro * Variety + (1 | Block/Variety)", OATS)
RESULTS = {
    "fit": lambda: FIT,
    "moments": lambda: lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"), method="moments"),
    "refit": lambda: FIT.refit(FIT.y[::-1]),
    "profile": lambda: FIT.profile("sigma"),
    "profile of everything": lambda: SMALLER.profile(criterion="ml", most=2.0),
    "profile along an edge": lambda: lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2")).profile(),
    "criterion": lambda: lmm.criterion("Reaction ~ Days + (Days | Subject)", SLEEP),
    "criterion without random effects": lambda: lmm.criterion("Reaction ~ Days", SLEEP, method="ml"),
    "criterion with weights": lambda: lmm.criterion("yield ~ 1 + (1 | Block)", OATS, weights=np.arange(1.0, 73.0)),
    "criterion of a fit": lambda: FIT.internals.criterion_function,
    "design": lambda: FIT.internals.design,
    "evaluation": lambda: FIT.internals.evaluation,
    "bootstrap": lambda: FIT.bootstrap(n=4, seed=1),
    "bootstrap test": lambda: lmm.bootstrap_test(SMALLER, FIT, n=3, seed=1),
    "summary": FIT.summary,
    "influence": FIT.influence,
    "means": lambda: SPLIT.emmeans("Variety"),
    "contrasts": lambda: SPLIT.emmeans("Variety").contrast("pairwise"),
    "slopes": lambda: SPLIT.emtrends("Variety", "nitro"),
    "marginal": lambda: lmm.marginal(FIT),
    "strata": SPLIT.strata,
    "shell": lambda: lmm.shell("~ A + (1 | B)", {"A": 2, "B": 3, "replicates": 2}),
    "certificate": lambda: FIT.certificate,
    "table": FIT.anova,
    "block": lambda: lmm.block(np.eye(3)),
}  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize(
    "copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy], ids=["pickle", "copy"]
)
def test_every_result_says_the_same_after(name, copied):
    result = RESULTS[name]()
    again = copied(result)
    assert type(again) is type(result)
    assert repr(again) == repr(result)


@pytest.mark.parametrize(
    "copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy], ids=["pickle", "copy"]
)
def test_copies_of_profiles_and_criteria_compute_the_same(copied):
    profile, criterion = FIT.profile(["sigma", "sd_Days|Subject"]), RESULTS["criterion"]()
    again = copied(profile)
    assert again.table == profile.table
    assert again.confint(0.8) == profile.confint(0.8)
    theta = [1.0, 0.1, 0.5]
    assert copied(criterion)(theta) == criterion(theta)
    np.testing.assert_array_equal(copied(criterion).gradient(theta), criterion.gradient(theta))


FITS = {
    "slopes": lambda: FIT,
    "nested": lambda: SPLIT,
    "maximum likelihood": lambda: FIT.update(method="ml"),
    "offset and weights": lambda: lmm.fit(
        "yield ~ nitro + (1 | Block)", OATS, offset=np.linspace(0, 1, 72), weights=np.arange(1.0, 73.0)
    ),
    "aliased": lambda: lmm.fit("Reaction ~ Days + I(2 * Days) + (1 | Subject)", SLEEP),
    "moments": RESULTS["moments"],
    "block": lambda: lmm.fit("Reaction ~ 1", SLEEP, random={"b": lmm.block(np.eye(180)[:, :20] + 1.0)}),
    "after a file": lambda: pickle.loads(pickle.dumps(FIT)),
}


@pytest.mark.parametrize("name", FITS)
def test_the_criterion_of_a_fit_alone_is_copied_and_computes_the_same(name):
    own, fit = FITS[name]().internals.criterion_function, FITS[name]()
    again = pickle.loads(pickle.dumps(own))
    theta = fit.theta * 1.1
    assert again.evaluate(theta).criterion == own.evaluate(theta).criterion
    np.testing.assert_array_equal(again.gradient(theta), own.gradient(theta))
