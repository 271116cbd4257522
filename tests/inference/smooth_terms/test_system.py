"""Effective degrees of freedom: the trace of the hat matrix, term by term."""

import numpy as np
import pytest

import lmm
from lmm.inference.algebra.hat_trace import total_edf
from lmm.inference.smooth_terms.system import columns_at, curves_of, place_of
from tests.bases.stored import table
from tests.inference.smooth_terms.fits import growth, motorcycle


def test_total_edf_is_the_sum_of_the_leverages():
    fit = motorcycle()
    assert total_edf(fit) == pytest.approx(float(lmm.leverage(fit).sum()), rel=1e-8)
    assert total_edf(fit) == pytest.approx(1.0 + float(fit.smooths()["edf"].sum()), rel=1e-8)


def test_curves_and_their_places():
    fit = growth()
    curves = curves_of(fit)
    assert [curve.smooth.label for curve in curves] == ["s(age):SexMale", "s(age):SexFemale"]
    places = [place_of(fit, curve) for curve in curves]
    assert not set(places[0].members.tolist()) & set(places[1].members.tolist())
    assert columns_at(fit, curves[0], fit.internals.design.model_frame).shape == (108, 3)


def test_edf_between_the_null_space_and_k():
    rows = lmm.fit("y ~ s(x0) + s(x2)", table("gamsim1")).smooths()
    assert (rows["edf"] >= 1.0 - 1e-8).all()
    assert (rows["edf"] <= rows["n_coef"]).all()
    assert np.isfinite(rows["sd"]).all()
