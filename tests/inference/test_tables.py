"""Tables of tests: what the door says, with its columns."""

import numpy as np
import pytest

import lmm

FIT = lmm.fit("yield ~ Variety + C(nitro) + (1 | Block/Variety)", lmm.datasets.load("Oats"))


def test_coefficients_are_contrasts_of_one_each():
    table = FIT.coefficients()
    rows = lmm.contrast_test(FIT, np.eye(FIT.n_fixed))
    for name in ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"):
        np.testing.assert_allclose(rows[name], table[name])


def test_a_joint_test_is_that_of_the_term():
    names = FIT.internals.design.names
    rows = np.eye(len(names))[[j for j, name in enumerate(names) if name.startswith("Variety")]]
    joint = lmm.contrast_test(FIT, rows, joint=True)
    anova = FIT.anova()
    assert joint["f_value"][0] == pytest.approx(float(anova["f_value"][0]), rel=1e-8)
    assert joint["p_value"][0] == pytest.approx(float(anova["p_value"][0]), rel=1e-8)


def test_right_sides_move_the_estimate_not_the_error():
    plain = lmm.contrast_test(FIT, "Intercept")
    moved = lmm.contrast_test(FIT, "Intercept = 100")
    assert moved["std_error"][0] == plain["std_error"][0]
    assert moved["statistic"][0] < plain["statistic"][0]
