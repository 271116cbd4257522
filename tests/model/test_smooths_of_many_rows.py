"""Fits whose columns are never built against those whose columns are."""

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.design import smooth_places, smooth_terms
from lmm.engine import LocalBlock

N = 10_500


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(3)
    x, z = random.uniform(size=N), random.normal(size=N).round(2)
    codes = random.integers(0, 30, N)
    y = np.sin(6.0 * x) + 0.3 * z**2 + random.normal(size=30)[codes] + random.normal(size=N)
    by = np.array(["a", "b"])[random.integers(0, 2, N)]
    return pd.DataFrame(
        {"y": y, "x": x, "z": z, "by": by, "g": codes.astype(str), "w": random.uniform(0.5, 2.0, N)}
    )


CASES = {
    "cr": ('y ~ s(x, bs="cr") + s(z, bs="cr", k=20)', {}),
    "cs": ('y ~ s(x, bs="cs") + s(z, bs="cr")', {}),
    "group": ('y ~ by + s(x, bs="cr") + s(z, bs="cr") + (1 | g)', {}),
    "slope": ('y ~ s(x, bs="cr", k=6) + (x | g)', {}),
    "weights": ('y ~ s(x, bs="cr") + s(z, bs="cr")', {"weights": "w"}),
    "ml": ('y ~ s(x, bs="cr") + (1 | g)', {"method": "ml"}),
    "select": ('y ~ s(x, bs="cr", select=TRUE)', {}),
    "id": ('y ~ s(x, bs="cr", id=1) + s(z, bs="cr", id=1)', {}),
    "by": ('y ~ by + s(x, bs="cr", by=by) + s(z, bs="cr")', {}),
    "knots": ('y ~ s(x, bs="cr", k=5, knots=c(.1, .3, .5, .7, .9))', {}),
    "beside others": ('y ~ s(x, bs="cr") + s(z, bs="ps") + te(x, z, k=3)', {}),
}


def built(monkeypatch, formula, data, **arguments):
    with monkeypatch.context() as patch:
        for room in (smooth_places, smooth_terms):
            patch.setattr(room, "MANY_ROWS", 10**9)
        fit = lmm.fit(formula, data, **arguments)
    assert not any(isinstance(part.block, LocalBlock) for part in fit.internals.design.random)
    return fit


@pytest.mark.parametrize("case", CASES)
def test_fits_are_those_of_built_columns(case, data, monkeypatch):
    formula, arguments = CASES[case]
    there = built(monkeypatch, formula, data, **arguments)
    fit = lmm.fit(formula, data, **arguments)
    assert fit.criterion == pytest.approx(there.criterion, rel=1e-11)
    np.testing.assert_allclose(fit.theta, there.theta, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(fit.fitted, there.fitted, atol=1e-5)
    new = data.iloc[:50].assign(x=np.linspace(-0.5, 1.5, 50))
    np.testing.assert_allclose(fit.predict(new), there.predict(new), atol=1e-4)


def test_columns_are_not_built(data):
    fit = lmm.fit(CASES["cr"][0], data)
    blocks = [part.block for part in fit.internals.design.random]
    assert all(isinstance(block, LocalBlock) for block in blocks)
    assert [block.n_levels for block in blocks] == [8, 18]


def test_tables_tests_and_files(data, monkeypatch, tmp_path):
    formula, _ = CASES["group"]
    there, fit = built(monkeypatch, formula, data), lmm.fit(formula, data)
    for column in ("edf", "ref_df", "statistic", "sp"):
        np.testing.assert_allclose(fit.smooths()[column], there.smooths()[column], rtol=1e-3)
    fit.save(tmp_path / "fit.lmm")
    back = lmm.load(tmp_path / "fit.lmm")
    np.testing.assert_allclose(back.predict(data.iloc[:20]), fit.predict(data.iloc[:20]), atol=1e-10)
    again = fit.refit(np.asarray(data["y"]))
    assert again.criterion == pytest.approx(fit.criterion, rel=1e-12)
