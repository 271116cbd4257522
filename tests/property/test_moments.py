"""Balanced experiments: REML is the method of moments wherever no solution is negative."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import lmm

DESIGNS = {
    "nested": ("y ~ 1 + (1 | A/B)", ["A", "A:B"]),
    "treated": ("y ~ T + (1 | T:A)", ["T:A"]),
    "split plot": ("y ~ A * T + (1 | B/A)", ["B", "B:A"]),
    "strip plot": ("y ~ A * T + (1 | B) + (1 | B:A) + (1 | B:T)", ["B", "B:A", "B:T"]),
    "crossed": ("y ~ 1 + (1 | A) + (1 | B)", ["A", "B"]),
    "crossed with interaction": ("y ~ T + (1 | A) + (1 | B) + (1 | A:B)", ["A", "B", "A:B"]),
}


@st.composite
def tables(draw, groups):
    """All combinations of A, B and T, twice, with effects of the groups."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.tuples(st.integers(3, 5), st.integers(3, 6), st.integers(2, 4)))
    axes = np.meshgrid(*map(np.arange, (*sizes, 2)), indexing="ij")
    frame = pd.DataFrame({name: axis.ravel() for name, axis in zip("ABTr", axes, strict=True)}).astype(str)
    y = 20 + rng.normal(size=len(frame)) + frame["T"].astype(float)
    for group in groups:
        codes, levels = pd.factorize(frame[group.split(":")].agg("".join, axis=1))
        y = y + draw(st.floats(0.5, 3.0)) * rng.normal(size=len(levels))[codes]
    return frame.assign(y=y)


@pytest.mark.parametrize("design", DESIGNS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_reml_is_the_method_of_moments(design, data):
    formula, groups = DESIGNS[design]
    table = data.draw(tables(groups))
    moments = lmm.fit(formula, table, method="moments")
    assume((moments.moments.solution > 1e-3 * moments.sigma**2).all())
    reml = lmm.fit(formula, table)

    np.testing.assert_allclose(moments.varcorr["vcov"], reml.varcorr["vcov"], rtol=1e-8)
    np.testing.assert_allclose(moments.beta, reml.beta, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(moments.vcov, reml.vcov, rtol=1e-7, atol=1e-12)
    assert moments.criterion == pytest.approx(reml.criterion, abs=1e-8)
    np.testing.assert_allclose(moments.b, reml.b, atol=1e-6 * np.abs(reml.b).max())


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_strata_need_no_fit(data):
    """The mean squares of moments are those of the strata."""
    formula, groups = DESIGNS["split plot"]
    table = data.draw(tables(groups))
    strata = lmm.strata(formula, table)
    errors = strata["mean_sq"][strata["term"] == "Residuals"]

    np.testing.assert_allclose(errors, lmm.fit(formula, table, method="moments").moments.mean_sq, rtol=1e-10)
