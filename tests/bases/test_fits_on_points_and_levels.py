"""Fits with bases of points and levels against mgcv, by a dense additive model."""

import json

import numpy as np
import pytest

from lmm.bases import Settings, learn_basis, learn_smooths, mixed_form
from lmm.bases.levels import fs
from lmm.bases.surfaces.kernels import Correlation
from tests.bases.additive import Additive, Term
from tests.bases.stored import STAR, factor, matrix, numbers, reference, table

YEAR = {"knots": (np.array([0.5, 12.5]),)}


def neighbours():
    held = json.loads((STAR / "data" / "columb_polys.json").read_text(encoding="utf-8"))
    return {"neighbours": held["neighbours_by_name"]}


def s(names, bs="tp", **settings):
    return names, bs, settings


def field(k=None):
    return s("district", "mrf", k=k, extra=neighbours())


# Case and fit there, data, response, terms; a text is a column of its own, "by" multiplies the term before it.
MONTH = ("nottem", "temp")
TOPO = ("topo", "z")
SLEEP = ("sleepstudy", "Reaction")
FAC = ("gamsim4", "y")
FITS = {
    "o06 full": ("columb", "crime", [field()]),
    "o06 full_ML": ("columb", "crime", [field()]),
    "o06 k20": ("columb", "crime", [field(20)]),
    "o06 k20_income": ("columb", "crime", [field(20), s("income")]),
    "o06 full_geo": ("columb", "crime", ["income", field(30), s("home.value", k=5)]),
    "o06 by_numeric": ("columb", "crime", [(*field(15), "income")]),
    "o09 sz": (*FAC, [s("x2"), s("fac x2", "sz"), s("x0")]),
    "o09 sz_id": (*FAC, [s("x2"), s("fac x2", "sz", extra={"id": 1}), s("x0")]),
    "o09 fs": (*FAC, [s("x2 fac", "fs", k=6), s("x0")]),
    "o09 fs_cr": (*FAC, [s("x2 fac", "fs", k=6, extra={"xt": "cr"})]),
    "o10 cc": (*MONTH, [s("month", "cc", k=8, **YEAR)]),
    "o10 cp": (*MONTH, [s("month", "cp", k=8, **YEAR)]),
    "o10 cc_year": (*MONTH, [s("month", "cc", k=10, **YEAR), s("year", k=8)]),
    "o10 cc_year_re": (*MONTH, [s("month", "cc", k=10, **YEAR), s("yearf", "re")]),
    "o10 te_cc": (
        *MONTH,
        [s("month year", "te", k=(6, 5), knots=(*YEAR["knots"], None), extra={"bs": ("cc", "cr")})],
    ),
    "o10 cc_default_knots": (*MONTH, [s("month", "cc", k=8)]),
    "o11 cr_re_gam": (*SLEEP, [s("Days", "cr", k=8), s("Subject", "re"), s("Days Subject", "re")]),
    "o11 fs_gam": (*SLEEP, [s("Days Subject", "fs", k=5)]),
    "o11 pop_fs": (*SLEEP, [s("Days", "cr", k=8), s("Days Subject", "fs", k=5, extra={"xt": "cr"})]),
    "o11 sz": (*SLEEP, [s("Days", k=6), s("Subject Days", "sz", k=5, extra={"id": 1})]),
    "o12 default_k30": (*TOPO, [s("x y", "gp", k=30)]),
    "o12 full_rank_mat15": (*TOPO, [s("x y", "gp", k=52, m=(3, 2))]),
    "o12 mat25": (*TOPO, [s("x y", "gp", k=40, m=(4, 2))]),
    "o12 mat35": (*TOPO, [s("x y", "gp", k=40, m=(5, 2))]),
    "o12 spherical": (*TOPO, [s("x y", "gp", k=40, m=(1, 3))]),
    "o12 exponential": (*TOPO, [s("x y", "gp", k=40, m=(2, 2))]),
    "o12 powexp": (*TOPO, [s("x y", "gp", k=40, m=(2, 2, 1.5))]),
    "o12 stationary_mat15": (*TOPO, [s("x y", "gp", k=40, m=(-3, 2))]),
    "o12 tp": (*TOPO, [s("x y", k=30)]),
    "o08 tp30": ("gamsim2", "y", [s("x z", k=30)]),
    "o08 gp": ("gamsim2", "y", [s("x z", "gp", k=30, m=(3, 0.3))]),
    "o08 ds": ("gamsim2", "y", [s("x z", "ds", k=30, m=(1, 0.5))]),
}
LEVELS = {"fac", "yearf", "Subject", "district"}


