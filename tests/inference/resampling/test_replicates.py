"""The parametric bootstrap against exact distributions, and its bookkeeping."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, norm

import lmm
from lmm.engine import Control
from lmm.inference.likelihood.parameters import parameters, select
from lmm.inference.resampling.acceleration import accelerations
from lmm.inference.resampling.quantiles import fewest_replicates, interval
from lmm.inference.resampling.refitting import refit_all, simulated

FORMULA = "Yield ~ 1 + (1 | Batch)"


@pytest.fixture(scope="module")
def dyestuff():
    return lmm.fit(FORMULA, lmm.datasets.load("Dyestuff"))


@pytest.fixture(scope="module")
def line():
    return lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"))


@pytest.fixture(scope="module")
def replicates(line):
    return line.bootstrap(n=20_000, seed=1)


def test_replicates_have_the_exact_distribution(line, replicates):
    """σ² of a linear model is a multiple of χ²; coefficients are normal."""
    df = line.df_residual
    probabilities = np.array([0.05, 0.5, 0.95])
    sigma = line.sigma * np.sqrt(chi2.ppf(probabilities, df) / df)
    days = line.beta[1] + np.sqrt(line.vcov[1, 1]) * norm.ppf(probabilities)
    at = {name: j for j, name in enumerate(replicates.names)}
    error = 5 * np.sqrt(1 / 20_000)  # of a quantile, in standard deviations, generously
    assert np.quantile(replicates.replicates[:, at["sigma"]], probabilities) == pytest.approx(
        sigma, abs=error * line.sigma / np.sqrt(2 * df) * 2
    )
    assert np.quantile(replicates.replicates[:, at["Days"]], probabilities) == pytest.approx(
        days, abs=error * np.sqrt(line.vcov[1, 1]) * 2
    )


def test_bca_interval_of_sigma_is_the_exact_one(line, replicates):
    """For σ the corrections are what it takes to invert χ²; the percentiles are not."""
    df = line.df_residual
    exact = line.sigma * np.sqrt(df / chi2.ppf([0.975, 0.025], df))
    row = next(iter(replicates.confint(kind="bca", terms="sigma")))
    width = exact[1] - exact[0]
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(exact, abs=0.03 * width)
    percentile = next(iter(replicates.confint(terms="sigma")))
    assert abs(percentile["conf_high"] - exact[1]) > 0.05 * width


def test_acceleration_of_sigma_in_a_linear_model(line):
    """The score is a multiple of χ² with m degrees of freedom: skewness √(8/m)."""
    found, notes = accelerations(line, select(line, ["sigma", "Days"]))
    assert found == pytest.approx([np.sqrt(8 / line.df_residual) / 6, 0.0], abs=0.03)
    assert notes == []


def test_accelerations_with_correlated_effects_do_not_depend_on_the_coordinates():
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    together = accelerations(fit, parameters(fit))[0]
    alone = [accelerations(fit, [p])[0][0] for p in parameters(fit)]
    assert together == pytest.approx(alone)
    # Skewness of a variance of 18 subjects, nearly χ² with 17 degrees of freedom.
    assert together[:2] == pytest.approx([np.sqrt(8 / 17) / 6] * 2, abs=0.05)


def test_kinds_of_intervals():
    rng = np.random.default_rng(1)
    draws = np.exp(rng.normal(size=99_999))
    low, high = np.exp(norm.ppf([0.05, 0.95]))
    assert interval(draws, 1.0, 0.9, "percentile") == pytest.approx((low, high), rel=0.02)
    assert interval(draws, 1.0, 0.9, "basic") == pytest.approx((2 - high, 2 - low), rel=0.02)
    assert interval(draws, 1.0, 0.9, "basic", limits=(0.0, np.inf))[0] == 0.0
    # Neither bias nor skewness: percentiles.
    assert interval(draws, np.median(draws), 0.9, "bca") == pytest.approx((low, high), rel=0.02)
    z0 = norm.cdf(0.3)
    biased = norm.cdf(2 * 0.3 + norm.ppf([0.05, 0.95]))
    expected = np.quantile(draws, biased)
    assert interval(draws, np.quantile(draws, z0), 0.9, "bca") == pytest.approx(expected, rel=0.02)
    assert np.isnan(interval(np.array([np.nan]), 1.0, 0.9, "percentile")).all()


def test_refits_are_those_of_refit(dyestuff):
    Y = dyestuff.simulate(6, seed=3)
    found = refit_all(dyestuff, Y)
    for b, y in enumerate(Y.T):
        own = dyestuff.refit(y)
        assert found.criterion[b] == pytest.approx(own.criterion, abs=1e-7)
        assert found.beta[b] == pytest.approx(own.beta, rel=1e-8)
        assert found.singular[b] == own.singular


@pytest.mark.parametrize(
    "options", [{"theta": [0.8]}, {"method": "moments"}, {"restarts": 1}, {"start": [2.0]}, {"method": "ml"}]
)
def test_refits_keep_what_the_fit_was_asked_for(options):
    data = lmm.datasets.load("Dyestuff").assign(o=np.arange(30.0), w=np.tile([1.0, 2.0], 15))
    fit = lmm.fit(
        FORMULA, data, offset="o", weights=None if "moments" in options.values() else "w", **options
    )
    Y = fit.simulate(3, seed=3)
    found, own = refit_all(fit, Y), [fit.refit(y) for y in Y.T]
    assert found.sigma == pytest.approx([o.sigma for o in own], rel=1e-5)
    assert found.T[0][:, 0, 0] == pytest.approx([o.theta[0] for o in own], abs=1e-4)


def test_seed_decides_and_pieces_do_not_matter(dyestuff, capsys):
    first = dyestuff.bootstrap(n=150, seed=7)
    again = dyestuff.bootstrap(n=150, seed=7, progress=True)
    assert np.array_equal(first.replicates, again.replicates)
    assert not np.array_equal(first.replicates, dyestuff.bootstrap(n=150, seed=8).replicates)
    assert "150 of 150" in capsys.readouterr().err
    assert np.concatenate(list(simulated(dyestuff, 5, 1)), axis=1).shape == (30, 5)


def test_singular_replicates_are_kept_and_counted(dyestuff):
    found = dyestuff.bootstrap(n=400, seed=1)
    zeros = int(np.count_nonzero(found.replicates[:, 0] == 0.0))
    assert found.n_singular == zeros > 0
    assert found.n_failed == 0
    assert f"{zeros} refits are singular and are kept." in found.confint().notes
    assert found.confint(scale="variance")["conf_high"] == pytest.approx(
        [*(found.confint()["conf_high"][:2] ** 2), found.confint()["conf_high"][2]]
    )


def test_failed_refits_are_left_out_and_counted(dyestuff):
    request = replace(dyestuff.internals.request, control=Control(max_iterations=3))
    fit = lmm.Fit(replace(dyestuff.internals, request=request))
    found = fit.bootstrap(n=50, seed=1)
    assert 0 < found.n_failed < 50
    assert np.isnan(found.replicates[~found.converged]).all()
    assert f"{found.n_failed} refits failed and are left out." in found.table.notes


def test_correlations_without_a_value_are_counted():
    rng = np.random.default_rng(39)
    g, x = np.repeat(np.arange(12), 6), np.tile(np.arange(6.0), 12)
    y = 1 + 2 * x + rng.normal(size=12)[g] * 0.5 + rng.normal(size=72)
    found = lmm.fit("y ~ x + (x | g)", {"y": y, "x": x, "g": g}).bootstrap(n=300, seed=1)
    missing = int(np.isnan(found.replicates[found.converged][:, 2]).sum())
    assert missing > 0
    assert f"cor_Intercept.x|g has no value in {missing} refits." in found.confint().notes


def test_statistics_of_ones_own(dyestuff):
    def statistics(fit):
        return {"total": fit.varcorr["vcov"].sum(), "mean": fit.beta[0]}

    found = dyestuff.bootstrap(n=50, seed=5, statistics=statistics)
    default = dyestuff.bootstrap(n=50, seed=5)
    assert found.names == ("total", "mean")
    assert found.replicates[:, 1] == pytest.approx(default.replicates[:, 2])
    assert found.replicates[:, 0] == pytest.approx((default.replicates[:, :2] ** 2).sum(axis=1), rel=1e-4)
    assert list(found.confint(terms="mean")["term"]) == ["mean"]
    assert dyestuff.bootstrap(n=2, seed=5, statistics=lambda fit: fit.sigma).names == ("statistic_1",)
    with pytest.raises(lmm.LmmError, match='kind="bca" needs the score'):
        found.confint(kind="bca")
    with pytest.raises(
        lmm.LmmError, match=r'not a statistic of this bootstrap; it has total, mean\. Did you mean "total"'
    ):
        found.confint(terms="totl")
    with pytest.raises(lmm.LmmError, match="statistics= must give numbers; it gave 'a'"):
        dyestuff.bootstrap(n=2, statistics=lambda _: "a")


def test_bca_of_a_singular_fit_says_that_it_has_no_skewness():
    fit = lmm.fit(FORMULA, lmm.datasets.load("Dyestuff2"))
    table = fit.confint(method="bootstrap", kind="bca", n=200, seed=1)
    assert table["conf_low"][0] == 0.0
    assert any("no correction for skewness" in note for note in table.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n= must be a whole number of at least 1; it is 0."),
        ({"n": 10.5}, "n= must be a whole number"),
        ({"progress": 1}, "progress= must be True or False"),
    ],
)
def test_what_bootstrap_refuses(dyestuff, options, message):
    with pytest.raises(lmm.LmmError, match=message):
        dyestuff.bootstrap(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "bcaa"}, 'kind= must be one of "percentile", "basic", "bca"; .* Did you mean "bca"'),
        ({"level": -0.1}, "level"),
        ({"terms": "sigm"}, 'Did you mean "sigma"'),
    ],
)
def test_what_bootstrap_intervals_refuse(dyestuff, options, message):
    with pytest.raises(lmm.LmmError, match=message):
        dyestuff.confint(method="bootstrap", n=5, seed=1, **options)


# How few replicates make an interval


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
def test_as_few_replicates_as_their_range_covers(level):
    """The range of N draws beside one more covers it with probability (N - 1)/(N + 1): the least N of all that do."""
    fewest = fewest_replicates(level)
    covered = [(n - 1) / (n + 1) for n in (fewest - 1, fewest)]
    assert covered[0] < level <= covered[1] + 1e-12
    draws = np.random.default_rng(0).normal(size=fewest)
    ends = interval(draws, 0.0, level, "percentile")
    assert ends[0] >= draws.min()
    assert ends[1] <= draws.max()
    assert ends[0] < ends[1]
    assert np.isnan(interval(draws[1:], 0.0, level, "percentile")).all()


@pytest.mark.parametrize("kind", ["percentile", "basic", "bca"])
@pytest.mark.parametrize(
    ("n", "level", "fewest"), [(1, 0.95, 39), (2, 0.5, 3), (18, 0.9, 19), (38, 0.95, 39), (198, 0.99, 199)]
)
def test_too_few_replicates_are_refused_with_the_number_that_is_needed(dyestuff, kind, n, level, fewest):
    message = (
        f"A {100 * level:g} % interval needs at least {fewest} refits, .*; this bootstrap has {n}. Draw more"
    )
    with pytest.raises(lmm.LmmError, match=message):
        dyestuff.bootstrap(n=n, seed=1).confint(level, kind=kind)
    with pytest.raises(lmm.LmmError, match=message):
        dyestuff.confint(method="bootstrap", n=n, seed=1, level=level, kind=kind)
    table = dyestuff.bootstrap(n=fewest, seed=1).confint(level, kind=kind)
    assert (table["conf_low"] < table["conf_high"]).all()


def test_replicates_that_failed_do_not_count(dyestuff):
    request = replace(dyestuff.internals.request, control=Control(max_iterations=3))
    found = lmm.Fit(replace(dyestuff.internals, request=request)).bootstrap(n=39, seed=1)
    good = 39 - found.n_failed
    assert 0 < found.n_failed < 39
    with pytest.raises(lmm.LmmError, match=f"this bootstrap has {good} of 39"):
        found.confint()


def test_a_statistic_without_enough_values_has_no_interval(dyestuff):
    calls = []

    def statistics(fit):
        calls.append(1)
        return {"mean": fit.beta[0], "rare": fit.beta[0] if len(calls) <= 20 else np.nan}

    table = dyestuff.bootstrap(n=60, seed=1, statistics=statistics).confint()
    assert np.isfinite(table["conf_low"]).tolist() == [True, False]
    assert "rare has no value in 41 refits. Too few are left for an interval, which needs 39." in table.notes


@pytest.mark.parametrize("acceleration", [-0.6, -0.3, 0.0, 0.3, 0.6])
@pytest.mark.parametrize("estimate", [-2.0, 0.0, 2.0])
def test_ends_of_bca_intervals_stay_in_order(estimate, acceleration):
    """Small samples have so skew scores that the correction passes its pole."""
    draws = np.random.default_rng(0).normal(size=200)
    low, high = interval(draws, estimate, 0.95, "bca", acceleration)
    assert draws.min() <= low <= high <= draws.max()
