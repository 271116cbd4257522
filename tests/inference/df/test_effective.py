"""Degrees of freedom that the curves of a model leave."""

import numpy as np
import pytest

import lmm
from lmm.errors import UnsupportedError

RNG = np.random.default_rng(11)
N = 90
TABLE = {"x": RNG.uniform(size=N), "f": RNG.choice(["a", "b", "c"], N), "v": RNG.normal(size=N)}
TABLE["y"] = np.sin(6 * TABLE["x"]) + (TABLE["f"] == "b") + 0.3 * RNG.normal(size=N)


@pytest.mark.parametrize("method", ["reml", "ml", "gcv"])
def test_all_tests_have_the_same_degrees_of_freedom(method):
    fit = lmm.fit("y ~ f + v + s(x, k=8)", TABLE, method=method)
    left = N - fit.edf
    np.testing.assert_allclose(fit.coefficients(df="effective")["df"], left)
    np.testing.assert_allclose(fit.anova(df="effective")["den_df"], left)
    joint = fit.test("f[T.b] = 0, f[T.c] = 0", joint=True, df="effective")
    assert joint["den_df"][0] == pytest.approx(left)
    means = fit.emmeans("f", df="effective")
    np.testing.assert_allclose(means["df"], left)
    found = fit.predict_intervals(TABLE, df="effective", interval="prediction")
    np.testing.assert_allclose(found["df"], left)


def test_standard_errors_are_those_of_the_fit():
    fit = lmm.fit("y ~ f + v + s(x, k=8)", TABLE)
    np.testing.assert_allclose(fit.coefficients(df="effective")["std_error"], fit.fixef["std_error"][:4])


def test_without_random_effects_they_are_the_residual_ones():
    fit = lmm.fit("y ~ f + v", TABLE)
    assert set(fit.coefficients(df="effective")["df"]) == {float(fit.df_residual)}


def test_auto_is_effective_for_cross_validation():
    fit = lmm.fit("y ~ f + v + s(x, k=8)", TABLE, method="gcv")
    assert "n less the effective degrees of freedom" in fit.coefficients().notes[0]
    with pytest.raises(UnsupportedError, match='Use df="effective"'):
        fit.coefficients(df="satterthwaite")
