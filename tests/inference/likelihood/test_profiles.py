"""Profiles against closed forms, refits and searches by other means."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.stats import chi2

import lmm
from lmm.engine import CrossProducts
from tests.inference.models import as_estimated

SLEEP = "Reaction ~ Days + (Days | Subject)"
Z95 = 1.959963984540054


@pytest.fixture(scope="module")
def sleepstudy():
    return lmm.datasets.load("sleepstudy")


@pytest.fixture(scope="module")
def sleep(sleepstudy):
    return {method: lmm.fit(SLEEP, sleepstudy, method=method) for method in ("ml", "reml")}


@pytest.fixture(scope="module")
def three():
    """Three correlated effects, weights and an offset."""
    rng = np.random.default_rng(5)
    g, x, w = np.repeat(np.arange(30), 8), rng.normal(size=240), rng.normal(size=240)
    b = rng.normal(size=(30, 3)) @ np.array([[1, 0, 0], [0.5, 0.8, 0], [-0.3, 0.4, 0.7]]).T
    weights = rng.uniform(0.5, 2.0, 240)
    y = 1 + x + b[g, 0] + b[g, 1] * x + b[g, 2] * w + rng.normal(size=240) / np.sqrt(weights)
    data = {"y": y, "x": x, "w": w, "g": g, "weight": weights, "off": 2 * x}
    return lmm.fit("y ~ x + w + (x + w | g)", data, weights="weight", offset="off", method="ml")


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_fixed_effects_of_a_linear_model(method):
    data = lmm.datasets.load("sleepstudy")
    fit = lmm.fit("Reaction ~ Days", data, method=method)
    m = fit.n_obs if method == "ml" else fit.df_residual
    values = fit.beta[1] + np.array([-3.0, -1.0, 0.5, 2.0])
    t = (values - fit.beta[1]) / np.sqrt(fit.vcov[1, 1])
    zeta = np.sign(t) * np.sqrt(m * np.log1p(t**2 / m))
    assert fit.profile("Days", most=4).zeta("Days", values) == pytest.approx(zeta, abs=1e-3)
    half = np.sqrt(m * np.expm1(Z95**2 / m) * fit.vcov[1, 1])
    assert fit.confint(terms="Days")["conf_high"][0] == pytest.approx(fit.beta[1] + half, abs=1e-5 * half)


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_sigma_of_a_linear_model(method, level):
    fit = lmm.fit("Reaction ~ Days", lmm.datasets.load("sleepstudy"), method=method)
    m = fit.n_obs if method == "ml" else fit.df_residual

    def above(ratio):
        return m * (np.log(ratio) + 1 / ratio - 1) - chi2.ppf(level, 1)

    expected = fit.sigma**2 * np.array([brentq(above, 0.01, 1), brentq(above, 1, 100)])
    row = next(iter(fit.confint(terms="sigma^2", scale="variance", level=level)))
    assert row["term"] == "sigma^2"
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize("value", [0.0, 5.0, 20.0, 70.0, 150.0])
def test_balanced_groups_in_closed_form(method, value):
    """One-way layout: the deviance depends on two mean squares."""
    data = lmm.datasets.load("Dyestuff")
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", data, method=method)
    y = data["Yield"].to_numpy(dtype=float).reshape(6, 5)
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum()
    between = 5 * ((y.mean(axis=1) - y.mean()) ** 2).sum()
    groups = 6 if method == "ml" else 5

    def deviance(log_sigma, sd):
        s2 = np.exp(2 * log_sigma)
        total = s2 + 5 * sd**2
        return 24 * np.log(s2) + within / s2 + groups * np.log(total) + between / total

    def profiled(sd):
        return minimize_scalar(deviance, bracket=(3, 4), args=(sd,), options={"xtol": 1e-12}).fun

    sd = fit.varcorr["sdcor"][0]
    zeta = np.sign(value - sd) * np.sqrt(profiled(value) - profiled(sd))
    profile = fit.profile("sd_Intercept|Batch", most=4)
    assert profile.zeta("sd_Intercept|Batch", value) == pytest.approx([zeta], abs=2e-3)


@pytest.mark.parametrize("value", [5.0, 9.0, 14.0])
def test_fixed_effect_held_is_an_offset(sleep, sleepstudy, value):
    without = lmm.fit(
        "Reaction ~ 1 + (Days | Subject)",
        sleepstudy,
        method="ml",
        offset=value * sleepstudy["Days"].to_numpy(),
    )
    fit = sleep["ml"]
    zeta = np.sign(value - fit.beta[1]) * np.sqrt(without.criterion - fit.criterion)
    assert fit.profile("Days", most=4).zeta("Days", value) == pytest.approx([zeta], abs=2e-4)


@pytest.mark.parametrize("sign", [-1, 1])
def test_fixed_effect_of_a_reml_fit(sleep, sign):
    """Its limit against another search: r² of the held model, determinants of the whole."""
    fit = sleep["reml"]
    limit = fit.confint(terms="Days")["conf_low" if sign < 0 else "conf_high"][0]
    blocks = [part.block for part in fit.internals.design.random]
    whole = CrossProducts(fit.y, fit.X, blocks)
    held = CrossProducts(fit.y - limit * fit.X[:, 1], fit.X[:, :1], blocks)
    m = fit.df_residual

    def deviance(theta):
        T = fit.internals.criterion_function.layout.factors(theta)
        at = whole.evaluate(T, True)
        r2 = held.evaluate(T, False).r2
        return at.log_det_Z + at.log_det_X + m * (1 + np.log(2 * np.pi * r2 / m))

    found = minimize(deviance, fit.theta, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    assert found.fun - fit.criterion == pytest.approx(Z95**2, abs=1e-5)


@pytest.mark.parametrize("name", ["sd_Intercept|g", "sd_w|g", "cor_Intercept.x|g", "cor_x.w|g", "sigma"])
def test_limits_with_three_effects(three, name):
    """Against a constrained search over all parameters."""
    open_ = lmm.criterion(three.formula, three.internals.request.data, "ml", weights="weight", offset="off")
    limit = three.confint(terms=name)["conf_high"][0]
    columns = list(three.internals.design.random[0].columns)

    def parts(x):
        L = np.zeros((3, 3))
        L[np.tril_indices(3)] = x[:6]
        return L, np.exp(x[6])

    def parameter(x):
        L, sigma = parts(x)
        G = L @ L.T
        if name == "sigma":
            return sigma
        i, *j = (columns.index(c) for c in name.split("_")[1].split("|")[0].split("."))
        return np.sqrt(G[i, i]) if not j else G[i, j[0]] / np.sqrt(G[i, i] * G[j[0], j[0]])

    def deviance(x):
        L, sigma = parts(x)
        theta = (L / sigma).T[np.triu_indices(3)]
        solved = open_.pls(theta)
        n = three.n_obs
        return (
            n * np.log(2 * np.pi * sigma**2)
            - np.log(open_.weights).sum()
            + solved.r2 / sigma**2
            + solved.log_det
        )

    start = np.append((three.sigma * three.T[0])[np.tril_indices(3)], np.log(three.sigma))
    assert deviance(start) == pytest.approx(three.criterion)
    held = {"type": "eq", "fun": lambda x: parameter(x) - limit}
    found = minimize(
        deviance, start, method="SLSQP", constraints=[held], options={"ftol": 1e-10, "maxiter": 300}
    )
    assert parameter(found.x) == pytest.approx(limit, abs=1e-7)
    assert found.fun - three.criterion == pytest.approx(Z95**2, abs=2e-4)


def test_zeta_between_the_points_is_the_searched_one(sleep):
    profile = sleep["reml"].profile()
    for curve in profile.curves:
        for zeta in (-2.2, -1.1, -0.3, 0.9, 2.0):
            assert curve.at(np.array([curve.limits([zeta])[0].value])) == pytest.approx([zeta], abs=3e-3)


def test_ml_profile_of_a_reml_fit_is_that_of_the_ml_fit(sleep):
    assert sleep["reml"].confint(criterion="ml") == sleep["ml"].confint()
    assert sleep["ml"].profile("sigma", criterion="reml").confint()["conf_low"] == pytest.approx(
        sleep["reml"].confint(terms="sigma")["conf_low"], rel=1e-5
    )


def test_intervals_of_the_profile_and_alone_agree(sleep):
    ours, alone = sleep["reml"].profile().confint(0.9), sleep["reml"].confint(level=0.9)
    for column in ("conf_low", "conf_high"):
        assert ours[column] == pytest.approx(alone[column], rel=1e-5)


def test_limit_at_zero_is_named():
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff2"))
    table = fit.confint()
    assert table["conf_low"][0] == 0.0
    assert table["conf_high"][0] > 0.0
    assert "sd_Intercept|Batch: the lower limit is the end of the parameter space" in table.notes[0]
    assert fit.profile().table["value"].min() == 0.0


def test_perfect_correlation():
    rng = np.random.default_rng(3)
    g, x = np.repeat(np.arange(12), 6), np.tile(np.arange(6.0), 12)
    u = rng.normal(size=12)
    y = 1 + 2 * x + 2 * u[g] + 0.3 * u[g] * x + rng.normal(size=72)
    fit = lmm.fit("y ~ x + (x | g)", {"y": y, "x": x, "g": g})
    assert fit.singular
    table = fit.confint()
    assert table["conf_high"][2] == 1.0
    assert table["conf_low"][2] < 0.9
    assert any("cor_Intercept.x|g: the upper limit is the end" in note for note in table.notes)
    wald = fit.confint(method="wald")
    assert np.isnan(wald["conf_low"][:3]).all()
    assert np.isfinite(wald["conf_low"][3:]).all()


def test_a_correlation_without_an_estimate_is_missing():
    rng = np.random.default_rng(2)
    g, x = np.repeat(np.arange(8), 6), np.tile([-1.0, 0.0, 1.0] * 2, 8)
    y = rng.normal(size=48)
    y -= np.array([y[g == i].mean() for i in range(8)])[g]  # groups do not differ at all
    y += np.repeat(rng.normal(size=8), 6) * x
    fit = lmm.fit("y ~ x + (x | g)", {"y": y, "x": x, "g": g})
    assert fit.varcorr["sdcor"][0] < 1e-9
    table = fit.confint(terms="theta_")
    assert np.isnan([table[c][2] for c in ("estimate", "conf_low", "conf_high")]).all()
    assert any("cor_Intercept.x|g has no estimate" in note for note in table.notes)


def test_a_profile_that_never_crosses_says_so():
    """Two numbers in each of two groups: large variances of groups are not excluded at this level."""
    fit = lmm.fit("y ~ 1 + (1 | g)", {"y": [1.0, 1.1, 5.0, 5.2], "g": ["a", "a", "b", "b"]})
    table = fit.confint(terms="sd_Intercept|g", level=1 - 1e-12)
    assert np.isnan(table["conf_high"][0])
    assert any("never crosses, so that there is no upper limit" in note for note in table.notes)


@pytest.mark.parametrize(
    "pair",
    [
        ("sd_Days|Subject", "Days"),
        ("cor_Intercept.Days|Subject", "sigma"),
        ("sd_Intercept|Subject", "sd_Days|Subject"),
    ],
)
def test_contours_touch_the_profiles(sleep, pair):
    """The farthest points of a joint region are those where the profile of one parameter has its level."""
    profile = sleep["ml"].profile(most=3.2)
    region = profile.contour(*pair, levels=[0.8])
    zeta = np.sqrt(chi2.ppf(0.8, 2))
    for name in pair:
        curve = profile.curve(name)
        low, high = (limit.value for limit in curve.limits([-zeta, zeta]))
        width = high - low
        assert region[name].min() == pytest.approx(low, abs=0.02 * width)
        assert region[name].max() == pytest.approx(high, abs=0.02 * width)
        assert np.all((region[name] > low - 1e-2 * width) & (region[name] < high + 1e-2 * width))


def test_points_of_a_contour_have_its_deviance(sleep, sleepstudy):
    region = sleep["ml"].profile().contour("Intercept", "Days", levels=[0.9])
    for a, b in list(zip(region["Intercept"], region["Days"], strict=True))[::8]:
        offset = a + b * sleepstudy["Days"].to_numpy()
        held = lmm.criterion("Reaction ~ 0 + (Days | Subject)", sleepstudy, "ml", offset=offset)
        found = minimize(held, sleep["ml"].theta, jac=held.gradient, method="BFGS")
        assert found.fun - sleep["ml"].criterion == pytest.approx(chi2.ppf(0.9, 2), rel=3e-3)


def test_moments_and_given_theta(sleepstudy):
    fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"), method="moments")
    with pytest.raises(lmm.UnsupportedError, match='say which one to profile, criterion="reml"'):
        fit.profile()
    assert fit.confint(criterion="reml", terms="sigma")["conf_low"] > 0
    given = lmm.fit(SLEEP, sleepstudy, theta=[1.0, 0.0, None])
    with pytest.raises(lmm.UnsupportedError, match="given as theta=, so that it is not an optimum"):
        given.confint()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 1.0}, "level"),
        ({"level": 95}, "level"),
        (
            {"method": "profil"},
            'method= must be one of "profile", "wald", "bootstrap"; .* Did you mean "profile"',
        ),
        ({"terms": "sd_Day|Subject"}, 'no parameter of this fit; it has .* Did you mean "sd_Days|Subject"'),
        ({"criterion": "mle"}, 'criterion= must be "ml" or "reml"; it is \'mle\'.'),
        ({"scale": "variances"}, 'scale= must be "sd" or "variance"; .* Did you mean "variance"'),
        ({"seed": 1}, 'seed= belongs to method="bootstrap" and means nothing to method="profile"'),
        ({"method": "wald", "criterion": "ml"}, 'criterion= belongs to method="profile"'),
        ({"method": "bootstrap", "df": "normal"}, 'df= belongs to method="wald"'),
    ],
)
def test_what_confint_refuses(sleep, options, message):
    with pytest.raises(lmm.LmmError, match=message):
        sleep["reml"].confint(**options)


def test_what_a_profile_refuses(sleep):
    profile = sleep["reml"].profile(["sigma", "Days"])
    with pytest.raises(lmm.LmmError, match=r"no 'sigm'; it has sigma, Days. Did you mean \"sigma\""):
        profile.zeta("sigm", 3)
    with pytest.raises(lmm.LmmError, match="two different parameters"):
        profile.contour("sigma", "sigma")
    with pytest.raises(lmm.LmmError, match="level"):
        profile.contour("sigma", "Days", levels=[1.2])
    with pytest.raises(lmm.LmmError, match="most= must be a number above 0 and at most 10, not 0"):
        sleep["reml"].profile(most=0)
    assert profile.terms == ("sigma", "Days")


def test_profile_that_finds_a_lower_deviance_says_so(sleepstudy):
    elsewhere = as_estimated(lmm.fit(SLEEP, sleepstudy, theta=[0.5, 0.1, 0.3], method="ml"))
    notes = elsewhere.confint(terms=["sigma"]).notes
    assert notes == ("sigma: its profile found a lower deviance than the fit; fit again with restarts=5.",)


def test_aliased_columns_have_no_interval_and_shift_no_other(sleepstudy):
    data = sleepstudy.assign(Hours=24.0 * sleepstudy["Days"], late=(sleepstudy["Days"] > 4) * 1.0)
    fit = lmm.fit("Reaction ~ Days + Hours + late + (1 | Subject)", data)
    plain = lmm.fit("Reaction ~ Days + late + (1 | Subject)", data)
    assert list(fit.confint(terms="beta_")["term"]) == ["Intercept", "Days", "late"]
    assert fit.confint()["conf_low"] == pytest.approx(plain.confint()["conf_low"], rel=1e-5)
    with pytest.raises(lmm.LmmError, match="'Hours', which is not a parameter"):
        fit.confint(terms="Hours")
