"""Containment: ranks of the random terms that contain an effect."""

import numpy as np
import pytest

import lmm


def test_split_plot():
    """Whole plots (6 - 1)(3 - 1) = 10; the rest 72 - rank [X Z] = 45."""
    fit = lmm.fit("yield ~ Variety * C(nitro) + (1 | Block/Variety)", lmm.datasets.load("Oats"))
    found = fit.anova(df="containment")
    np.testing.assert_array_equal(found["den_df"], [10.0, 45.0, 45.0])


def test_a_covariate_within_subjects():
    """Days varies within Subject and stands behind its bar: 18 subjects less one."""
    fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
    assert fit.anova(df="containment")["den_df"] == pytest.approx([17.0])
