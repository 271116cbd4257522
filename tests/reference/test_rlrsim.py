"""Exact tests of one variance against RLRsim, within the error of both simulations."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lmm
from tests.bases.stored import table

STORED = json.loads((Path(__file__).parent / "rlrsim" / "exact.json").read_text(encoding="utf-8"))
N_DRAWS = 50_000
ROWS = {"x0": slice(0, 120), "x1": slice(60, 120)}


def curve(name):
    rows = {key: values[ROWS[name]] for key, values in table("gamsim1").items()}
    return f"y ~ s({name}, bs='cr', k=12)", rows


def dyestuff():
    return "Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff")


CASES = [
    ("dyestuff_reml", dyestuff, "reml", True),
    ("dyestuff_ml", dyestuff, "ml", True),
    *((f"{x}_reml", lambda x=x: curve(x), "reml", True) for x in ROWS),
    *((f"{x}_line_ml", lambda x=x: curve(x), "ml", True) for x in ROWS),
    *((f"{x}_none_ml", lambda x=x: curve(x), "ml", False) for x in ROWS),
]


@pytest.mark.parametrize(("case", "model", "method", "reduce"), CASES)
def test_p_values(case, model, method, reduce):
    stored = STORED["cases"][case]
    formula, data = model()
    fit = lmm.fit(formula, data, method=method)
    row = list(lmm.random_anova(fit, test="exact", reduce=reduce, n_draws=N_DRAWS, seed=1))[1]
    assert row["lrt"] == pytest.approx(stored["statistic"], abs=1e-5)
    p = stored["p_value_whole"]
    error = np.sqrt(p * (1.0 - p) * (1.0 / N_DRAWS + 1.0 / STORED[".meta"]["n_draws"]))
    assert row["p_value"] == pytest.approx(p, abs=4.0 * error)
    # RLRsim climbs from zero to the first maximum, which loses some ratios and makes p smaller by up to 4 percent.
    assert stored["p_value"] - 4.0 * error < row["p_value"] < 1.04 * stored["p_value"] + 4.0 * error


@pytest.mark.parametrize(
    ("case", "term"),
    [
        ("slope_beside_intercept", "Days in (Days || Subject)"),
        ("intercept_beside_slope", "Intercept in (Days || Subject)"),
    ],
)
def test_beside_another_variance(case, term):
    frame = pd.DataFrame(table("sleepstudy"))
    kept = frame["Subject"].isin(sorted(frame["Subject"].unique())[i] for i in (0, 2, 3, 6, 7, 13))
    frame = frame[kept & (frame["Days"] < 4)]
    fit = lmm.fit("Reaction ~ Days + (Days || Subject)", frame, factors="Subject")
    found = lmm.random_anova(fit, test="exact", n_draws=N_DRAWS, seed=1)
    row = next(row for row in found if row["term"] == term)
    stored = STORED["cases"][case]
    assert row["lrt"] == pytest.approx(stored["statistic"], abs=1e-4)
    # RLRsim takes the other effects as known, which moves the distribution a little.
    assert row["p_value"] == pytest.approx(stored["p_value"], rel=0.3)
