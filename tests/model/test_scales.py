"""Units so far apart that a variance cannot be held are refused by name; all others change nothing but the units."""

from __future__ import annotations

import numpy as np
import pytest

import lmm

RNG = np.random.default_rng(0)
G = np.repeat(np.arange(8), 5)
X = RNG.normal(size=40)
Y = X + RNG.normal(size=8)[G] + RNG.normal(size=40)


def fitted(formula, unit_y, unit_x):
    return lmm.fit(formula, {"y": Y * unit_y, "x": X * unit_x, "g": G})


@pytest.mark.parametrize("formula", ["y ~ x", "y ~ x + (1 | g)"])
@pytest.mark.parametrize(
    "units", [(1e100, 1e-100), (1e-100, 1e100), (1e-80, 1e80), (1e144, 1e-20), (1e-120, 1e40)]
)
def test_standard_errors_that_cannot_be_squared(formula, units):
    with pytest.raises(lmm.DesignError, match=r"coefficient of x has a standard error near 1e[+-]\d+"):
        fitted(formula, *units)


@pytest.mark.parametrize("formula", ["y ~ x", "y ~ x + (1 | g)"])
@pytest.mark.parametrize(
    "units", [(1e140, 1.0), (1e-140, 1.0), (1.0, 1e140), (1.0, 1e-140), (1e70, 1e-70), (1e-70, 1e70)]
)
def test_units_that_can_are_only_units(formula, units):
    plain, scaled = fitted(formula, 1.0, 1.0), fitted(formula, *units)
    factor = np.array([units[0], units[0] / units[1]])
    np.testing.assert_allclose(scaled.fixef["std_error"], plain.fixef["std_error"] * factor, rtol=1e-6)
