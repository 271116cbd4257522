"""Formulas with bases of points and regions, as typed in R, against the stored fits of mgcv (tests/reference/star)."""

import json
from functools import cache

import numpy as np
import pytest

import lmm
from lmm.errors import DesignError
from tests.bases.stored import STAR, reference, table

# Case, fit there, data, formula.
GAM = [
    ("o06", "full", "columb", "crime ~ s(district, bs='mrf', xt=list(nb=nb))"),
    ("o06", "full", "columb", "crime ~ s(district, bs='mrf', xt=list(polys=polygons))"),
    ("o06", "k20", "columb", "crime ~ s(district, bs='mrf', k=20, nb=nb)"),
    ("o06", "by_numeric", "columb", "crime ~ s(district, bs='mrf', k=15, by=income, xt=list(nb=nb))"),
    ("o08", "tp30", "gamsim2", "y ~ s(x, z, k = 30)"),
    ("o08", "gp", "gamsim2", "y ~ s(x, z, bs = 'gp', k = 30, m = c(3, .3))"),
    ("o08", "ds", "gamsim2", "y ~ s(x, z, bs = 'ds', k = 30, m = c(1, .5))"),
    ("o10", "cc", "nottem", "temp ~ s(month, bs = 'cc', k = 8, knots = c(.5, 12.5))"),
    ("o10", "cp", "nottem", "temp ~ s(month, bs = 'cp', k = 8, knots = list(month = c(.5, 12.5)))"),
    ("o10", "cc_year", "nottem", "temp ~ s(month, bs = 'cc', k = 10, knots = c(.5, 12.5)) + s(year, k = 8)"),
    ("o10", "cc_year_re", "nottem", "temp ~ s(month, bs='cc', k=10, knots=c(.5, 12.5)) + s(yearf, bs='re')"),
    ("o10", "cc_default_knots", "nottem", "temp ~ s(month, bs = 'cc', k = 8)"),
    ("o12", "default_k30", "topo", "z ~ s(x, y, bs = 'gp', k = 30)"),
    ("o12", "full_rank_mat15", "topo", "z ~ s(x, y, bs = 'gp', k = 52, m = c(3, 2))"),
    ("o12", "mat25", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(4, 2))"),
    ("o12", "mat35", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(5, 2))"),
    ("o12", "spherical", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(1, 3))"),
    ("o12", "exponential", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(2, 2))"),
    ("o12", "powexp", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(2, 2, 1.5))"),
    ("o12", "stationary_mat15", "topo", "z ~ s(x, y, bs = 'gp', k = 40, m = c(-3, 2))"),
    ("o12", "tp", "topo", "z ~ s(x, y, k = 30)"),
]


@cache
def columbus():
    held = json.loads((STAR / "data" / "columb_polys.json").read_text(encoding="utf-8"))
    nan = {None: np.nan}
    polygons = {
        name: np.array([[nan.get(number, number) for number in corner] for corner in corners], dtype=float)
        for name, corners in held["polygons"].items()
    }
    return {"nb": held["neighbours_by_name"], "polygons": polygons}


@cache
def fitted(number):
    case, key, data, formula = GAM[number]
    smooths = {name: value for name, value in columbus().items() if f"={name})" in formula}
    assert reference(case)["fits"][key]["method"] == "REML"
    held = dict(table(data))
    if "yearf" in held:
        held["yearf"] = np.array([str(int(year)) for year in held["yearf"]])
    return lmm.fit(formula, held, smooths=smooths)


@pytest.fixture(params=range(len(GAM)), ids=[f"{case}-{key}-{i}" for i, (case, key, *_) in enumerate(GAM)])
def pair(request):
    case, key, *_ = GAM[request.param]
    return fitted(request.param), reference(case)["fits"][key]


def test_the_criterion_is_twice_the_score(pair):
    fit, there = pair
    assert fit.criterion == pytest.approx(2 * there["score"], rel=1e-7)


def test_effective_degrees_of_freedom(pair):
    fit, there = pair
    np.testing.assert_allclose(fit.smooths()["edf"], [row["edf"] for row in there["smooths"]], rtol=2e-5)


def test_predictions(pair):
    fit, there = pair
    new = {name: np.array([row[name] for row in there["newdata"]]) for name in there["newdata"][0]}
    if "district" in new:
        new["district"] = new["district"].astype(float)
    np.testing.assert_allclose(fit.predict(new), there["fit"], rtol=1e-5)


def test_one_row_per_region_has_a_local_maximum_of_the_likelihood_only():
    """As many effects as rows: the likelihood grows without bound towards interpolation (star o06, full_ML)."""
    there = reference("o06")["fits"]["full_ML"]
    formula, smooths = "crime ~ s(district, bs='mrf', nb=nb)", {"nb": columbus()["nb"]}
    with pytest.raises(DesignError, match="falls without bound"):
        lmm.fit(formula, table("columb"), method="ml", smooths=smooths)
    held = f"crime ~ s(district, bs='mrf', nb=nb, sp={there['sp']['s(district)']!r})"
    fit = lmm.fit(held, table("columb"), method="ml", smooths=smooths)
    assert fit.criterion == pytest.approx(2 * there["score"], rel=1e-7)
    assert fit.smooths()["edf"][0] == pytest.approx(there["smooths"][0]["edf"], rel=2e-5)


@pytest.mark.parametrize(
    ("key", "formula", "edf"),
    [
        ("gamm4_tp_corr_slopes", "Reaction ~ s(Days, k=8) + (1 + Days | Subject)", None),
        (
            "cr_re_gamm4",
            "Reaction ~ s(Days, k=8, bs='cr') + (1 | Subject) + (0 + Days | Subject)",
            "cr_re_gam",
        ),
    ],
)
def test_a_smooth_beside_random_slopes(key, formula, edf):
    """gamm4 stops a little before the optimum: 4e-8 above it."""
    there, fit = reference("o11"), lmm.fit(formula, lmm.datasets.load("sleepstudy"))
    assert fit.criterion <= there[key]["REMLcrit_or_dev"]
    assert fit.criterion == pytest.approx(there[key]["REMLcrit_or_dev"], rel=1e-7)
    assert fit.smooths()["edf"][0] == pytest.approx(there[key]["smooths"][0]["edf"], rel=1e-4)
    if edf:
        assert fit.criterion == pytest.approx(2 * there[edf]["score"], rel=1e-9)
        assert fit.smooths()["edf"][0] == pytest.approx(there[edf]["smooths"][0]["edf"], rel=1e-5)
