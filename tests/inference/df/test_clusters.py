"""Clusters of rows, and the covariance of each."""

import numpy as np
import pytest

import lmm
from lmm.inference.df.clusters import cluster_codes, stacks


@pytest.fixture(scope="module")
def fit():
    data = lmm.datasets.load("sleepstudy").iloc[:-3]
    return lmm.fit("Reaction ~ Days + (Days | Subject)", data)


def test_clusters_are_the_levels_of_the_random_term(fit):
    codes = cluster_codes(fit, None)
    subject = np.unique(np.asarray(fit.model_frame["Subject"]).astype(str), return_inverse=True)[1]
    np.testing.assert_array_equal(codes, subject)


def test_stacks_hold_all_rows_once_by_size(fit):
    found = list(stacks(fit, cluster_codes(fit, None)))
    assert sorted(stack.rows.shape for stack in found) == [(1, 7), (17, 10)]
    rows = np.concatenate([stack.rows.ravel() for stack in found])
    np.testing.assert_array_equal(np.sort(rows), np.arange(fit.n_obs))
