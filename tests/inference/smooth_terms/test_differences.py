"""Differences of the curves of two levels: those of predictions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lmm
from lmm.errors import LmmError

AT = {"x2": np.array([0.05, 0.3, 0.6, 0.95])}
DATA = pd.read_csv(Path(__file__).parents[2] / "reference" / "star" / "data" / "gamsim4.csv")


@pytest.fixture(scope="module")
def fit():
    return lmm.fit("y ~ fac + s(x2, by=fac, bs='cr')", DATA, factors="fac")


@pytest.mark.parametrize("levels", [("1", "3"), ("3", "1"), ("3", "2")])
def test_the_difference_is_that_of_predictions(fit, levels):
    found = fit.smooth_difference("s(x2)", levels, AT)
    one, other = (fit.predict({**AT, "fac": [level] * 4}, random=False) for level in levels)
    np.testing.assert_allclose(found["estimate"], one - other, rtol=1e-9, atol=1e-9)


def test_errors_are_those_of_rows_of_the_design(fit):
    found = fit.smooth_difference("s(x2)", ("1", "3"), AT)
    rows = fit.design_matrix({**AT, "fac": ["1"] * 4}) - fit.design_matrix({**AT, "fac": ["3"] * 4})
    draws = fit.coefficient_draws(40_000, seed=1) @ rows.T
    np.testing.assert_allclose(found["std_error"], draws.std(axis=0), rtol=0.02)


def test_curves_alone_have_their_own_difference(fit):
    found = fit.smooth_difference("s(x2)", ("1", "3"), AT, group_means=False)
    one, other = (fit.smooth(f"s(x2):fac{level}", AT)["estimate"] for level in "13")
    np.testing.assert_allclose(found["estimate"], one - other, rtol=1e-10)


def test_a_simultaneous_band_is_wider(fit):
    narrow = fit.smooth_difference("s(x2)", ("1", "3"))
    wide = fit.smooth_difference("s(x2)", ("1", "3"), band="simultaneous", seed=3)
    assert np.all(wide["conf_high"] - wide["conf_low"] > narrow["conf_high"] - narrow["conf_low"])
    outside = (narrow["conf_low"] > 0) | (narrow["conf_high"] < 0)
    assert narrow["differs"].tolist() == outside.tolist()


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (("1", "9"), "no level '9'"),
        (("1",), "two different levels"),
        (("1", "1"), "two different levels"),
        ("13", "two"),
    ],
)
def test_levels_that_cannot_be_compared_are_named(fit, levels, words):
    with pytest.raises(LmmError, match=words):
        fit.smooth_difference("s(x2)", levels)


def test_a_term_without_levels_is_refused():
    fit = lmm.fit("y ~ s(x2, k=5)", DATA)
    with pytest.raises(LmmError, match="no curves of levels"):
        fit.smooth_difference("s(x2)", ("1", "2"))
