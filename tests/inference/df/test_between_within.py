"""Between and within: degrees of freedom of levels, divided by where a term varies."""

import numpy as np

import lmm


def test_split_plot():
    fit = lmm.fit("yield ~ Variety * C(nitro) + (1 | Block/Variety)", lmm.datasets.load("Oats"))
    found = fit.anova(df="between-within")
    np.testing.assert_array_equal(found["den_df"], [10.0, 45.0, 45.0])


def test_sex_varies_between_subjects_and_age_within():
    """27 subjects less two groups; 108 rows less 27 subjects less two slopes."""
    fit = lmm.fit("distance ~ Sex * age + (1 | Subject)", lmm.datasets.load("Orthodont"))
    found = fit.anova(df="between-within")
    np.testing.assert_array_equal(found["den_df"], [25.0, 79.0, 79.0])
