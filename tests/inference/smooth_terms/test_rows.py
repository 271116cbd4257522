"""Rows on fixed columns, and rows that go on over the effects of curves."""

import numpy as np

from lmm.inference.smooth_terms.rows import n_curve_effects, split_rows, with_curves
from tests.inference.smooth_terms.fits import growth


def test_columns_of_curves_follow_those_of_x():
    fit = growth()
    design = fit.internals.design
    whole = with_curves(design)
    assert whole.shape == (fit.n_obs, design.X.shape[1] + n_curve_effects(fit))
    np.testing.assert_array_equal(whole[:, : design.X.shape[1]], design.X)


def test_plain_rows_have_no_curves():
    fit = growth()
    rows = np.eye(len(fit.internals.design.names))
    plain, curved = split_rows(fit, rows)
    np.testing.assert_array_equal(plain, rows)
    assert curved is None
    wide = np.eye(rows.shape[1] + n_curve_effects(fit))
    _, curved = split_rows(fit, wide)
    assert curved is not None
