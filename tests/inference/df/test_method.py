"""Residual and normal: the two methods that ask nothing of a fit."""

import numpy as np
import pytest

import lmm
from lmm.inference.df.method import JointDf, Normal, Residual


@pytest.fixture(scope="module")
def fit():
    return lmm.fit("Reaction ~ Days + (1 | Subject)", lmm.datasets.load("sleepstudy"))


def test_residual_df_are_rows_less_columns(fit):
    rows = np.eye(2)
    np.testing.assert_array_equal(Residual().row_df(fit, rows), [178.0, 178.0])
    assert Residual().joint_df(fit, rows) == JointDf(178.0)
    assert JointDf(178.0).scale == 1.0


def test_normal_df_are_infinite(fit):
    assert np.isinf(Normal().row_df(fit, np.eye(2))).all()
    assert Normal().joint_df(fit, np.eye(2)).df == np.inf


def test_covariances_are_those_of_the_fit(fit):
    for method in (Residual(), Normal()):
        np.testing.assert_array_equal(method.vcov(fit), fit.vcov)


def test_ml_of_a_linear_model_takes_the_unbiased_variance():
    """t and F of a linear model are exact whatever was maximised."""
    data = lmm.datasets.load("sleepstudy")
    by_ml, by_reml = (lmm.fit("Reaction ~ Days", data, method=method) for method in ("ml", "reml"))
    np.testing.assert_allclose(Residual().vcov(by_ml), by_reml.vcov, rtol=1e-10)
