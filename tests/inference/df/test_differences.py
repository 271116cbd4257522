"""Satterthwaite by differences of the gradient: as by formulas."""

import numpy as np
import pytest

import lmm
from lmm.inference.algebra.information import parameter_covariance
from lmm.inference.df.differences import differences, row_differences
from lmm.inference.df.satterthwaite import row_moves, single_df
from tests.inference.models import RANDOM_PARTS, quietly, random_table


@pytest.mark.parametrize("shape", ["one factor", "slopes", "crossed", "nested"])
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_df_are_those_of_the_formulas(shape, method):
    fit = quietly(f"y ~ x + t + {RANDOM_PARTS[shape]}", random_table(8), method=method)
    if fit.singular:
        pytest.skip("differences of a singular fit leave out what formulas do")
    rows = np.eye(fit.n_fixed)
    ours = single_df(*row_differences(fit, rows), differences(fit).covariance.W)
    wanted = single_df(*row_moves(fit, rows), parameter_covariance(fit, "observed", "drop").W)
    np.testing.assert_allclose(ours, wanted, rtol=2e-4)


def test_they_are_what_large_models_take():
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    found = lmm.coefficients(fit, df="satterthwaite")["df"]
    np.testing.assert_allclose(found, [17.0, 17.0], rtol=1e-4)
