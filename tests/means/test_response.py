"""Back to the scale of the response: values, slopes, ratios, bias, differences."""

import numpy as np
import pytest

import lmm
from lmm.means.reading.link import read_link
from tests.means.models import looms

LEFT_SIDES = {
    "log(y)": np.log,
    "np.log(y)": np.log,
    "log(y, 3)": lambda y: np.log(y) / np.log(3),
    "log2(y)": np.log2,
    "log10(y / 4)": lambda y: np.log10(y / 4),
    "log1p(y)": np.log1p,
    "log(y + 1)": lambda y: np.log(y + 1),
    "log(3 - y)": lambda y: np.log(3 - y),
    "sqrt(y)": np.sqrt,
    "I(2 * sqrt(y) - 1)": lambda y: 2 * np.sqrt(y) - 1,
    "I(y ** 2)": np.square,
    "I(y ** -0.5)": lambda y: y**-0.5,
    "I(10 / y)": lambda y: 10 / y,
    "I(y / 10)": lambda y: y / 10,
    "I(-y)": np.negative,
    "exp(y)": np.exp,
    "expm1(y)": np.expm1,
    "asin(sqrt(y))": lambda y: np.arcsin(np.sqrt(y)),
    "log(Q('yield'))": np.log,
    "log(`my y`)": np.log,
}


@pytest.mark.parametrize("text", LEFT_SIDES)
def test_back_is_the_inverse_with_its_derivatives(text):
    y = np.linspace(0.1, 0.9, 9)
    link = read_link(text)
    eta = LEFT_SIDES[text](y)
    value, slope = link.back(eta)
    assert value == pytest.approx(y, rel=1e-9)
    h = 1e-6
    high, low = (link.back(eta + step)[0] for step in (h, -h))
    assert slope == pytest.approx((high - low) / (2 * h), rel=1e-4)
    curvature = (link.back(eta + 1e-4)[0] - 2 * value + link.back(eta - 1e-4)[0]) / 1e-8
    biased = link.back(eta, bias_variance=0.02)[0]
    assert biased == pytest.approx(value + 0.01 * curvature, rel=1e-4, abs=1e-6)
    assert link.column in ("y", "yield", "my y")


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("log(y)", 2.0),
        ("log10(y)", 2.0),
        ("log2(5 * y)", 2.0),
        ("I(3 * log(y) + 1)", 2.0),
        ("log(y, 7)", 2.0),
    ],
)
def test_differences_of_logarithms_are_ratios(text, ratio):
    link = read_link(text)
    context = {
        "log": lambda x, b=np.e: np.log(x) / np.log(b),
        "log10": np.log10,
        "log2": np.log2,
        "I": lambda x: x,
    }
    difference = eval(text, {**context, "y": 6.0}) - eval(text, {**context, "y": 3.0})
    assert link.ratio(np.array([difference]))[0] == pytest.approx([ratio])


@pytest.mark.parametrize("text", ["log(y + 1)", "log1p(y)", "sqrt(y)", "sqrt(log(y))", "I(y / 10)"])
def test_other_differences_are_none(text):
    assert read_link(text).ratio_scale == 0


@pytest.mark.parametrize("text", ["scale(y)", "I(y + x)", "I(y * y)", "center(y)", "abs(y)", "log(y, b)"])
def test_what_cannot_be_undone(text):
    with pytest.raises(lmm.UnsupportedError, match="It is not known how to undo"):
        read_link(text)


def test_a_plain_column_needs_nothing():
    assert read_link("y") is None
    assert looms().emmeans("tension", transform="response").table == looms().emmeans("tension").table


def test_intervals_turn_around_where_the_scale_does():
    fit = lmm.fit("100 / breaks ~ tension", lmm.datasets.load("warpbreaks"))
    means = fit.emmeans("tension", transform="response")
    assert (means["conf_low"] < means["response"]).all()
    assert (means["response"] < means["conf_high"]).all()
    link = fit.emmeans("tension")
    assert means["conf_low"] == pytest.approx(100 / link["conf_high"])


def test_differences_that_are_no_ratios_stay_on_their_scale():
    fit = lmm.fit("sqrt(breaks) ~ tension", lmm.datasets.load("warpbreaks"))
    pairs = fit.emmeans("tension", transform="response").contrast()
    assert list(pairs["contrast"]) == ["L - M", "L - H", "M - H"]
    assert pairs["estimate"] == pytest.approx(fit.emmeans("tension").contrast()["estimate"])
    assert any(
        "Differences on the scale of sqrt(breaks), which are not ratios" in note for note in pairs.notes
    )
    sums = lmm.fit("log(breaks) ~ tension", lmm.datasets.load("warpbreaks")).emmeans(
        "tension", transform="response"
    )
    assert "estimate" in sums.contrast({"sum": [1, 1, 0]})
    assert "ratio" in sums.contrast({"ratio": [1, -1, 0]})
    assert list(sums.contrast().contrast("consec")["contrast"]) == ["(L / H) / (L / M)", "(M / H) / (L / H)"]


def test_regridded_means_are_combined_on_the_scale_of_the_response():
    fit = lmm.fit("log(breaks) ~ wool + tension", lmm.datasets.load("warpbreaks"))
    link = fit.emmeans("tension")
    response = link.regrid()
    value = np.exp(link["emmean"])
    assert response["response"] == pytest.approx(value)
    pairs = response.contrast("pairwise", adjust="none")
    assert pairs["estimate"][0] == pytest.approx(value[0] - value[1])
    covariance = np.outer(value, value) * link.functions.covariance("auto", None)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert pairs["std_error"][0] == pytest.approx(np.sqrt(variance))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: looms().emmeans("tension").regrid(), "The response breaks was modelled on its own scale"),
        (lambda: looms().emmeans("tension").contrast().regrid(), r"regrid\(\) is for means"),
        (
            lambda: log_oats().emmeans("Variety", transform="response", bias_adjust=True, sigma=-1),
            "sigma= must be",
        ),
        (
            lambda: log_sleep().emmeans("1", transform="response", bias_adjust=True),
            r"needs sigma=.* \(Days \| Subject\)",
        ),
        (lambda: log_oats().emmeans("Variety").effect_size(), "there are several standard deviations"),
        (lambda: looms().emmeans("tension").effect_size(sigma=0), "sigma= must be a number above 0"),
    ],
)
def test_mistakes(call, message):
    with pytest.raises(lmm.LmmError, match=message):
        call()


def log_oats():
    return lmm.fit("log(yield) ~ Variety + (1 | Block/Variety)", lmm.datasets.load("Oats"))


def log_sleep():
    return lmm.fit("log(Reaction) ~ 1 + Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))


def test_bias_takes_all_variances_together():
    fit = log_oats()
    plain = fit.emmeans("Variety", transform="response")["response"]
    adjusted = fit.emmeans("Variety", transform="response", bias_adjust=True)["response"]
    total = fit.varcorr["vcov"].sum()
    assert adjusted == pytest.approx(plain * (1 + total / 2))
    given = fit.emmeans("Variety", transform="response", bias_adjust=True, sigma=0.5)["response"]
    assert given == pytest.approx(plain * (1 + 0.125))