def stored(name):
    case, _, key = name.partition(" ")
    found = reference(case)
    return found["fits"][key] if "fits" in found else found[key]


def covariate(name, held, levels_of):
    if name not in LEVELS:
        return numbers(name, held[name])
    texts = [str(int(value)) if isinstance(value, float) else str(value) for value in held[name]]
    known = sorted({str(int(value)) if isinstance(value, float) else str(value) for value in levels_of[name]})
    return factor(name, texts, known)


def spread(basis, covariates):
    return basis.wide(covariates).toarray()


def term(written, held, new, theirs):
    """One term of the model; curves per level with the null functions that LAPACK returned to mgcv."""
    if isinstance(written, str):
        return Term(held[written][:, None], new[written][:, None])
    names, bs, settings, *by = written
    old, fresh = ([covariate(name, rows, held) for name in names.split()] for rows in (held, new))
    if bs == "fs":
        x = held[names.split()[0]]
        null = np.column_stack([f["a"] + f["c"] * x for f in theirs["fs_null_functions"]])
        basis = fs.learn(old, Settings(**settings), learn_basis, null)
        scales = basis.scales(basis.carrier(old))
        wide = tuple(
            np.kron(np.eye(len(basis.copies)), S / c) for S, c in zip(basis.penalties, scales, strict=True)
        )
        return Term(spread(basis, old), spread(basis, fresh), wide)
    multiplier, again = (numbers(by[0], rows[by[0]]) if by else None for rows in (held, new))
    (smooth,) = learn_smooths("s()", bs, old, Settings(**settings), by=multiplier)
    np.testing.assert_allclose(smooth.scales, np.atleast_1d(theirs["S_scale"]), rtol=1e-5)
    return Term(smooth.columns(old, multiplier), smooth.columns(fresh, again), smooth.penalties)


def model(name):
    data, response, written = FITS[name]
    held, there = table(data), stored(name)
    new = {key: np.array([row[key] for row in there["newdata"]]) for key in there["newdata"][0]}
    smooths = iter(there["smooths"])
    terms = [Term(np.ones((len(held[response]), 1)), np.ones((len(there["newdata"]), 1)))]
    terms += [term(each, held, new, None if isinstance(each, str) else next(smooths)) for each in written]
    return Additive(held[response], terms, there["method"]), there


@pytest.mark.parametrize("name", FITS)
def test_fits_are_those_of_mgcv(name):
    additive, there = model(name)
    start = list((there.get("full_sp") or there["sp"]).values())
    assert additive.at(start).scores[there["method"]] == pytest.approx(there["score"], rel=1e-7)

    found = additive.best(start)
    assert found.scores[there["method"]] == pytest.approx(there["score"], rel=1e-7)
    np.testing.assert_allclose(found.fit, there["fit"], rtol=1e-5)
    np.testing.assert_allclose(found.se, there["se"], rtol=5e-5)
    smooth = [
        edf for edf, each in zip(found.edf[1:], FITS[name][2], strict=True) if not isinstance(each, str)
    ]
    np.testing.assert_allclose(smooth, [row["edf"] for row in there["smooths"]], rtol=2e-5)


