"""Checks of smooth terms against mgcv's k.check and concurvity (case o20)."""

import numpy as np
import pytest

import lmm
from tests.bases.stored import reference
from tests.reference.test_star import data_of

STORED = reference("o20")
HALF = 0.5**-0.5
CASES = {
    "mcycle": ("mcycle", "accel ~ s(times, k = 20, bs = 'cr', sp = .05)"),
    "too_small": ("mcycle", "accel ~ s(times, k = 6, bs = 'cr', sp = .001)"),
    "weighted": ("mcycle", "accel ~ s(times, k = 12, bs = 'cr', sp = .01)"),
    "additive": ("gamsim1", "y ~ s(x0, sp = .1) + s(x1, sp = .2) + s(x2, sp = .003) + s(x3, sp = 5)"),
    "additive_reml": ("gamsim1", "y ~ x3 + s(x0, bs = 'cr') + s(x1, bs = 'cr') + s(x2, bs = 'cr', k = 15)"),
    "near": ("gamsim1", "y ~ s(x0, bs='cr', sp = 1) + s(x2, bs='cr', sp = .01) + s(near, bs='cr', sp = .5)"),
    "plane": ("gamsim2", "y ~ s(x, z, k = 30, sp = .01)"),
    "te": ("gamsim2", "y ~ te(x, z, k = 5, sp = c(.1, 1))"),
    "te_ps": ("gamsim2", "y ~ te(x, z, k = 6, bs = 'ps', sp = c(.1, 1))"),
    "ti": ("gamsim2", "y ~ s(x, bs='cr', sp=.1) + s(z, bs='cr', sp=.1) + ti(x, z, k = 4, sp = c(.1, 1))"),
    "by_factor": ("gamsim4", "y ~ fac + s(x2, by=fac, bs='cr', sp=.1) + s(x0, bs='cr', sp=1)"),
    "by_number": ("gamsim4", "y ~ s(x2, by = num, bs = 'cr', sp = .1) + s(x0, bs = 'cr', sp = 1)"),
    "random": ("sleepstudy", "Reaction ~ s(Days, bs = 'cr', k = 6, sp = 2) + s(Subject, bs = 're')"),
    "fs": (
        "sleepstudy",
        "Reaction ~ s(Days, bs='cr', k=6, sp=2) + s(Days, Subject, bs='fs', k=5, sp=c(1, 1, 1))",
    ),
}
N_THERE = 5_000


@pytest.fixture(scope="module", params=CASES)
def pair(request):
    name, formula = CASES[request.param]
    data = data_of(name)
    if name == "gamsim1":
        data["near"] = np.array(STORED["near"])
    options = {"weights": np.array(STORED["weights"])} if request.param == "weighted" else {}
    if request.param == "random":
        options["theta"] = {"s(Days)": 2.0**-0.5, "Subject.Intercept": HALF}
    return request.param, lmm.fit(formula, data, **options), STORED["cases"][request.param]


def numbers(values):
    return np.array(values if isinstance(values, list) else [values], dtype=float)


def test_basis_dimension(pair):
    case, fit, there = pair
    table, stored = lmm.check_basis(fit, seed=1), there["check"]
    assert np.array_equal(table["n_coef"], numbers(stored["n_coef"]))
    if case == "fs":  # mgcv's null functions are those of its library of linear algebra
        assert table["k_index"] == pytest.approx(numbers(stored["k_index"]), abs=0.02)
        return
    assert table["edf"] == pytest.approx(numbers(stored["edf"]), abs=1e-8)
    assert table["k_index"] == pytest.approx(numbers(stored["k_index"]), abs=1e-8, nan_ok=True)


def test_p_values_of_the_check(pair):
    _, fit, there = pair
    n = 2_000
    table, p = lmm.check_basis(fit, n_draws=n, seed=2), numbers(there["check"]["p_value"])
    error = np.sqrt(np.maximum(p * (1.0 - p), 1e-4) * (1.0 / n + 1.0 / N_THERE))
    seen = ~np.isnan(p)
    assert np.array_equal(np.isnan(table["p_value"]), ~seen)
    slack = 0.06 if "fs" in pair[0] else 0.0
    assert np.all(np.abs(table["p_value"] - p)[seen] < 4.5 * error[seen] + slack)


def test_concurvity(pair):
    """Of the fixed part mgcv 1.8-41 takes the intercept only, which is all of it in most cases."""
    case, fit, there = pair
    stored, table = there["full"], lmm.concurvity(fit)
    first = 0 if len(fit.internals.design.parametric_kept) == 1 else 1
    if case in ("random", "fs"):  # mgcv counts random effects among the others
        first = len(table)
    for measure in ("worst", "observed", "estimate"):
        own = numbers(stored[measure])[: len(table)]
        assert table[measure][first:] == pytest.approx(own[first:], abs=1e-9)


def test_concurvity_of_pairs(pair):
    case, fit, there = pair
    names = ["parametric", *there["full"]["term"][1:]]
    for row in lmm.concurvity(fit, full=False):
        i, j = names.index(row["other"]), names.index(row["term"])
        if len(fit.internals.design.parametric_kept) > 1 and 0 in (i, j):
            continue
        if case == "fs" and 2 in (i, j):  # its null functions are others there
            continue
        for measure in ("worst", "observed", "estimate"):
            assert row[measure] == pytest.approx(there["pairs"][measure][i][j], abs=1e-9)


def test_near_concurvity_is_a_note(pair):
    case, fit, there = pair
    said = [note for note in fit.notes if note.startswith("Concurvity")]
    if case == "near":
        assert len(said) == 1
        assert f"{100 * there['full']['observed'][3]:.0f} % of s(near)" in said[0]
    else:
        assert not said
