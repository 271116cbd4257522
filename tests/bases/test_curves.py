"""Bases of one number against the columns and penalties of mgcv."""

import numpy as np
import pytest

from lmm.bases import Settings, learn_basis, learn_smooths
from tests.bases.stored import invariant, matrix, mcycle, numbers, penalties, reference

CASES = {
    "cr_k10": ("cr", Settings()),
    "cr_k6": ("cr", Settings(k=6)),
    "cr_k6_extrapolated": ("cr", Settings(k=6)),
    "cr_user_knots": ("cr", Settings(k=5, knots=(np.array([0.0, 10, 25, 40, 60]),))),
    "cs_k10": ("cs", Settings()),
    "cc_k8": ("cc", Settings(k=8)),
    "cc_k8_endpoints": ("cc", Settings(k=8, knots=(np.array([0.0, 60]),))),
    "ps_k10": ("ps", Settings()),
    "ps_k12_m11": ("ps", Settings(k=12, m=(1, 1))),
    "ps_k10_m23": ("ps", Settings(m=(2, 3))),
    "ps_k10_extrapolated": ("ps", Settings()),
    "ps_k10_range": ("ps", Settings(knots=(np.array([0.0, 60]),))),
    "cp_k10": ("cp", Settings()),
    "cp_k10_range": ("cp", Settings(knots=(np.array([0.0, 60]),))),
    "bs_k10": ("bs", Settings()),
    "bs_k10_m321": ("bs", Settings(m=(3, 2, 1))),
    "ad_k20_m4": ("ad", Settings(k=20, m=4)),
}

each_case = pytest.mark.parametrize("case", CASES)


@each_case
def test_columns_and_penalties_are_those_of_mgcv(case):
    stored = reference("o03")["bases"][case]
    name, settings = CASES[case]
    basis = learn_basis(name, mcycle(), settings)

    X = basis.columns([numbers("x", stored["pts"])])
    np.testing.assert_allclose(X, matrix(stored["X_raw"]), rtol=1e-7, atol=1e-9)
    for S, expected in zip(basis.penalties, penalties(stored["S_raw"]), strict=True):
        np.testing.assert_allclose(S, expected, rtol=1e-7, atol=1e-9 * np.abs(expected).max())


@each_case
def test_scales_and_the_constrained_term_are_those_of_mgcv(case):
    stored = reference("o03")["bases"][case]
    name, settings = CASES[case]
    (smooth,) = learn_smooths("s(x)", name, mcycle(), settings)

    np.testing.assert_allclose(smooth.scales, np.atleast_1d(stored["S_scale"]), rtol=1e-7)
    assert smooth.p == stored["dim_absorbed"]
    assert smooth.null_space.shape[1] == stored["null_space_dim_absorbed"]
    G = matrix(stored["G_invariant"])
    np.testing.assert_allclose(
        invariant(smooth, mcycle(), [numbers("x", stored["pts"])]), G, rtol=1e-7, atol=1e-9 * np.abs(G).max()
    )
