"""Public reports on other packages, tried on ours: responses constant in groups, and lower optima that were missed."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import lmm
from lmm.engine import DenseCrossProducts, GroupBlock
from lmm.errors import DesignError

REPORTS = Path(__file__).parent / "reports"


def table(name):
    """The columns of a report's data."""
    with (REPORTS / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {key: [row[key] if key in {"g", "h"} else float(row[key]) for row in rows] for key in rows[0]}


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("formula", ["y ~ 1 + (1 | g/h)", "y ~ 1 + (1 | g) + (1 | g:h)", "y ~ 1 + (1 | g:h)"])
def test_constant_within_groups(formula, method):
    """By hand: y is constant in each of the eight cells, so that the criterion falls without bound; lme4 refuses."""
    with pytest.raises(DesignError, match=r"does not vary within the levels of g:h"):
        lmm.fit(formula, table("constant_within_groups.csv"), method=method)


def test_missed_optimum_with_weights():
    """lmer's three optimizers end at -2.0044, -2.0038 and -2.0045; the search ended at 78.19."""
    fit = lmm.fit("y ~ 1 + x0 + (z | g)", table("missed_optimum_weights.csv"), weights="w")
    assert fit.criterion <= -2.0045
    assert fit.converged
    assert any(note.startswith("Several optima") for note in fit.notes)
    assert "Several optima" in str(fit.summary())
    (row,) = fit.glance()
    assert row["several_optima"]


def test_missed_optimum_of_a_saturated_model():
    """Ten cells of g and h and three slopes within them reproduce 13 rows: the likelihood has no maximum.

    The report asks for -35.4 or lower. With r = 10 columns for n = 13 rows the criterion goes as (r - n) log t when
    S = t I grows, as the dense oracle shows.
    """
    data = table("missed_optimum_saturated.csv")
    with pytest.raises(DesignError, match=r"reproduces the response exactly.*falls without bound"):
        lmm.fit("y ~ 1 + x0 + x1 + x2 + (z | g) + (1 | g:h)", data, method="ml")
    X = np.column_stack([np.ones(13), data["x0"], data["x1"], data["x2"]])
    cells = np.unique([f"{g} {h}" for g, h in zip(data["g"], data["h"], strict=True)], return_inverse=True)[1]
    model = DenseCrossProducts(np.array(data["y"]), X, [GroupBlock(cells.astype(np.int32), None, 10)])
    near, far = (model.evaluate([np.array([[t]])], reml=False).criterion for t in (1e2, 1e3))
    assert far - near == pytest.approx(-3 * 2 * np.log(10), rel=1e-3)
