"""Derivatives of curves against differences of the curves."""

import numpy as np
import pytest

from tests.inference.smooth_terms.fits import motorcycle

AT = np.linspace(5.0, 50.0, 9)


@pytest.mark.parametrize("basis", ["cr", "tp", "ps", "gp"])
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_are_those_of_the_curve(basis, order):
    fit, h = motorcycle(basis), 1e-3

    def curve(x):
        return fit.smooth("s(times)", {"times": x})["estimate"]

    found = fit.derivative("s(times)", {"times": AT}, order=order)["estimate"]
    if order == 1:
        wanted = (curve(AT + h) - curve(AT - h)) / (2.0 * h)
    else:
        wanted = (curve(AT + h) - 2.0 * curve(AT) + curve(AT - h)) / h**2
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(found).max())
