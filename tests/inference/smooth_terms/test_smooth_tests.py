"""Tests of curves: without a penalty they are the F test of a linear model."""

import numpy as np
import pytest

import lmm
from tests.bases.stored import table


def test_a_curve_without_penalty():
    data = table("gamsim1")
    fit = lmm.fit("y ~ x0 + s(x2, k=5, bs='cr', fx=TRUE)", data)
    plain = lmm.fit("y ~ x0", data)
    n, p = fit.n_obs, fit.n_fixed
    rss = float(np.sum((np.asarray(fit.y) - fit.fitted) ** 2))
    more = float(np.sum((np.asarray(plain.y) - plain.fitted) ** 2)) - rss
    row = fit.smooths()
    assert row["edf"][0] == pytest.approx(4.0)
    assert row["statistic"][0] == pytest.approx((more / 4.0) / (rss / (n - p)), rel=1e-6)


def test_a_curve_of_nothing_is_not_significant():
    data = dict(table("gamsim1"))
    data["noise"] = np.random.default_rng(6).uniform(size=len(data["y"]))
    rows = lmm.fit("y ~ s(x2) + s(noise)", data).smooths()
    assert rows["p_value"][0] < 1e-10
    assert rows["p_value"][1] > 0.05