@pytest.mark.parametrize("bs", ["cr", "tp", "ps", "bs", "cs"])
def test_smooth_terms_as_random_effects(bs):
    there = reference("o05")["bases"][bs]
    times = [numbers("times", table("mcycle")["times"])]
    (smooth,) = learn_smooths("s(times)", bs, times, Settings(k=12))
    form, X = mixed_form(smooth), smooth.columns(times)
    (piece,) = form.random
    rows = np.array(there["rows"]) - 1
    Z, fixed = (X @ piece.map)[rows], (X @ form.fixed)[rows]

    np.testing.assert_allclose(smooth.scales, [there["S_scale"]], rtol=1e-5)
    assert (Z.shape[1], fixed.shape[1]) == (there["n_random"], there["n_fixed"])
    for gram, expected in (
        (Z @ Z.T, matrix(there["ZZt_rows"])),
        (fixed @ fixed.T, matrix(there["XfXft_rows"])),
    ):
        np.testing.assert_allclose(gram, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())
    values = np.linalg.eigvalsh(smooth.penalties[0])[::-1]
    np.testing.assert_allclose(values, there["eigenvalues_S_absorbed"], rtol=1e-5, atol=1e-8 * values[0])


@pytest.mark.parametrize("bs", ["cr", "tp", "ps", "bs", "cs"])
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_scores_of_smooth_terms_of_one_number(bs, method):
    there = reference("o05")["bases"][bs]
    held = table("mcycle")
    new = numbers("times", [row["times"] for row in there["gam"]["newdata"]])
    times = numbers("times", held["times"])
    (smooth,) = learn_smooths("s(times)", bs, [times], Settings(k=12))
    one, few = np.ones((133, 1)), np.ones((len(new.values), 1))
    terms = [Term(one, few), Term(smooth.columns([times]), smooth.columns([new]), smooth.penalties)]
    sp = there["gam"]["sp"]["s(times)"] if method == "REML" else there["gam_ML_sp"]
    found = Additive(held["accel"], terms, method).best([sp])

    expected = there["gam"]["score"] if method == "REML" else there["gam_ML_score"]
    assert found.scores[method] == pytest.approx(expected, rel=1e-7)
    if method == "REML":
        np.testing.assert_allclose(found.fit, there["gam"]["fit"], rtol=1e-5)
        np.testing.assert_allclose(found.se, there["gam"]["se"], rtol=5e-5)


def test_correlations():
    there = reference("o12")["corr_values"]
    r = np.array(there["r_over_rho"])
    for name, kernel in {
        "spherical": Correlation(1, 1.0),
        "exponential": Correlation(2, 1.0),
        "powexp1.5": Correlation(2, 1.0, 1.5),
        "matern32": Correlation(3, 1.0),
        "matern52": Correlation(4, 1.0),
        "matern72": Correlation(5, 1.0),
    }.items():
        np.testing.assert_allclose(kernel.values(r), there[name], rtol=1e-12, atol=1e-14)


def test_the_basis_of_kriging():
    there = reference("o12")["basis_k30"]
    held = table("topo")
    topo = [numbers(name, held[name]) for name in "xy"]
    basis = learn_basis("gp", topo, Settings(k=30, m=(3, 2)))
    np.testing.assert_allclose(np.diag(basis.penalties[0]), there["eigenvalues"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(basis.shift, there["shift"])
    assert learn_basis("gp", topo, Settings(k=30)).kernel.scale == pytest.approx(there["default_rho"])


def test_the_profile_of_the_range():
    there, held = reference("o12")["REML_profile_matern32_k40"], table("topo")
    topo = [numbers(name, held[name]) for name in "xy"]
    one = np.ones((52, 1))
    for rho, expected in zip(there["rho"], there["REML"], strict=True):
        (smooth,) = learn_smooths("s(x,y)", "gp", topo, Settings(k=40, m=(3, rho)))
        X = smooth.columns(topo)
        additive = Additive(held["z"], [Term(one, one), Term(X, X, smooth.penalties)])
        found = min(
            (additive.best([start]) for start in (1e-4, 1e-2, 1.0)), key=lambda each: each.scores["REML"]
        )
        # mgcv's Lanczos stops early where eigenvalues fall fast: at a range of 6 its subspace is 8e-4 away from that of
        # R's own eigen().
        assert found.scores["REML"] == pytest.approx(expected, rel=1e-7 if rho < 5 else 3e-6)
