"""Satterthwaite from one factorization: the average information, and a bound of the df."""

import numpy as np
import pytest

import lmm
from lmm.inference.algebra.information import parameter_covariance
from lmm.inference.df.satterthwaite import row_moves, single_df
from lmm.inference.df.spread import fewest_df, is_inside, movement, row_movement
from tests.inference.models import RANDOM_PARTS, quietly, random_table


@pytest.mark.parametrize("shape", RANDOM_PARTS)
def test_df_are_those_of_the_average_information(shape):
    fit = quietly(f"y ~ x + t + {RANDOM_PARTS[shape]}", random_table(11))
    if not is_inside(fit):
        pytest.skip("the optimum of these data is on the boundary")
    rows = np.eye(fit.n_fixed)
    ours = single_df(*row_movement(fit, rows), movement(fit).covariance.W)
    wanted = single_df(*row_moves(fit, rows), parameter_covariance(fit, "average", "drop").W)
    np.testing.assert_allclose(ours, wanted, rtol=1e-5)
    assert fewest_df(fit) <= ours.min() * (1.0 + 1e-9)


def test_given_parameters_are_not_inside():
    data = lmm.datasets.load("Dyestuff")
    assert is_inside(lmm.fit("Yield ~ 1 + (1 | Batch)", data))
    assert not is_inside(lmm.fit("Yield ~ 1 + (1 | Batch)", data, theta=[0.8]))
